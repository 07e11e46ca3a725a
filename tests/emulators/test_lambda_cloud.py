"""Lambda's instances by themselves: emulated time, no HTTP, no process."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.bill import Bill
from emulators.faults import Faults
from emulators.lambda_cloud.cloud import Cloud, Timing
from emulators.lambda_cloud.records import FAULTS, EndMachine, Instance, StartMachine
from emulators.shell import Refusal

A10 = "gpu_1x_a10"
BODY: dict[str, Any] = {
    "region_name": "us-east-1",
    "instance_type_name": A10,
    "ssh_key_names": ["mine"],
    "name": "hone-1",
}


class Scene:
    """An account with one key."""

    def __init__(self) -> None:
        self.faults = Faults(FAULTS)
        self.bill = Bill(unit_seconds=60)
        self.cloud = Cloud(
            self.faults, self.bill, seed=1, timing=Timing(), new_ip=lambda: "127.20.0.2"
        )
        self.cloud.inventory.add_key({"name": "mine", "public_key": "ssh-ed25519 AAAA me"}, None)
        self.now = 1_000_000.0
        self.effects: list[Any] = []

    def go_on(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now += 1
            self.cloud.pass_time(self.now)
            self.effects += self.cloud.effects
            self.cloud.effects.clear()

    def launch(self, **more: Any) -> Instance:
        return self.cloud.launch({**BODY, **more}, self.now)

    def active(self, **more: Any) -> Instance:
        instance = self.launch(**more)
        self.go_on(181)
        return instance

    def shown(self, instance: Instance) -> dict[str, Any]:
        return self.cloud.document(self.cloud.instance(instance.id))

    def terminate(self, instance: Instance) -> None:
        self.cloud.terminate({"instance_ids": [instance.id]}, self.now)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def refused(code: str) -> Any:
    return pytest.raises(Refusal, match=code)


def test_an_instance_gets_an_ip_then_answers_then_is_active(scene: Scene) -> None:
    instance = scene.launch()
    assert "ip" not in scene.shown(instance)
    scene.go_on(26)
    assert (scene.shown(instance)["status"], scene.shown(instance)["ip"]) == (
        "booting",
        "127.20.0.2",
    )
    [start] = scene.effects
    assert isinstance(start, StartMachine)
    assert start.opens_at == instance.launched_at + 140  # 40 s before active
    scene.go_on(155)
    assert scene.shown(instance)["status"] == "active"
    assert "created_at" not in scene.shown(instance)


def test_minutes_are_billed_from_active_until_terminate(scene: Scene) -> None:
    instance = scene.active()
    assert scene.bill.cost(instance.id, scene.now) <= 1.29 / 60
    scene.go_on(3540)
    scene.terminate(instance)
    scene.go_on(3600)
    assert scene.bill.cost(instance.id, scene.now) == pytest.approx(1.29)
    assert scene.bill.alive() == [] and EndMachine(instance.id) in scene.effects


def test_after_terminate_the_record_passes_away(scene: Scene) -> None:
    instance = scene.active()
    scene.terminate(instance)
    seen = []
    for _ in range(90):
        try:
            seen.append(scene.shown(instance)["status"])
        except Refusal as refusal:
            seen.append(str(refusal.reply.status))
        scene.go_on(1)
    assert list(dict.fromkeys(seen)) == ["terminating", "terminated", "404"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"quantity": 1}, "global/invalid-parameters"),
        ({"ssh_key_names": []}, "global/invalid-parameters"),
        ({"ssh_key_names": ["mine", "mine"]}, "global/invalid-parameters"),
        ({"ssh_key_names": ["other"]}, "global/object-does-not-exist"),
        ({"region_name": "mars-1"}, "global/invalid-parameters"),
        ({"instance_type_name": "gpu_9x"}, "global/invalid-parameters"),
        ({"name": "x" * 65}, "global/invalid-parameters"),
        ({"user_data": "x" * 1_000_001}, "global/invalid-parameters"),
        ({"file_system_names": ["none"]}, "global/object-does-not-exist"),
        ({"instance_type_name": "gpu_8x_v100"}, "insufficient-capacity"),
        ({"region_name": "us-south-1"}, "insufficient-capacity"),
    ],
)
def test_what_lambda_refuses_is_refused_and_nothing_is_rented(
    scene: Scene, change: dict[str, Any], code: str
) -> None:
    with refused(code):
        scene.launch(**change)
    assert not scene.bill.rentals


def test_a_file_system_binds_to_its_region_and_is_freed_late(scene: Scene) -> None:
    made = scene.cloud.inventory.create_file_system(
        {"name": "data", "region": "us-east-1"}, scene.now
    )
    with refused("global/duplicate"):
        scene.cloud.inventory.create_file_system({"name": "data", "region": "us-east-1"}, scene.now)
    with refused("file-system-in-wrong-region"):
        scene.launch(region_name="us-west-1", file_system_names=["data"])
    instance = scene.active(file_system_names=["data"])
    scene.terminate(instance)
    with refused("filesystem-in-use"):
        scene.cloud.inventory.delete_file_system(made["id"], scene.cloud.used_file_systems())
    scene.go_on(90)
    scene.cloud.inventory.delete_file_system(made["id"], scene.cloud.used_file_systems())


def test_terminating_one_that_is_not_there_ends_none(scene: Scene) -> None:
    instance = scene.active()
    with refused("global/object-does-not-exist"):
        scene.cloud.terminate({"instance_ids": [instance.id, "0" * 32]}, scene.now)
    assert scene.shown(instance)["status"] == "active"


def test_actions_say_why_they_are_blocked(scene: Scene) -> None:
    instance = scene.launch()
    actions = scene.shown(instance)["actions"]
    assert actions["terminate"] == {"available": True}
    assert actions["restart"]["reason_code"] == "vm-has-not-launched"
    scene.terminate(instance)
    assert scene.shown(instance)["actions"]["terminate"]["reason_code"] == "vm-is-terminating"


def test_a_restart_boots_again_at_the_same_address(scene: Scene) -> None:
    instance = scene.active()
    scene.cloud.restart({"instance_ids": [instance.id]}, scene.now)
    assert scene.shown(instance)["status"] == "booting"
    scene.go_on(181)
    assert scene.shown(instance)["status"] == "active"
    assert [type(effect) for effect in scene.effects] == [StartMachine, EndMachine, StartMachine]


# --- the fault menu


def test_fault_no_capacity(scene: Scene) -> None:
    scene.faults.arm("no_capacity", gpu=A10)
    assert scene.cloud.types()[A10]["regions_with_capacity_available"]
    with refused("insufficient-capacity"):
        scene.launch()
    assert scene.launch(instance_type_name="gpu_1x_a6000")


def test_fault_capacity_hidden(scene: Scene) -> None:
    scene.faults.arm("capacity_hidden", gpu=A10)
    assert scene.cloud.types()[A10]["regions_with_capacity_available"] == []
    assert scene.cloud.types()[A10]["regions_with_capacity_available"]


def test_fault_quota_exceeded(scene: Scene) -> None:
    scene.faults.arm("quota_exceeded")
    with refused("global/quota-exceeded"):
        scene.launch()
    assert not scene.bill.rentals


def test_fault_unhealthy(scene: Scene) -> None:
    scene.faults.arm("unhealthy")
    instance = scene.active()
    assert scene.shown(instance)["status"] == "unhealthy"
    scene.go_on(60)
    assert scene.bill.cost(instance.id, scene.now) > 0
    scene.terminate(instance)
    assert scene.bill.alive() == []


def test_fault_preempted(scene: Scene) -> None:
    instance = scene.active()
    scene.faults.arm("preempted", id=instance.id)
    scene.go_on(1)
    assert scene.shown(instance)["status"] == "preempted"
    assert EndMachine(instance.id) in scene.effects and scene.bill.alive() == []
    scene.go_on(90)
    with refused("global/object-does-not-exist"):
        scene.shown(instance)


def test_fault_sshd_before_active(scene: Scene) -> None:
    scene.faults.arm("sshd_before_active", seconds=62)
    instance = scene.active()
    assert scene.effects[0].opens_at == instance.launched_at + 180 - 62


def test_fault_sshd_lag(scene: Scene) -> None:
    scene.faults.arm("sshd_lag", seconds=90)
    instance = scene.active()
    assert scene.effects[0].opens_at == instance.launched_at + 180 + 90


def test_fault_terminate_ignored(scene: Scene) -> None:
    instance = scene.active()
    scene.faults.arm("terminate_ignored", seconds=60)
    scene.terminate(instance)
    scene.go_on(30)
    scene.terminate(instance)
    assert scene.shown(instance)["status"] == "active"
    assert scene.bill.alive() == [instance.id]
    scene.go_on(31)
    scene.terminate(instance)
    assert scene.shown(instance)["status"] == "terminating" and scene.bill.alive() == []


def test_fault_lingers(scene: Scene) -> None:
    scene.faults.arm("lingers", seconds=600)
    instance = scene.active()
    scene.terminate(instance)
    scene.go_on(500)
    assert scene.shown(instance)["status"] == "terminated"
    scene.go_on(200)
    with refused("global/object-does-not-exist"):
        scene.shown(instance)
