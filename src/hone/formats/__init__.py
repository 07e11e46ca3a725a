"""Formats: one file, one way to turn accepted examples into rows that a trainer reads."""
