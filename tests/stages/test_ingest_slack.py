"""Slack exports in a workspace: examples, threads, rules that propose, importing again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from hone import loop
from hone.errors import InvalidInput, NotFound
from hone.records.example import Example
from hone.records.task import Task
from hone.stages.ingest import import_examples, propose_import
from hone.stages.ingest.ahead import read_ahead
from hone.stages.ingest.plan import look
from hone.stages.ingest.rows import Reading, read_items
from hone.workspace.first_files import TEMPLATES
from hone.workspace.open import Workspace, init_workspace
from tests.importers.slack_exports import export_of, folder, packed, said

RULES = """\
rules: 1
synonyms: {}
pieces: ['(?P<quantity>\\d+) (?:cases of )?(?P<item>[a-z ]+?)']
shapes:
  - '(?P<list>.+) from (?P<location>[\\w ]+)'
"""
PLAIN = TEMPLATES["extract"].model_copy(update={"rules": None})
TEXTS = ("2 cases of kale from Hill Farm", "who drives today?", "5 melons from <#C2>")


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace of a task like the template extract's, without rules."""
    with init_workspace(tmp_path / "workspace", task=PLAIN) as opened:
        yield opened


def export(*texts: str) -> dict[str, Any]:
    return export_of(*(said(text, f"17000000{n:02}.000100") for n, text in enumerate(texts)))


def examples(ws: Workspace) -> list[Example]:
    return list(ws.store.examples.iterate(None))


def give_rules(ws: Workspace, text: str = RULES) -> None:
    (ws.root / "rules").mkdir(exist_ok=True)
    (ws.root / "rules" / "extract.yaml").write_text(text)
    task = ws.root / "tasks" / "extract.yaml"
    if "rules:" not in task.read_text():
        task.write_text(task.read_text() + "rules: rules/extract.yaml\n")


def test_a_message_becomes_an_example_with_its_place_thread_and_time(
    ws: Workspace, tmp_path: Path
) -> None:
    reply = said("<@U2> 2 cases", "1700000001.000100", thread_ts="1700000000.000100")
    path = packed(tmp_path / "acme.zip", export_of(said("hello"), reply))
    report = import_examples(ws, [path])
    assert (report.read, report.taken, report.duplicate, report.refused) == (2, 2, 0, 0)
    first, second = examples(ws)
    assert second.input == {"message": "@George Boole 2 cases"}
    assert (second.output, second.suggestions, second.status) == (None, [], "pending")
    assert second.origin.model_dump(exclude_none=True) == {
        "file": "acme.zip",
        "row": 2,
        "line": 1,
        "part": "pickups/2023-11-14.json",
        "message": "C1/1700000001.000100",
        "channel": "pickups",
        "user": "Ada",
        "parent": "C1/1700000000.000100",
    }
    assert first.group == second.group == "C1/1700000000.000100"
    assert second.tags == ["channel:pickups"]
    assert second.occurred_at is not None
    assert second.occurred_at.isoformat() == "2023-11-14T22:13:21.000100+00:00"
    assert (ws.data / "raw" / "acme.zip").read_bytes() == path.read_bytes()


def test_rules_propose_the_fields_of_every_message(ws: Workspace, tmp_path: Path) -> None:
    give_rules(ws)
    path = folder(tmp_path / "acme", export(*TEXTS))
    plan = propose_import(ws, [path]).files[0]
    kale = {"quantity": 2, "item": "kale", "location": "Hill Farm"}
    assert plan.sample[0]["proposals"] == [[kale]]
    report = import_examples(ws, [path])
    assert plan.notes == report.files[0].notes
    assert report.files[0].notes[-1] == "fields are proposed by rules/extract.yaml"
    proposed = [
        [(one.agent, one.output) for one in example.suggestions] for example in examples(ws)
    ]
    assert proposed == [[("rules", [kale])], [("rules", [])], [("rules", [])]]


def test_the_first_rules_of_the_manual_do_what_it_says(
    ws: Workspace, tmp_path: Path, repository: Path
) -> None:
    page = (repository / "docs/how-to/import-slack.md").read_text()
    give_rules(ws, page.split("```yaml\n")[2].split("```")[0])
    import_examples(ws, [folder(tmp_path / "acme", export(TEXTS[0], "3 melons", TEXTS[1]))])
    assert [example.suggestions[0].output for example in examples(ws)] == [
        [{"item": "kale", "quantity": 2, "location": "Hill Farm"}],
        [{"item": "melons", "quantity": 3}],
        [],
    ]


