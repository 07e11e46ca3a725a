"""Decisions by key and by button: shown at once, saved, and taken back after a reload."""

from __future__ import annotations

import pytest

from hone.loop import Workspace
from hone.records.example import Example
from hone.workspace.store import Filter
from tests.browser.seat import Seat


def stored(ws: Workspace, place: int = 1) -> Example:
    """The example at a place of the store, as the server has it."""
    return ws.store.examples.page(Filter(first=place, last=place), limit=1).items[0]


@pytest.mark.parametrize(
    ("key", "shown", "status"),
    [
        ("a", "Accepted", "accepted"),
        ("r", "Rejected", "rejected"),
        ("s", "Skipped", "skipped"),
        ("f", "Flagged", "flagged"),
        ("k", "Not known", "unknown"),
    ],
)
def test_a_key_decides_and_goes_on(
    seat: Seat, workspace: Workspace, key: str, shown: str, status: str
) -> None:
    seat.stands_at("Pair 1 / 24").press(key).stands_at("Pair 2 / 24")
    assert seat.progress == "Reviewed 1 of 24 (23 pending)"
    seat.press("ArrowLeft").stands_at("Pair 1 / 24")
    assert seat.status == shown
    seat.is_saved()
    assert stored(workspace).status == status
    assert stored(workspace).reviewer == "ada"


@pytest.mark.parametrize(
    ("name", "status"),
    [("Accept", "accepted"), ("Reject", "rejected"), ("Skip", "skipped"), ("Flag", "flagged")],
)
def test_every_decision_has_a_button(
    seat: Seat, workspace: Workspace, name: str, status: str
) -> None:
    seat.page.locator(".actions").get_by_role("button", name=name, exact=True).click()
    seat.stands_at("Pair 2 / 24").is_saved()
    assert stored(workspace).status == status


def test_buttons_are_large_enough_to_be_met(seat: Seat) -> None:
    for button in seat.page.locator(".actions button").all():
        box = button.bounding_box()
        assert box and box["height"] >= 44 and box["width"] >= 44, button.inner_text()


def test_arrows_move_and_the_ends_hold(seat: Seat) -> None:
    first = seat.question
    seat.press("ArrowLeft").stands_at("Pair 1 / 24")
    seat.press("ArrowRight", "ArrowRight").stands_at("Pair 3 / 24")
    assert seat.question != first
    seat.press("ArrowLeft", "ArrowLeft").stands_at("Pair 1 / 24")
    assert seat.question == first


def test_an_answer_is_edited_and_saved_with_a_key(seat: Seat, workspace: Workspace) -> None:
    seat.press("e").field("The answer, to edit").fill("It was built in 1908.")
    seat.sees("Draft").press("Control+Enter").stands_at("Pair 2 / 24").is_saved()
    assert stored(workspace).output == {"answer": "It was built in 1908."}
    assert stored(workspace).status == "edited"


def test_saving_with_ctrl_s_stays_at_the_pair(seat: Seat, workspace: Workspace) -> None:
    seat.press("e").field("The answer, to edit").fill("In 1908.")
    seat.press("Control+s").stands_at("Pair 1 / 24").is_saved()
    assert seat.answer == "In 1908."
    assert stored(workspace).output == {"answer": "In 1908."}


def test_letters_write_while_a_field_has_the_focus(seat: Seat, workspace: Workspace) -> None:
    seat.press("e").type("ararar").stands_at("Pair 1 / 24")
    assert seat.field("The answer, to edit").input_value().endswith("ararar")
    seat.press("Escape", "ArrowRight").stands_at("Pair 2 / 24")
    assert stored(workspace).status == "pending"


def test_a_draft_is_there_after_a_reload_and_can_be_discarded(seat: Seat) -> None:
    before = seat.answer
    seat.press("e").type(" Perhaps.").press("Escape")
    seat.page.reload()
    seat.stands_at("Pair 1 / 24").sees("Draft")
    assert seat.answer == f"{before} Perhaps."
    seat.click("Discard")
    assert seat.answer == before


def test_accepting_a_draft_keeps_it_as_an_edit(seat: Seat, workspace: Workspace) -> None:
    seat.press("e").type(" Truly.").press("Escape", "a").stands_at("Pair 2 / 24").is_saved()
    assert stored(workspace).status == "edited"
    assert stored(workspace).output["answer"].endswith(" Truly.")


