"""Tools for those who build Hone; none of them is part of the package."""
