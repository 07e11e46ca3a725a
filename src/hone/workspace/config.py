"""`hone.yaml` and `tasks/NAME.yaml`: every key with its meaning, every mistake named at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from hone.errors import InvalidInput, WorkspaceTooNew
from hone.records.task import Task
from hone.workspace.files import explained, write_atomically
from hone.workspace.problems import problems_of
from hone.workspace.yaml_edit import with_value
from hone.workspace.yaml_file import parse_yaml, read_yaml

FORMAT = 1
CONFIG_FILE = "hone.yaml"

_M = TypeVar("_M", bound=BaseModel)


class Budget(BaseModel):
    """Limits that are enforced before anything is paid for."""

    model_config = ConfigDict(extra="forbid")

    per_job_usd: float = Field(10.0, ge=0, description="the worst case that one job may cost")
    per_month_usd: float = Field(50.0, ge=0, description="spent and promised in a calendar month")


class RunPodServerlessTarget(BaseModel):
    """A serverless endpoint at RunPod."""

    model_config = ConfigDict(extra="forbid")

    endpoint_id: str = Field(description="its id, or ${NAME} of an environment variable")


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
        900.0, ge=0, description="seconds of boot, installing and copying that a plan counts with"
    )
    lost_seconds: float = Field(
        600.0, gt=0, description="seconds without an answer after which a machine is given back"
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


class Targets(BaseModel):
    """Where jobs may run besides this machine."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

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


class Gate(BaseModel):
    """What a new version must show before it may replace the active one."""

    model_config = ConfigDict(extra="forbid")

    must_win: list[str] = Field(default_factory=list, description="metrics that must improve")
    must_not_lose: list[str] = Field(
        default_factory=list, description="metrics that must not get worse"
    )
    confidence: float = Field(0.95, gt=0.5, lt=1, description="of the paired intervals")


class Review(BaseModel):
    """How examples are shown for review."""

    model_config = ConfigDict(extra="forbid")

    repeat_share: float = Field(
        0.0,
        ge=0,
        le=0.2,
        description="share of the pending queue in the web app that the reviewer decided before, "
        "shown again without the earlier answer: measures how steady a person decides",
    )


class WorkspaceConfig(BaseModel):
    """The contents of `hone.yaml`."""

    model_config = ConfigDict(extra="forbid")

    hone: int = Field(FORMAT, ge=1, description="format version of the workspace")
    task: str = Field(description="file of the default task, relative to the workspace")
    store: str = Field("sqlite", description="sqlite: one file in the workspace")
    setup_mode: bool = Field(False, description="true: every real training is refused")
    budget: Budget = Field(
        default_factory=lambda: Budget.model_validate({}), description="limits in US dollars"
    )
    review: Review = Field(
        default_factory=lambda: Review.model_validate({}), description="how examples are shown"
    )
    targets: Targets = Field(
        default_factory=lambda: Targets.model_validate({}), description="where jobs may run"
    )
    priority: list[str] = Field(
        default_factory=lambda: ["tuned", "rl-tuned", "base"],
        description="which model answers first",
    )
    gate: Gate = Field(
        default_factory=lambda: Gate.model_validate({}),
        description="what a new version must show before it replaces the active one",
    )


def load_config(path: Path) -> WorkspaceConfig:
    """Reads `hone.yaml`; WorkspaceTooNew for a later format, InvalidInput lists every mistake."""
    value = read_yaml(path)
    found: Any = cast("dict[str, Any]", value).get("hone") if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool) and found > FORMAT:
        raise WorkspaceTooNew(
            f"{path} has the format {found}, this Hone reads up to {FORMAT}.",
            hint="Update Hone: pip install --upgrade hone-studio",
        )
    config = _validated(WorkspaceConfig, value, path)
    if config.store != "sqlite":
        raise InvalidInput(
            f'{path}: store is "{config.store}", this version keeps only sqlite.',
            hint="Write: store: sqlite",
        )
    return config


def set_config(path: Path, key: str, value: str) -> Any:
    """Set one key of `hone.yaml`, dotted where it is nested; the rest of the file stays as it is.

    `value` is read as YAML and given back as it was understood. InvalidInput where the key is
    not known or the value does not fit; the file is then left alone.
    """
    if key == "hone":
        raise InvalidInput(
            "The format version is not a setting.", hint="Hone raises it when it must."
        )
    meant = parse_yaml(value, f"the value of {key}")
    with explained("read", path):
        text = path.read_text("utf-8-sig")
    changed = with_value(text, key.split("."), meant, str(path))
    _validated(WorkspaceConfig, parse_yaml(changed, str(path)), path)
    write_atomically(path, changed)
    return meant


def load_task(path: Path) -> Task:
    """Reads `tasks/NAME.yaml`; InvalidInput lists every mistake."""
    return _validated(Task, read_yaml(path), path)


def _validated(model: type[_M], value: Any, path: Path) -> _M:
    if not isinstance(value, dict):
        raise InvalidInput(
            f"{path} holds no settings.", hint="Write lines of the form: name: value"
        )
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = problems_of(error, model)
        count = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        raise InvalidInput(
            f"{path} has {count}: {' '.join(problems)}",
            hint="Mend the file, then run the same command.",
            problems=problems,
        ) from error