def test_an_empty_edit_is_not_accepted(seat: Seat, workspace: Workspace) -> None:
    seat.press("e").field("The answer, to edit").fill("")
    seat.press("Control+Enter").sees("The answer is empty")
    seat.stands_at("Pair 1 / 24")
    assert stored(workspace).status == "pending"


@pytest.mark.parametrize("key", ["u", "z"])
def test_undo_goes_back_and_redo_repeats(seat: Seat, workspace: Workspace, key: str) -> None:
    seat.press("a", "r").stands_at("Pair 3 / 24").press(key).stands_at("Pair 2 / 24")
    assert seat.status == "Pending"
    assert seat.progress == "Reviewed 1 of 24 (23 pending)"
    seat.is_saved()
    assert stored(workspace, 2).status == "pending"
    seat.press("y").stands_at("Pair 2 / 24").is_saved()
    assert stored(workspace, 2).status == "rejected"


def test_undo_works_after_a_reload(seat: Seat, workspace: Workspace) -> None:
    question = seat.question
    seat.press("a").stands_at("Pair 2 / 24").is_saved()
    seat.page.wait_for_url(f"**at={stored(workspace, 2).id}")
    seat.page.reload()
    seat.stands_at("Pair 1 / 23").press("u").sees(question)
    seat.page.wait_for_function(
        "text => document.querySelector('.source').innerText.includes(text)", arg=question
    )
    assert seat.status == "Pending"
    assert stored(workspace).status == "pending"


def test_a_held_key_accepts_one(seat: Seat) -> None:
    seat.page.keyboard.down("a")
    for _ in range(5):
        seat.page.keyboard.down("a")
    seat.page.keyboard.up("a")
    seat.stands_at("Pair 2 / 24")
    seat.page.keyboard.down("ArrowRight")
    for _ in range(3):
        seat.page.keyboard.down("ArrowRight")
    seat.page.keyboard.up("ArrowRight")
    seat.stands_at("Pair 6 / 24")


def test_a_note_goes_with_the_decision(seat: Seat, workspace: Workspace) -> None:
    seat.press("n").field("Note").fill("check the year")
    seat.press("Escape", "f").stands_at("Pair 2 / 24").is_saved()
    assert (stored(workspace).status, stored(workspace).note) == ("flagged", "check the year")


def test_a_note_can_be_saved_alone(seat: Seat, workspace: Workspace) -> None:
    seat.press("n").field("Note").fill("to be asked")
    seat.press("Control+Enter").is_saved()
    seat.stands_at("Pair 1 / 24")
    assert (stored(workspace).status, stored(workspace).note) == ("pending", "to be asked")


def test_the_history_shows_who_decided_what(seat: Seat) -> None:
    seat.press("f").stands_at("Pair 2 / 24").press("ArrowLeft", "a").is_saved()
    seat.press("ArrowLeft")
    history = seat.page.locator(".history-rows li")
    history.nth(1).wait_for()
    assert [text.split(" by ")[0].strip() for text in history.all_inner_texts()] == [
        "Accepted",
        "Flagged",
    ]
    assert "by ada" in history.first.inner_text()
    seat.click("Set back to pending").is_saved()
    assert seat.status == "Pending"


def test_accept_all_names_the_count_and_is_undone_as_one(seat: Seat, workspace: Workspace) -> None:
    seat.press("r").stands_at("Pair 2 / 24").click("Accept All").sees("Accept 23 pairs?")
    seat.click("Cancel")
    assert seat.progress == "Reviewed 1 of 24 (23 pending)"
    seat.click("Accept All").click("Accept 23").sees("23 accepted")
    assert seat.progress == "Reviewed 24 of 24 (0 pending)"
    assert workspace.store.examples.counters("harbour")["accepted"] == 23
    seat.page.locator(".toast").get_by_role("button", name="Undo").click()
    seat.sees("Taken back: 23")
    assert seat.progress == "Reviewed 1 of 24 (23 pending)"


def test_accept_all_follows_the_filter(seat: Seat, workspace: Workspace) -> None:
    seat.field("Search").fill("lighthouse")
    seat.stands_at("Pair 1 / 4").press("Escape").click("Accept All").click("Accept 4").sees(
        "4 accepted"
    )
    assert workspace.store.examples.counters("harbour")["accepted"] == 4
