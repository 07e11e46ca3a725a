"""Pods by themselves: emulated time, no HTTP, no process."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.bill import Bill
from emulators.faults import Faults
from emulators.rp_pods import records
from emulators.rp_pods.account import Account, Timing
from emulators.rp_pods.billing import history
from emulators.rp_pods.records import EndMachine, Pod, StartMachine
from emulators.shell import Refusal

A40 = "NVIDIA A40"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPvxyyZ2KmQKGNiQ6spqxfTYXAZzhY120INiJ0OcoS4G me"
BODY: dict[str, Any] = {
    "name": "hone-1",
    "image": "runpod/pytorch",
    "gpu": {"id": A40},
    "ports": ["22/tcp"],
    "startSsh": True,
}


class Scene:
    """An account whose machines boot at once."""

    def __init__(self) -> None:
        self.faults = Faults(records.FAULTS)
        self.bill = Bill()
        self.account = Account(self.faults, self.bill, seed=1, timing=Timing(3, 5, 4))
        self.account.inventory.replace_keys({"keys": [KEY]})
        self.now = 1_000_000.0
        self.effects: list[Any] = []

    def go_on(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self.now += 1
            self.account.pass_time(self.now)
            while self.account.effects:
                effect = self.account.effects.popleft()
                self.effects.append(effect)
                if isinstance(effect, StartMachine):
                    self.account.reachable(effect.pod_id, 2222)

    def create(self, **more: Any) -> Pod:
        return self.account.create({**BODY, **more}, self.now)

    def shown(self, pod: Pod) -> dict[str, Any]:
        return self.account.document(self.account.pod(pod.id), self.now)

    def usable(self, **more: Any) -> Pod:
        pod = self.create(**more)
        self.go_on(14)
        assert self.shown(pod)["ssh"]["direct"]
        return pod


@pytest.fixture
def scene() -> Scene:
    return Scene()


def refused(status: int, text: str = "") -> Any:
    return pytest.raises(Refusal, match=f"(?s)^{status} .*{text}")


def test_a_pod_is_running_before_its_ports_exist(scene: Scene) -> None:
    pod = scene.create()
    seen = []
    for _ in range(14):
        shown = scene.shown(pod)
        seen.append((shown["status"], shown["ssh"]["direct"] is not None))
        scene.go_on(1)
    assert list(dict.fromkeys(seen)) == [
        ("PROVISIONING", False),
        ("STARTING", False),
        ("RUNNING", False),
        ("RUNNING", True),
    ]
    assert scene.shown(pod)["runtime"]["ports"][0]["public"] == 2222


def test_cost_runs_by_the_second_from_starting_until_it_is_deleted(scene: Scene) -> None:
    pod = scene.create()
    scene.go_on(3 + 3600)
    assert scene.bill.cost(pod.id, scene.now) == pytest.approx(0.49)
    scene.account.delete(pod.id, scene.now)
    scene.go_on(3600)
    assert scene.bill.cost(pod.id, scene.now) == pytest.approx(0.49)
    assert (scene.bill.alive(), EndMachine(pod.id, is_for_good=True) in scene.effects) == ([], True)
    with refused(404, "pod not found"):
        scene.account.pod(pod.id)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"bogus": 1}, 422, "additional properties 'bogus' not allowed"),
        ({"gpu": {"id": A40, "size": 1}}, 422, "additional properties 'size'"),
        ({"gpu": {"id": A40, "count": 0}}, 422, "minimum"),
        ({"gpu": {"id": "RTX 9999"}}, 400, "unknown gpu type"),
        ({"gpu": {"id": "NVIDIA H200"}, "cloud": "COMMUNITY"}, 400, "no longer any instances"),
        ({"cpu": {"id": "cpu5c", "vcpuCount": 4}}, 400, "exactly one"),
        ({"image": ""}, 400, "image is required"),
        ({"templateId": "none"}, 404, "template not found"),
        ({"env": {"A": 1}}, 422, "got integer, want string"),
        ({"env": {f"N{i}": "" for i in range(51)}}, 400, "at most 50"),
        ({"ports": ["ssh"]}, 422, "pattern"),
        ({"mounts": {"network": [{"volumeId": "v", "path": "/w"}]}}, 404, "network volume"),
        ({"name": ""}, 422, "minLength"),
        ({"cloud": "ALL"}, 422, "value must be one of 'SECURE', 'COMMUNITY'"),
    ],
)
def test_what_the_provider_refuses_is_refused_and_nothing_is_rented(
    scene: Scene, change: dict[str, Any], status: int, words: str
) -> None:
    with refused(status, words):
        scene.create(**change)
    assert not scene.bill.rentals


def test_actions_are_those_of_the_status(scene: Scene) -> None:
    pod = scene.create()
    with refused(409):
        scene.account.act(pod.id, {"action": "restart"}, scene.now)
    with refused(422, "value must be one of 'start', 'stop', 'restart', 'terminate'"):
        scene.account.act(pod.id, {"action": "pause"}, scene.now)
    scene.go_on(14)
    scene.account.act(pod.id, {"action": "stop"}, scene.now)
    assert (scene.shown(pod)["status"], scene.shown(pod)["cost"]) == ("EXITED", 0)
    before = scene.bill.cost(pod.id, scene.now)
    scene.go_on(3600)
    assert scene.bill.cost(pod.id, scene.now) == before
    scene.account.act(pod.id, {"action": "start"}, scene.now)
    scene.go_on(10)
    assert scene.shown(pod)["status"] == "RUNNING"
    assert scene.account.act(pod.id, {"action": "terminate"}, scene.now) is None


def test_a_stopped_volume_costs_its_gigabytes(scene: Scene) -> None:
    pod = scene.usable(mounts={"persistent": {"size": 100, "path": "/workspace"}})
    scene.account.act(pod.id, {"action": "stop"}, scene.now)
    before = scene.bill.cost(pod.id, scene.now)
    scene.go_on(3600)
    assert scene.bill.cost(pod.id, scene.now) - before == pytest.approx(100 * 0.20 / 730, rel=1e-3)


def test_a_template_gives_what_the_request_does_not_say(scene: Scene) -> None:
    template = scene.account.inventory.create_template(
        {"name": "t", "image": "mine", "env": {"A": "1", "B": "1"}, "ports": ["22/tcp"]}
    )
    pod = scene.account.create(
        {"name": "p", "templateId": template["id"], "gpu": {"id": A40}, "env": {"B": "2"}},
        scene.now,
    )
    assert (pod.image, pod.env["A"], pod.env["B"]) == ("mine", "1", "2")
    assert scene.shown(pod)["template"] is None and pod.public_key == KEY
    serverless = scene.account.inventory.create_template(
        {"name": "s", "image": "mine", "serverless": True}
    )
    with refused(422):
        scene.account.create(
            {"name": "p", "templateId": serverless["id"], "gpu": {"id": A40}}, scene.now
        )


def test_without_registered_keys_start_ssh_does_silently_nothing(scene: Scene) -> None:
    scene.account.inventory.replace_keys({"keys": []})
    pod = scene.create()
    scene.go_on(600)
    assert scene.shown(pod)["status"] == "RUNNING"
    assert scene.shown(pod)["ssh"]["direct"] is None and not scene.effects


def test_when_the_money_is_gone_pods_without_network_volume_are_lost(scene: Scene) -> None:
    volume = scene.account.inventory.create_volume(
        {"name": "v", "size": 10, "dataCenter": "EU-RO-1"}, scene.now
    )
    safe = scene.usable(mounts={"network": [{"volumeId": volume["id"], "path": "/workspace"}]})
    lost = scene.usable()
    scene.account.deposit_usd = scene.bill.total(scene.now) + 0.1
    scene.go_on(600)
    assert scene.shown(safe)["status"] == "EXITED"
    with refused(404):
        scene.account.pod(lost.id)
    with refused(402):
        scene.create()


def test_a_network_volume_pins_the_pod_to_its_place_and_is_billed(scene: Scene) -> None:
    volume = scene.account.inventory.create_volume(
        {"name": "v", "size": 1000, "dataCenter": "US-KS-2"}, scene.now
    )
    mounts = {"network": [{"volumeId": volume["id"], "path": "/workspace"}]}
    assert scene.create(mounts=mounts).data_center == "US-KS-2"
    with refused(400, "SECURE"):
        scene.create(mounts=mounts, cloud="COMMUNITY")
    with refused(400, "another data center"):
        scene.create(mounts=mounts, dataCenterIds=["EU-RO-1"])
    assert scene.bill.cost(volume["id"], scene.now + 730 * 3600) == pytest.approx(70)


def test_the_environment_of_a_running_pod_is_changed_by_a_restart(scene: Scene) -> None:
    pod = scene.usable()
    scene.account.update(pod.id, {"env": {"PUBLIC_KEY": KEY, "A": "2"}}, scene.now)
    assert scene.shown(pod)["status"] == "STARTING"
    scene.go_on(12)
    assert scene.shown(pod)["env"]["A"] == "2" and scene.shown(pod)["ssh"]["direct"]


def test_billing_history_adds_up_to_the_bill(scene: Scene) -> None:
    pod = scene.create()
    scene.go_on(2 * 3600)
    for query in ({"bucketSize": "hour"}, {"bucketSize": "day"}, {"bucketSize": "month"}):
        told = history(scene.bill, "pods", query, scene.now)
        total = told["metadata"]["totals"]["totalAmount"]
        assert total == pytest.approx(scene.bill.cost(pod.id, scene.now), abs=1e-6)
        assert {record["podId"] for record in told["records"]} == {pod.id}
    assert len(history(scene.bill, "pods", {"bucketSize": "hour"}, scene.now)["records"]) == 3
    with refused(400):
        history(scene.bill, "pods", {"bucketSize": "minute"}, scene.now)
    with refused(400):
        history(scene.bill, "pods", {"lastN": "2", "startTime": "2026-01-01T00:00:00Z"}, scene.now)


# --- the fault menu


@pytest.mark.parametrize(
    ("text", "words"), [("", "no longer any instances"), ("machine", "does not have the resources")]
)
def test_no_capacity_in_both_wordings(scene: Scene, text: str, words: str) -> None:
    scene.faults.arm("no_capacity", gpu=A40, text=text)
    with refused(400, words):
        scene.create()
    scene.create()


def test_fault_no_capacity(scene: Scene) -> None:
    scene.faults.arm("no_capacity", times=-1, gpu=A40)
    with refused(400):
        scene.create()
    assert scene.create(gpu={"id": "NVIDIA L40S"}).price_per_hour == 0.86
    assert len(scene.bill.rentals) == 1


def test_fault_balance_low(scene: Scene) -> None:
    scene.faults.arm("balance_low")
    with refused(402, "balance is too low"):
        scene.create()
    assert not scene.bill.rentals


def test_fault_never_ssh(scene: Scene) -> None:
    scene.faults.arm("never_ssh")
    pod = scene.create()
    scene.go_on(3600)
    shown = scene.shown(pod)
    assert (shown["status"], shown["runtime"], shown["ssh"]["direct"]) == ("RUNNING", None, None)
    assert scene.bill.cost(pod.id, scene.now) > 0.48


def test_fault_delete_500(scene: Scene) -> None:
    pod = scene.usable()
    scene.faults.arm("delete_500")
    with refused(500):
        scene.account.delete(pod.id, scene.now)
    assert scene.bill.alive() == [] and pod.id not in scene.account.pods


def test_fault_delete_409(scene: Scene) -> None:
    pod = scene.usable()
    scene.faults.arm("delete_409")
    with refused(409):
        scene.account.delete(pod.id, scene.now)
    assert scene.bill.alive() == [pod.id]
    scene.account.delete(pod.id, scene.now)
    assert scene.bill.alive() == []


@pytest.mark.parametrize("status", ["RUNNING", "ERROR"])
def test_a_dead_host_may_still_be_shown_as_running(scene: Scene, status: str) -> None:
    pod = scene.usable()
    scene.faults.arm("host_dies", id=pod.id, status=status)
    scene.go_on(2)
    assert EndMachine(pod.id, is_for_good=False) in scene.effects
    assert scene.shown(pod)["status"] == status
