"""Pods, and what can go wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NO_INSTANCES = (
    "There are no longer any instances available with the requested specifications. "
    "Please refresh and try again."
)
NO_RESOURCES = "This machine does not have the resources to deploy your pod"

ACTIONS: dict[str, list[str]] = {
    "PROVISIONING": ["stop", "terminate"],
    "STARTING": ["stop", "terminate"],
    "RUNNING": ["stop", "restart", "terminate"],
    "EXITED": ["start", "terminate"],
    "ERROR": ["start", "terminate"],
    "TERMINATED": [],
}

FAULTS: dict[str, str] = {
    "no_capacity": "Creating a pod is refused with 400; `text` = machine for the sibling sentence.",
    "balance_low": "Creating a pod is refused with 402.",
    "rate_limited": "429 with Retry-After (`seconds`) and the rate-limit headers.",
    "never_ssh": "The next pod is RUNNING for ever with runtime and ssh.direct null.",
    "sshd_lag": "The next pod's SSH port refuses for `seconds` after ssh.direct is shown.",
    "host_dies": "The machine of a running pod dies; `status` (RUNNING unless given) is shown.",
    "delete_500": "DELETE answers 500, but the pod is gone.",
    "delete_409": "DELETE answers 409, and the pod stays.",
    "slow_upload": "Uploads to the next pod run at `bytes_per_second`.",
    "connection_cut": "The connection to the next pod breaks after `after_bytes` of upload.",
    "gpu_dead": "On the next pod the GPU probe finds no device.",
    "disk_full": "The next pod's disk takes `bytes` more by SFTP, then is full.",
    "host_key_changes": "The machine answers with another host key from now on.",
}


@dataclass
class Pod:
    """One pod. `address` is set once its SSH server can be reached from outside."""

    id: str
    name: str
    image: str
    cloud: str
    price_per_hour: float
    created_at: float
    env: dict[str, str]
    ports: list[str]
    gpu: dict[str, Any] | None = None
    cpu: dict[str, Any] | None = None
    args: str = ""
    disk: int = 20
    mounts: dict[str, Any] = field(default_factory=dict)
    registry: str | None = None
    data_center: str | None = None
    locked: bool = False
    has_global_networking: bool = False
    status: str = "PROVISIONING"
    changes_at: float = 0.0
    started_at: float | None = None
    shows_ports_at: float | None = None
    key: str = ""
    port: int | None = None
    is_shown: bool = False
    traits: dict[str, Any] = field(default_factory=dict)

    @property
    def public_key(self) -> str:
        """The authorized keys that its image starts sshd with; empty: no SSH."""
        return self.env.get("PUBLIC_KEY", "")

    @property
    def has_network_volume(self) -> bool:
        """Whether its files survive it."""
        return bool(self.mounts.get("network"))


@dataclass(frozen=True)
class StartMachine:
    """Boot the machine of this pod."""

    pod_id: str


@dataclass(frozen=True)
class EndMachine:
    """Take the machine away with its container disk; what is mounted stays until `is_for_good`."""

    pod_id: str
    is_for_good: bool


@dataclass(frozen=True)
class ChangeHostKey:
    """Another host key at the same address."""

    pod_id: str


Effect = StartMachine | EndMachine | ChangeHostKey
