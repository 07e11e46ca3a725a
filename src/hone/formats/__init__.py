"""Formats: one file, one way to turn reviewed examples into rows that a trainer reads."""
