"""The one process per workspace that carries jobs out: `python -m hone.supervisor WORKSPACE`."""
