"""A job at an endpoint: how it gets there, and how it is asked for once per ticket."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import hone
from hone.errors import HoneError
from hone.records import submission as on_volume
from hone.records.job import Artefact
from hone.records.submission import Index, Order, Submission
from hone.targets import _own_bucket as own_bucket
from hone.targets._clock import REAL, moment
from hone.targets._hub import Hub
from hone.targets._jobs_api import Policy
from hone.targets._remote_job import OTHER_WEIGHTS, paths_in
from hone.targets._rest import AnswerLost
from hone.targets._s3 import Bucket, fill
from hone.targets._serverless_opened import Account, endpoint_of
from hone.targets._serverless_packed import packed
from hone.workspace.files import sha256_of, write_atomically
from hone.workspace.job_folder import JobFolder, Seen
from hone.workspace.rental_file import workspace_tag
from hone.workspace.submission_file import (
    changing_submissions,
    note_submission,
    submissions_of,
)
from hone.workspace.targets_config import RunPodServerlessTarget

SUBMITS = 3
DEPTH = 5  # of a job's folder on the volume: place, folder, checkpoints, one of them
GRACE_SHARE = 0.25
SPARED = 8 << 20  # what was sent is noted after so many bytes, so that a cut costs no more


# There


def put(account: Account, folder: JobFolder) -> None:
    """Everything that the job reads is on the volume afterwards; what is there is not sent.

    Without a volume it is only seen whether a request will hold it, and whether what comes of it
    can go home, and stay unread by others.
    """
    volume = account.volume
    if volume is None:
        packed(folder)
        _refuse_unfit(account, folder)
        return
    job = folder.job
    order = json.loads(job.model_dump_json())
    order["spec"].pop("cache", None)  # a folder of this machine
    files: list[Artefact] = []
    _write_owner(volume, folder)
    for path, name_it in paths_in(order["spec"]):
        place, sent = _put_model(volume, path)
        files += sent
        name_it(f"{on_volume.VOLUME}/{place}")
    place, home = on_volume.place_of(job.id), on_volume.folder_of(job.id)
    paths = [path for path in sorted(folder.inputs.rglob("*")) if path.is_file()]
    if not _has_checkpoints(volume, place):
        # Another machine may have trained them: this one goes on from there.
        paths += [path for path in sorted(folder.checkpoints.rglob("*")) if path.is_file()]
    for path in paths:
        name = f"{home}/{path.relative_to(folder.path).as_posix()}"
        files.append(_send(volume, name, path))
    for name in on_volume.FOLLOWED:
        # What was written before, perhaps of another machine, goes on there. It grows there: it
        # is not among what must be as it was sent.
        if (folder.path / name).exists():
            volume.send(f"{home}/{name}", folder.path / name)
    body = (json.dumps(order, ensure_ascii=False, indent=1) + "\n").encode()
    files.append(_write(volume, f"{place}/{on_volume.ORDER}", body))
    whole = Index(files=files).model_dump_json(indent=1).encode()
    _write(volume, f"{place}/{on_volume.SENT}", whole)
    write_atomically(folder.path / on_volume.SENT, whole)


def _refuse_unfit(account: Account, folder: JobFolder) -> None:
    if isinstance(account.files, Hub):
        account.files.refuse_open()
        return
    own_bucket.refuse_unfit(account.files)
    _write_owner(account.files, folder)


def _write_owner(bucket: Bucket, folder: JobFolder) -> None:
    """First, so that whatever a cut leaves there is found again."""
    key = f"{on_volume.place_of(folder.path.name)}/{on_volume.OWNER}"
    bucket.write(key, workspace_tag(folder.path.parent).encode())


def bring(account: Account, job: str, index: Index, one: Artefact, part: Path) -> bool:
    """Append to `part` what is missing of a file that a job left; false where it is gone."""
    store = account.store
    if store is None or account.volume is not None:
        return account.files.fetch(f"{on_volume.folder_of(job)}/{one.path}", part, one.bytes)

    def read(path: str, start: int, end: int) -> bytes | None:
        return own_bucket.read_left(store, job, index, path, (start, end))

    return fill(read, one.path, part, (one.bytes, store.part_bytes))


def clear_place(volume: Bucket, job: str) -> None:
    """Delete everything of a job on the volume, or in the bucket."""
    # Folders are listed, and can be deleted, once they are empty.
    for _ in range(DEPTH):
        for key in volume.keys(f"{on_volume.place_of(job)}/"):
            volume.delete(key)


def _has_checkpoints(bucket: Bucket, place: str) -> bool:
    found = bucket.read(f"{place}/{on_volume.INDEX}")
    if found is None:
        return False
    listed = Index.model_validate_json(found).files
    return any(one.path.startswith("checkpoints/") for one in listed)


def _put_model(bucket: Bucket, path: Path) -> tuple[str, list[Artefact]]:
    """A model's folder by its contents: the same one is sent once, whoever names it."""
    paths = [
        one
        for one in sorted(path.iterdir())
        if one.is_file() and not one.name.startswith(".") and one.suffix not in OTHER_WEIGHTS
    ]
    wanted = [
        Artefact(path=one.name, sha256=sha256_of(one), bytes=one.stat().st_size) for one in paths
    ]
    listed = "".join(f"{one.path} {one.sha256}\n" for one in wanted)
    place = f"{on_volume.MODELS}/{hashlib.sha256(listed.encode()).hexdigest()[:32]}"
    mark = f"{place}/.sent"  # no .json: those are parts of a model
    there = Index.model_validate_json(bucket.read(mark) or b'{"files": []}').files
    unnoted = 0
    for one, source in zip(wanted, paths, strict=True):
        if one in there:
            continue
        bucket.send(f"{place}/{one.path}", source)
        there.append(one)
        unnoted += one.bytes
        if unnoted >= SPARED or one is wanted[-1]:
            bucket.write(mark, Index(files=there).model_dump_json().encode())
            unnoted = 0
    return place, [one.model_copy(update={"path": f"{place}/{one.path}"}) for one in wanted]


