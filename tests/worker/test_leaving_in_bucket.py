"""What a worker leaves in a bucket by addresses: one stream in pieces, one owner of a ticket."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from emulators.rp_s3.app import RunPodS3
from hone.errors import HoneError
from hone.records import submission
from hone.records.job import Artefact
from hone.records.submission import Beat, Ending, Grant, Index, piece_of, place_of
from hone.targets import _own_bucket as own_bucket
from hone.targets._clock import REAL
from hone.targets._s3 import Bucket
from hone.worker.leaving_in_bucket import LeavingInBucket
from hone.workspace.files import sha256_of, write_json
from hone.workspace.targets_config import BucketOfOnesOwn
from tests.serverless.own_bucket import ACCESS, SECRET, bucket, files, said

JOB, TICKET = "train-there", "train-there.1"
PIECE = 1000
SIZES = {"final/model": 2500, "final/empty": 0, "checkpoints/c-1/w": 1, "result.json": 1700}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[RunPodS3]:
    with bucket(tmp_path / "bucket") as found:
        yield found


@pytest.fixture
def opened(own: RunPodS3) -> Iterator[Bucket]:
    found = own_bucket.opened(BucketOfOnesOwn(**said(own)["bucket"]), ACCESS, SECRET, REAL)
    yield found
    found.close()


@pytest.fixture
def grant(opened: Bucket) -> Grant:
    return own_bucket.granted(opened, JOB, TICKET, 600.0)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A job's place as a worker has it at the end, with pieces of a thousand bytes."""
    monkeypatch.setattr(submission, "LEAST_PIECE_BYTES", PIECE)
    found = tmp_path / "place"
    for name, size in SIZES.items():
        path = found / JOB / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    (found / JOB / "events.jsonl").write_text("one\ntwo\nafter the last beat\n")
    listed = [
        Artefact(path=name, sha256=sha256_of(found / JOB / name), bytes=size)
        for name, size in SIZES.items()
    ]
    write_json(found / "index.json", Index(files=listed).model_dump(mode="json"))
    beat = Beat(ticket=TICKET, request="r1", worker="w", hone="0", lengths={"events.jsonl": 8})
    beat.ending = Ending(exit_code=0)
    write_json(found / "beat.json", beat.model_dump(mode="json"))
    return found


def test_files_of_any_name_go_in_pieces_and_are_read_one_by_one(
    own: RunPodS3, opened: Bucket, grant: Grant, place: Path
) -> None:
    leaving = LeavingInBucket(grant)
    assert leaving.ended(TICKET) is None
    leaving.bring_out(place, JOB)
    home = place_of(JOB)
    pieces = [name for name in files(own) if "pieces" in name]
    assert pieces == [f"{home}/{piece_of(number)}" for number in range(5)]
    sizes = [opened.size(name) for name in pieces]
    assert sizes == [PIECE] * 4 + [sum(SIZES.values()) - 4 * PIECE]
    assert opened.read(f"{home}/{JOB}/events.jsonl") == b"one\ntwo\n"  # as the beat says
    index = Index.model_validate_json(opened.read(f"{home}/index.json") or b"")
    for name, size in SIZES.items():
        got = b""
        while len(got) < size:
            block = own_bucket.read_left(opened, JOB, index, name, (len(got), size))
            assert block
            got += block
        assert got == (place / JOB / name).read_bytes(), name
    ended = leaving.ended(TICKET)
    assert ended is not None and ended.request == "r1" and leaving.ended("another") is None


def test_a_large_end_is_cut_into_larger_pieces_and_not_into_more(place: Path) -> None:
    index = Index(files=[Artefact(path="final/a", sha256="a" * 64, bytes=250_001)])
    assert index.piece_bytes == 2501 and -(-index.bytes // index.piece_bytes) <= 100
    with pytest.raises(KeyError):
        index.begin_of("final/b")


def test_more_than_all_pieces_can_hold_is_refused_in_two_lines(grant: Grant, place: Path) -> None:
    huge = Artefact(path="final/a", sha256="a" * 64, bytes=500 << 30)
    write_json(place / "index.json", Index(files=[huge]).model_dump(mode="json"))
    with pytest.raises(HoneError, match="more than a bucket takes here") as caught:
        LeavingInBucket(grant).bring_out(place, JOB)
    assert "network volume" in caught.value.hint


def test_of_many_requests_with_one_ticket_one_has_it(grant: Grant) -> None:
    with ThreadPoolExecutor(4) as threads:
        claims: Any = threads.map(
            lambda name: LeavingInBucket(grant).claim(TICKET, name), ["r1", "r2", "r3", "r4"]
        )
        (owner,) = set(claims)
    assert LeavingInBucket(grant).claim(TICKET, "r5") == owner
    assert LeavingInBucket(grant).claim(TICKET, owner) == owner  # its answer was lost


def test_an_address_is_good_for_its_own_object_its_own_verb_and_its_own_time(
    own: RunPodS3, grant: Grant
) -> None:
    import httpx

    put = grant.puts["beat.json"]
    assert httpx.put(put, content=b"{}").status_code == 200
    assert httpx.put(put.replace("beat.json", "owner"), content=b"x").status_code == 403
    assert httpx.delete(put).status_code == 403 and httpx.get(put).status_code == 403
    claim = grant.puts[f"tickets/{TICKET}"]
    assert httpx.put(claim, content=b"r1").status_code == 403  # without the condition
    own.clock.advance(600.0 + own_bucket.SPARE_SECONDS + 60.0)
    assert "expired" in httpx.put(put, content=b"{}").text


def test_nothing_shows_an_address(grant: Grant) -> None:
    assert "Signature" not in repr(grant) + str(grant)
