"""Lambda's cloud API v1: on-demand instances with a real SSH server each."""
