"""Generates the reference pages that must never differ from the code."""
