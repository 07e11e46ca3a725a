"""Every real file of questions, answers and messages: how many examples, or why none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from hone.errors import InvalidInput
from hone.records.task import Task
from hone.stages.ingest import import_examples
from hone.workspace.first_files import task_text
from hone.workspace.open import init_workspace


class Takes(NamedTuple):
    """rows read, examples taken, duplicates, refused; the shape; fields <- columns"""

    read: int
    taken: int
    duplicate: int
    refused: int
    shape: str
    columns: str


class Asks(NamedTuple):
    """What is said, and what is proposed instead (FILE stands for the path)."""

    said: str
    mend: str


SIMILAR = Asks(
    "it holds pairs of questions, not questions with answers: question_1, question_2, similar",
    "hone import FILE --map question=question_1 --map answer=question_2",
)
ANSWERS_ONLY = Asks(
    "it holds a model's answers (choices) without their questions (only question_id)",
    "join it with the file of questions first, so that every row holds both",
)
ALPACA = "instruction<-instruction answer<-output input<-input"
CONVERSATION = Asks("one question with one answer", "import it into a chat task: hone import FILE")
SPANS = "hone import FILE --as spans --new-task NAME   (writes tasks/NAME.yaml)"
QA: dict[str, Takes | Asks] = {
    "qa/axolotl/conversation.json": CONVERSATION,
    "qa/faq/eval_question_similarity_en.csv": SIMILAR,
    "qa/faq/faq_covidbert.csv": Takes(213, 210, 3, 0, "qa", "question<-question answer<-answer"),
    "qa/faq/faqs_pinnacle.csv": Takes(
        12, 12, 0, 0, "prompt_completion", "question<-prompt answer<-response"
    ),
    "qa/fastchat/dummy_conversation.json": Takes(
        500, 167, 0, 333, "sharegpt", "messages<-conversations"
    ),
    "qa/legal/bd_single_hop_english.json": Asks(
        "it is not clear which columns hold the question and the answer: dataset_id, Act",
        "hone import FILE --map question=Question --map 'answer=Possible Sections.0.Full Text'",
    ),
    "qa/legal/evidence_act_en.json": Asks(
        "it is not clear which columns hold the question and the answer: Act, Part",
        "hone import FILE --map question=Section_description --map answer=Illustrations.0.Text",
    ),
    "qa/llamafactory/alpaca_en_demo.json": Takes(999, 985, 14, 0, "alpaca", ALPACA),
    "qa/llamafactory/c4_demo.jsonl": Asks(
        "it holds plain text only: nothing is asked and nothing is answered",
        "import questions with answers; to write the answers yourself: --map question=text",
    ),
    "qa/llamafactory/dataset_info.json": Asks(
        "it is one object of 104 named entries (identity, alpaca_en_demo, alpaca_zh_demo,",
        "import the files it speaks of, or write one record per line (JSON Lines)",
    ),
    "qa/llamafactory/dpo_en_demo.json": Takes(
        300, 192, 2, 106, "preference", "chosen<-chosen rejected<-rejected before<-conversations"
    ),
    "qa/llamafactory/identity.json": Takes(91, 91, 0, 0, "alpaca", ALPACA),
    "qa/llamafactory/kto_en_demo.json": Takes(
        300, 223, 0, 77, "kto", "messages<-messages label<-label"
    ),
    "qa/llamafactory/v1_sft_demo.jsonl": Takes(500, 499, 1, 0, "messages", "messages<-messages"),
    "qa/mixed/gsm8k_test.jsonl": Takes(1319, 1319, 0, 0, "qa", "question<-question answer<-answer"),
    "qa/mtbench/judge_prompts.jsonl": Asks(
        "it holds prompt templates with places to fill in, not questions with answers",
        "nothing to import here; import the answers that were judged",
    ),
    "qa/mtbench/model_answer_gpt-3.5-turbo.jsonl": ANSWERS_ONLY,
    "qa/mtbench/model_answer_vicuna-7b-v1.3.jsonl": ANSWERS_ONLY,
    "qa/mtbench/question.jsonl": Asks(
        "it holds questions (turns) without answers",
        "hone import FILE --map question=turns.0   (examples without an answer, for review)",
    ),
    "qa/mtbench/reference_answer_gpt-4.jsonl": ANSWERS_ONLY,
    "qa/oasst/en_100_tree.jsonl": Takes(100, 58, 0, 42, "oasst", "tree<-prompt"),
    "qa/squad/squad_v2_small.json": Takes(
        14, 14, 0, 0, "squad", "paragraphs<-paragraphs title<-title"
    ),
    "qa/squad/xquad.en.json": Takes(
        1190, 1188, 2, 0, "squad", "paragraphs<-paragraphs title<-title"
    ),
    "qa/theology/westminster_shorter_catechism.en.json": Takes(
        107, 107, 0, 0, "qa", "question<-Q answer<-A context<-S"
    ),
    "qa/truthfulqa/TruthfulQA.csv": Takes(
        790, 790, 0, 0, "qa", "question<-Question answer<-Best Answer"
    ),
    "messages/banking77/test.csv": Takes(
        3080, 3080, 0, 0, "text_category", "question<-text answer<-category"
    ),
    "messages/restaurant8k/train_3.json": Asks("it holds messages with slots", SPANS),
    "messages/snips/train_BookRestaurant.json": Asks("it holds messages with slots", SPANS),
    "messages/snips/validate_BookRestaurant.json": Asks("it holds messages with slots", SPANS),
    "messages/taskmaster/tm1_sample.json": CONVERSATION,
}
CHAT: dict[str, Takes | Asks] = QA | {
    "qa/axolotl/conversation.json": Takes(1, 1, 0, 0, "sharegpt", "messages<-conversations"),
    "qa/fastchat/dummy_conversation.json": Takes(
        500, 500, 0, 0, "sharegpt", "messages<-conversations"
    ),
    "qa/llamafactory/dpo_en_demo.json": Takes(
        300, 295, 5, 0, "preference", "chosen<-chosen rejected<-rejected before<-conversations"
    ),
    "qa/llamafactory/kto_en_demo.json": Takes(
        300, 300, 0, 0, "kto", "messages<-messages label<-label"
    ),
    "qa/oasst/en_100_tree.jsonl": Takes(100, 100, 0, 0, "oasst", "tree<-prompt"),
    "qa/squad/squad_v2_small.json": Takes(
        14, 8, 0, 6, "squad", "paragraphs<-paragraphs title<-title"
    ),
    "messages/taskmaster/tm1_sample.json": Takes(1, 1, 0, 0, "messages", "messages<-utterances"),
}
CASES = [("qa", file) for file in QA] + [("chat", file) for file in CHAT if CHAT[file] != QA[file]]


@pytest.mark.parametrize(("kind", "file"), CASES, ids=[f"{kind}-{file}" for kind, file in CASES])
def test_each_file_gives_its_examples_or_says_why_not(
    test_data: Path, tmp_path: Path, kind: str, file: str
) -> None:
    path = test_data / file
    expected = {"qa": QA, "chat": CHAT}[kind][file]
    with init_workspace(tmp_path / "workspace", template=kind) as ws:
        if isinstance(expected, Asks):
            with pytest.raises(InvalidInput) as caught:
                import_examples(ws, [path])
            assert str(path) in caught.value.message
            assert expected.said in caught.value.message
            assert expected.mend.replace("FILE", str(path)) in caught.value.hint
            assert sum(ws.store.examples.counters().values()) == 0
            return
        report = import_examples(ws, [path])
        (found,) = report.files
        columns = " ".join(f"{name}<-{column}" for name, column in found.columns.items())
        counts = (report.read, report.taken, report.duplicate, report.refused)
        assert Takes(*counts, found.shape, columns) == expected
        assert sum(ws.store.examples.counters().values()) == report.taken
        if report.refused:
            kept = Path(str(report.refused_file)).read_text("ascii").splitlines()
            assert len(kept) == report.refused
            assert all(json.loads(line)["reason"] for line in kept)


def test_the_table_names_every_file_of_questions_and_messages(test_data: Path) -> None:
    there = {
        str(path.relative_to(test_data))
        for folder in ("qa", "messages")
        for path in (test_data / folder).rglob("*")
        if path.suffix in (".csv", ".json", ".jsonl")
    }
    assert there == set(QA)


@pytest.mark.parametrize(
    ("file", "taken", "duplicate", "refused", "fields"),
    [
        ("restaurant8k/train_3.json", 1020, 4, 0, 5),
        ("snips/train_BookRestaurant.json", 299, 0, 1, 14),
        ("snips/validate_BookRestaurant.json", 100, 0, 0, 14),
    ],
)
def test_messages_with_slots_fill_the_task_they_propose(
    test_data: Path,
    tmp_path: Path,
    file: str,
    taken: int,
    duplicate: int,
    refused: int,
    fields: int,
) -> None:
    with init_workspace(tmp_path / "workspace", template="extract") as ws:
        report = import_examples(ws, [test_data / "messages" / file], new_task="booking")
        counts = (report.taken, report.duplicate, report.refused)
        assert (*counts, len(ws.task("booking").fields)) == (taken, duplicate, refused, fields)


def test_questions_without_answers_are_taken_when_the_mapping_says_so(
    test_data: Path, tmp_path: Path
) -> None:
    with init_workspace(tmp_path / "workspace") as ws:
        path = test_data / "qa" / "mtbench" / "question.jsonl"
        report = import_examples(ws, [path], mapping={"question": "turns.0", "tags": "category"})
        assert (report.taken, report.refused) == (80, 0)
        examples = list(ws.store.examples.iterate(None))
        assert all(example.proposal is None for example in examples)
        assert examples[0].tags == ["writing"]


def test_a_nested_answer_is_reached_by_its_path(test_data: Path, tmp_path: Path) -> None:
    with init_workspace(tmp_path / "workspace") as ws:
        path = test_data / "qa" / "legal" / "bd_single_hop_english.json"
        mapping = {"answer": "IRAC_Reasoning.Conclusion", "group": "Act"}
        report = import_examples(ws, [path], mapping=mapping)
        assert (report.read, report.taken, report.duplicate, report.refused) == (302, 302, 0, 0)
        assert report.mapping["question"] == "Question"


def test_passages_of_the_catechism_are_its_proof_texts(test_data: Path, tmp_path: Path) -> None:
    with init_workspace(tmp_path / "workspace") as ws:
        path = test_data / "qa" / "theology" / "westminster_shorter_catechism.en.json"
        import_examples(ws, [path])
        first = next(iter(ws.store.examples.iterate(None)))
        source = json.loads(path.read_text("utf-8"))[0]
        proofs = [proof for group in source["S"] for proof in group]
        assert [passage.source for passage in first.context] == [proof["T"] for proof in proofs]
        assert [passage.text for passage in first.context] == [proof["C"] for proof in proofs]


def test_essays_with_scores_fill_a_score_task(test_data: Path, tmp_path: Path) -> None:
    dimensions = ["Cohesion", "Syntax", "Vocabulary", "Phraseology", "Grammar", "Conventions"]
    task = Task.model_validate(
        {"kind": "score", "name": "essays", "dimensions": dimensions, "scale": [1, 5]}
    )
    with init_workspace(tmp_path / "workspace") as ws:
        (ws.root / "tasks" / "essays.yaml").write_text(task_text(task))
        path = test_data / "scoring" / "ellipse" / "ellipse_test_0000_0899.csv"
        report = import_examples(ws, [path], task="essays")
        assert (report.read, report.taken, report.refused) == (900, 900, 0)
        first = next(iter(ws.store.examples.iterate(None)))
        assert first.proposal["labels"]["Cohesion"] == 2.5
