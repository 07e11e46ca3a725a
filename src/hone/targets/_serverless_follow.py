"""A job on an endpoint, followed: the provider's word for it, the worker's beats, and its files.

The volume counts before the provider's word: a result may be lost on its way, an old progress may
arrive after it, and documents are deleted after half an hour; what the worker wrote stays.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from pydantic import ValidationError

from hone.errors import HoneError, Unavailable
from hone.records import submission as on_volume
from hone.records.job import Artefact
from hone.records.submission import FINAL, Beat, Ending, Index, Submission
from hone.targets._clock import moment
from hone.targets._jobs_api import waiting_words
from hone.targets._remote_job import drop_old, pulling
from hone.targets._serverless import bring, owner_of, write_seen
from hone.targets._serverless_opened import Account
from hone.targets._transfer import PARTS, inside, is_here, put_in_place
from hone.workspace.files import explained, write_atomically
from hone.workspace.job_folder import JobFolder
from hone.workspace.submission_file import note_submission, submissions_of

TRIES = 3
MOST_WORDS = 20_000
WHILE_IT_RUNS = ("checkpoints/",)
LEFT = ("checkpoints/", "final/", "predictions/", "logs/")
RESULT = "result.json"
# Words of a failure -> what mends it.
MENDS: tuple[tuple[str, str], ...] = (
    ("out of memory", "--set training.batch_size=1, a smaller base, or an endpoint with more VRAM"),
    (
        "no space",
        "Enlarge the volume in RunPod's console (Storage), or delete under hone/; without a "
        "volume, the container disk of the endpoint's template.",
    ),
    (
        "unexpected keyword",
        "The worker image is out of date: docker/README.md says how to build it.",
    ),
    (
        "unexpected argument",
        "The worker image is out of date: docker/README.md says how to build it.",
    ),
    (
        "extra inputs are not",
        "The worker image is out of date: docker/README.md says how to build it.",
    ),
    ("stopped answering", "Look at the endpoint's worker logs; hone jobs resume goes on."),
)
FOREIGN = "The endpoint's image is not Hone's worker: docker/README.md says how to build it."


class _Moving(Unavailable):
    """The worker is changing what was to be read."""


class Told(NamedTuple):
    """What one look gave: the provider's word, its document, and the worker's last beat."""

    status: str
    document: dict[str, Any]
    beat: Beat | None

    @property
    def ending(self) -> Ending | None:
        """How the worker process ended, once it has."""
        return self.beat.ending if self.beat is not None else None


def look(account: Account, folder: JobFolder) -> None:
    """Bring here what is new, and once it is over all that it left; result.json comes last."""
    with pulling(folder):
        one = submissions_of(folder).last
        if one is None or not one.is_asked or not one.is_open:
            return
        told = _told(account, folder, one)
        one = _note(account, folder, one, told)
        if told.beat is not None:
            _follow(account, folder, told.beat)
        if _is_over(account, folder, one, told):
            _close(account, folder, one, told)
            return
        if folder.is_stop_requested:
            ask_to_stop(account, folder, one)
        write_seen(account, folder, is_alive=True)
        if told.beat is not None and account.options.brings_checkpoints:
            # What changes while it is read is whole at another look.
            with suppress(_Moving):
                names = _bring(account, folder, told.beat, WHILE_IT_RUNS)
                drop_old(folder, _checkpoints(names))


def ask_to_stop(account: Account, folder: JobFolder, one: Submission) -> None:
    """Tell the worker to stop at its next checkpoint; a request that waits is taken back."""
    if one.is_stop_told and one.status != "IN_QUEUE":
        return
    if account.volume is not None:
        # Also where it still waits: RunPod's library drops a stop that comes in between.
        key = f"{on_volume.place_of(folder.job.id)}/{on_volume.STOP}"
        account.volume.write(key, one.ticket.encode())
    if one.id is not None and (one.status == "IN_QUEUE" or account.volume is None):
        account.api.cancel(one.id)
    if one.id is not None or account.volume is not None:
        # Else nobody was told: there is no id yet of whom to cancel.
        note_submission(folder, one.ticket, is_stop_told=True)


def _told(account: Account, folder: JobFolder, one: Submission) -> Told:
    status, document = _asked(account, one)
    over_at = one.intended_at.timestamp() + one.ttl_seconds
    if one.id is None and account.clock.now() > over_at:
        status = "GONE"  # whether it was ever taken is not known; by now RunPod has dropped it
    return Told(status, document, beat_of(account, folder, one))


def _asked(account: Account, one: Submission) -> tuple[str, dict[str, Any]]:
    """The provider's word and document; what was noted where there is nothing to ask for."""
    status = str(one.status)
    if one.id is None or status in (*FINAL, "GONE"):
        return status, {}
    found = account.api.status(one.id)
    if found is None:
        return "GONE", {}
    said = str(found.get("status", ""))
    return "IN_PROGRESS" if said == "RUNNING" else said, found  # documented, and never seen