def test_rules_propose_for_messages_of_any_file_that_brings_no_fields(
    ws: Workspace, tmp_path: Path
) -> None:
    give_rules(ws)
    bare, filled = tmp_path / "bare.jsonl", tmp_path / "filled.jsonl"
    bare.write_text(json.dumps({"message": TEXTS[0]}))
    filled.write_text(
        json.dumps({"message": "3 cases of peas from X", "output": [{"item": "peas"}]})
    )
    import_examples(ws, [bare, filled])
    agents = [example.suggestions[0].agent for example in examples(ws)]
    assert agents == ["rules", "import"]


def test_other_rules_make_no_other_example_of_a_message(ws: Workspace, tmp_path: Path) -> None:
    path = folder(tmp_path / "acme", export(*TEXTS))
    give_rules(ws)
    import_examples(ws, [path])
    before = examples(ws)
    give_rules(ws, RULES.replace("cases of", "boxes of"))
    assert import_examples(ws, [path]).taken == 0
    assert examples(ws) == before


def test_rules_that_are_missing_or_wrong_are_said_before_anything_is_taken(
    ws: Workspace, tmp_path: Path
) -> None:
    path = folder(tmp_path / "acme", export(*TEXTS))
    give_rules(ws, "rules: 1\nshapes: ['(']\n")
    with pytest.raises(InvalidInput, match=r"extract\.yaml"):
        import_examples(ws, [path])
    (ws.root / "rules" / "extract.yaml").unlink()
    with pytest.raises(NotFound, match=r"There is no rules file"):
        import_examples(ws, [path])
    assert examples(ws) == []
    assert not list((ws.data / "raw").iterdir())


def test_the_rules_of_the_demonstration_read_messages_from_slack(tmp_path: Path) -> None:
    demo = resources.files("hone.demo")
    with resources.as_file(demo / "task.yaml") as file:
        task = loop.read_task(file)
    with loop.init_workspace(tmp_path / "ws", template="extract", task=task) as ws:
        (ws.root / "rules").mkdir()
        with resources.as_file(demo / "rules.yaml") as file:
            shutil.copyfile(file, ws.root / "rules" / "pickup.yaml")
        text = "<@U2> got 3 cases of carrots and 20 lbs of squash from Hill Farm"
        import_examples(ws, [folder(tmp_path / "acme", export(text, "thank you all!"))])
        carrots, thanks = examples(ws)
        assert carrots.suggestions[0].output == [
            {"item": "carrots", "quantity": 3, "unit": "cases", "location": "Hill Farm"},
            {"item": "squash", "quantity": 20, "unit": "lbs", "location": "Hill Farm"},
        ]
        assert thanks.suggestions[0].output == []


@pytest.mark.parametrize("hidden", [False, True])
def test_importing_again_adds_nothing_and_a_later_export_only_what_is_new(
    ws: Workspace, tmp_path: Path, hidden: bool
) -> None:
    options = {"pseudonymise": hidden}
    first = packed(tmp_path / "january.zip", export("<@U1> has 2", "kale"))
    later = packed(
        tmp_path / "february.zip",
        export("<@U1> has 2", "kale")
        | {"pickups/2023-11-15.json": [said("peas", "1700090000.000100")]}
        | {"users.json": [{"id": "U0", "name": "new"}, *export()["users.json"]]},
    )
    assert import_examples(ws, [first], options=options).taken == 2
    again = import_examples(ws, [first], options=options)
    assert (again.taken, again.duplicate) == (0, 2)
    bigger = import_examples(ws, [later], options=options)
    assert (bigger.taken, bigger.duplicate) == (1, 2)
    assert len(examples(ws)) == 3


def test_a_hidden_export_is_not_copied_and_its_key_is_the_owners_alone(
    ws: Workspace, tmp_path: Path
) -> None:
    path = packed(tmp_path / "acme.zip", export_of(said("hi <@U2>"), {"text": "Ada, no time"}))
    options = {"pseudonymise": True}
    shown = propose_import(ws, [path], options=options).files[0]
    assert not (ws.data / "pseudonyms.key").exists()
    assert shown.sample[0]["input"]["message"].startswith("hi @person-")
    report = import_examples(ws, [path], options=options)
    key = ws.data / "pseudonyms.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert report.files[0].stored_as == "data/raw/acme.zip.pointer.json"
    written = [file for file in ws.root.rglob("*") if file.is_file() and "hone.db" not in file.name]
    assert len(written) > 5
    for file in written:
        assert b"Lovelace" not in file.read_bytes() and b"Ada" not in file.read_bytes(), file
    (example,) = examples(ws)
    assert str(example.origin.model_extra).count("person-") == 1


