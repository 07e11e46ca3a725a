"""Settings of a workspace: changed one at a time, whoever else changes one just then."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

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
