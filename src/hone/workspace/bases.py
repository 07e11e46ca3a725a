"""Where a base model lies: shipped with Hone, a registered version, a folder, or the hub's cache.

Reads config.json and the headers of the safetensors files; no weights, no network, no torch.
"""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from pydantic import BaseModel, Field

from hone.errors import HoneError, InvalidInput, NotFound, nearest
from hone.workspace.catalogue import catalogued, known_near, tensor_shapes, unquantised
from hone.workspace.files import NO_PART_OF_THE_MODEL, sha256_of

if TYPE_CHECKING:
    from hone.workspace.open import Workspace

_BUNDLED = Path(__file__).parent.parent / "bundled"
# hone-nano-plain is the demonstration's control: the same training without anything to copy.
SHIPPED: dict[str, Path] = {name: _BUNDLED / name for name in ("hone-nano", "hone-nano-plain")}
MAX_HEADER_BYTES = 100 * 1024 * 1024
ANEW = "Download the base again, or copy the file anew."
_WEIGHTS = ("*.safetensors*", "*.bin", "*.pt", "*.pth", "*.ckpt")
_EMBEDDINGS = ("embed_tokens.weight", "wte.weight", "embeddings.weight", "embed_in.weight")
_LAYER_MARKS = (".layers.", ".h.", ".blocks.")


class FoundBase(BaseModel):
    """A base model on this machine, with what planning needs to know of it."""

    id: str = Field(description="the name that the recipe used")
    path: Path = Field(description="folder with config.json, safetensors and tokenizer.json")
    kind: Literal["base", "full"] = Field(
        default="base", description="full: fine-tuned here before"
    )
    is_here: bool = Field(default=True, description="false: only its shape is known, for a plan")
    adapter: Path | None = Field(default=None, description="folder of the adapter to go on from")
    model: str | None = Field(
        default=None, description="the registered version that the recipe named"
    )
    shapes: dict[str, tuple[int, ...]] = Field(default_factory=dict, repr=False)
    config: dict[str, Any] = Field(default_factory=dict, repr=False)

    @property
    def parameters(self) -> int:
        """How many weights the base has."""
        return sum(_size(shape) for shape in self.shapes.values())

    @property
    def layer_matrices(self) -> list[tuple[str, int, int]]:
        """(name, outputs, inputs) of each linear layer inside the blocks: what LoRA adapts."""
        return [
            (name, shape[0], shape[1])
            for name, shape in self.shapes.items()
            if len(shape) == 2 and any(mark in f".{name}" for mark in _LAYER_MARKS)
        ]

    @property
    def vocabulary(self) -> int | None:
        """How many tokens the embedding knows; None where no weight is named like one."""
        return next(
            (shape[0] for name, shape in self.shapes.items() if name.endswith(_EMBEDDINGS)), None
        )

    def sha256(self) -> str:
        """Hash over the names and contents of weights, configuration and tokenizer."""
        whole = hashlib.sha256()
        for path in sorted([*self.path.glob("*.safetensors"), *self.path.glob("*.json")]):
            if path.name != NO_PART_OF_THE_MODEL:
                whole.update(f"{path.name} {sha256_of(path)}\n".encode())
        return whole.hexdigest()


def find_base(ws: Workspace, name: str) -> FoundBase:
    """The base of that name; NotFound, or InvalidInput with everything that is wrong with it."""
    registered = _registered(ws, name)
    if registered is not None:
        return registered
    return _read(name, _locate(ws, name))


def planned_base(ws: Workspace, name: str) -> FoundBase:
    """As `find_base`; where no weights are here, what a config.json or the catalogue says of them.

    Such a base has `is_here` false and shapes without weights: enough to plan, not to train.
    """
    try:
        return find_base(ws, name)
    except NotFound:
        known = catalogued(name)
        if known is None:
            raise
        config = known.config
        shapes = tensor_shapes(config)
        return FoundBase(id=name, path=Path(name), is_here=False, shapes=shapes, config=config)
    except InvalidInput as error:
        described = _described(ws, name)
        if described is None:
            raise error
        return described


def _described(ws: Workspace, name: str) -> FoundBase | None:
    """A base of whose files only config.json, and perhaps its tokenizer, are here."""
    try:
        folder = _locate(ws, name)
    except HoneError:
        return None
    problems: list[str] = []
    config = _read_config(folder, problems)
    weights = [path for kind in _WEIGHTS for path in folder.glob(kind)]
    if problems or weights or "quantization_config" in config or "auto_map" in config:
        return None
    try:
        shapes = tensor_shapes(config)
    except (KeyError, TypeError):
        return None
    return FoundBase(id=name, path=folder, is_here=False, shapes=shapes, config=config)


