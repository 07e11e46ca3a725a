"""What `hone.yaml` says under `targets`: where jobs may run, and how each place is reached."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

from hone.records.job import MOST_AT_ONCE


class BucketOfOnesOwn(BaseModel):
    """A bucket at Amazon S3, Cloudflare R2, MinIO or whatever else speaks S3."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9.-]*[a-z0-9]$", description="of the bucket")
    endpoint_url: str | None = Field(
        None, description="where the service is; by default Amazon S3 of the region"
    )
    region: str = Field(
        "us-east-1", pattern=r"^[\w-]+$", description="of the bucket; `auto` at Cloudflare R2"
    )
    prefix: str = Field(
        "", pattern=r"^[\w./=-]*$", description="what every name in it begins with, such as hone/"
    )


class RunPodServerlessTarget(BaseModel):
    """A serverless endpoint at RunPod."""

    model_config = ConfigDict(extra="forbid")

    _keys_in: Path | None = PrivateAttr(None)  # the workspace, whose .env may hold the keys

    endpoint_id: str = Field(
        "${RUNPOD_ENDPOINT_ID}",
        min_length=1,
        description="its id, or ${NAME} of an environment variable",
    )
    volume_id: str | None = Field(
        None, description="the network volume of the endpoint; without one, data goes in requests"
    )
    data_center: str | None = Field(None, description="where the volume is, such as EU-RO-1")
    repository: str | None = Field(
        None,
        pattern=r"^[\w.-]+/[\w.-]+$",
        description="a private repository at the hub, OWNER/NAME: without a volume the way home",
    )
    bucket: BucketOfOnesOwn | None = Field(
        None, description="a private bucket of one's own (below): without a volume the way home"
    )
    price_per_hour_usd: float | None = Field(
        None, gt=0, description="what a worker costs, where RunPod lists no price (processors)"
    )
    prepare_seconds: float = Field(
        300.0, ge=0, description="seconds of starting and loading that a plan counts with"
    )
    unplanned_seconds: float = Field(
        3600.0, gt=0, description="that a job may run of which no plan says how long it takes"
    )
    queue_seconds: float = Field(
        3600.0, gt=0, description="that a request may wait for a worker before RunPod drops it"
    )
    claim_seconds: float = Field(
        600.0, gt=0, description="that a worker may take to begin after it took the request up"
    )
    grace_seconds: float = Field(
        60.0, ge=0, description="for a last checkpoint, when a job is stopped or out of time"
    )
    silent_seconds: float = Field(
        20.0, gt=0, description="without a sign of life after which another worker may go on"
    )
    look_seconds: float = Field(
        2.0, gt=0, description="seconds between two looks at a job that is watched"
    )
    brings_checkpoints: bool = Field(
        True, description="bring each checkpoint here while training; they are on the volume anyway"
    )
    keeps_folder: bool = Field(
        False, description="leave a finished job's folder on the volume once everything is here"
    )

    def for_workspace(self, root: Path) -> Self:
        """The same, with the folder whose .env may hold the account's keys."""
        self._keys_in = root
        return self

    @property
    def keys_in(self) -> Path | None:
        """The workspace, whose .env may hold the account's keys."""
        return self._keys_in


class Reach(BaseModel):
    """How a machine over SSH is reached, and how Hone lives on it."""

    model_config = ConfigDict(extra="forbid")

    _setting: str = PrivateAttr("targets.ssh")  # under which hone.yaml speaks of it

    key: str | None = Field(None, description="the private key's file; by default the agent's")
    port: int = Field(22, ge=1, le=65535, description="where its SSH server listens")
    folder: str = Field(
        "~/.hone", min_length=1, description="where Hone keeps its things there: gigabytes"
    )
    python: str | None = Field(
        None,
        description="a Python there that has what is needed, such as ~/venv/bin/python; by default "
        "python3 where that has it, else an environment that Hone makes",
    )
    index: str | None = Field(
        None, description="the package index that pip uses there, if not its own"
    )
    nice: int = Field(10, ge=0, le=19, description="priority of the worker; higher gives way more")
    claim_seconds: float = Field(
        120.0, gt=0, description="seconds a worker may take to claim its folder before it is ended"
    )
    connect_seconds: float = Field(20.0, gt=0, description="seconds to wait for a connection")
    stall_seconds: float = Field(
        60.0, gt=0, description="seconds without a byte after which a line counts as cut"
    )
    patience_seconds: float = Field(
        600.0, ge=0, description="seconds to try again after a cut before giving up"
    )
    look_seconds: float = Field(
        1.0, gt=0, description="seconds between two looks at a job that is watched"
    )
    install_seconds: float = Field(
        1800.0, gt=0, description="seconds that installing packages there may take"
    )
    brings_checkpoints: bool = Field(
        True, description="bring each checkpoint here while training, in case the machine is lost"
    )

    @property
    def setting(self) -> str:
        """What hone.yaml calls it, for hints."""
        return self._setting


