"""The loop on published messages: `benchmarks/real_messages.py`, small."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from hone.records.evaluation import Evaluation

pytestmark = pytest.mark.loop


def test_training_on_real_messages_beats_base_and_few_shot(
    test_data: Path, repository: Path, tmp_path: Path
) -> None:
    ended = subprocess.run(
        [
            *(sys.executable, str(repository / "benchmarks" / "real_messages.py")),
            *("--only", "snips", "--steps", "60", "--shots", "1"),
            *("--out", str(tmp_path / "kept")),
        ],
        env={
            "PATH": "",
            "HOME": str(tmp_path),
            "HONE_TEST_DATA": str(test_data),
            "HONE_CONFIG_HOME": str(tmp_path / "user-config"),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        },
        capture_output=True,
        text=True,
        timeout=420,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert "**snips**: 299 of 300 rows taken; 254 train, 45 val" in ended.stdout
    figures = json.loads((tmp_path / "kept" / "figures.json").read_text())
    found = Evaluation.model_validate(figures["snips"])
    assert [row.contender for row in found.rows] == [
        "base", "few-shot", "retrieval", "snips@v1",
    ]  # fmt: skip
    assert found.rows[0].examples >= 95
    for name in ("base", "few-shot"):
        assert (found.differences[f"snips@v1 - {name}"].low or 0.0) > 0
    assert found.differences["snips@v1 - retrieval"].low is not None
