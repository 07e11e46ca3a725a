"""What a machine is: Python, packages, cards, disk, memory and clock."""

import contextlib
import os
import platform
import shutil
import subprocess
import sys
import time

from hone.targets._there.answers import existing

ASK_SECONDS = 20.0


def facts(order):
    """Python, packages, card, disk, memory and clock, for a check and for a plan."""
    folder = os.path.expanduser(order.get("folder", "~"))
    return {
        "python": list(sys.version_info[:3]),
        "executable": sys.executable,
        "packages": versions(order.get("packages", [])),
        "can_make_venv": has_module("venv") and has_module("ensurepip"),
        "cards": cards(),
        "free_bytes": shutil.disk_usage(existing(folder)).free,
        "folder": folder,
        "is_writable": os.access(existing(folder), os.W_OK),
        "time": time.time(),
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": platform.libc_ver()[0],
        "cores": cores(),
        "memory_bytes": memory()[0],
        "free_memory_bytes": memory()[1],
        "host": platform.node(),
        "cuda": (order.get("asks_torch") and torch_cuda()) or None,
    }


def versions(names):
    """Installed versions of these packages; a missing one is left out."""
    found = {}
    if sys.version_info < (3, 8):
        return found
    from importlib import metadata

    for name in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def has_module(name):
    """Whether a module could be imported."""
    from importlib.util import find_spec

    return find_spec(name) is not None


def cards():
    """Name and MiB (all, free) of each NVIDIA card; nothing where the driver does not answer."""
    query = "--query-gpu=name,memory.total,memory.free"
    try:
        done = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader,nounits"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=ASK_SECONDS,
        )
        rows = [line.rsplit(",", 2) for line in done.stdout.decode().splitlines()]
        return [[name.strip(), float(total), float(free)] for name, total, free in rows]
    except (OSError, ValueError, subprocess.SubprocessError):
        return []


def torch_cuda():
    """What torch itself says of the card: a driver can be there and torch still not see it."""
    code = (
        "import torch; ok = torch.cuda.is_available(); "
        "print(ok, torch.version.cuda, torch.zeros(1).cuda().item() if ok else '')"
    )
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=90
        )
    except (OSError, subprocess.SubprocessError) as error:
        return {"is_available": False, "said": str(error)}
    words = done.stdout.decode().split()
    said = done.stderr.decode().strip().splitlines()[-1:] or [""]
    return {
        "is_available": words[:1] == ["True"],
        "version": words[1] if len(words) > 1 else None,
        "said": said[0],
    }


def cores():
    """Physical cores that this process may use."""
    may = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pairs, physical, core = set(), None, None
    with contextlib.suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == "physical id":
                physical = value.strip()
            elif name.strip() == "core id":
                core = value.strip()
            elif not line.strip() and core is not None:
                pairs.add((physical, core))
    return min(len(pairs), may) if pairs else may


def memory():
    """Bytes of memory: all (of the container where it is bounded), and free."""
    sizes = {}
    with contextlib.suppress(OSError), open("/proc/meminfo") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            sizes[name] = int(value.split()[0]) * 1024
    total = sizes.get("MemTotal", 0)
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError), open(path) as file:
            total = min(total, int(file.read())) if total else total
    return total, min(sizes.get("MemAvailable", total), total)
