"""How a flag looks on a terminal, and the keys by which a person goes through the queue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from hone.records.flag import Flag, FlagVerdict
    from hone.stages.flags import Found, Opened
    from hone.workspace.open import Workspace

KEYS = (
    "c the expected answer is right · m the model's is right · e edit · r reject · "
    "d both are right · s skip · n note · u take back · q quit (everything is saved)"
)
VERDICT_OF_KEY: dict[str, FlagVerdict] = {
    "c": "confirm",
    "m": "reference_wrong",
    "e": "edit",
    "r": "reject",
    "d": "dismiss",
    "s": "skip",
}
SHOWN_PASSAGES = 3


def one_by_one(ws: Workspace, found: Found, reviewer: str) -> None:
    """Goes through the queue as it stands now; every word is on the disk before the next comes."""
    from hone.cli import show
    from hone.stages import flags

    queue = list(found.flags)
    if not queue:
        show.say(f"Nothing of {found.model} is flagged.")
        return
    show.say(KEYS)
    place, done = 0, 0
    while place < len(queue):
        show.say("")
        show.say(f"── {place + 1} of {len(queue)}")
        say_opened(ws, flags.open_flag(ws, queue[place]))
        moved = _asked(ws, queue[place], reviewer)
        if moved is None:
            break
        if moved < 0 and place == 0:
            show.say("There is nothing to take back.")
            continue
        place += moved
        done += moved
        if moved < 0:
            _take_back(ws, queue[place], reviewer)
    show.say(f"{done} said, {len(queue) - place} left. Then: hone feedback apply")


def _asked(ws: Workspace, flag: Flag, reviewer: str) -> int | None:
    """1 where something was said, -1 to go back, None to quit."""
    from hone.cli import show
    from hone.errors import HoneError
    from hone.stages import flags

    note = ""
    while True:
        key = typer.prompt("", prompt_suffix="> ", default="s", show_default=False).lower()[:1]
        if key == "q":
            return None
        if key == "u":
            return -1
        if key == "n":
            note = typer.prompt("note")
            continue
        if key not in VERDICT_OF_KEY:
            show.say(KEYS)
            continue
        verdict = VERDICT_OF_KEY[key]
        try:
            output = _edited(ws, flag) if verdict == "edit" else None
            flags.resolve(ws, flag, flags.Saying(verdict, reviewer, output, note))
        except HoneError as error:
            show.say(error.message)
            show.say(error.hint)
            continue
        return 1


def _edited(ws: Workspace, flag: Flag) -> Any:
    from hone.cli.review import edit_text
    from hone.stages import flags

    task = ws.task(flag.task)
    is_json = task.kind in ("extract", "score")
    text = json.dumps(json.loads(flag.expected), ensure_ascii=False, indent=1) if is_json else ""
    return flags.read_output(task, edit_text(text or flag.expected, ".json" if is_json else ".txt"))


def _take_back(ws: Workspace, flag: Flag, reviewer: str) -> None:
    from hone.cli import show
    from hone.stages import flags

    flags.resolve(ws, flag, flags.Saying("reopen", reviewer))
    show.say("Taken back.")


def say_opened(ws: Workspace, opened: Opened) -> None:
    """Everything that a person needs to judge: asked, expected, got, context, neighbours."""
    from hone.cli import show

    flag = opened.flag
    reasons = ", ".join(reason.replace("_", " ") for reason in flag.reasons)
    show.say(f"{flag.id} · {flag.model} on {flag.on} · {flag.score:.2f} {flag.band} · {reasons}")
    for name, value in flag.input.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        show.say(f"{name}: {text}")
    for passage in flag.context[:SHOWN_PASSAGES]:
        show.say(f"context: {passage.get('text', '')}")
    show.say(f"expected: {flag.expected}")
    show.say(f"got:      {flag.got or '(nothing)'}")
    if flag.got.strip() and flag.got != flag.expected:
        show.say(f"changes:  {_diff(flag.expected, flag.got)}")
    for sentence in flag.says:
        show.say(f"why: {sentence}")
    if opened.neighbours:
        show.say(f"like it in the training set of {opened.dataset}:")
        for one in opened.neighbours:
            show.say(f"  {one.similarity:.2f}  {one.asked} → {one.answer}")
            if one.note:
                show.say(f"        note: {one.note}")
    elif opened.dataset is not None:
        show.say(f"Nothing in the training set of {opened.dataset} is like it.")
    for said in opened.history:
        when = f"{said.at:%Y-%m-%d}"
        note = f": {said.note}" if said.note else ""
        show.say(f"said {when} by {said.reviewer}: {said.verdict.replace('_', ' ')}{note}")


def _diff(expected: str, got: str) -> str:
    """`[-expected-]{+got+}` where they differ, word by word."""
    from hone.stages.review import word_diff

    signs = {"=": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
    return "".join(
        f"{signs[mark][0]}{text}{signs[mark][1]}" for mark, text in word_diff(expected, got) if text
    )
