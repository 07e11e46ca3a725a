"""Instances, their types, the errors that Lambda knows, and what can go wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from emulators.shell import Refusal, Reply

FAULTS: dict[str, str] = {
    "no_capacity": "Launch is refused for capacity though the list shows some (`gpu`: the type).",
    "capacity_hidden": "The list shows no region with capacity for a type (`gpu`).",
    "quota_exceeded": "Launch is refused: quota.",
    "account_inactive": "403: the account is inactive.",
    "unhealthy": "The next instance becomes unhealthy instead of active.",
    "preempted": "A running instance is preempted: its machine is gone.",
    "html_429": "429 with the HTML page of Cloudflare's error 1015.",
    "internal_error": "500 global/internal-error.",
    "sshd_before_active": "The next instance answers by SSH `seconds` before it is active.",
    "sshd_lag": "The next instance refuses SSH until `seconds` after it is active.",
    "terminate_ignored": "terminate is accepted, but the instance stays as it is for `seconds`.",
    "lingers": "The next terminated instance stays listed for `seconds`.",
    "host_dies": "The machine of an active instance dies; it is shown as active.",
    "gpu_dead": "On the next instance the GPU probe finds no device.",
    "slow_upload": "Uploads to the next instance run at `bytes_per_second`.",
    "connection_cut": "The connection to the next instance breaks after `after_bytes` of upload.",
    "disk_full": "The next instance's disk takes `bytes` more by SFTP, then is full.",
    "host_key_changes": "The machine answers with another host key from now on.",
}
ERRORS: dict[str, tuple[int, str, str | None]] = {
    "global/invalid-api-key": (
        401,
        "API key was invalid, expired, or deleted.",
        "Check your API key or create a new one, then try again.",
    ),
    "global/account-inactive": (
        403,
        "Your account is inactive.",
        "Make sure you have verified your email address and have a valid payment method. "
        "Contact Support if problems continue.",
    ),
    "global/invalid-parameters": (400, "Invalid request data.", None),
    "global/quota-exceeded": (400, "Quota exceeded.", "Contact Support to increase your quota."),
    "global/duplicate": (400, "This name is taken.", None),
    "instance-operations/launch/insufficient-capacity": (
        400,
        "Not enough capacity to fulfill launch request.",
        None,
    ),
    "instance-operations/launch/file-system-in-wrong-region": (
        400,
        "The filesystem is in another region.",
        None,
    ),
    "filesystems/filesystem-in-use": (400, "The filesystem is in use.", None),
    "global/object-does-not-exist": (404, "Specified instance does not exist.", None),
    "global/internal-error": (
        500,
        "An internal server error occurred.",
        "Try again later. Contact Support if the problem persists.",
    ),
    "global/too-many-requests": (429, "Too many requests.", None),
}


def error(code: str, message: str | None = None, suggestion: str | None = None) -> Refusal:
    """An error in Lambda's shape."""
    status, usual, usual_suggestion = ERRORS[code]
    told: dict[str, Any] = {"code": code, "message": message or usual}
    if suggestion or usual_suggestion:
        told["suggestion"] = suggestion or usual_suggestion
    return Refusal(Reply(status, {"error": told}))


class InstanceType(NamedTuple):
    """A type with the price of the whole instance, in cents an hour."""

    name: str
    gpu: str
    gpus: int
    memory_gib_of_gpu: int
    cents: int
    vcpus: int = 30
    memory_gib: int = 200
    storage_gib: int = 512
    regions: tuple[str, ...] = ("us-east-1", "us-west-1")

    def document(self) -> dict[str, Any]:
        """As the API answers it."""
        gpu = f"{self.gpu} ({self.memory_gib_of_gpu} GB)" if self.gpus else "N/A"
        general = f"{self.vcpus}x {self.gpu} ({self.memory_gib} GiB)"
        return {
            "name": self.name,
            "description": f"{self.gpus}x {gpu}" if self.gpus else general,
            "gpu_description": gpu,
            "price_cents_per_hour": self.cents,
            "specs": {
                "vcpus": self.vcpus,
                "memory_gib": self.memory_gib,
                "storage_gib": self.storage_gib,
                "gpus": self.gpus,
            },
        }


TYPES = {
    one.name: one
    for one in (
        InstanceType("gpu_1x_a10", "A10", 1, 24, 129),
        InstanceType("gpu_1x_rtx6000", "RTX 6000", 1, 24, 69),
        InstanceType("gpu_1x_a6000", "RTX A6000", 1, 48, 109),
        InstanceType("gpu_1x_a100_sxm4", "A100 SXM4", 1, 40, 199),
        InstanceType("gpu_1x_h100_pcie", "H100 PCIe", 1, 80, 329),
        InstanceType("gpu_1x_h100_sxm5", "H100 SXM5", 1, 80, 429),
        InstanceType("gpu_2x_h100_sxm5", "H100 SXM5", 2, 80, 838),
        InstanceType("gpu_8x_h100_sxm5", "H100 SXM5", 8, 80, 3192),
        InstanceType("gpu_1x_gh200", "GH200", 1, 96, 229),
        InstanceType("gpu_1x_b200_sxm6", "B200", 1, 180, 699, regions=("us-south-2",)),
        InstanceType("cpu_4x_general", "CPU General", 0, 0, 20, 4, 16, 100),
        InstanceType("gpu_8x_v100", "V100", 8, 16, 632, regions=()),
    )
}


@dataclass
class Instance:
    """One instance from launch until it is no longer listed."""

    id: str
    type: InstanceType
    region: str
    ssh_key_names: list[str]
    keys: str
    launched_at: float
    name: str | None = None
    hostname: str | None = None
    tags: list[dict[str, str]] = field(default_factory=list)
    file_systems: list[dict[str, str]] = field(default_factory=list)
    rulesets: list[dict[str, str]] = field(default_factory=list)
    status: str = "booting"
    ip: str | None = None
    is_booted: bool = False
    active_at: float = 0.0
    ends_at: float | None = None
    gone_at: float | None = None
    ignores_until: float = 0.0
    traits: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StartMachine:
    """Boot the machine of this instance; SSH answers from `opens_at` on."""

    instance_id: str
    opens_at: float


@dataclass(frozen=True)
class EndMachine:
    """Take the machine away with its disk."""

    instance_id: str


@dataclass(frozen=True)
class ChangeHostKey:
    """Another host key at the same address."""

    instance_id: str


Effect = StartMachine | EndMachine | ChangeHostKey
