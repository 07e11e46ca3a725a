"""What an account owns beside instances: SSH keys, file systems, images, firewall rules."""

from __future__ import annotations

import random
from typing import Any

from emulators.clock import iso
from emulators.lambda_cloud import schemas
from emulators.lambda_cloud.records import error
from emulators.schema import Schema, problems

STACKS = {"lambda-stack-24-04": "24.4.1", "lambda-stack-22-04": "22.4.9"}
IMAGES_AT = 1_790_000_000.0
OWNER = {"id": "f" * 32, "email": "emulated@example.org", "status": "active"}
RULES: list[dict[str, Any]] = [
    {
        "protocol": "tcp",
        "port_range": [22, 22],
        "source_network": "0.0.0.0/0",
        "description": "Allow SSH from anywhere",
    },
    {"protocol": "icmp", "source_network": "0.0.0.0/0", "description": "Allow ICMP from anywhere"},
]


class Inventory:
    """Keys and file systems by id, and the firewall."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.keys: dict[str, dict[str, str]] = {}
        self.file_systems: dict[str, dict[str, Any]] = {}
        self.rules = list(RULES)

    def _new_id(self) -> str:
        return f"{self.dice.getrandbits(128):032x}"

    def add_key(self, body: Any, generated: tuple[str, str] | None) -> dict[str, str]:
        """A key; without `public_key` the generated (public, private) pair, private once only."""
        wanted = checked(body, schemas.ADD_KEY)
        if any(key["name"] == wanted["name"] for key in self.keys.values()):
            # The client knows no other code for this route.
            raise error("global/invalid-parameters", "An SSH key with this name already exists.")
        public = wanted.get("public_key") or (generated or ("", ""))[0]
        key = {"id": self._new_id(), "name": wanted["name"], "public_key": public}
        self.keys[key["id"]] = key
        if "public_key" in wanted or generated is None:
            return key
        return {**key, "private_key": generated[1]}

    def key_named(self, name: str) -> dict[str, str]:
        """The key that a launch names."""
        for key in self.keys.values():
            if key["name"] == name:
                return key
        raise error(
            "global/object-does-not-exist",
            f"SSH key {name} does not exist.",
            "Check the name of the SSH key.",
        )

    def delete_key(self, id: str) -> None:
        """Unknown ids are invalid parameters on this route."""
        if id not in self.keys:
            raise error("global/invalid-parameters", "SSH key does not exist.")
        del self.keys[id]

    def create_file_system(self, body: Any, now: float) -> dict[str, Any]:
        """A file system in one region."""
        wanted = checked(body, schemas.CREATE_FILE_SYSTEM)
        if any(one["name"] == wanted["name"] for one in self.file_systems.values()):
            raise error("global/duplicate")
        made = {
            "id": self._new_id(),
            "name": wanted["name"],
            "mount_point": f"/lambda/nfs/{wanted['name']}",
            "created": iso(now),
            "created_by": OWNER,
            "is_in_use": False,
            "region": region(wanted["region"]),
            "bytes_used": 0,
        }
        self.file_systems[made["id"]] = made
        return made

    def delete_file_system(self, id: str, used: set[str]) -> None:
        """Not while an instance holds it."""
        if id not in self.file_systems:
            raise error("global/object-does-not-exist", "Filesystem was not found.")
        if id in used:
            raise error("filesystems/filesystem-in-use")
        del self.file_systems[id]

    def mounts(self, wanted: dict[str, Any]) -> list[dict[str, str]]:
        """The mounts that a launch asks for, by name or by id, in its region."""
        by_name = {one["name"]: one for one in self.file_systems.values()}
        chosen: dict[str, str] = {}
        for name in wanted.get("file_system_names", []):
            if name not in by_name:
                raise _no_file_system(name)
            chosen[by_name[name]["id"]] = by_name[name]["mount_point"]
        for mount in wanted.get("file_system_mounts", []):
            if mount["file_system_id"] not in self.file_systems:
                raise _no_file_system(mount["file_system_id"])
            chosen[mount["file_system_id"]] = mount["mount_point"]
        for id in chosen:
            if self.file_systems[id]["region"]["name"] != wanted["region_name"]:
                raise error("instance-operations/launch/file-system-in-wrong-region")
        return [{"file_system_id": id, "mount_point": path} for id, path in chosen.items()]

    def images(self) -> list[dict[str, Any]]:
        """One image of each family in each of two regions."""
        return [
            {
                "id": f"{random.Random(f'{family}{place}').getrandbits(128):032x}",
                "created_time": iso(IMAGES_AT),
                "updated_time": iso(IMAGES_AT),
                "name": f"Lambda Stack {version}",
                "description": "Ubuntu with Lambda Stack",
                "family": family,
                "version": version,
                "architecture": "x86_64",
                "region": region(place),
            }
            for family, version in STACKS.items()
            for place in ("us-east-1", "us-west-1")
        ]

    def put_rules(self, body: Any) -> list[dict[str, Any]]:
        """Replace the inbound rules."""
        self.rules = checked(body, schemas.PUT_RULES)["data"]
        return self.rules


def region(name: str) -> dict[str, str]:
    """As the API answers it."""
    return {"name": name, "description": schemas.REGIONS[name]}


def checked(body: Any, schema: Schema) -> dict[str, Any]:
    """The body if it is as the schema says, else global/invalid-parameters with what is wrong."""
    wrong = problems(body, schema)
    if wrong:
        raise error("global/invalid-parameters", suggestion="; ".join(wrong))
    return dict(body)


def _no_file_system(name: str) -> Exception:
    return error(
        "global/object-does-not-exist",
        f"Filesystem {name} does not exist.",
        "Check the filesystem.",
    )