def test_a_folder_is_pointed_at_and_known_again_by_its_contents(
    ws: Workspace, tmp_path: Path
) -> None:
    path = folder(tmp_path / "acme", export("kale"))
    first, again = import_examples(ws, [path]), import_examples(ws, [path])
    place = "data/raw/acme.pointer.json"
    assert first.files[0].stored_as == again.files[0].stored_as == place
    folder(path, {"pickups/2023-11-20.json": [said("peas")]})
    assert import_examples(ws, [path]).files[0].stored_as != place
    assert next(iter(examples(ws))).origin.file == "acme"


def test_a_broken_day_is_kept_with_its_reason_and_the_rest_is_taken(
    ws: Workspace, tmp_path: Path
) -> None:
    members = export("kale") | {"pickups/2023-11-15.json": "[{]"}
    report = import_examples(ws, [packed(tmp_path / "acme.zip", members)])
    assert (report.read, report.taken, report.refused) == (2, 1, 1)
    assert report.errors == []
    assert report.refused_file is not None
    (kept,) = map(json.loads, Path(report.refused_file).read_text().splitlines())
    assert kept["reason"].startswith("pickups/2023-11-15.json: not JSON from here on")


@pytest.mark.parametrize(
    ("kind", "task", "input"),
    [
        ("qa", {}, {"question": "kale?"}),
        ("chat", {}, {"messages": [{"role": "user", "content": "kale?"}]}),
        ("score", {"dimensions": ["tone"]}, {"title": "", "content": "kale?"}),
    ],
)
def test_other_kinds_of_task_ask_about_the_message(
    tmp_path: Path, kind: str, task: dict[str, Any], input: dict[str, Any]
) -> None:
    made = Task.model_validate({"kind": kind, "name": kind} | task)
    with init_workspace(tmp_path / "ws", template=kind, task=made) as ws:
        import_examples(ws, [folder(tmp_path / "acme", export("kale?"))])
        (example,) = examples(ws)
        assert (example.input, example.suggestions) == (input, [])
        assert example.group == "C1/1700000000.000100"


def test_no_thread_is_cut_by_the_splits_of_a_dataset(ws: Workspace, tmp_path: Path) -> None:
    give_rules(ws)
    messages = [
        said(f"{n}{turn} cases of kale from farm {n} {turn}", f"17000{n:02}00{turn}.000100")
        | ({"thread_ts": f"17000{n:02}000.000100"} if turn else {})
        for n in range(10, 40)
        for turn in range(3)
    ]
    import_examples(ws, [folder(tmp_path / "acme", export_of(*messages))], accept_as="ada")
    built = loop.build_dataset(ws, "pickups")
    splits: dict[str, set[str]] = {}
    for line in (built.folder / "members.jsonl").read_text().splitlines():
        member = json.loads(line)
        group = ws.store.examples.get(member["id"]).group
        splits.setdefault(str(group), set()).add(member["split"])
    assert len(splits) == 30
    assert all(len(found) == 1 for found in splits.values())
    assert len(set.union(*splits.values())) == 3


def test_channels_can_be_the_groups_instead(ws: Workspace, tmp_path: Path) -> None:
    path = folder(tmp_path / "acme", export("kale", "peas"))
    import_examples(ws, [path], mapping={"group": "channel"})
    assert {example.group for example in examples(ws)} == {"pickups"}


def test_a_second_process_reads_the_same(ws: Workspace, tmp_path: Path) -> None:
    give_rules(ws)
    path = folder(tmp_path / "acme", export_of(*(said(text) for text in TEXTS), said(7), said("")))
    source = look(path, ws.task(None), {"options": {"pseudonymise": True}}, lambda: "key")
    asked = Reading(
        path, "slack", source.options, source.columns, ws.task(None), "acme",
        ws.root / "rules" / "extract.yaml",
    )  # fmt: skip
    assert list(read_ahead(asked)) == list(read_items(asked))


@pytest.mark.parametrize("wanted", [None, "slack", "csv"])
def test_other_folders_say_what_to_name_instead(
    ws: Workspace, tmp_path: Path, wanted: str | None
) -> None:
    path = folder(tmp_path / "photos", {"2024/a.json": "{}"})
    said_of = "is no Slack export" if wanted == "slack" else "is a folder"
    with pytest.raises(InvalidInput, match=said_of) as caught:
        import_examples(ws, [path], shape=wanted)
    assert caught.value.hint
