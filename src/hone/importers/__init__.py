"""The importers shelf: one file per kind of source file, each yielding rows as they stand."""
