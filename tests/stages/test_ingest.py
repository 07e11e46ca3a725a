"""Importing into a workspace: counts, duplicates, refused rows, copies, acceptance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.errors import InvalidInput, NotFound
from hone.records.task import Task
from hone.stages.ingest import import_examples, propose_import
from hone.stages.ingest.keep import MOST_COPIED_BYTES, keep_source
from hone.workspace.open import Workspace, init_workspace

QA = "question,answer\n"


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with init_workspace(tmp_path / "workspace") as opened:
        yield opened


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refused_rows(path: str | None) -> list[dict[str, Any]]:
    assert path is not None
    return [json.loads(line) for line in Path(path).read_text("ascii").splitlines()]


def ids(ws: Workspace) -> set[str]:
    return {example.id for example in ws.store.examples.iterate(None)}


def test_a_row_becomes_an_example_with_all_that_is_known_of_it(
    ws: Workspace, tmp_path: Path
) -> None:
    path = put(tmp_path, "q.csv", QA + '"What is grace?","A ""gift"""\n')
    report = import_examples(ws, [path])
    (example,) = ws.store.examples.iterate(None)
    assert example.input == {"question": "What is grace?"}
    assert example.output is None
    assert [(one.agent, one.output) for one in example.suggestions] == [
        ("import", {"answer": 'A "gift"'})
    ]
    assert example.origin.model_dump(exclude_none=True) == {"file": "q.csv", "row": 1, "line": 2}
    assert (example.status, example.task) == ("pending", "qa")
    assert (report.read, report.taken, report.duplicate, report.refused) == (1, 1, 0, 0)
    assert report.mapping == {"question": "question", "answer": "answer"}
    assert ws.store.examples.search("grace gift") == [example]


def test_importing_again_adds_nothing(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path, "q.csv", QA + "".join(f"q{n},a{n}\n" for n in range(50)) + "q1,a1\n")
    first, second = import_examples(ws, [path]), import_examples(ws, [path])
    assert (first.taken, first.duplicate) == (50, 1)
    assert (second.read, second.taken, second.duplicate) == (51, 0, 51)
    assert len(ids(ws)) == 50


def test_the_same_rows_in_another_format_are_duplicates(ws: Workspace, tmp_path: Path) -> None:
    import_examples(ws, [put(tmp_path, "q.csv", QA + "q,a\n")])
    other = put(tmp_path, "q.jsonl", '{"answer": "a", "question": "q", "id": 9}\n')
    assert import_examples(ws, [other]).duplicate == 1


def test_refused_rows_are_kept_with_place_reason_and_content(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path, "q.csv", QA + "q1,a1\nq2,\nq3,a3,more\n# remark\n")
    report = import_examples(ws, [path])
    assert (report.read, report.taken, report.refused) == (3, 1, 2)
    assert report.files[0].comments == 1
    kept = refused_rows(report.refused_file)
    assert [(row["row"], row["line"], row["reason"]) for row in kept] == [
        (2, 3, "the answer is empty"),
        (3, 4, "3 cells where there are 2 columns (an unquoted delimiter?)"),
        (None, 5, "a comment row"),
    ]
    assert kept[0]["content"] == {"question": "q2", "answer": ""}
    assert kept[1]["content"] == "q3,a3,more\n"
    assert Path(str(report.refused_file)).parent == ws.data / "raw" / "refused"


def test_the_source_is_copied_once_per_content(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path, "q.csv", QA + "q,a\n")
    import_examples(ws, [path])
    import_examples(ws, [path])
    raw = ws.data / "raw"
    assert [one.name for one in raw.iterdir() if one.is_file()] == ["q.csv"]
    assert (raw / "q.csv").read_bytes() == path.read_bytes()
    path.write_text(QA + "q,b\n")
    report = import_examples(ws, [path])
    copies = sorted(one.name for one in raw.iterdir() if one.is_file())
    assert len(copies) == 2
    assert report.files[0].stored_as == f"data/raw/{copies[0]}"
    assert ws.store.examples.search("b")[0].origin.file == copies[0]


