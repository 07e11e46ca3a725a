"""Rented targets at the command line: what is set, what it costs, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hone.cli.run import run
from tests.rentals.scene import Scene
from tests.stages.training_set import freeze, make_small_base


@pytest.fixture
def rented(rented: Scene) -> Scene:
    """Commands wait by the real clock, for which the emulated one does not go on."""
    if rented.name == "lambda":
        rented.emulator.is_limited = False
    return rented


def hone(scene: Scene, *words: str) -> int:
    return run([*words, "-w", str(scene.ws.root)])


def prepare(scene: Scene) -> str:
    """A dataset, a base and a recipe."""
    make_small_base(scene.ws.root / "small")
    freeze(scene.ws, "faith", 40, 8)
    path = scene.ws.root / "recipe.yaml"
    path.write_text(f"base: {scene.ws.root / 'small'}\ndataset: faith\nlora: {{r: 4}}\n")
    return str(path)


def test_targets_say_whether_they_are_set_and_never_show_a_key(
    rented: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hone(rented, "targets", "list", "--json") == 0
    listed = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    mine = listed.pop(rented.name)
    other = listed["runpod" if rented.name == "lambda" else "lambda"]
    assert mine["is_set"] and f"ends in …{rented.emulator.key[-4:]}" in mine["where"]
    assert rented.emulator.key not in str(mine)
    assert not other["is_set"] and "hone config set targets." in other["where"]


def test_a_check_shows_the_account_prices_and_what_is_free(
    rented: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert hone(rented, "targets", "check", rented.name) == 0
    said = capsys.readouterr().out
    price = "$1.29" if rented.name == "lambda" else "$0.49"
    assert f"{price} an hour now, available" in said and rented.emulator.key not in said
    if rented.name == "runpod":
        assert "$1,000,000.00 left" in said and "COMMUNITY: $0.35" in said
    (rented.ws.root / ".env").write_text("X=1\n")
    (rented.ws.root / ".env").chmod(0o644)
    monkeypatch.setenv("LAMBDA_API_KEY", "wrong")
    monkeypatch.setenv("RUNPOD_API_KEY", "wrong")
    assert hone(rented, "targets", "check", rented.name) == 1
    said = capsys.readouterr().out
    assert "does not accept the key" in said and "as of 2026-09-2" in said
    assert "chmod 600" in said


def test_a_plan_shows_the_worst_case_and_without_an_answer_dated_prices(
    rented: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = prepare(rented)

    def plan() -> dict[str, Any]:
        assert hone(rented, "train", recipe, "--on", rented.name, "--plan", "--json") == 0
        return json.loads(capsys.readouterr().out)["plan"]

    live = plan()
    dearest = 1.29 if rented.name == "lambda" else 0.86
    assert live["price_per_hour_usd"] == dearest and live["device"] == "cuda"
    high = live["seconds"]["high"] + 900
    assert live["price_usd"] == pytest.approx(dearest * high / 3600)
    assert any("an hour" in note for note in live["notes"])
    monkeypatch.setenv("LAMBDA_API_KEY", "wrong")
    monkeypatch.setenv("RUNPOD_API_KEY", "wrong")
    assert any("not of today" in note for note in plan()["notes"])
    assert rented.machines == []


def test_a_real_run_beyond_the_budget_exits_3_and_a_dry_run_rents_nothing(
    rented: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = prepare(rented)
    train = ("train", recipe, "--on", rented.name)
    assert hone(rented, *train) == 0  # without --confirm-run it only says what is missing
    assert "--confirm-run was not given" in capsys.readouterr().out
    assert hone(rented, *train, "--dry-run") == 3
    assert "would cost money" in capsys.readouterr().err
    assert hone(rented, *train, "--confirm-run", "--set", "budget_usd=0.01") == 3
    said = capsys.readouterr().err
    assert "it may cost $" in said and "$0.01 are allowed" in said
    rented.set(most_per_hour_usd=0.01)
    assert hone(rented, *train, "--confirm-run") == 1
    assert "0.01 an hour" in capsys.readouterr().err
    assert rented.machines == [] and rented.ws.store.jobs.list() == []
    assert rented.ws.store.ledger.entries() == []


def test_an_unknown_type_is_answered_with_the_nearest(
    rented: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    rented.set(gpu=["gpu_1x_a11" if rented.name == "lambda" else "NVIDIA A41"])
    assert hone(rented, "targets", "check", rented.name) == 1
    assert "Did you mean" in capsys.readouterr().out
    rented.set(gpu=[])
    assert hone(rented, "targets", "check", rented.name) == 1
    assert "names no type to rent" in capsys.readouterr().out


def test_the_key_goes_only_to_a_safe_address(
    at_lambda: Scene, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HONE_LAMBDA_URL", "http://lambda.example.org")
    assert hone(at_lambda, "targets", "check", "lambda") == 1
    assert "would travel in the open" in capsys.readouterr().out


def test_reap_lists_frees_and_says_when_there_is_nothing(
    at_runpod: Scene, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert hone(at_runpod, "jobs", "reap") == 0
    assert "Nothing is rented" in capsys.readouterr().out
    assert hone(at_runpod, "jobs", "reap", "--list", "--all") == 2
