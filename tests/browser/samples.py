"""Self-made examples of every kind of task, put into a workspace through the Python API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from hone.loop import Workspace, init_workspace, open_workspace
from hone.records.identity import canonical_json, example_id, fingerprint_of
from hone.workspace.store.examples import NewExample
from hone.workspace.store.json_text import to_text

TASKS: dict[str, dict[str, Any]] = {
    "harbour": {
        "kind": "qa", "name": "harbour", "system": "Answer visitors of the harbour museum.",
        "context": True, "unanswerable": "I do not know.",
    },
    "pickup": {
        "kind": "extract", "name": "pickup", "system": "List the food picked up as JSON.",
        "fields": {
            "item": {"type": "string", "required": True, "description": "as it is written"},
            "quantity": {"type": "number"},
            "unit": {"type": "enum", "values": ["cases", "lbs", "bags", "each"]},
            "location": {"type": "string"},
        },
        "many": True, "weights_in_pounds": {"cases": 24, "lbs": 1, "bags": 10},
    },
    "uplifting": {
        "kind": "score", "name": "uplifting", "system": "Score the article.",
        "dimensions": ["agency", "progress", "evidence"], "scale": [0, 10],
    },
    "library": {"kind": "chat", "name": "library", "system": "Help readers of the town library."},
}  # fmt: skip

QUESTIONS = [
    ("When was the east pier built?", "The east pier was built in 1908, after the storm of 1906.",
     "The pier was built in 1908."),
    ("Who paid for the lighthouse?", "The fishers paid for it by a tax on every catch.",
     "The crown paid for the lighthouse."),
    ("Why does the clock tower lean?", "One side of it stands on sand, the other on rock.",
     "It leans because one side stands on sand."),
    ("What was traded here before 1800?", "Salt, timber and dried cod were traded here.",
     "Before 1800 people traded salt and timber."),
    ("How deep is the inner harbour?", "It is four metres deep at low tide, seven at high tide.",
     "The harbour is four metres deep."),
    ("Where did the ferry leave from?", "The ferry left from the steps below the customs house.",
     "It left from the steps."),
]  # fmt: skip
PASSAGES = [
    "The storm of 1906 broke the wooden pier in three places. Work on a new pier of stone began "
    "the next spring and ended in 1908; the mayor laid the last block himself.",
    "A tax of one coin on every barrel of fish paid for the lighthouse. It was lit for the first "
    "time in November 1871 and could be seen from nine miles away.",
]
MESSAGES = [
    ("picked up 6 cases of lettuce and 20 lbs carrots at Mill Road market",
     [{"item": "lettuce", "quantity": 6, "unit": "cases", "location": "Mill Road market"},
      {"item": "carrots", "quantity": 20, "unit": "lbs", "location": "Mill Road market"}],
     [{"item": "lettuce", "quantity": 6, "unit": "cases", "location": "Mill Road"}]),
    ("North Street bakery gave us 14 loaves, all rye",
     [{"item": "rye loaves", "quantity": 14, "unit": "each"}],
     [{"item": "loaves", "quantity": 14, "location": "North Street bakery"}]),
    ("nobody at the depot today, trying again tomorrow", [], []),
    ("3 bags potatoes from the allotments, muddy but fine",
     [{"item": "potatoes", "quantity": 3, "unit": "bags"}],
     [{"item": "potatoes", "quantity": 3, "unit": "bags", "location": "the allotments"}]),
    ("got apples. lots. Hill Farm",
     [{"item": "apples", "location": "Hill Farm"}], [{"item": "apples"}]),
]  # fmt: skip
ARTICLES = [
    ("Neighbours reopen the footbridge",
     "After two winters behind a fence, the footbridge over the mill stream is open again. "
     "Forty neighbours gave their Saturdays; the timber came from a barn that was taken down.\n\n"
     "The town had asked for eighty thousand to mend it. The group spent six, and showed every "
     "receipt at the opening. An engineer from the college checked each joint before the fence "
     "came down, and will come back each spring.", (8, 7.5, 6.5)),
    ("Bus line 12 ends in autumn",
     "The last bus of line 12 will leave the station on the first of October. Riders to the "
     "upper villages will have to change at the crossing, where there is no shelter.\n\n"
     "The company says that eleven people a day are too few. The villages say that nobody "
     "counted on market days.", (3, 1.5, 5)),
    ("A hedge comes back to Low Field",
     "Hedgehogs were seen on Low Field for the first time in nine years, a school class reports. "
     "The class planted two hundred metres of hedge with the farmer and counts animals every "
     "month.", (6.5, 8, 7)),
]  # fmt: skip
CHATS = [
    (["Hello, I lost my card. Can I still borrow something today?"],
     "Yes. Come to the desk with any paper that shows your name, and we lend you up to three "
     "items on it. A new card is ready within a week."),
    (["How long may I keep a film?", "One week; you can extend it once.", "And if it is reserved?"],
     "Then it cannot be extended and is due on the day on your slip."),
]  # fmt: skip


def make(folder: Path, counts: Mapping[str, int] | None = None) -> Workspace:
    """A workspace with so many examples of each task; the first task is the default."""
    wanted = counts or {"harbour": 24, "pickup": 20, "uplifting": 6, "library": 6}
    ws = init_workspace(folder, template="qa")
    default = next(iter(wanted))
    for name in TASKS:
        text = yaml.safe_dump(TASKS[name], sort_keys=False, allow_unicode=True)
        (folder / "tasks" / f"{name}.yaml").write_text(text)
    (folder / "tasks/qa.yaml").unlink()
    settings = (folder / "hone.yaml").read_text()
    (folder / "hone.yaml").write_text(settings.replace("tasks/qa.yaml", f"tasks/{default}.yaml"))
    ws.close()
    ws = open_workspace(folder)
    for name, count in wanted.items():
        ws.store.examples.add_many(list(examples(name, count)))
    return ws


def examples(task: str, count: int) -> Iterator[NewExample]:
    """So many different examples of a task."""
    made = {"harbour": _question, "pickup": _message, "uplifting": _article, "library": _chat}
    for number in range(count):
        yield made[task](number)


def row(
    task: str,
    number: int,
    input: Mapping[str, Any],
    suggestions: Sequence[tuple[str, Any, float | None]],
    **further: Any,
) -> NewExample:
    """One example with what was suggested for it: agent, output, score."""
    (agent, output, score), *others = suggestions or [(None, None, None)]
    rest = [{"agent": who, "output": told, "score": sure} for who, told, sure in others]
    file = f"{task}.jsonl"
    return NewExample(
        id=example_id(task, dict(input), output),
        task=task,
        input=to_text(dict(input)),
        fingerprint=fingerprint_of(dict(input), output),
        search=canonical_json([dict(input), output]),
        proposal=None if output is None else to_text(output),
        proposal_agent=agent,
        proposal_score=score,
        suggestions=to_text(rest) if rest else None,
        origin=to_text({"file": file, "row": number + 1}),
        file=file,
        **further,
    )


def _round(number: int, length: int) -> tuple[int, str]:
    """Which of the texts, and what makes this round of them different."""
    again, place = divmod(number, length)
    return place, f" ({again + 1})" if again else ""


def _question(number: int) -> NewExample:
    place, mark = _round(number, len(QUESTIONS))
    question, answer, other = QUESTIONS[place]
    passages = [
        {"text": text, "source": "guide.pdf", "page": 3 + at, "is_golden": at == place}
        for at, text in enumerate(PASSAGES)
    ]
    return row(
        "harbour",
        number,
        {"question": question + mark},
        [("import", {"answer": answer}, None), ("harbour@v2", {"answer": other}, 0.81)],
        context=to_text(passages) if place < 2 else None,
        tags=to_text(["history" if place < 4 else "visit"]),
        group_key=f"chapter {place // 2 + 1}",
    )


def _message(number: int) -> NewExample:
    place, mark = _round(number, len(MESSAGES))
    message, found, model = MESSAGES[place]
    suggestions = [("regex", found, 0.55 + place / 20), ("pickup@v1", model, 0.92 - place / 25)]
    return row(
        "pickup", number, {"message": message + mark}, suggestions,
        occurred_at=f"2026-0{1 + place % 6}-1{place}T08:30:00.000000Z",
        group_key=f"thread {place // 2 + 1}",
    )  # fmt: skip


def _article(number: int) -> NewExample:
    place, mark = _round(number, len(ARTICLES))
    title, content, labels = ARTICLES[place]
    names = TASKS["uplifting"]["dimensions"]
    scores = {"labels": dict(zip(names, labels, strict=True))}
    return row(
        "uplifting", number, {"title": title + mark, "content": content}, [("oracle", scores, 0.7)]
    )


def _chat(number: int) -> NewExample:
    place, mark = _round(number, len(CHATS))
    turns, reply = CHATS[place]
    roles = ("user", "assistant")
    messages = [{"role": roles[at % 2], "content": text} for at, text in enumerate(turns)]
    messages[0]["content"] += mark
    return row("library", number, {"messages": messages}, [("import", {"reply": reply}, None)])
