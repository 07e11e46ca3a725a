"""The controls of the demonstration: the same training on bases that cannot copy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

BUNDLED = Path(__file__).resolve().parents[1] / "bundled"
NANO = BUNDLED / "hone-nano"
PLAIN = BUNDLED / "hone-nano-plain"


def write_random_base(folder: Path, *, seed: int = 0) -> Path:
    """A base of hone-nano's shape with random weights, ready to train on; returns its folder.

    Matrices are drawn with standard deviation 1/sqrt(inputs). Embedding rows get the length that
    the trained embedding's rows have: with a default initialisation they would be so small that
    an adapter on frozen weights learns nothing, which would be too weak a control.
    """
    from safetensors.numpy import save_file

    if (folder / "model.safetensors").exists():
        return folder
    shutil.copytree(NANO, folder, ignore=shutil.ignore_patterns("*.safetensors", "*.md"))
    dice = np.random.Generator(np.random.PCG64(seed))
    tensors = {
        name: _drawn(name, trained, dice) for name, trained in sorted(_read_trained().items())
    }
    config = json.loads((folder / "config.json").read_text())
    for key in ("torch_dtype", "dtype"):
        config.pop(key, None)
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "float32"}, indent=1))
    save_file(tensors, str(folder / "model.safetensors"), metadata={"format": "pt"})
    return folder


def _drawn(name: str, trained: np.ndarray[Any, Any], dice: np.random.Generator) -> Any:
    if trained.ndim < 2:
        # Norms begin at one and biases at zero, as in any fresh model.
        return np.full(trained.shape, 1.0 if "norm" in name else 0.0, dtype=np.float32)
    drawn = dice.standard_normal(trained.shape, dtype=np.float32)
    if "embed" in name or "lm_head" in name:
        return drawn * np.float32(np.sqrt(np.mean(np.square(trained))))
    return drawn * np.float32(1 / np.sqrt(trained.shape[1]))


def _read_trained() -> dict[str, Any]:
    """The trained tensors as float32; bfloat16 is widened by hand, which numpy does not know."""
    raw = (NANO / "model.safetensors").read_bytes()
    length = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + length])
    found: dict[str, Any] = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        found[name] = _widened(raw[begin:end], entry["dtype"]).reshape(entry["shape"])
    return found


def _widened(raw: bytes, dtype: str) -> Any:
    if dtype == "BF16":
        return (np.frombuffer(raw, dtype=np.uint16).astype(np.uint32) << 16).view(np.float32)
    return np.frombuffer(raw, dtype=np.float32)
