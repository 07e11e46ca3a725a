"""What tests of faults share: workspaces, one that rents, and endpoints, all emulated."""

from tests.rentals.conftest import rented, ws
from tests.serverless.fixtures import emulated, own, volumeless

__all__ = ["emulated", "own", "rented", "volumeless", "ws"]
