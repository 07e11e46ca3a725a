"""What only others can tell: asked with `--online` alone, and each lie of theirs is told."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

import pytest

from hone.stages import jobs
from hone.stages.health.online import look_at_hub
from hone.workspace.open import Workspace
from tests.answers import Answer, answering
from tests.rentals.scene import CANARY, scene
from tests.stages.health.conftest import Look


def hub(date: str) -> AbstractContextManager[str]:
    """A server on this machine whose clock says so."""
    return answering(lambda request: Answer(200, headers={"Date": date}))


def test_a_clock_that_is_wrong_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with hub("Fri, 20 Nov 2020 12:00:00 GMT") as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        (found,) = look_at_hub()
    assert found.level == "warning" and "s ahead of that of the model hub" in found.what
    (found,) = look_at_hub()  # the server is gone
    assert found.level == "problem" and "cannot be reached" in found.what
    with hub("no date at all") as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        (found,) = look_at_hub()
    assert found.level == "ok" and address in found.what


def test_a_machine_at_a_provider_that_nobody_owns_is_told_and_left_alone(
    ws: Workspace, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scene("runpod", ws, monkeypatch) as rented:
        job = rented.asked(steps=3)
        assert rented.carry(job) == "succeeded"
        # As after a disk was lost: the machine has a name of ours, and its job is unknown.
        (name,) = {one["name"] for one in rented.machines}
        with rented.account() as renter:
            offer = renter.cloud.offers()[0]
            renter.cloud.rent(name.replace(job, "train-20261120-120000-lost"), offer, "key")
        wrong = look(is_online=True)
        (found,) = [one for one in wrong if one.part == "online"]
        assert found.level == "problem" and "nobody owns it" in found.what
        assert len(rented.alive) == 1 and CANARY not in str(wrong)
        assert not [one for one in look() if one.part == "online"]
        # A key that is wrong is said, and nothing else is kept from being seen.
        monkeypatch.setenv("RUNPOD_API_KEY", "another-one")
        assert any("does not accept the key" in one.what for one in look(is_online=True))
        monkeypatch.setenv("RUNPOD_API_KEY", rented.emulator.key)
        # One that does not answer is told at once, and not asked again and again.
        begun = time.monotonic()
        monkeypatch.setenv("HONE_RUNPOD_URL", "http://127.0.0.1:9")
        assert any("runpod cannot be reached" in one.what for one in look(is_online=True))
        assert time.monotonic() - begun < 30.0
        monkeypatch.setenv("HONE_RUNPOD_URL", rented.emulator.url)
        assert jobs.reap(ws, targets=[rented.target]).machines[0].is_freed
