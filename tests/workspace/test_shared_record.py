"""A small record beside a job: whole or as it was, and written only when something changed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hone.errors import InvalidInput
from hone.records.rental import Offer, Rental, Rentals
from hone.records.submission import Submission, Submissions
from hone.workspace import rental_file, submission_file
from hone.workspace.clock import now
from hone.workspace.job_folder import JobFolder
from hone.workspace.shared_record import SharedRecord
from tests.faults.gates import DEADLINE_SECONDS

RECORDS = {"rentals": rental_file.RECORD, "submissions": submission_file.RECORD}
OFFER = Offer(gpu="A40", place="EU", memory_gib=48.0, price_per_hour_usd=0.5)


def add(found: object) -> list[Rental] | list[Submission]:
    """One more; all that there are."""
    if isinstance(found, Rentals):
        rental = Rental(name="n", target="runpod", offer=OFFER, most_usd=1.0, intended_at=now())
        found.rentals.append(rental)
        return found.rentals
    assert isinstance(found, Submissions)
    asked = Submission(
        ticket="t", endpoint="e", intended_at=now(), execution_seconds=1.0, ttl_seconds=1.0
    )
    found.submissions.append(asked)
    return found.submissions


@pytest.fixture(params=RECORDS)
def record(request: pytest.FixtureRequest) -> SharedRecord:
    return RECORDS[request.param]


def test_nothing_is_written_where_nothing_changed_or_the_block_failed(
    record: SharedRecord, tmp_path: Path
) -> None:
    folder, place = JobFolder(tmp_path), tmp_path / record.place
    with record.changing(folder) as found:
        pass
    assert found == record.kind() and not place.exists()
    with pytest.raises(ZeroDivisionError), record.changing(folder) as found:
        add(found)
        raise ZeroDivisionError
    assert not place.exists()
    with record.changing(folder) as found:
        add(found)
    written = place.stat()
    with record.changing(folder) as again:
        pass
    # A file that is written anew is another file.
    assert again == found == record.read(folder) and place.stat().st_ino == written.st_ino


def test_two_who_change_it_at_once_lose_nothing(record: SharedRecord, tmp_path: Path) -> None:
    def change() -> None:
        for _ in range(10):
            with record.changing(JobFolder(tmp_path)) as found:
                add(found)

    both = [threading.Thread(target=change) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(DEADLINE_SECONDS)
    assert len(add(record.read(JobFolder(tmp_path)))) == 21


def test_a_torn_file_is_refused_and_left_as_it_is(record: SharedRecord, tmp_path: Path) -> None:
    place = tmp_path / record.place
    place.write_text('{"rentals": [')
    with pytest.raises(InvalidInput, match="cannot be read") as told:
        record.read(JobFolder(tmp_path))
    assert told.value.hint == record.hint
    with pytest.raises(InvalidInput), record.changing(JobFolder(tmp_path)):
        pass
    assert place.read_text() == '{"rentals": ['
