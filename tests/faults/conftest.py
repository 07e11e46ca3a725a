"""What tests of faults share: a workspace, and one that rents from an emulated provider."""

from tests.rentals.conftest import rented, ws

__all__ = ["rented", "ws"]
