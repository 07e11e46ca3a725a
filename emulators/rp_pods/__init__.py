"""RunPod's REST v2: pods with a real SSH server each, templates, volumes, catalog, billing."""
