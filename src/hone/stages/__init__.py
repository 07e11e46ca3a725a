"""The verbs of Hone: what a person can ask for, one module or folder each."""
