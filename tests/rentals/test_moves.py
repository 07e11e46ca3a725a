"""A job whose machine died is asked for anew: once, whoever is killed, and never when stopped."""

from __future__ import annotations

import pytest

from hone.records.attempt import Attempt
from hone.stages import jobs
from hone.targets._clock import moment
from hone.targets._rental_choice import candidates
from hone.targets._rental_life import record_intent
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import changing, rentals_of
from tests.rentals.scene import Scene

WHY = "its machine was silent for 700 seconds"


@pytest.fixture
def lost(at_runpod: Scene) -> tuple[Scene, JobFolder, Attempt]:
    """A job that ran, and whose machine died and was given back."""
    folder = at_runpod.submitted()
    attempt = jobs.asking.enqueue(at_runpod.ws, folder)
    folder.append("attempt", number=1)
    with at_runpod.account() as renter:
        record_intent(renter, folder, candidates(renter)[0])
    lose(folder)
    return at_runpod, folder, attempt


def lose(folder: JobFolder) -> None:
    with changing(folder) as found:
        current = found.current
        assert current is not None
        current.is_lost, current.why, current.gone_at = True, WHY, moment(1e9)


def test_a_move_that_a_kill_cut_off_is_made_once(lost: tuple[Scene, JobFolder, Attempt]) -> None:
    scene, folder, attempt = lost
    # Written, and then killed before the row was.
    queued = folder.append("queued", moved=WHY)
    for expected in (True, True):
        assert jobs.asking.move_on(scene.ws, folder, attempt, "lost") is expected
    assert [e.type for e in folder.events()].count("queued") == 1
    (after,) = scene.ws.store.attempts.open()
    assert (after.number, after.after_seq) == (2, queued.seq)
    assert jobs.show(scene.ws, folder.path.name).moves == [WHY]


def test_a_job_that_was_asked_to_stop_does_not_go_on_elsewhere(
    lost: tuple[Scene, JobFolder, Attempt],
) -> None:
    scene, folder, attempt = lost
    folder.request_stop()
    assert not jobs.asking.move_on(scene.ws, folder, attempt, "lost")
    assert folder.state() == "cancelled"


def test_a_worker_that_dies_on_a_sound_machine_does_not_go_on_elsewhere(
    lost: tuple[Scene, JobFolder, Attempt],
) -> None:
    scene, folder, attempt = lost
    with changing(folder) as found:
        found.rentals[-1].is_lost = False
    assert not jobs.asking.move_on(scene.ws, folder, attempt, "lost")
    assert folder.state() == "lost" and rentals_of(folder).current is None


def test_after_two_moves_a_person_must_ask_and_then_there_are_two_more(
    lost: tuple[Scene, JobFolder, Attempt],
) -> None:
    scene, folder, attempt = lost
    attempts = scene.ws.store.attempts
    for _ in range(jobs.asking.MOST_MOVES):
        assert jobs.asking.move_on(scene.ws, folder, attempt, "lost")
        (attempt,) = attempts.open()
    assert not jobs.asking.move_on(scene.ws, folder, attempt, WHY)
    # It never began there: so that is said, and it is no job that waits.
    assert folder.state() == "failed" and jobs.show(scene.ws, folder.path.name).error == WHY
    attempts.end(attempt.seq, "lost")
    jobs.asking.enqueue(scene.ws, folder)
    assert jobs.asking.moves_of(folder.events()) == []