def beat_of(account: Account, folder: JobFolder, one: Submission) -> Beat | None:
    """The last beat of the worker that carries this request's ticket out, or None."""
    key = f"{on_volume.place_of(folder.job.id)}/{on_volume.BEAT}"
    try:
        beat = Beat.model_validate_json(account.files.read(key) or b"")
    except ValidationError:
        return None
    return beat if beat.ticket == one.ticket else None


def _note(account: Account, folder: JobFolder, one: Submission, told: Told) -> Submission:
    """Write down what is new; another request of the same ticket is this one, from now on."""
    now = moment(account.clock.now())
    new: dict[str, Any] = {"status": told.status}
    output = told.document.get("output")
    output = output if isinstance(output, dict) else {}
    other = told.beat.request if told.beat is not None else output.get("duplicate_of")
    has_begun = told.beat is not None or told.status == "IN_PROGRESS"
    if told.beat is None and account.volume is None:
        # No beat comes before the end: only the ticket says whose it is, and that it has begun.
        owner = owner_of(account, folder, one.ticket)
        other, has_begun = owner or other, has_begun or bool(owner)
    if other and other != one.id:
        if one.id is not None and told.status not in FINAL:
            account.api.cancel(one.id)
        new |= {"id": str(other), "status": "IN_PROGRESS"}
    if one.began_at is None and has_begun:
        new["began_at"] = now
    # A progress may come late, also after the result: only a higher one counts.
    if isinstance(output.get("seq"), int) and output["seq"] > one.seq:
        new["seq"] = output["seq"]
    if new["status"] in (*FINAL, "GONE") and one.final_at is None:
        new["final_at"] = now
    if isinstance(took := told.document.get("executionTime"), int | float):
        new["execution_seconds_used"] = took / 1000
    if told.document.get("error"):
        new["error"] = str(told.document["error"])[:MOST_WORDS]
    new["said"] = _words(account, told, new["status"])
    return note_submission(folder, one.ticket, **new) or one


def _words(account: Account, told: Told, status: str) -> str:
    if told.beat is not None or status in (*FINAL, "GONE"):
        return ""
    if status == "IN_QUEUE":
        return waiting_words(account.api.endpoint, account.api.health())
    output = told.document.get("output")
    said = output if isinstance(output, dict) else {}
    if account.volume is None and said.get("total"):
        # Without a volume its progress is all that there is.
        return f"Training in progress... {said.get('done', 0)} of {said['total']}"
    return "A worker has taken it up and makes ready."


def _is_over(account: Account, folder: JobFolder, one: Submission, told: Told) -> bool:
    if told.ending is not None:
        return True
    if one.status not in (*FINAL, "GONE"):
        return False
    # Without a volume a worker that has begun tells nothing before it has ended.
    has_begun = told.beat is not None or (account.volume is None and one.began_at is not None)
    if not has_begun or one.status == "FAILED":
        return True
    # A worker that was cancelled or timed out may be writing its last checkpoint.
    assert one.final_at is not None
    waited = account.clock.now() - one.final_at.timestamp()
    return waited >= account.options.grace_seconds + account.options.silent_seconds


