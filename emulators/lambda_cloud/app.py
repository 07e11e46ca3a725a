"""The HTTP face of Lambda's API, and the real SSH servers behind its instances."""

from __future__ import annotations

import base64
import contextlib
import itertools
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from emulators.bill import Bill
from emulators.clock import Clock
from emulators.faults import Faults
from emulators.lambda_cloud.cloud import Cloud, Timing
from emulators.lambda_cloud.records import (
    FAULTS,
    ChangeHostKey,
    EndMachine,
    Instance,
    StartMachine,
    error,
)
from emulators.limits import Window
from emulators.machines import Hardware, Machine, Machines
from emulators.processes import Processes
from emulators.shell import Refusal, Reply, Request, Route

V1 = "/api/v1"
LAUNCH_SECONDS, MIB_OF_A_GIB = 12.0, 1024
PAGE_1015 = (
    b"<!DOCTYPE html><html><head><title>Access denied | cloud.lambda.ai used Cloudflare to "
    b"restrict access</title></head><body><h1>Error 1015</h1><p>You are being rate limited"
    b"</p></body></html>"
)


class LambdaCloud:
    """One account. Instances get loopback addresses of their own, all on `ssh_port`.

    The real service is at port 22; a client is told `ssh_port`, since 22 needs root here.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        seed: int = 0,
        key: str = "secret_emulated",
        timing: Timing | None = None,
        image_environment: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = clock or Clock()
        self.faults = Faults(FAULTS)
        self.bill = Bill(unit_seconds=60)
        self.key = key
        self.url = ""
        self.image_environment = dict(image_environment or {})
        self.ssh_port = _free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="lambda-"))
        self.processes = Processes(self.folder / "instances")
        self.machines = Machines(self.processes)
        numbers = itertools.count(2)
        self.cloud = Cloud(
            self.faults,
            self.bill,
            seed=seed,
            timing=timing or Timing(),
            new_ip=lambda: "127.20.{}.{}".format(*divmod(next(numbers), 250)),
        )
        self.is_limited = True
        self._all = Window(1, 1.0)
        self._launches = Window(1, LAUNCH_SECONDS)
        self._is_closed = False

    def routes(self) -> list[Route]:
        """The routes of the published OpenAPI that concern instances; file systems spelt twice."""
        return [
            ("GET", f"{V1}/instance-types", self.types),
            ("GET", f"{V1}/instances", self.list_instances),
            ("GET", f"{V1}/instances/{{id}}", self.get_instance),
            ("POST", f"{V1}/instances/{{id}}", self.rename),
            ("POST", f"{V1}/instance-operations/launch", self.launch),
            ("POST", f"{V1}/instance-operations/terminate", self.terminate),
            ("POST", f"{V1}/instance-operations/restart", self.restart),
            ("GET", f"{V1}/ssh-keys", self.keys),
            ("POST", f"{V1}/ssh-keys", self.add_key),
            ("DELETE", f"{V1}/ssh-keys/{{id}}", self.delete_key),
            ("GET", f"{V1}/file-systems", self.file_systems),
            ("POST", f"{V1}/filesystems", self.create_file_system),
            ("DELETE", f"{V1}/filesystems/{{id}}", self.delete_file_system),
            ("GET", f"{V1}/images", self.images),
            ("GET", f"{V1}/firewall-rules", self.rules),
            ("PUT", f"{V1}/firewall-rules", self.put_rules),
        ]

    @contextlib.contextmanager
    def admit(self, request: Request, pattern: str | None) -> Iterator[None]:
        """One request a second, one launch in twelve; the key as bearer or as basic user."""
        if self.faults.strike("html_429") is not None:
            raise Refusal(Reply(429, PAGE_1015, kind="text/html; charset=UTF-8"))
        now = self.clock.now()
        is_launch = request.path.endswith("/launch")
        windows = [self._all, self._launches] if is_launch else [self._all]
        if self.is_limited and any(window.wait_seconds(now) > 0 for window in windows):
            raise error("global/too-many-requests")
        for window in windows:
            window.take(now)
        said = _key_of(request.headers.get("authorization", ""))
        if said is None:
            raise error("global/invalid-api-key", "No API key was provided.")
        if said != self.key:
            raise error("global/invalid-api-key")
        if self.faults.strike("account_inactive") is not None:
            raise error("global/account-inactive")
        where = {"method": request.method, "path": request.path}
        if self.faults.strike("internal_error", **where) is not None:
            raise error("global/internal-error")
        yield

    def absent(self, request: Request, allowed: Sequence[str]) -> Reply:
        """Not documented."""
        return error("global/object-does-not-exist", "Not found.").reply

    def types(self, request: Request) -> Reply:
        """Types, prices, regions."""
        return _ok(self.cloud.types())

    def _shown(self, instances: Sequence[Instance]) -> list[dict[str, Any]]:
        return [self.cloud.document(one) for one in instances]

    def list_instances(self, request: Request) -> Reply:
        """All that are listed."""
        return _ok(self._shown(list(self.cloud.instances.values())))

    def get_instance(self, request: Request, id: str) -> Reply:
        """One."""
        return _ok(self.cloud.document(self.cloud.instance(id)))

    def rename(self, request: Request, id: str) -> Reply:
        """Another name."""
        return _ok(self.cloud.document(self.cloud.rename(id, _json(request))))

    def launch(self, request: Request) -> Reply:
        """Rent one."""
        instance = self.cloud.launch(_json(request), self.clock.now())
        return _ok({"instance_ids": [instance.id]})

    def terminate(self, request: Request) -> Reply:
        """Give them back."""
        ended = self.cloud.terminate(_json(request), self.clock.now())
        return _ok({"terminated_instances": self._shown(ended)})

    def restart(self, request: Request) -> Reply:
        """Boot them again."""
        again = self.cloud.restart(_json(request), self.clock.now())
        return _ok({"restarted_instances": self._shown(again)})

    def keys(self, request: Request) -> Reply:
        """SSH keys."""
        return _ok(list(self.cloud.inventory.keys.values()))

    def add_key(self, request: Request) -> Reply:
        """A key, generated here when none is sent."""
        body = _json(request)
        needs_pair = isinstance(body, dict) and "public_key" not in body
        return _ok(self.cloud.inventory.add_key(body, _pair() if needs_pair else None))

    def delete_key(self, request: Request, id: str) -> Reply:
        """A key less."""
        self.cloud.inventory.delete_key(id)
        return _ok({})

    def file_systems(self, request: Request) -> Reply:
        """File systems, with which are held."""
        used = self.cloud.used_file_systems()
        all_of_them = self.cloud.inventory.file_systems.values()
        return _ok([{**one, "is_in_use": one["id"] in used} for one in all_of_them])

    def create_file_system(self, request: Request) -> Reply:
        """One more."""
        return _ok(self.cloud.inventory.create_file_system(_json(request), self.clock.now()))

    def delete_file_system(self, request: Request, id: str) -> Reply:
        """One less."""
        self.cloud.inventory.delete_file_system(id, self.cloud.used_file_systems())
        return _ok({"deleted_ids": [id]})

    def images(self, request: Request) -> Reply:
        """Machine images."""
        return _ok(self.cloud.inventory.images())

    def rules(self, request: Request) -> Reply:
        """The firewall."""
        return _ok(self.cloud.inventory.rules)

    def put_rules(self, request: Request) -> Reply:
        """Another firewall."""
        return _ok(self.cloud.inventory.put_rules(_json(request)))

    def tick(self) -> None:
        """Pass the time and carry out what it brings."""
        if self._is_closed:
            return
        self._carry_out()
        now = self.clock.now()
        self.processes.exited()
        self.machines.tick(now)
        self.cloud.pass_time(now)
        self._carry_out()

    def _carry_out(self) -> None:
        while self.cloud.effects:
            effect = self.cloud.effects.popleft()
            if isinstance(effect, StartMachine):
                instance = self.cloud.instances.get(effect.instance_id)
                if instance is not None and instance.ends_at is None:
                    self._boot(instance, effect.opens_at)
            elif isinstance(effect, EndMachine):
                self.machines.end(effect.instance_id)
            elif isinstance(effect, ChangeHostKey):
                self.machines.change_host_key(effect.instance_id)

    def _boot(self, instance: Instance, opens_at: float) -> None:
        traits, kind = instance.traits, instance.type
        hardware = Hardware(
            gpu=f"NVIDIA {kind.gpu}",
            count=kind.gpus,
            memory_mib=kind.memory_gib_of_gpu * MIB_OF_A_GIB,
            is_dead="gpu_dead" in traits,
            disk_bytes=traits.get("disk_full", {}).get("bytes"),
        )
        machine = Machine(
            instance.id, "ubuntu", instance.keys, dict(self.image_environment), hardware
        )
        machine.host, machine.port = str(instance.ip), self.ssh_port
        machine.opens_at = opens_at
        machine.bytes_per_second = traits.get("slow_upload", {}).get("bytes_per_second")
        machine.cut_after_bytes = traits.get("connection_cut", {}).get("after_bytes")
        self.machines.start(machine)

    def close(self) -> None:
        """End every instance and remove every folder."""
        self._is_closed = True
        self.machines.close()
        self.processes.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _ok(data: Any) -> Reply:
    return Reply(200, {"data": data})


def _json(request: Request) -> Any:
    try:
        return request.json()
    except ValueError:
        raise error("global/invalid-parameters") from None


def _key_of(header: str) -> str | None:
    kind, _, rest = header.partition(" ")
    if kind == "Bearer" and rest:
        return rest.strip()
    if kind == "Basic" and rest:
        with contextlib.suppress(ValueError):
            return base64.b64decode(rest).decode().removesuffix(":")
    return None


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _pair() -> tuple[str, str]:
    import asyncssh

    key = asyncssh.generate_private_key("ssh-ed25519")
    return key.export_public_key().decode().strip(), key.export_private_key().decode()
