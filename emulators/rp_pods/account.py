"""One RunPod account: its pods and what time does to them; no HTTP, no process."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Any

from emulators.bill import Bill
from emulators.clock import iso
from emulators.faults import Faults
from emulators.rp_pods import records, schemas
from emulators.rp_pods.catalog import GPUS, MOST_GPUS
from emulators.rp_pods.inventory import Inventory, checked, problem
from emulators.rp_pods.records import ACTIONS, ChangeHostKey, Effect, EndMachine, Pod, StartMachine

HOURS_A_MONTH = 730
STOPPED_GB_MONTH, HOST = 0.20, "127.0.0.1"
MOST_ENV = 50
OF_THE_NEXT_POD = (
    "never_ssh",
    "sshd_lag",
    "slow_upload",
    "connection_cut",
    "gpu_dead",
    "disk_full",
)


@dataclass(frozen=True)
class Timing:
    """Emulated seconds of each step from the create call to a usable machine."""

    provisioning: float = 3.0
    starting: float = 5.0
    ports_lag: float = 4.0


class Account:
    """The pods of an account, its balance, and the effects to carry out."""

    def __init__(self, faults: Faults, bill: Bill, *, seed: int, timing: Timing) -> None:
        self.faults = faults
        self.bill = bill
        self.timing = timing
        self.dice = random.Random(f"pods:{seed}")
        self.pods: dict[str, Pod] = {}
        self.inventory = Inventory(bill, self.dice)
        self.effects: deque[Effect] = deque()
        self.deposit_usd: float | None = None

    def balance(self, now: float) -> float:
        """What is left of the deposit."""
        return (1e6 if self.deposit_usd is None else self.deposit_usd) - self.bill.total(now)

    def pod(self, id: str) -> Pod:
        """A pod that exists; 404 else."""
        if id not in self.pods:
            raise problem(404, "pod not found")
        return self.pods[id]

    def create(self, body: Any, now: float) -> Pod:
        """Rent a pod; every refusal of the real thing comes before anything is rented."""
        wanted = checked(body, schemas.CREATE_POD)
        wanted = self.inventory.with_template(wanted)
        if ("gpu" in wanted) == ("cpu" in wanted):
            raise problem(400, "exactly one of gpu or cpu must be set")
        if not wanted.get("image"):
            raise problem(400, "image is required unless templateId is set")
        if len(wanted.get("env", {})) > MOST_ENV:
            raise problem(400, f"at most {MOST_ENV} environment variables")
        price = self._price(wanted)
        data_center = self._place(wanted)
        self._refuse_what_is_not_there(wanted, price, now)
        pod = self._new(wanted, price, now)
        pod.data_center = data_center
        self.pods[pod.id] = pod
        self.bill.rent(pod.id, name=pod.name, kind=(pod.gpu or pod.cpu or {})["id"], at=now)
        return pod

    def _price(self, wanted: dict[str, Any]) -> float:
        if "cpu" in wanted:
            return round(0.04 * wanted["cpu"]["vcpuCount"], 4)
        gpu = GPUS.get(wanted["gpu"]["id"])
        if gpu is None:
            raise problem(400, f"unknown gpu type {wanted['gpu']['id']!r}")
        count = wanted["gpu"].setdefault("count", 1)
        cloud = wanted.get("cloud", "SECURE")
        price = gpu.secure if cloud == "SECURE" else gpu.community
        if count > MOST_GPUS or not price:
            raise problem(400, records.NO_INSTANCES)
        return round(price * count, 4)

    def _place(self, wanted: dict[str, Any]) -> str:
        mounts = wanted.get("mounts", {})
        if len(mounts) > 1:
            raise problem(422, "Request validation failed.", ["$.mounts: persistent or network"])
        chosen = wanted.get("dataCenterIds") or ["EU-RO-1"]
        if mounts.get("network"):
            volume = self.inventory.volume(mounts["network"][0]["volumeId"])
            if wanted.get("cloud", "SECURE") != "SECURE":
                raise problem(400, "network volumes need the SECURE cloud")
            if wanted.get("dataCenterIds") and volume["dataCenter"] not in chosen:
                raise problem(400, "the network volume is in another data center")
            return str(volume["dataCenter"])
        return str(chosen[0])

    def _refuse_what_is_not_there(self, wanted: dict[str, Any], price: float, now: float) -> None:
        gpu = wanted.get("gpu", {}).get("id", "")
        low = self.faults.strike("balance_low", gpu=gpu) is not None
        if low or self.balance(now) < price:
            raise problem(402, "Your balance is too low to deploy this pod.")
        missing = self.faults.strike("no_capacity", gpu=gpu)
        if missing is not None:
            is_sibling = missing.get("text") == "machine"
            raise problem(400, records.NO_RESOURCES if is_sibling else records.NO_INSTANCES)

    def _new(self, wanted: dict[str, Any], price: float, now: float) -> Pod:
        env = dict(wanted.get("env", {}))
        keys = self.inventory.ssh_keys
        if wanted.get("startSsh") and keys:
            env.setdefault("PUBLIC_KEY", "\n".join(keys))
        if wanted.get("startJupyter"):
            env.setdefault("JUPYTER_PASSWORD", f"{self.dice.getrandbits(64):x}")
        gpu = wanted.get("gpu")
        pod = Pod(
            id=self._new_id(),
            name=wanted["name"],
            image=wanted["image"],
            cloud=wanted.get("cloud", "SECURE"),
            price_per_hour=price,
            created_at=now,
            env=env,
            ports=list(wanted.get("ports", [])),
            gpu={"id": gpu["id"], "count": gpu["count"]} if gpu else None,
            cpu=wanted.get("cpu"),
            args=wanted.get("args", ""),
            disk=wanted.get("disk", 20),
            mounts=wanted.get("mounts", {}),
            registry=wanted.get("registry"),
            has_global_networking=wanted.get("globalNetworking", False),
            changes_at=now + self.timing.provisioning,
            key=f"rpa_{self.dice.getrandbits(160):040x}",
        )
        for name in OF_THE_NEXT_POD:
            options = self.faults.strike(name, id=pod.id)
            if options is not None:
                pod.traits[name] = options
        return pod

    def _new_id(self) -> str:
        return "".join(self.dice.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=14))

    def delete(self, id: str, now: float) -> None:
        """Gone for good: 404 from now on, the disk with it."""
        pod = self.pod(id)
        if self.faults.strike("delete_409", id=id) is not None:
            raise problem(409, "pod cannot be terminated now")
        self._remove(pod, now)
        if self.faults.strike("delete_500", id=id) is not None:
            raise problem(500, "Internal Server Error")

    def _remove(self, pod: Pod, now: float) -> None:
        pod.status = "TERMINATED"
        del self.pods[pod.id]
        self.bill.end(pod.id, now)
        self.effects.append(EndMachine(pod.id, is_for_good=True))

    def act(self, id: str, body: Any, now: float) -> Pod | None:
        """start, stop, restart or terminate; 409 when the status does not allow it."""
        action = checked(body, schemas.ACTION)["action"]
        pod = self.pod(id)
        if action not in ACTIONS[pod.status]:
            raise problem(409, f"cannot {action} a pod that is {pod.status}")
        if action == "terminate":
            self.delete(id, now)
            return None
        if action in ("stop", "restart"):
            self._stop(pod, now)
        if action in ("start", "restart"):
            pod.status, pod.changes_at = "STARTING", now + self.timing.starting
            self.bill.meter(pod.id, pod.price_per_hour, now)
        return pod

    def _stop(self, pod: Pod, now: float) -> None:
        pod.status, pod.started_at, pod.shows_ports_at = "EXITED", None, None
        pod.port, pod.is_shown = None, False
        # The container's disk is wiped; only what is mounted stays.
        self.effects.append(EndMachine(pod.id, is_for_good=False))
        gigabytes = pod.mounts.get("persistent", {}).get("size", 0)
        self.bill.meter(pod.id, gigabytes * STOPPED_GB_MONTH / HOURS_A_MONTH, now)

    def update(self, id: str, body: Any, now: float) -> Pod:
        """Change what may be changed; a new environment restarts the pod."""
        pod = self.pod(id)
        wanted = checked(body, schemas.UPDATE_POD)
        for name in ("name", "image", "args", "disk", "ports", "registry", "mounts", "locked"):
            if name in wanted:
                setattr(pod, name, wanted[name])
        if "env" in wanted and wanted["env"] != pod.env:
            pod.env = dict(wanted["env"])
            if pod.status == "RUNNING":
                self.act(id, {"action": "restart"}, now)
        return pod

    def reachable(self, id: str, port: int) -> None:
        """The machine's SSH server can be reached on this port."""
        if id in self.pods:
            self.pods[id].port = port

    def pass_time(self, now: float) -> None:
        """Move every pod on; stop or end all when the money is gone."""
        for pod in list(self.pods.values()):
            if pod.status == "PROVISIONING" and now >= pod.changes_at:
                pod.status, pod.changes_at = "STARTING", pod.changes_at + self.timing.starting
                self.bill.meter(pod.id, pod.price_per_hour, now)
            if pod.status == "STARTING" and now >= pod.changes_at:
                pod.status, pod.started_at = "RUNNING", now
                pod.shows_ports_at = now + self.timing.ports_lag
                if pod.public_key and "22/tcp" in pod.ports and "never_ssh" not in pod.traits:
                    self.effects.append(StartMachine(pod.id))
            if pod.status == "RUNNING":
                self._trouble(pod)
                is_due = pod.shows_ports_at is not None and now >= pod.shows_ports_at
                pod.is_shown = pod.is_shown or (is_due and pod.port is not None)
        if self.deposit_usd is not None and self.balance(now) <= 0:
            self._out_of_money(now)

    def _trouble(self, pod: Pod) -> None:
        death = self.faults.strike("host_dies", id=pod.id) if pod.is_shown else None
        if death is not None:
            pod.status = str(death.get("status", "RUNNING"))
            self.effects.append(EndMachine(pod.id, is_for_good=False))
        if pod.is_shown and self.faults.strike("host_key_changes", id=pod.id) is not None:
            self.effects.append(ChangeHostKey(pod.id))

    def _out_of_money(self, now: float) -> None:
        for pod in list(self.pods.values()):
            if pod.status in ("EXITED", "TERMINATED"):
                continue
            if pod.has_network_volume:
                self._stop(pod, now)
            else:
                self._remove(pod, now)

    def document(self, pod: Pod, now: float) -> dict[str, Any]:
        """A Pod as the API answers it."""
        is_metered = pod.status not in ("EXITED", "TERMINATED")
        shown: dict[str, Any] = {
            "id": pod.id,
            "name": pod.name,
            "status": pod.status,
            "actions": ACTIONS[pod.status],
            "image": pod.image,
            "args": pod.args,
            "disk": pod.disk,
            "mounts": pod.mounts,
            "ports": pod.ports,
            "env": pod.env,
            "registry": pod.registry,
            "cloud": pod.cloud,
            "dataCenterId": pod.data_center,
            "cudaVersion": "12.8" if pod.gpu else None,
            "ssh": _ssh(pod),
            "template": None,
            "cost": pod.price_per_hour if is_metered else 0,
            "locked": pod.locked,
            "globalNetworking": {"enabled": pod.has_global_networking},
            "runtime": _runtime(pod, now),
            "createdAt": iso(pod.created_at),
            "startedAt": None if pod.started_at is None else iso(pod.started_at),
        }
        shown["gpu" if pod.gpu else "cpu"] = pod.gpu or pod.cpu
        return shown


def _ssh(pod: Pod) -> dict[str, Any]:
    user = f"{pod.id}-emulated"
    proxy = {"host": "ssh.runpod.io", "port": 22, "username": user}
    proxy["command"] = f"ssh {user}@ssh.runpod.io"
    if not pod.is_shown:
        return {"proxy": proxy if pod.status == "RUNNING" else None, "direct": None}
    direct = {"host": HOST, "port": pod.port, "username": "root"}
    direct["command"] = f"ssh root@{HOST} -p {pod.port}"
    return {"proxy": proxy, "direct": direct}


def _runtime(pod: Pod, now: float) -> dict[str, Any] | None:
    if not pod.is_shown or pod.started_at is None:
        return None
    gpus = [{"util": 0, "memoryUtil": 0} for _ in range((pod.gpu or {"count": 0})["count"])]
    return {
        "uptime": int(now - pod.started_at),
        "gpus": gpus,
        "cpu": {"util": 1},
        "memory": {"util": 1},
        "ports": [{"private": 22, "public": pod.port, "type": "tcp", "ip": HOST}],
    }