def _registered(ws: Workspace, name: str) -> FoundBase | None:
    known = {found.model.name for found in ws.store.models.list()}
    if name.split("@")[0] not in known:
        return None
    found = ws.store.models.get(name)
    if found.model.kind == "lora":
        # The adapter goes on; it stands on the same base as before.
        base = find_base(ws, found.model.base)
        return base.model_copy(update={"adapter": found.folder, "model": found.model.ref})
    return _read(name, found.folder).model_copy(update={"kind": "full", "model": found.model.ref})


def _locate(ws: Workspace, name: str) -> Path:
    if name in SHIPPED:
        return SHIPPED[name]
    for folder in (ws.root / name, Path(name).expanduser()):
        if (folder / "config.json").is_file():
            return folder.resolve()
    cached = _in_hub_cache(name)
    if cached is not None:
        return cached
    plain = unquantised(name)
    if plain is not None:
        raise InvalidInput(
            f"The base {name} is quantised; training needs the unquantised weights.",
            hint=_alternative(name),
        )
    meant = known_near(name)
    if name.count("/") == 1 and not name.startswith((".", "/", "~")):
        raise NotFound(f"The base {name} is not on this machine.", hint=_how_to_get(name, meant))
    if meant is not None:
        raise NotFound(f'There is no base "{name}".', hint=f'Did you mean "{meant}"?')
    known = [*SHIPPED, *sorted({found.model.name for found in ws.store.models.list()})]
    raise NotFound(f'There is no base "{name}".', hint=nearest(name, known))


def _how_to_get(name: str, meant: str | None) -> str:
    known = catalogued(name)
    if known is None and meant is not None:
        return f'Did you mean "{meant}"?   (otherwise: hf download {name})'
    terms = ", once its terms are accepted on the hub" if known is not None and known.gated else ""
    return f"hf download {name}{terms}   (or use hone-nano, which comes with Hone)"


def _in_hub_cache(name: str) -> Path | None:
    if name.count("/") != 1:
        return None
    try:
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    except ImportError:
        return None
    try:
        found = try_to_load_from_cache(name, "config.json")
    except HFValidationError:
        return None
    return Path(found).parent if isinstance(found, str) else None


def _read(name: str, folder: Path) -> FoundBase:
    problems: list[str] = []
    config = _read_config(folder, problems)
    if "quantization_config" in config:
        method = cast("dict[str, Any]", config["quantization_config"]).get("quant_method", "?")
        problems.append(f"it is quantised ({method}); training needs the unquantised weights")
    if "auto_map" in config:
        problems.append("it brings its own Python code, which Hone does not run")
    if not (folder / "tokenizer.json").is_file():
        problems.append("tokenizer.json is missing")
    shapes: dict[str, tuple[int, ...]] = {}
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        problems.append("there is no .safetensors file (other weight formats are not loaded)")
    for path in files:
        try:
            shapes.update(read_shapes(path))
        except HoneError as error:
            problems.append(error.message)
    if problems:
        raise InvalidInput(
            f"The base {name} in {folder} cannot be trained.",
            hint=_alternative(name),
            problems=problems,
        )
    return FoundBase(id=name, path=folder, shapes=shapes, config=config)


def _alternative(name: str) -> str:
    return f"--set base={unquantised(name) or 'hone-nano'}   (or another base)"


def _read_config(folder: Path, problems: list[str]) -> dict[str, Any]:
    try:
        value = json.loads((folder / "config.json").read_bytes())
    except FileNotFoundError:
        problems.append("config.json is missing")
        return {}
    except ValueError as error:
        problems.append(f"config.json cannot be read: {error}")
        return {}
    if not isinstance(value, dict):
        problems.append("config.json holds no object")
        return {}
    return cast("dict[str, Any]", value)


def read_shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every tensor in a safetensors file, from its header alone."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
            raise InvalidInput(f"{path.name} is no safetensors file, or is cut off", hint=ANEW)
        text = file.read(length)
    try:
        header = json.loads(text)
        end = max(
            (entry["data_offsets"][1] for n, entry in header.items() if n[0] != "_"), default=0
        )
        shapes = {n: tuple(entry["shape"]) for n, entry in header.items() if n != "__metadata__"}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise InvalidInput(
            f"the header of {path.name} cannot be read: {error}", hint=ANEW
        ) from error
    if end + 8 + length != size:
        raise InvalidInput(f"{path.name} is cut off: {size} of {end + 8 + length} bytes", hint=ANEW)
    return shapes


def _size(shape: tuple[int, ...]) -> int:
    count = 1
    for length in shape:
        count *= length
    return count
