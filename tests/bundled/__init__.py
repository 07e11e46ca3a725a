"""Tests of the base models that ship inside the package."""