def _close(account: Account, folder: JobFolder, one: Submission, told: Told) -> None:
    """All that the job left is here afterwards, and its last word is written."""
    ending = told.ending or Ending()
    note = "" if told.ending is not None else _note_of(one)
    ended = (ending.exit_code, note)
    write_seen(account, folder, is_alive=False, is_owed=True, ended=ended)
    if told.beat is not None:
        names = _bring(account, folder, told.beat, ())
        drop_old(folder, _checkpoints(names))
    _tell_ending(folder, one, told)
    why = ending.why or (_limit_of(one) if one.status == "TIMED_OUT" else "")
    new: dict[str, Any] = {"ended_at": moment(account.clock.now()), "why": why, "said": ""}
    new["how"] = "not running" if told.beat is None else ending.how
    if one.execution_seconds_used is None and ending.seconds:
        new["execution_seconds_used"] = ending.seconds
    note_submission(folder, one.ticket, **new)
    write_seen(account, folder, is_alive=False, ended=ended)


def reckon(account: Account, folder: JobFolder) -> bool:
    """Take RunPod's own word for how long ended requests ran; whether it has given it of all.

    A worker tells that it has ended before RunPod does: what was noted then is a reading on the
    way. A progress that came late may hide the result for ever, so a time that stands still counts.
    """
    is_known = True
    with pulling(folder):
        for one in submissions_of(folder).submissions:
            if one.is_open or one.id is None or one.status in (*FINAL, "GONE"):
                continue
            told = Told(*_asked(account, one), None)
            if told.status in (*FINAL, "GONE"):
                _note(account, folder, one, told)
                continue
            took = told.document.get("executionTime")
            if isinstance(took, int | float) and took / 1000 != one.execution_seconds_used:
                note_submission(folder, one.ticket, execution_seconds_used=took / 1000)
                is_known = False
    return is_known


def _limit_of(one: Submission) -> str:
    return f"RunPod ended it after the {one.execution_seconds / 60:.0f} minutes that were set aside"


def _note_of(one: Submission) -> str:
    if one.status == "GONE":
        return "RunPod knows the request no more: its time to live was over"
    return f"RunPod says that the request is {one.status}"


def _tell_ending(folder: JobFolder, one: Submission, told: Told) -> None:
    """An ending that the worker could not write itself."""
    state, ending = folder.state(), told.ending
    if state not in ("waiting", "lost"):
        return
    if ending is not None:
        if ending.how:
            folder.append("cancelled", how=ending.how, why=ending.why)
        elif state == "waiting":
            said = f"it ended with code {ending.exit_code}"
            error = ending.error or f"Job {folder.path.name} did not start: {said}."
            hint = ending.hint or f"hone jobs logs {folder.path.name}"
            folder.append("failed", error=error, hint=hint)
        return  # else it is lost: what was seen says by which signal
    if one.status == "CANCELLED":
        how = "never started" if folder.is_stop_requested else "elsewhere"
        folder.append("cancelled", how=how)
    elif one.status == "TIMED_OUT":
        folder.append("cancelled", how="limit")
    elif one.status == "FAILED":
        error, hint = words_of_failure(one.error, folder.path.name)
        folder.append("failed", error=error, hint=hint)
    elif state == "waiting" and one.status == "GONE":
        minutes = one.ttl_seconds / 60
        folder.append(
            "failed",
            error=f"RunPod dropped the request: no worker took it up within {minutes:.0f} minutes.",
            hint=f"Check max workers of endpoint {one.endpoint}, then: "
            f"hone jobs resume {folder.path.name}",
        )
    elif state == "waiting":
        folder.append("failed", error="The endpoint answered without doing the job.", hint=FOREIGN)