def test_a_file_in_data_raw_is_imported_in_place(ws: Workspace) -> None:
    put(ws.data / "raw", "q.csv", QA + "q,a\n")
    report = import_examples(ws, [ws.data / "raw" / "q.csv"])
    assert report.files[0].stored_as == "data/raw/q.csv"


def test_a_large_source_is_pointed_at_instead_of_copied(ws: Workspace, tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as stream:
        stream.truncate(MOST_COPIED_BYTES + 1)
    kept = keep_source(ws, path)
    pointer = json.loads(kept.path.read_text())
    assert pointer["path"] == str(path)
    assert (pointer["bytes"], pointer["sha256"]) == (MOST_COPIED_BYTES + 1, kept.sha256)
    assert keep_source(ws, path) == kept


def test_accepting_covers_what_the_import_added_as_one_operation(
    ws: Workspace, tmp_path: Path
) -> None:
    import_examples(ws, [put(tmp_path, "other.csv", QA + "x,y\n")])
    path = put(tmp_path, "q.csv", QA + "q1,a1\nq2,a2\n")
    report = import_examples(ws, [path], accept_as="ada")
    assert report.accepted == 2
    assert ws.store.examples.counters()["accepted"] == 2
    assert ws.store.examples.counters()["pending"] == 1
    (operation,) = ws.store.journal.operations()
    assert (operation.kind, operation.reviewer, operation.verdict) == ("bulk", "ada", "accept")
    assert import_examples(ws, [path], accept_as="ada").accepted == 0


def test_accepting_rated_answers_leaves_the_disliked_ones_pending(
    ws: Workspace, tmp_path: Path
) -> None:
    rows = [{"prompt": f"q{n}", "completion": f"a{n}", "label": n % 2 == 0} for n in range(4)]
    path = put(tmp_path, "kto.json", json.dumps(rows))
    assert import_examples(ws, [path], accept_as="ada").accepted == 2
    accepted = [one.input["question"] for one in ws.store.examples.iterate(None) if one.output]
    assert accepted == ["q0", "q2"]


def test_a_preference_keeps_the_rejected_answer_as_a_further_suggestion(
    ws: Workspace, tmp_path: Path
) -> None:
    row = {"prompt": "q", "chosen": "c", "rejected": "r"}
    import_examples(ws, [put(tmp_path, "dpo.json", json.dumps([row]))])
    (example,) = ws.store.examples.iterate(None)
    assert [(one.output["answer"], one.score) for one in example.suggestions] == [
        ("c", 1.0),
        ("r", 0.0),
    ]
    assert example.tags == ["preference"]


def test_mapped_columns_reach_the_example(ws: Workspace, tmp_path: Path) -> None:
    text = "Frage;Antwort;Teil;Zeit\nq;a;I;2026-11-20T10:00:00+02:00\n"
    mapping = {"question": "Frage", "answer": "Antwort", "group": "Teil", "occurred_at": "Zeit"}
    import_examples(ws, [put(tmp_path, "q.csv", text)], mapping=mapping)
    (example,) = ws.store.examples.iterate(None)
    assert example.group == "I"
    assert example.occurred_at is not None
    assert example.occurred_at.isoformat() == "2026-11-20T08:00:00+00:00"


def test_nothing_is_written_when_one_of_the_files_is_not_clear(
    ws: Workspace, tmp_path: Path
) -> None:
    clear = put(tmp_path, "clear.csv", QA + "q,a\n")
    unclear = put(tmp_path, "unclear.csv", "one,two\nx,y\n")
    with pytest.raises(InvalidInput, match="not clear which columns") as caught:
        import_examples(ws, [clear, unclear])
    assert f"hone import {unclear} --map question=" in caught.value.hint
    assert not ids(ws)
    assert not list((ws.data / "raw").iterdir())


def test_the_plan_shows_the_mapping_and_writes_nothing(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path, "q.csv", "Queries\tExpected Response\tid\nq\ta\t1\n")
    (plan,) = propose_import(ws, [path]).files
    assert (plan.importer, plan.shape, plan.question) == ("csv", "qa", "")
    assert plan.columns == {"question": "Queries", "answer": "Expected Response"}
    assert plan.ignored == ["id"]
    assert plan.notes == ["encoding utf-8; delimiter tab"]
    assert plan.sample == [{"input": {"question": "q"}, "proposals": [{"answer": "a"}]}]
    assert plan.estimated_rows == 1
    assert not list((ws.data / "raw").iterdir())


def test_an_unclear_file_is_a_question_in_the_plan(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path, "q.csv", "one,two\nx,yy\n")
    (plan,) = propose_import(ws, [path]).files
    assert plan.question
    assert plan.mend == f"hone import {path} --map question=two --map answer=one"


def test_a_file_of_which_nothing_fits_is_an_error_with_the_reason(
    ws: Workspace, tmp_path: Path
) -> None:
    talk = [{"role": r, "content": r} for r in ("user", "assistant", "user", "assistant")]
    path = put(tmp_path, "chat.json", json.dumps([{"messages": talk}] * 3))
    with pytest.raises(InvalidInput, match="none of its 3 rows could be taken") as caught:
        import_examples(ws, [path])
    assert "chat task" in caught.value.hint


def test_a_file_without_rows_is_an_error(ws: Workspace, tmp_path: Path) -> None:
    for name, content in (("q.csv", QA), ("q.json", "[]"), ("q.jsonl", "\n\n")):
        with pytest.raises(InvalidInput, match="holds no rows"):
            import_examples(ws, [put(tmp_path, name, content)])


def test_no_file_and_an_unknown_shape_are_errors(ws: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="No file was named"):
        import_examples(ws, [])
    path = put(tmp_path, "q.csv", QA + "q,a\n")
    with pytest.raises(InvalidInput) as caught:
        import_examples(ws, [path], shape="alpacca")
    assert 'Did you mean "alpaca"?' in caught.value.hint
    with pytest.raises(NotFound, match='no task "score2"'):
        import_examples(ws, [path], task="score2")


def test_options_of_the_importer_are_checked_by_name(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path, "q.csv", "question@answer\nq@a\n")
    with pytest.raises(InvalidInput, match="delimeter"):
        import_examples(ws, [path], options={"delimeter": "@"})
    assert import_examples(ws, [path], options={"delimiter": "@"}).taken == 1


def test_a_tab_can_be_said_in_words(ws: Workspace, tmp_path: Path) -> None:
    path = put(tmp_path, "q.csv", "question\tanswer\nq\ta\n")
    assert import_examples(ws, [path], options={"delimiter": "tab"}).taken == 1


def test_rows_before_a_fault_are_taken_and_the_fault_is_reported(
    ws: Workspace, tmp_path: Path
) -> None:
    path = put(tmp_path, "q.json", '[\n{"question": "q", "answer": "a"},\n{"question": \n]')
    report = import_examples(ws, [path])
    assert (report.taken, report.refused) == (1, 1)
    assert report.errors[0].startswith(f"{path}: line 3: not JSON from here on")
    with pytest.raises(InvalidInput, match="line 1: not JSON from here on"):
        import_examples(ws, [put(tmp_path, "r.json", '{"question": "q", "answer": }')])


def test_a_row_with_a_bad_byte_is_refused_and_kept_exactly(ws: Workspace, tmp_path: Path) -> None:
    raw = QA.encode() + "Wo?,überall und überall\n".encode() * 9 + b"Bad?,caf\xe9\n"
    report = import_examples(ws, [put(tmp_path, "q.csv", raw)])
    assert (report.taken, report.duplicate, report.refused) == (1, 8, 1)
    (kept,) = refused_rows(report.refused_file)
    assert kept["content"]["answer"].encode("utf-8", "surrogateescape") == b"caf\xe9"
    assert "U+DCE9" in kept["reason"]


def test_half_a_character_in_json_is_refused_with_its_code(ws: Workspace, tmp_path: Path) -> None:
    rows = [
        '{"question": "q", "answer": "\\ud83d"}',
        '{"question": "q", "answer": "\\ud83d\\ude00"}',
    ]
    report = import_examples(ws, [put(tmp_path, "q.jsonl", "\n".join(rows))])
    assert (report.taken, report.refused) == (1, 1)
    assert "U+D83D is half of a character" in next(iter(report.files[0].reasons))
    assert refused_rows(report.refused_file)[0]["content"]["answer"] == "\ud83d"


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_hostile_texts_survive_byte_for_byte(ws: Workspace, tmp_path: Path, form: str) -> None:
    hostile = [
        "a\0b",
        "\u202eright to left\u202c",
        "<script>alert(1)</script>",
        "=1+1",
        "x" * 100_000,
    ]
    rows = [{"question": f"q{n}", "answer": text} for n, text in enumerate(hostile)]
    assert round_trip(ws, tmp_path, rows, form) == hostile


@pytest.mark.parametrize("form", ["csv", "jsonl", "json"])
def test_the_naughty_strings_survive_byte_for_byte(
    ws: Workspace, tmp_path: Path, test_data: Path, form: str
) -> None:
    naughty = json.loads((test_data / "malformed" / "unicode" / "blns.json").read_text("utf-8"))
    rows = [{"question": f"q{n}", "answer": text} for n, text in enumerate(naughty)]
    blank = [text for text in naughty if not text.strip()]
    assert (len(naughty), blank) == (515, ["", " "])  # the two that say nothing are refused
    assert round_trip(ws, tmp_path, rows, form) == [text for text in naughty if text.strip()]


def round_trip(ws: Workspace, folder: Path, rows: list[dict[str, str]], form: str) -> list[str]:
    path = folder / f"rows.{form}"
    if form == "csv":
        import csv

        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, ("question", "answer"), quoting=csv.QUOTE_ALL)
            writer.writeheader()
            writer.writerows(rows)
    elif form == "json":
        path.write_text(json.dumps(rows), "utf-8")
    else:
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        path.write_text(text, "utf-8", newline="")
    import_examples(ws, [path])
    return [example.proposal["answer"] for example in ws.store.examples.iterate(None)]


