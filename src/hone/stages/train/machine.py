"""What this machine offers to training: device, memory, cores; asked without loading torch."""

from __future__ import annotations

import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import psutil
from pydantic import BaseModel, Field

from hone import settings

GIB = 1024**3
ASK_SECONDS = 10.0
FLASH_ATTENTION = ("flash_attn", "kernels")  # either brings it to transformers

# bf16 matrix rate of a card in TFLOP/s (dense; makers' data sheets), by a part of its name.
# The first part that matches counts, so longer names stand first.
CARD_TFLOPS: tuple[tuple[str, float], ...] = (
    ("H200", 989.0),
    ("H100", 989.0),
    ("B200", 2250.0),
    ("A100", 312.0),
    ("L40", 181.0),
    ("A10G", 70.0),
    ("A10", 125.0),
    ("L4", 121.0),
    ("A40", 150.0),
    ("A6000", 155.0),
    ("RTX 5090", 210.0),
    ("RTX 4090", 165.0),
    ("RTX 3090", 71.0),
    ("V100", 112.0),
    ("T4", 65.0),
)
UNKNOWN_CARD_TFLOPS = 40.0
MPS_TFLOPS = 6.0
# One core with AVX2 or better in fp32 training of small models; measured 12 to 45 GFLOP/s a
# thread on the developers' machine (benchmarks of nano and a 4M model).
CORE_TFLOPS = 0.025


class Machine(BaseModel):
    """The machine on which a job would run."""

    device: str = Field(description="cpu, cuda or mps")
    name: str = Field(description="of the processor or the card")
    memory_gib: float = Field(description="of the card, or of the machine where there is none")
    free_gib: float
    cards: int = Field(default=1, description="NVIDIA cards, each with that memory at least")
    cores: int = Field(description="physical cores that this process may use")
    has_flash_attention: bool = Field(
        default=False, description="a kernel for rows of different length in one sequence is here"
    )
    torch: str | None = Field(default=None, description="the installed version")
    is_glibc: bool = Field(
        default_factory=lambda: platform.system() == "Linux" and bool(platform.libc_ver()[0]),
        description="whether its memory comes from glibc, which can be told to keep it",
    )
    disk_free_gib: float | None = Field(
        default=None, description="where jobs lie on another machine; None: this one"
    )
    notes: list[str] = Field(
        default_factory=list[str], description="what a person should know of another machine"
    )
    price_per_hour_usd: float = Field(
        default=0.0, description="of a rented machine: the dearest of those that may be rented"
    )
    prepare_seconds: float = Field(
        default=0.0, description="that are paid before training begins: boot, installing, copying"
    )

    def price_usd(self, seconds: float) -> float:
        """What a training of so many seconds costs there."""
        return self.price_per_hour_usd * (seconds + self.prepare_seconds) / 3600

    @property
    def tflops(self) -> float:
        """A rough peak in TFLOP/s: per thread on a processor, of the whole card otherwise."""
        if self.device == "cpu":
            return CORE_TFLOPS
        if self.device == "mps":
            return MPS_TFLOPS
        for part, rate in CARD_TFLOPS:
            if part in self.name:
                return rate
        return UNKNOWN_CARD_TFLOPS


def look_at_this_machine() -> Machine:
    """The device that the installed torch would use, its memory, and the cores."""
    torch = _torch_version()
    card = _cards() if torch is None or "+cpu" not in torch else None
    cores = _cores()
    if card is not None:
        name, total_mib, free_mib, count = card
        return Machine(
            cards=count,
            device="cuda",
            name=name,
            memory_gib=total_mib / 1024,
            free_gib=free_mib / 1024,
            cores=cores,
            has_flash_attention=any(find_spec(name) for name in FLASH_ATTENTION),
            torch=torch,
        )
    memory = psutil.virtual_memory()
    total = min(memory.total, _container_memory_bytes() or memory.total)
    is_apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    return Machine(
        device="mps" if is_apple else "cpu",
        name=platform.processor() or platform.machine(),
        memory_gib=total / GIB,
        free_gib=min(memory.available, total) / GIB,
        cores=cores,
        torch=torch,
    )


def _torch_version() -> str | None:
    try:
        return version("torch")
    except PackageNotFoundError:
        return None


def _cards() -> tuple[str, float, float, int] | None:
    """The first card's name, the least memory of any in MiB, in all and free, and how many."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    query = "--query-gpu=name,memory.total,memory.free"
    try:
        answer = subprocess.run(
            [program, query, "--format=csv,noheader,nounits"],
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            check=True,
        ).stdout
        found = [line.rsplit(",", 2) for line in answer.splitlines() if line.strip()]
        totals = [float(total) for _, total, _ in found]
        free = [float(left) for _, _, left in found]
        visible = settings.visible_cards()
        count = len(found) if visible is None else min(len(found), len(visible))
        return (found[0][0].strip(), min(totals), min(free), count) if count else None
    except (OSError, subprocess.SubprocessError, IndexError, ValueError):
        # A driver that does not answer means: no card to train on.
        return None


def _cores() -> int:
    found = psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    affinity = getattr(psutil.Process(), "cpu_affinity", None)
    if affinity is not None:
        found = min(found, len(affinity()))
    quota = _words(Path("/sys/fs/cgroup/cpu.max"))
    if len(quota) == 2 and quota[0].isdigit():
        found = min(found, max(1, int(quota[0]) // int(quota[1])))
    return max(1, found)


def _container_memory_bytes() -> int | None:
    limit = _words(Path("/sys/fs/cgroup/memory.max"))
    return int(limit[0]) if limit and limit[0].isdigit() else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