def words_of_failure(said: str, job: str) -> tuple[str, str]:
    """What happened and what to try, from the `error` of a status document.

    A handler's exception comes as JSON in a text, with its traceback; anything else as it is.
    """
    text = said.strip()
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if isinstance(told, dict) and "error_message" in told:
        kind = str(told.get("error_type", "")).removeprefix("<class '").removesuffix("'>")
        text = f"{kind}: {told['error_message']}".strip(": ")
    first, _, rest = text.partition("\n")
    hint = rest.strip().partition("\n")[0]
    for words, mend in MENDS:
        if words in text.lower():
            hint = mend
    error = first[:500] or "RunPod says that the request failed, and not why."
    return error, hint or f"hone jobs logs {job}   (and the endpoint's worker logs)"


# Home


def _follow(account: Account, folder: JobFolder, beat: Beat) -> None:
    """Append what has grown; what does not hash true is read anew, and else left for later."""
    home = on_volume.folder_of(folder.job.id)
    for name in on_volume.FOLLOWED:
        length, wanted = beat.lengths.get(name, 0), beat.hashes.get(name, "")
        path = folder.path / name
        with explained("read", path):
            size = path.stat().st_size if path.exists() else 0
            if size >= length:
                continue  # here may be more than there: an ending that was written here
            here = path.read_bytes() if size else b""
        key = f"{home}/{name}"
        more = account.files.read(key, len(here), length) or b""
        if hashlib.sha256(here + more).hexdigest() == wanted:
            with explained("write", path), path.open("ab") as file:
                file.write(more)
            continue
        whole = account.files.read(key, 0, length) or b""
        if hashlib.sha256(whole).hexdigest() != wanted:
            raise Unavailable(
                f"{name} came from {account.way} otherwise than it was written.",
                hint=_again(folder),
            )
        write_atomically(path, whole)


def _bring(account: Account, folder: JobFolder, beat: Beat, begins: Sequence[str]) -> list[str]:
    """The files of the index whose names begin so (none named: all); their names.

    The result comes last, so that it says that the rest is here.
    """
    if not beat.index:
        return []
    place = on_volume.place_of(folder.job.id)
    body = account.files.read(f"{place}/{on_volume.INDEX}") or b""
    if hashlib.sha256(body).hexdigest() != beat.index:
        raise _Moving(
            f"The list of files in {account.way} changed while it was read.", hint=_again(folder)
        )
    index = Index.model_validate_json(body)
    wanted = [one for one in index.files if not begins or one.path.startswith(tuple(begins))]
    wanted.sort(key=lambda one: one.path == RESULT)
    for one in wanted:
        if one.path != RESULT and not one.path.startswith(LEFT):
            raise HoneError(
                f"The worker lists a file that nobody asked for: {one.path[:200]!r}.",
                hint="Its image may not be Hone's own; do not use it.",
            )
        _bring_one(account, folder, index, one)
    return [one.path for one in wanted]


def _bring_one(account: Account, folder: JobFolder, index: Index, one: Artefact) -> None:
    path = inside(folder.path, one.path)
    if is_here(folder.path, one.model_dump()):
        return
    part = folder.path / PARTS / one.sha256
    with explained("write", part):
        part.parent.mkdir(exist_ok=True)
    for _ in range(TRIES):
        if not bring(account, folder.job.id, index, one, part):
            raise _Moving(f"{one.path} is gone from {account.way}.", hint=_again(folder))
        if put_in_place(part, path, one.model_dump()):
            return
    raise HoneError(
        f"{one.path} never arrives from {account.way} as it is there.",
        hint=_again(folder),
    )


def _again(folder: JobFolder) -> str:
    return f"hone jobs watch {folder.path.name}   (tries again)"


def _checkpoints(names: Sequence[str]) -> list[str]:
    return sorted({name.split("/")[1] for name in names if name.startswith("checkpoints/")})
