"""The targets shelf: where a job runs."""
