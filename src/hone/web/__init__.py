"""The web face: an HTTP API over the stages, and the browser modules that use it."""
