"""The revisions of the store's schema, oldest first; each file in `versions/` says why it came."""

REVISIONS: tuple[str, ...] = (
    "m001",
    "m002",
    "m003",
    "m004",
    "m005",
    "m006",
    "m007",
    "m008",
    "m009",
)
