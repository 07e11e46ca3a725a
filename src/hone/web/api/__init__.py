"""The HTTP API: one router per resource; each parses, calls a stage, and answers."""