def test_spans_propose_a_task_write_it_and_fill_it(ws: Workspace, tmp_path: Path) -> None:
    label = {"slot": "time", "valueSpan": {"startIndex": 5, "endIndex": 8}}
    rows = [
        {"userInput": {"text": "2 at 7pm"}, "labels": [label]},
        {"userInput": {"text": "Hello"}},
    ]
    path = put(tmp_path, "talk.json", json.dumps(rows))
    with pytest.raises(InvalidInput, match="the task qa is of kind qa") as caught:
        import_examples(ws, [path])
    assert "--new-task NAME" in caught.value.hint
    plan = propose_import(ws, [path], shape="spans", new_task="booking")
    assert plan.slots == {"time": 1}
    assert "time" in plan.new_task
    assert "booking" not in ws.tasks()
    report = import_examples(ws, [path], shape="spans", new_task="booking")
    assert report.taken == 2
    task = ws.task("booking")
    assert (task.kind, list(task.fields)) == ("extract", ["time"])
    outputs = [example.proposal for example in ws.store.examples.iterate(None)]
    assert outputs == [{"time": "7pm"}, {}]
    assert import_examples(ws, [path], task="booking").duplicate == 2
    with pytest.raises(InvalidInput, match='a task "booking" already'):
        import_examples(ws, [path], new_task="booking")


def test_extract_outputs_are_held_against_the_task(ws: Workspace, tmp_path: Path) -> None:
    fields = {"unit": {"type": "enum", "values": ["lbs", "bags"]}}
    task = Task.model_validate({"kind": "extract", "name": "units", "fields": fields})
    from hone.workspace.first_files import task_text

    (ws.root / "tasks" / "units.yaml").write_text(task_text(task))
    path = put(tmp_path, "units.csv", "message,unit\n2 lbs,lbs\n2 stones,stones\n")
    report = import_examples(ws, [path], task="units")
    assert (report.taken, report.refused) == (1, 1)
    assert "must be one of lbs, bags" in next(iter(report.files[0].reasons))
