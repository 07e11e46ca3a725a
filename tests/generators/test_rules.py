"""The rule parser: what a rules file can say, what is refused, and that no pattern hangs it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from hone import shelf
from hone.errors import HoneError, InvalidInput
from hone.generators import rules
from hone.generators._answers import Answer
from hone.generators._rules_file import KEYS, MAX_BYTES
from hone.records.task import Task

TASK = Task.model_validate(
    {
        "kind": "extract",
        "name": "pickup",
        "fields": {
            "item": {"type": "string", "required": True},
            "quantity": {"type": "number"},
            "unit": {"type": "enum", "values": ["cases", "lbs"]},
            "location": {"type": "string"},
            "many": True,
        },
    }
)
ONE = TASK.model_copy(update={"many": False, "name": "single"})
BOOK = r"""
rules: 1
numbers: {a: 1, two: 2, half: 0.5, dozen: 12}
synonyms:
  unit: {cs: cases, '#': lbs}
words:
  number: '\d[\d,]*(?:\.\d+)?|half a|two dozen|a|two'
  amount: '(?P<quantity>{number}) ?(?P<unit>cases|cs|lbs|#)'
clean:
  - {match: ',? thanks.*', with: ''}
ignore:
  - '.*\?'
parts: ['\n', '\.\s']
separators: [', ', ' and ']
keep: ['mac and cheese']
pieces:
  - '{amount}(?: of)? (?P<item>[a-z ]+)'
  - {match: 'an? (?P<item>[a-z ]+)', set: {quantity: 1}}
  - '(?P<quantity>{number}) (?P<item>[a-z ]+)'
shapes:
  - {name: from, match: '(?P<list>.+) from (?P<location>[\w'' ]+)'}
  - {name: place, match: '(?P<location>[\w ]+):'}
  - '(?P<list>.+)'
carry: [location]
"""


def book(tmp_path: Path, text: str = BOOK, *, task: Task = TASK) -> rules.Rules:
    file = tmp_path / "rules.yaml"
    file.write_text(text, encoding="utf-8")
    return rules.load_rules(file, task)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("12 cs Romaine from Dave's Deli, thanks all!",
         [{"item": "Romaine", "quantity": 12, "unit": "cases", "location": "Dave's Deli"}]),
        ("2 cases of kale and 3.5# beets from Hill Farm",
         [{"item": "kale", "quantity": 2, "unit": "cases", "location": "Hill Farm"},
          {"item": "beets", "quantity": 3.5, "unit": "lbs", "location": "Hill Farm"}]),
        ("half a cs mac and cheese, two dozen eggs",
         [{"item": "mac and cheese", "quantity": 0.5, "unit": "cases"},
          {"item": "eggs", "quantity": 24}]),
        ("1,200 lbs   rice", [{"item": "rice", "quantity": 1200, "unit": "lbs"}]),
        ("Hill Farm:\n2 cs kale\r\n3 cs beets",
         [{"item": "kale", "quantity": 2, "unit": "cases", "location": "Hill Farm"},
          {"item": "beets", "quantity": 3, "unit": "cases", "location": "Hill Farm"}]),
        ("Lovely day. 2 cs kale from Hill Farm",
         [{"item": "kale", "quantity": 2, "unit": "cases", "location": "Hill Farm"}]),
        ("an apple pie", [{"item": "apple pie", "quantity": 1}]),
        ("do we need 2 cs kale?", []),
        ("see you tomorrow", []),
        ("", []),
    ],
)  # fmt: skip
def test_messages_become_records(tmp_path: Path, message: str, expected: object) -> None:
    assert book(tmp_path).propose(message) == expected


def test_a_task_with_one_record_gets_the_first_or_none(tmp_path: Path) -> None:
    single = book(tmp_path, task=ONE)
    assert single.propose("2 cs kale, 3 cs beets") == {
        "item": "kale",
        "quantity": 2,
        "unit": "cases",
    }
    assert single.propose("see you tomorrow") is None


def test_run_answers_every_input_in_order_as_the_task_writes_it(tmp_path: Path) -> None:
    book(tmp_path)
    options = rules.Options(file=tmp_path / "rules.yaml", task=TASK, max_characters=30)
    inputs = [{"message": "2 cs kale"}, {"message": "hello"}, {"message": "kale " * 40}]
    assert list(rules.run(iter(inputs), options)) == [
        Answer('[{"item": "kale", "quantity": 2, "unit": "cases"}]'),
        Answer("[]"),
        Answer(""),
    ]


def test_what_rules_answer_is_valid_for_the_task(tmp_path: Path) -> None:
    extract = shelf.load("tasks", "extract")
    output = book(tmp_path).propose("two dozen eggs and 3# rice from Hill Farm")
    assert extract.output_problems(TASK, output) == []
    assert extract.parse(TASK, extract.answer_text(TASK, output)) == output


def test_every_mistake_is_listed_with_its_line(tmp_path: Path) -> None:
    text = """rules: 2
