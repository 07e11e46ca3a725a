"""Checks: one file, one thing that can be wrong with a set of examples."""
