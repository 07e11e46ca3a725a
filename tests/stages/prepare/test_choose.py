"""What may stand in a dataset: no repetition, nothing that touches a test set."""

from __future__ import annotations

from hone.checks import duplicate, near_duplicate
from hone.stages.prepare.choose import Entry, KeptOut, Rule, Tested, choose, counts

EQUAL = Rule("duplicate", duplicate.Options())
ALIKE = Rule("near_duplicate", near_duplicate.Options())
LONG = "the quick brown fox jumps over the lazy dog and then it sleeps in the warm sun all day"


def entry(id: str, text: str, group: str | None = None) -> Entry:
    return Entry(id, 1, group, "x", text, 1.0, 0)


def test_the_earlier_of_two_equal_texts_stays() -> None:
    chosen = choose([entry("a", "Hi"), entry("b", "hi "), entry("c", "ho")], {}, EQUAL)
    assert [e.id for e in chosen.entries] == ["a", "c"]
    assert chosen.kept_out == [KeptOut("b", "duplicate", "a", 1.0)]


def test_a_near_duplicate_names_its_twin_and_how_alike_they_are() -> None:
    chosen = choose([entry("a", LONG), entry("b", LONG + "s")], {}, ALIKE)
    assert [e.id for e in chosen.entries] == ["a"]
    assert chosen.kept_out[0][:3] == ("b", "near_duplicate", "a")
    assert 0.8 <= (chosen.kept_out[0].similarity or 0) < 1


def test_a_tested_example_stays_and_its_twins_and_siblings_do_not() -> None:
    tested = {
        "t": Tested("t", "test", "thread", LONG),
        "gone": Tested("gone", "val", None, "was tested once"),
    }
    entries = [
        entry("twin", LONG + "s"),
        entry("sibling", "something else entirely", "thread"),
        entry("t", LONG, "thread"),
        entry("echo", "was tested once"),
        entry("free", "nothing to do with it"),
    ]
    chosen = choose(entries, tested, ALIKE)
    assert [e.id for e in chosen.entries] == ["t", "free"]
    assert counts(chosen.kept_out) == {"quarantine": 3}
    assert [k.because_of for k in chosen.kept_out] == ["t", "thread", "gone"]


def twin(id: str, text: str, said: str, group: str | None = None) -> Entry:
    return entry(id, text, group)._replace(said=said)


def test_twins_that_say_something_else_stay_in_one_unit() -> None:
    entries = [
        twin("a", "Hi", "yes"),
        twin("b", "hi", "no"),
        twin("c", "HI", "yes"),
        twin("d", "hi ", "maybe"),
        twin("e", "Ho", "yes"),
    ]
    chosen = choose(entries, {}, EQUAL)
    assert [(e.id, e.twin_of) for e in chosen.entries] == [
        ("a", ""),
        ("b", "a"),
        ("d", "a"),
        ("e", ""),
    ]
    assert chosen.kept_out == [KeptOut("c", "duplicate", "a", 1.0)]


def test_a_twin_joins_the_group_of_the_first_and_never_another_one() -> None:
    entries = [
        twin("a", "Hi", "yes", "thread"),
        twin("b", "hi", "no"),
        twin("c", "hi", "maybe", "thread"),
        twin("d", "hi", "perhaps", "elsewhere"),
    ]
    chosen = choose(entries, {}, EQUAL)
    assert [(e.id, e.group) for e in chosen.entries] == [(id, "thread") for id in "abc"]
    assert [k.id for k in chosen.kept_out] == ["d"]


def test_a_twin_of_a_tested_example_is_quarantined() -> None:
    tested = {"t": Tested("t", "test", None, "Hi")}
    chosen = choose([twin("t", "Hi", "yes"), twin("b", "hi", "no")], tested, EQUAL)
    assert [e.id for e in chosen.entries] == ["t"]
    assert chosen.kept_out[0][:3] == ("b", "quarantine", "t")
