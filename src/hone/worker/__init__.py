"""`python -m hone.worker FOLDER`: carries one job out, the same way on every machine."""
