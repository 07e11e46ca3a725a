"""Every sentence that Hone fails with, where it stands, and the test that causes it."""