synonyms:
  unit: {cs: boxes}
  colour: {r: red}
words:
  food: '[a-z'
  more: '{nothing}'
shape: []
separators: ' and '
clean:
  - {with: 'x'}
pieces:
  - '(?P<wieght>.+)'
  - 'kale'
  - {match: '(?P<item>.+)', sett: {}}
carry: [place]
numbers: {a: one}
ignore: [3]
"""
    with pytest.raises(InvalidInput) as caught:
        book(tmp_path, text)
    problems = caught.value.problems
    lines = [int(problem.split(":")[0].removeprefix("line ")) for problem in problems]
    assert lines == sorted(lines) == [1, 3, 4, 6, 7, 8, 9, 11, 13, 14, 15, 16, 17, 18]
    said = "\n".join(problems)
    for words in (
        "must begin with rules: 1",
        '"boxes" is no value of unit',
        'no field "colour"',
        "not a regular expression",
        "{nothing} is not among the words above it",
        'unknown key "shape". Did you mean "shapes"?',
        "a list is needed here",
        "match: with a pattern in quotes is missing",
        'no field "wieght"',
        "the rule finds nothing",
        'unknown key "sett". Did you mean "set"?',
        'no field "place"',
        '"a" must stand for a number',
        "a text is needed here",
    ):
        assert words in said
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules: [", "is not YAML"),
        ("- a\n- b", "must be a mapping"),
        ("", "must begin with rules: 1"),
        ("rules: 1\nwords: {a: '" + "x" * 30_000 + "'}", "longer than 20,000"),
        ("rules: 1\nignore: ['a']\nignore: ['b']", "stands twice"),
        ("rules: 1\nwords: {a: !!python/name:os.system x}", "cannot be read"),
        ("[" * 5000, "nested too deep"),
        ("rules: 1\nignore: [" + "a, " * 501 + "a]", "more than 500 entries"),
    ],
)
def test_a_file_that_is_no_rules_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        book(tmp_path, text)


def test_words_that_multiply_are_refused(tmp_path: Path) -> None:
    lines = ["rules: 1", "words:", "  w0: 'abcdefgh'"]
    lines += [f"  w{place}: '{{w{place - 1}}}{{w{place - 1}}}'" for place in range(1, 40)]
    with pytest.raises(InvalidInput, match="longer than 20,000"):
        book(tmp_path, "\n".join(lines))


def test_a_missing_file_and_another_kind_of_task_are_named(tmp_path: Path) -> None:
    with pytest.raises(HoneError, match="no rules file"):
        rules.load_rules(tmp_path / "none.yaml", TASK)
    with pytest.raises(HoneError, match="is a qa task"):
        rules.load_rules(tmp_path / "none.yaml", Task(kind="qa", name="questions"))


CATASTROPHE = r"(?P<item>(?:[a-z ]|[a-z]{2}|[a-z ]{3})+[!.])"


@pytest.mark.parametrize(
    "section",
    [
        f"shapes: ['{CATASTROPHE}']",
        "ignore: ['" + CATASTROPHE.replace("?P<item>", "") + "$']",
        "clean: [{match: '" + CATASTROPHE.replace("?P<item>", "") + "$', with: ''}]",
        "parts: ['" + CATASTROPHE.replace("?P<item>", "") + "$']",
    ],
)
def test_a_catastrophic_pattern_gives_up_in_time(tmp_path: Path, section: str) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text("rules: 1\n" + section)
    slow = rules.load_rules(file, TASK, seconds=0.2)
    began = time.monotonic()
    assert slow.propose("a quick brown fox " * 40 + "?") is None
    assert time.monotonic() - began < 10


def test_the_shipped_rules_fit_the_shipped_task(repository: Path) -> None:
    demo = repository / "src" / "hone" / "demo"
    task = Task.model_validate(yaml.safe_load((demo / "task.yaml").read_text()))
    assert len(task.system.split()) <= 10
    shipped = rules.load_rules(demo / "rules.yaml", task)
    assert shipped.propose("Picked up 3 cs red onions and a case of kale from Dave's Deli!") == [
        {"item": "red onions", "quantity": 3, "unit": "cases", "location": "Dave's Deli"},
        {"item": "kale", "quantity": 1, "unit": "cases", "location": "Dave's Deli"},
    ]
    assert shipped.propose("is anybody at the hub?") == []


def test_the_shipped_rules_read_most_training_messages(repository: Path) -> None:
    from hone.demo.messages import generate

    demo = repository / "src" / "hone" / "demo"
    task = Task.model_validate(yaml.safe_load((demo / "task.yaml").read_text()))
    shipped = rules.load_rules(demo / "rules.yaml", task)
    messages = generate("train", 200, 99)
    right = sum(shipped.propose(message.text) == message.items for message in messages)
    assert right / len(messages) > 0.85


def test_the_page_about_rules_shows_rules_that_work(repository: Path, tmp_path: Path) -> None:
    page = (repository / "docs" / "reference" / "rules.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    shown = book(tmp_path, example)
    assert shown.propose("2 cs kale and 3# mac and cheese from Hill Farm, thanks!") == [
        {"item": "kale", "quantity": 2, "unit": "cases", "location": "Hill Farm"},
        {"item": "mac and cheese", "quantity": 3, "unit": "lbs", "location": "Hill Farm"},
    ]
    missing = [key for key in KEYS if f"| `{key}` |" not in page]
    assert missing == []


def test_rules_that_nobody_wrote_by_hand_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InvalidInput, match=r"is larger than [\d,]+ bytes"):
        rules.load_rules(file, TASK)


def test_a_field_follows_from_another_one_unless_the_message_says_it(tmp_path: Path) -> None:
    kind = {"type": "enum", "values": ["fruit", "greens"]}
    task = Task.model_validate(
        {**TASK.model_dump(), "fields": {**TASK.model_dump()["fields"], "kind": kind}}
    )
    text = BOOK.replace("shapes:", "shapes:\n  - '(?P<item>kale) as (?P<kind>fruit)'") + (
        "derive:\n  kind: {from: item, values: {greens: 'kale|apple kale', fruit: 'apples?'}}\n"
    )
    found = book(tmp_path, text, task=task)
    assert found.propose("2 cs of apple kale, 3 apples and 4 hats") == [
        {"item": "apple kale", "quantity": 2, "unit": "cases", "kind": "greens"},
        {"item": "apples", "quantity": 3, "kind": "fruit"},
        {"item": "hats", "quantity": 4},
    ]  # fmt: skip
    assert found.propose("kale as fruit") == [{"item": "kale", "kind": "fruit"}]


def test_every_mistake_in_what_is_derived_is_told(tmp_path: Path) -> None:
    text = (
        BOOK
        + (
            "derive:\n"
            "  unit: {from: itme, values: {lbs: x}}\n"
            "  item: {values: {a: x}}\n"
            "  colour: {from: item, values: {red: x}}\n"
            "  quantity: {from: item, values: {a: '('}, when: now}\n"
            "  location: {from: item, values: {a: 1}}\n"
        )
        + "\n"
    )
    with pytest.raises(InvalidInput) as told:
        book(tmp_path, text)
    said = "\n".join(told.value.problems)
    for part in (
        'no field "itme"', "from: the field", 'no field "colour"', "not a regular expression",
        'unknown key "when"', '"a" must stand for a pattern',
    ):  # fmt: skip
        assert part in said, said
