"""GPU types with prices, as the catalog gave them on the dates of the contract page."""

from __future__ import annotations

from typing import Any, NamedTuple


class Gpu(NamedTuple):
    """One GPU type; prices in dollars an hour for one GPU, 0 where the tier has none."""

    id: str
    name: str
    pool: str | None
    memory: int
    secure: float
    community: float
    serverless: float
    manufacturer: str = "NVIDIA"


GPUS = {
    gpu.id: gpu
    for gpu in (
        Gpu("NVIDIA GeForce RTX 3090", "RTX 3090", "AMPERE_24", 24, 0.43, 0.22, 0.684),
        Gpu("NVIDIA GeForce RTX 4090", "RTX 4090", "ADA_24", 24, 0.74, 0.34, 1.116),
        Gpu("NVIDIA RTX A4000", "RTX A4000", "AMPERE_16", 16, 0.25, 0.17, 0.576),
        Gpu("NVIDIA RTX A5000", "RTX A5000", "AMPERE_24", 24, 0.27, 0.16, 0.684),
        Gpu("NVIDIA A40", "A40", "AMPERE_48", 48, 0.49, 0.35, 1.224),
        Gpu("NVIDIA L40S", "L40S", "ADA_48_PRO", 48, 0.86, 0.79, 1.908),
        Gpu("NVIDIA A100 80GB PCIe", "A100 PCIe", "AMPERE_80", 80, 1.79, 1.19, 2.736),
        Gpu("NVIDIA A100-SXM4-80GB", "A100 SXM", "AMPERE_80", 80, 1.79, 1.39, 2.736),
        Gpu("NVIDIA H100 80GB HBM3", "H100 SXM", "ADA_80_PRO", 80, 3.99, 2.69, 4.176),
        Gpu("NVIDIA H200", "H200 SXM", "HOPPER_141", 141, 4.44, 0.0, 5.58),
        Gpu("NVIDIA B200", "B200", None, 180, 6.79, 5.98, 8.64),
        Gpu("AMD Instinct MI300X OAM", "MI300X", None, 192, 1.99, 0.0, 0.0, "AMD"),
    )
}
MOST_GPUS = 8
DATA_CENTERS: dict[str, tuple[str, str]] = {
    "EU-RO-1": ("EU Romania 1", "EUROPE"),
    "EU-CZ-1": ("EU Czechia 1", "EUROPE"),
    "US-KS-2": ("US Kansas 2", "NORTH_AMERICA"),
    "US-CA-2": ("US California 2", "NORTH_AMERICA"),
}
CUDA = ("12.4", "12.8", "13.0")


def shown(gpu: Gpu, availability: str | None) -> dict[str, Any]:
    """A GpuType as the catalog answers it; with `availability` the expansion is there too."""
    entry: dict[str, Any] = {
        "id": gpu.id,
        "name": gpu.name,
        "pool": gpu.pool,
        "manufacturer": gpu.manufacturer,
        "memory": gpu.memory,
        "secure": gpu.secure > 0,
        "community": gpu.community > 0,
        "price": {"secure": gpu.secure, "community": gpu.community, "serverless": gpu.serverless},
        "maxCount": {
            "secure": MOST_GPUS if gpu.secure else 0,
            "community": MOST_GPUS if gpu.community else 0,
        },
    }
    if availability is not None:
        entry["availability"] = availability
        entry["dataCenters"] = [
            {"id": id, "name": name, "availability": availability}
            for id, (name, _) in DATA_CENTERS.items()
        ]
        entry["cudaVersions"] = [
            {"version": version, "available": availability != "NONE"} for version in CUDA
        ]
    return entry
