"""What a worker left on the volume is believed only where it hashes true and was asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators.rp_s3.app import RunPodS3
from emulators.serving import served
from hone.errors import HoneError, Unavailable
from hone.records.job import Artefact
from hone.records.submission import INDEX, Beat, Index, folder_of, place_of
from hone.targets._s3 import Bucket
from hone.targets._serverless_follow import _bring, _follow
from hone.targets._serverless_opened import Account
from hone.workspace.job_folder import JobFolder
from hone.workspace.targets_config import RunPodServerlessTarget
from tests.faults.orders import job_folder
from tests.targets.test_s3 import NAME, Waits, where


class Left:
    """A volume, and what a worker says it left there."""

    def __init__(self, place: Path, files: Bucket, folder: JobFolder) -> None:
        self.place, self.folder = place, folder
        options = RunPodServerlessTarget(volume_id=NAME, data_center="EU-RO-1")
        api: Any = None  # nothing is asked of the endpoint itself
        self.account = Account(api, files, options, Waits())

    def lists(self, *files: Artefact) -> Beat:
        """The worker's last word, with an index of these files."""
        body = Index(files=list(files)).model_dump_json().encode()
        path = self.place / place_of(self.folder.job.id) / INDEX
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        return self.beat(index=hashlib.sha256(body).hexdigest())

    def holds(self, name: str, content: bytes) -> None:
        path = self.place / folder_of(self.folder.job.id) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def beat(self, **more: Any) -> Beat:
        return Beat(ticket="t", request="r", worker="w", hone="0", **more)

    def refused(self, beat: Beat) -> HoneError:
        with pytest.raises(HoneError) as caught:
            _bring(self.account, self.folder, beat, ())
        return caught.value


@pytest.fixture
def left(tmp_path: Path) -> Iterator[Left]:
    place = tmp_path / "volume"
    place.mkdir()
    with served(RunPodS3({NAME: place})) as s3:
        files = Bucket(where(s3), clock=Waits())
        yield Left(place, files, job_folder(tmp_path))
        files.close()


def test_a_log_that_does_not_hash_true_is_left_for_later(left: Left) -> None:
    left.holds("events.jsonl", b"another")
    beat = left.beat(lengths={"events.jsonl": 7}, hashes={"events.jsonl": "0" * 64})
    with pytest.raises(Unavailable) as caught:
        _follow(left.account, left.folder, beat)
    assert caught.value.message == (
        "events.jsonl came from the volume otherwise than it was written."
    )
    assert caught.value.hint == f"hone jobs watch {left.folder.path.name}   (tries again)"


def test_only_what_a_job_leaves_is_brought(left: Left) -> None:
    error = left.refused(left.lists(Artefact(path=".ssh/keys", sha256="0" * 64, bytes=1)))
    assert error.message == "The worker lists a file that nobody asked for: '.ssh/keys'."
    assert error.hint == "Its image may not be Hone's own; do not use it."


def test_what_is_gone_or_otherwise_is_not_put_in_place(left: Left) -> None:
    beat = left.lists(Artefact(path="final/weights", sha256="0" * 64, bytes=4))
    again = f"hone jobs watch {left.folder.path.name}   (tries again)"
    gone = left.refused(beat)
    assert (gone.message, gone.hint) == ("final/weights is gone from the volume.", again)
    left.holds("final/weights", b"1234")
    broken = left.refused(beat)
    assert broken.message == "final/weights never arrives from the volume as it is there."
    assert broken.hint == again and not left.folder.final.exists()