class SshTarget(Reach):
    """A machine of your own, and how Hone lives on it."""

    host: str = Field(min_length=1, description="its name or address")
    user: str | None = Field(None, description="the login there; by default your own")
    fingerprint: str | None = Field(
        None,
        pattern=r"^SHA256:",
        description="what its key must be (SHA256:…); by default the one that it shows first",
    )
    keeps_folder: bool = Field(
        False, description="leave a finished job's folder there once everything is here"
    )

    def known_as(self, name: str) -> Self:
        """The same, known by a name of `targets.hosts`, or as `targets.ssh`."""
        is_kind = name in ("ssh", "lambda", "runpod")
        self._setting = f"targets.{name}" if is_kind else f"targets.hosts.{name}"
        return self


class Rented(Reach):
    """What holds for machines of every provider that rents them out."""

    _keys_in: Path | None = PrivateAttr(None)  # the workspace, whose .env may hold the key

    gpu: list[str] = Field(
        default_factory=list[str], description="types as the provider names them, best first"
    )
    key: str | None = Field(
        None, description="an SSH key's file of your own; by default Hone makes one for rentals"
    )
    most_per_hour_usd: float | None = Field(
        None, gt=0, description="offers that cost more an hour are passed over"
    )
    boot_seconds: float = Field(
        1200.0, gt=0, description="seconds until a machine must be usable, else it is given back"
    )
    prepare_seconds: float = Field(
        900.0,
        ge=0,
        description="seconds of boot, installing, copying and rehearsing that a plan counts with",
    )
    lost_seconds: float = Field(
        600.0, gt=0, description="seconds without an answer after which a machine is given back"
    )
    capacity_seconds: float = Field(
        3600.0,
        ge=0,
        description="seconds to try again while none is free, or the provider does not answer",
    )
    tries: int = Field(3, ge=1, le=10, description="machines that may turn out bad, one by one")

    def for_workspace(self, root: Path) -> Self:
        """The same, with the folder whose .env may hold the account's key."""
        self._keys_in = root
        return self

    @property
    def keys_in(self) -> Path | None:
        """The workspace, whose .env may hold the account's key."""
        return self._keys_in


class LambdaTarget(Rented):
    """Machines rented from Lambda."""

    _setting: str = PrivateAttr("targets.lambda")

    region: list[str] = Field(
        default_factory=list[str], description="regions, best first; empty: any"
    )
    image: str = Field(
        "lambda-stack-24-04", min_length=1, description="family of the image: it differs by region"
    )


class RunPodTarget(Rented):
    """Pods rented from RunPod."""

    _setting: str = PrivateAttr("targets.runpod")

    cards: int = Field(1, ge=1, le=8, description="GPUs of that type in one pod")
    cpu: str | None = Field(
        None, description="a flavour of processor instead of a GPU; needs most_per_hour_usd"
    )
    vcpus: int = Field(4, ge=2, description="processors of such a pod")
    cloud: list[Literal["SECURE", "COMMUNITY"]] = Field(
        default_factory=lambda: ["SECURE"], description="tiers, best first; each has its own price"
    )
    data_centers: list[str] = Field(
        default_factory=list[str], description="where pods may be; empty: anywhere"
    )
    template_id: str | None = Field(
        None, description="a template of yours; by default the image below"
    )
    image: str = Field(
        "runpod/pytorch:1.0.3-cu1281-torch291-ubuntu2404",
        min_length=1,
        description="an image whose start runs an SSH server for PUBLIC_KEY",
    )
    disk_gb: int = Field(60, ge=10, description="disk of the container")
    silent_seconds: float = Field(
        21600.0, gt=0, description="seconds without a look from here after which a pod ends itself"
    )


class LocalTarget(BaseModel):
    """This machine."""

    model_config = ConfigDict(extra="forbid")

    trainings_at_once: int = Field(
        1,
        ge=1,
        le=MOST_AT_ONCE,
        description="trainings that may share a device of this machine; further ones wait",
    )


class Targets(BaseModel):
    """Where jobs may run."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    local: LocalTarget = Field(
        default_factory=lambda: LocalTarget.model_validate({}), description="this machine"
    )
    lambda_: LambdaTarget | None = Field(None, alias="lambda", description="rented from Lambda")
    runpod: RunPodTarget | None = Field(None, description="pods rented from RunPod")
    runpod_serverless: RunPodServerlessTarget | None = Field(
        None, alias="runpod-serverless", description="a serverless endpoint at RunPod"
    )
    ssh: SshTarget | None = Field(None, description="a machine reached by SSH")
    hosts: dict[str, SshTarget] = Field(
        default_factory=dict[str, SshTarget],
        description="more machines reached by SSH, by the name that --on takes",
    )

    def rented(self) -> dict[str, Rented]:
        """What is said of providers that rent machines out, by the name that --on takes."""
        said = {"lambda": self.lambda_, "runpod": self.runpod}
        return {name: one for name, one in said.items() if one is not None}
