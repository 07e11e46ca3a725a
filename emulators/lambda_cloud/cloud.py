"""One Lambda account: its instances and what time does to them; no HTTP, no process."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulators.bill import Bill
from emulators.faults import Faults
from emulators.lambda_cloud import schemas
from emulators.lambda_cloud.inventory import Inventory, checked, region
from emulators.lambda_cloud.records import (
    TYPES,
    ChangeHostKey,
    Effect,
    EndMachine,
    Instance,
    StartMachine,
    error,
)

OF_THE_NEXT = (
    "unhealthy sshd_before_active sshd_lag lingers gpu_dead slow_upload connection_cut disk_full"
).split()
ACTIONS = ("migrate", "rebuild", "restart", "cold_reboot", "terminate")
MOST_INSTANCES = 10
USABLE = ("active", "unhealthy")


@dataclass(frozen=True)
class Timing:
    """Emulated seconds: IP after launch, active after launch, SSH before active, the way out."""

    ip: float = 25.0
    active: float = 180.0
    ssh_before_active: float = 40.0
    terminating: float = 20.0
    terminated: float = 60.0


class Cloud:
    """The instances of an account and the effects to carry out; `new_ip` gives addresses."""

    def __init__(
        self, faults: Faults, bill: Bill, *, seed: int, timing: Timing, new_ip: Callable[[], str]
    ) -> None:
        self.faults = faults
        self.bill = bill
        self.timing = timing
        self.new_ip = new_ip
        self.dice = random.Random(f"lambda:{seed}")
        self.inventory = Inventory(self.dice)
        self.instances: dict[str, Instance] = {}
        self.effects: deque[Effect] = deque()

    def types(self) -> dict[str, Any]:
        """Every type, with the regions that say that they have some."""
        shown = {}
        for kind in TYPES.values():
            is_hidden = self.faults.strike("capacity_hidden", gpu=kind.name) is not None
            places = [] if is_hidden else [region(name) for name in kind.regions]
            shown[kind.name] = {
                "instance_type": kind.document(),
                "regions_with_capacity_available": places,
            }
        return shown

    def instance(self, id: str) -> Instance:
        """An instance that is still listed; 404 else."""
        if id not in self.instances:
            raise error("global/object-does-not-exist")
        return self.instances[id]

    def launch(self, body: Any, now: float) -> Instance:
        """Rent an instance; every refusal comes before anything is rented."""
        wanted = checked(body, schemas.LAUNCH)
        kind = TYPES.get(wanted["instance_type_name"])
        if kind is None:
            raise error("global/invalid-parameters", "Unknown instance type.")
        keys = [self.inventory.key_named(name) for name in wanted["ssh_key_names"]]
        file_systems = self.inventory.mounts(wanted)
        if len([one for one in self.instances.values() if one.ends_at is None]) >= MOST_INSTANCES:
            raise error("global/quota-exceeded")
        if self.faults.strike("quota_exceeded", gpu=kind.name) is not None:
            raise error("global/quota-exceeded")
        is_flipped = self.faults.strike("no_capacity", gpu=kind.name) is not None
        if is_flipped or wanted["region_name"] not in kind.regions:
            raise error("instance-operations/launch/insufficient-capacity")
        instance = Instance(
            id=f"{self.dice.getrandbits(128):032x}",
            type=kind,
            region=wanted["region_name"],
            ssh_key_names=wanted["ssh_key_names"],
            keys="\n".join(key["public_key"] for key in keys),
            launched_at=now,
            name=wanted.get("name"),
            hostname=wanted.get("hostname"),
            tags=wanted.get("tags", []),
            file_systems=file_systems,
            rulesets=wanted.get("firewall_rulesets", []),
            active_at=now + self.timing.active,
        )
        for name in OF_THE_NEXT:
            options = self.faults.strike(name, id=instance.id)
            if options is not None:
                instance.traits[name] = options
        self.instances[instance.id] = instance
        self.bill.rent(instance.id, name=instance.name or "", kind=kind.name, at=now)
        return instance

    def terminate(self, body: Any, now: float) -> list[Instance]:
        """All or none: 404 when one of them is not there."""
        ids = checked(body, schemas.INSTANCE_IDS)["instance_ids"]
        chosen = [self.instance(id) for id in ids]
        for instance in chosen:
            ignored = self.faults.strike("terminate_ignored", id=instance.id)
            if ignored is not None:
                instance.ignores_until = now + float(ignored.get("seconds", 60))
            if now >= instance.ignores_until and instance.ends_at is None:
                self._end(instance, now, "terminating")
        return chosen

    def _end(self, instance: Instance, now: float, status: str) -> None:
        linger = float(instance.traits.get("lingers", {}).get("seconds", 0))
        instance.status = status
        instance.ends_at = now + self.timing.terminating
        instance.gone_at = instance.ends_at + self.timing.terminated + linger
        self.bill.end(instance.id, now)
        self.effects.append(EndMachine(instance.id))

    def restart(self, body: Any, now: float) -> list[Instance]:
        """Boot again; what ran on it is gone, the address stays."""
        ids = checked(body, schemas.INSTANCE_IDS)["instance_ids"]
        chosen = [self.instance(id) for id in ids]
        for instance in chosen:
            if instance.status not in USABLE:
                raise error("global/invalid-parameters", "The instance cannot be restarted now.")
            instance.status, instance.is_booted = "booting", False
            instance.active_at = now + self.timing.active
            self.effects.append(EndMachine(instance.id))
        return chosen

    def rename(self, id: str, body: Any) -> Instance:
        """Change the name."""
        instance = self.instance(id)
        instance.name = checked(body, schemas.RENAME).get("name", instance.name)
        return instance

    def pass_time(self, now: float) -> None:
        """Move every instance on."""
        for instance in list(self.instances.values()):
            if instance.status == "booting":
                self._boot(instance, now)
            elif instance.status in USABLE:
                self._trouble(instance, now)
            if instance.ends_at is not None and now >= instance.ends_at:
                instance.status = "preempted" if instance.status == "preempted" else "terminated"
            if instance.gone_at is not None and now >= instance.gone_at:
                del self.instances[instance.id]

    def _boot(self, instance: Instance, now: float) -> None:
        if instance.ip is None and now >= instance.launched_at + self.timing.ip:
            instance.ip = self.new_ip()
        if instance.ip is not None and not instance.is_booted:
            instance.is_booted = True
            self.effects.append(StartMachine(instance.id, self._opens_at(instance)))
        if now >= instance.active_at:
            is_ill = "unhealthy" in instance.traits
            instance.status = "unhealthy" if is_ill else "active"
            # The meter starts with the health check, whatever it finds.
            if not self.bill.rentals[instance.id].is_metered:
                self.bill.meter(instance.id, instance.type.cents / 100, now)

    def _opens_at(self, instance: Instance) -> float:
        traits = instance.traits
        if "sshd_lag" in traits:
            return instance.active_at + float(traits["sshd_lag"].get("seconds", 60))
        early = float(traits.get("sshd_before_active", {}).get("seconds", 0))
        return instance.active_at - (early or self.timing.ssh_before_active)

    def _trouble(self, instance: Instance, now: float) -> None:
        if instance.ends_at is None:
            if self.faults.strike("preempted", id=instance.id) is not None:
                self._end(instance, now, "preempted")
            elif self.faults.strike("host_dies", id=instance.id) is not None:
                self.effects.append(EndMachine(instance.id))
            elif self.faults.strike("host_key_changes", id=instance.id) is not None:
                self.effects.append(ChangeHostKey(instance.id))

    def used_file_systems(self) -> set[str]:
        """Those that an instance still holds; freed only when it is no longer listed."""
        held = self.instances.values()
        return {mount["file_system_id"] for one in held for mount in one.file_systems}

    def document(self, instance: Instance) -> dict[str, Any]:
        """An Instance as the API answers it; no time of creation, as in reality."""
        names = {one["id"]: one["name"] for one in self.inventory.file_systems.values()}
        mounted = [names.get(one["file_system_id"], "") for one in instance.file_systems]
        shown: dict[str, Any] = {
            "id": instance.id,
            "status": instance.status,
            "ssh_key_names": instance.ssh_key_names,
            "file_system_names": mounted,
            "file_system_mounts": instance.file_systems,
            "region": region(instance.region),
            "instance_type": instance.type.document(),
            "actions": {name: _availability(name, instance) for name in ACTIONS},
            "tags": instance.tags,
            "firewall_rulesets": instance.rulesets,
        }
        if instance.name is not None:
            shown["name"] = instance.name
        if instance.ip is not None:
            token = f"emulated-secret-{instance.id[:8]}"
            shown["ip"] = instance.ip
            shown["private_ip"] = "10.19.1.2"
            shown["hostname"] = instance.hostname or instance.ip.replace(".", "-")
            shown["jupyter_token"] = token
            shown["jupyter_url"] = f"https://jupyter.invalid/?token={token}"
        return shown


def _availability(action: str, instance: Instance) -> dict[str, Any]:
    if instance.ends_at is not None:
        why = ("vm-is-terminating", "Instance is terminating.")
    elif instance.status == "booting" and action != "terminate":
        why = ("vm-has-not-launched", "Instance has not launched yet.")
    else:
        return {"available": True}
    return {"available": False, "reason_code": why[0], "reason_description": why[1]}
