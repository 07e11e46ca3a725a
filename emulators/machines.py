"""Rented machines with a real SSH server each, reached through a wire that can be troubled."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulators.processes import FRESH, Processes
from emulators.wire import Wire

REPOSITORY = Path(__file__).resolve().parent.parent
SMI = """#!/bin/sh
# nvidia-smi of an emulated machine: enough for a probe, no GPU behind it.
if [ "{state}" = dead ]; then
    echo "No devices were found" >&2
    exit 6
fi
case "$*" in
*--query-gpu*)
    said="$*"
    fields="${{said#*--query-gpu=}}"
    fields="${{fields%% *}}"
    unit=" MiB"
    case "$said" in *nounits*) unit="" ;; esac
    line=""
    IFS=,
    for field in $fields; do
        case "$field" in
        name) value="{gpu}" ;;
        memory.total | memory.free) value="{memory_mib}$unit" ;;
        *) value="[N/A]" ;;
        esac
        line="$line${{line:+, }}$value"
    done
    i=0
    while [ $i -lt {count} ]; do echo "$line"; i=$((i + 1)); done ;;
-L*)
    i=0
    while [ $i -lt {count} ]; do echo "GPU $i: {gpu} (UUID: GPU-emulated-$i)"; i=$((i + 1)); done ;;
*) echo "{gpu} (emulated)" ;;
esac
"""


@dataclass(frozen=True)
class Hardware:
    """What a probe on the machine sees."""

    gpu: str = "NVIDIA A40"
    count: int = 1
    memory_mib: int = 46_068
    is_dead: bool = False
    disk_bytes: int | None = None


@dataclass
class Machine:
    """One machine; `port` is 0 until its SSH server listens behind the wire."""

    id: str
    user: str
    keys: str
    environment: dict[str, str]
    hardware: Hardware
    # Name in the home -> folder elsewhere: what is mounted outlives the machine.
    mounts: dict[str, Path] = field(default_factory=dict)
    wire: Wire | None = None
    port: int = 0
    host: str = "127.0.0.1"
    # Connections are refused before this emulated time, though the port is known.
    opens_at: float = 0.0
    # What the next wire is like.
    bytes_per_second: float | None = None
    cut_after_bytes: int | None = None


@dataclass
class Machines:
    """Starts, troubles and ends machines; everything runs in the loop that ticks."""

    processes: Processes
    living: dict[str, Machine] = field(default_factory=dict)

    def start(self, machine: Machine) -> None:
        """Boot: a home, a PATH with nvidia-smi, an SSH server."""
        home = self.processes.home(machine.id)
        _install(home / "bin" / "nvidia-smi", machine.hardware)
        for name, folder in machine.mounts.items():
            folder.mkdir(parents=True, exist_ok=True)
            (home / name).symlink_to(folder)
        self._serve(machine)
        self.living[machine.id] = machine

    def _serve(self, machine: Machine) -> None:
        home = self.processes.home(machine.id)
        port_file = self._port_file(machine.id)
        port_file.unlink(missing_ok=True)
        path = machine.environment.get("PATH", FRESH["PATH"])
        environment = {
            **FRESH,
            **machine.environment,
            "HOME": str(home),
            "USER": machine.user,
            "PATH": f"{home}/bin:{path}",
            **self.processes.mark(machine.id),
        }
        told = {
            "home": str(home),
            "user": machine.user,
            "keys": machine.keys,
            "environment": environment,
            "port_file": str(port_file),
            "disk_bytes": machine.hardware.disk_bytes,
        }
        description = self.processes.root / f"{machine.id}.json"
        description.write_text(json.dumps(told))
        description.chmod(0o600)
        words = [sys.executable, "-m", "emulators.ssh_server", str(description)]
        self.processes.start(machine.id, words, {"PYTHONPATH": str(REPOSITORY)})

    def _port_file(self, id: str) -> Path:
        return self.processes.root / f"{id}.port"

    def tick(self, now: float) -> None:
        """Open the wire to every machine whose server has begun to listen."""
        for machine in self.living.values():
            path = self._port_file(machine.id)
            if machine.wire is None and path.exists():
                # A machine that comes back keeps the port that it was reached by.
                wire = Wire(int(path.read_text()), machine.port, machine.host)
                wire.bytes_per_second = machine.bytes_per_second
                wire.cut_after_bytes = machine.cut_after_bytes
                wire.reserve()
                machine.wire, machine.port = wire, wire.port
            if machine.wire and not machine.wire.is_listening and now >= machine.opens_at:
                machine.wire.listen()

    def change_host_key(self, id: str) -> None:
        """A new server with a new key at the same address; what runs on the machine goes on."""
        machine = self.living[id]
        self._close_wire(machine)
        self.processes.end(id, with_everything=False)
        self._serve(machine)

    def end(self, id: str) -> None:
        """The machine is gone with all that ran on it and with its disk, not with its mounts."""
        machine = self.living.pop(id, None)
        if machine is not None:
            self._close_wire(machine)
        self.processes.end(id)
        self.processes.remove_home(id)

    def _close_wire(self, machine: Machine) -> None:
        if machine.wire is not None:
            machine.wire.close()
            machine.wire = None

    def close(self) -> None:
        """End all."""
        for id in list(self.living):
            self.end(id)


def _install(path: Path, hardware: Hardware) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    seen: Mapping[str, object] = {
        "state": "dead" if hardware.is_dead else "alive",
        "gpu": hardware.gpu,
        "count": hardware.count,
        "memory_mib": hardware.memory_mib,
    }
    path.write_text(SMI.format(**seen))
    path.chmod(0o755)
