"""Settings of a workspace: changed one at a time, whoever else changes one just then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from hone.errors import InvalidInput
from hone.stages.configure import change_setting
from hone.workspace.config import load_config
from hone.workspace.open import CONFIG_FILE, Workspace, init_workspace

ROUNDS = 30


def test_two_settings_that_are_changed_at_once_are_both_kept(tmp_path: Path) -> None:
    begin = Barrier(2)

    def change(ws: Workspace, key: str, value: int) -> None:
        begin.wait()
        change_setting(ws, key, str(value))

    with init_workspace(tmp_path / "w") as ws, ThreadPoolExecutor(2) as threads:
        for value in range(1, ROUNDS + 1):
            keys = ("budget.per_job_usd", "budget.per_month_usd")
            for done in [threads.submit(change, ws, key, value) for key in keys]:
                done.result()
            budget = load_config(ws.root / CONFIG_FILE).budget
            assert (budget.per_job_usd, budget.per_month_usd) == (value, value)
            assert ws.config.budget == budget


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("budget.per_job_usd", "lots", r"budget\.per_job_usd: .* \(it is 'lots'\)"),
        ("bananas", "3", "bananas: there is no such key"),
    ],
)
def test_what_does_not_fit_is_not_set_and_the_file_is_not_blamed(
    tmp_path: Path, key: str, value: str, says: str
) -> None:
    with init_workspace(tmp_path / "w") as ws:
        before = (ws.root / CONFIG_FILE).read_text()
        with pytest.raises(InvalidInput, match=f"^Nothing was set: {says}") as caught:
            change_setting(ws, key, value)
        assert caught.value.hint.startswith("hone config show ")
        assert (ws.root / CONFIG_FILE).read_text() == before