def _send(bucket: Bucket, key: str, path: Path) -> Artefact:
    bucket.send(key, path)
    return Artefact(path=key, sha256=sha256_of(path), bytes=path.stat().st_size)


def _write(bucket: Bucket, key: str, body: bytes) -> Artefact:
    bucket.write(key, body)
    return Artefact(path=key, sha256=hashlib.sha256(body).hexdigest(), bytes=len(body))


# Once


def intend(
    folder: JobFolder, options: RunPodServerlessTarget, ticket: str, seconds: float, price: float
) -> Submission:
    """Write down that a request is meant, before anything is asked; again: the one from before."""
    with changing_submissions(folder) as found:
        for one in found.submissions:
            if one.ticket == ticket:
                return one
        made = Submission(
            ticket=ticket,
            endpoint=endpoint_of(options),
            intended_at=moment(REAL.now()),
            execution_seconds=seconds,
            ttl_seconds=seconds + options.queue_seconds,
            price_per_hour_usd=price,
        )
        found.submissions.append(made)
        return made


def submit(account: Account, folder: JobFolder, ticket: str) -> None:
    """Ask for the job, once per ticket however often this is called.

    After a lost answer or a kill nobody knows whether the request was taken. Then it is looked
    for by its ticket on the volume, and else sent again: the worker that takes the second one up
    sees that the ticket has its request, and does nothing.
    """
    one = next(one for one in submissions_of(folder).submissions if one.ticket == ticket)
    if one.id is not None:
        return
    place = on_volume.place_of(folder.job.id)
    if one.is_asked and _adopt(account, folder, ticket):
        return
    order = _order(account, folder, one).model_dump(mode="json")
    if account.volume is not None:
        account.volume.write(f"{place}/{on_volume.TICKET}", ticket.encode())
        account.volume.delete(f"{place}/{on_volume.STOP}")
    # The intent first: whoever comes after a kill right here looks at that endpoint.
    note_submission(folder, ticket, is_asked=True)
    write_seen(account, folder, is_alive=True)
    try:
        _ask(account, folder, one, order)
    except HoneError as error:
        if not isinstance(error, AnswerLost):
            note_submission(folder, ticket, is_asked=False)
        write_seen(account, folder, is_alive=False)
        raise


def _ask(account: Account, folder: JobFolder, one: Submission, order: dict[str, Any]) -> None:
    for left in range(SUBMITS - 1, -1, -1):
        try:
            id = account.api.submit(order, Policy(one.execution_seconds, one.ttl_seconds))
        except AnswerLost:
            if _adopt(account, folder, one.ticket):
                return
            if not left:
                raise
        else:
            note_submission(folder, one.ticket, id=id, status="IN_QUEUE")
            return


def _adopt(account: Account, folder: JobFolder, ticket: str) -> bool:
    """Whether a worker has taken a request of this ticket up; its id is then written down."""
    owner = owner_of(account, folder, ticket)
    if owner:
        note_submission(folder, ticket, id=owner)
    return bool(owner)


def owner_of(account: Account, folder: JobFolder, ticket: str) -> str:
    """The request that a worker has taken up for this ticket; nothing while there is none."""
    key = f"{on_volume.place_of(folder.job.id)}/{on_volume.TICKETS}/{ticket}"
    return (account.files.read(key) or b"").decode().strip()


def _order(account: Account, folder: JobFolder, one: Submission) -> Order:
    options = account.options
    order = Order(
        hone=hone.__version__,
        job=folder.job.id,
        ticket=one.ticket,
        seconds=one.execution_seconds,
        grace_seconds=min(options.grace_seconds, one.execution_seconds * GRACE_SHARE),
        silent_seconds=options.silent_seconds,
    )
    if account.volume is None:
        order.packed, order.repository = packed(folder), options.repository or ""
        if account.store is not None:
            ticket, ttl = one.ticket, one.ttl_seconds
            order.grant = own_bucket.granted(account.store, order.job, ticket, ttl)
        return order
    path = folder.path / on_volume.SENT
    if not path.exists():
        put(account, folder)
    name = f"{on_volume.place_of(folder.job.id)}/{on_volume.SENT}"
    order.sent = Artefact(path=name, sha256=sha256_of(path), bytes=path.stat().st_size)
    return order


def write_seen(
    account: Account,
    folder: JobFolder,
    *,
    is_alive: bool,
    is_owed: bool = False,
    ended: tuple[int | None, str] = (None, ""),
) -> None:
    """Write down what was seen; nothing where it is the same as a moment ago.

    `ended`: the worker's exit code, and a note on how it was lost.
    """
    now = Seen(account.clock.now(), account.place, is_alive, is_owed, *ended)
    before = folder.seen()
    if before is None or before[1:] != now[1:] or now.at - before.at > 15.0:
        folder.write_seen(now)
