"""How a model learns: one file per method."""
