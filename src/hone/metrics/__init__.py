"""The metrics shelf: one file measures predictions against references in one way."""
