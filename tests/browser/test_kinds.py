"""Every kind of task has its own way to be looked at and corrected."""

from __future__ import annotations

from hone.loop import Workspace
from hone.records.example import Example
from hone.workspace.store import Filter
from tests.browser import samples
from tests.browser.seat import Seat


def first_of(ws: Workspace, task: str) -> Example:
    return ws.store.examples.page(Filter(task=task), limit=1).items[0]


def test_a_message_shows_its_records_and_is_marked_audited(
    seat: Seat, workspace: Workspace
) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20")
    assert seat.status == "Unaudited"
    shown = seat.page.get_by_role("group", name="Record 1 of 2")
    assert shown.get_by_label("quantity").input_value() == "6"
    assert shown.get_by_text("= 144 lb").is_visible()
    seat.click("Mark audited").stands_at("Message 2 / 20").is_saved()
    assert first_of(workspace, "pickup").status == "accepted"


def test_fields_are_edited_before_auditing(seat: Seat, workspace: Workspace) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20")
    shown = seat.page.get_by_role("group", name="Record 2 of 2")
    shown.get_by_label("quantity").fill("22.5")
    shown.get_by_label("unit").select_option("bags")
    seat.sees("= 225 lb").press("Escape", "a").stands_at("Message 2 / 20").is_saved()
    found = first_of(workspace, "pickup")
    assert found.status == "edited"
    assert found.output[1] == {
        "item": "carrots", "quantity": 22.5, "unit": "bags", "location": "Mill Road market",
    }  # fmt: skip


def test_records_are_added_and_removed(seat: Seat, workspace: Workspace) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20")
    seat.click("Remove record 1").click("Add a record")
    seat.page.get_by_role("group", name="Record 2 of 2").get_by_label("item (needed)").fill("pears")
    seat.press("Control+Enter").stands_at("Message 2 / 20").is_saved()
    assert [one["item"] for one in first_of(workspace, "pickup").output] == ["carrots", "pears"]


def test_what_does_not_fit_a_field_is_said_and_not_sent(seat: Seat, workspace: Workspace) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20")
    shown = seat.page.get_by_role("group", name="Record 1 of 2")
    shown.get_by_label("quantity").fill("many")
    shown.get_by_label("item (needed)").fill("")
    seat.press("Escape", "a").sees("Record 1: quantity must be a number.")
    seat.sees("Record 1: item is missing.").stands_at("Message 1 / 20")
    assert first_of(workspace, "pickup").status == "pending"


def test_a_message_without_records_is_an_answer_too(seat: Seat, workspace: Workspace) -> None:
    seat.go("#/review?task=pickup&text=depot").sees("Nothing was found in this message.")
    seat.press("a").is_saved()
    found = workspace.store.examples.page(Filter(task="pickup", text="depot"), limit=1).items[0]
    assert (found.status, found.output) == ("accepted", [])


def test_audited_messages_are_shown_apart(seat: Seat) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20").press("a", "r", "a").stands_at(
        "Message 4 / 20"
    ).is_saved()
    shown = seat.field("Show")
    shown.select_option(label="Audited only (2)")
    seat.stands_at("Message 1 / 2")
    shown.select_option(label="All messages (20)")
    seat.stands_at("Message 1 / 20")
    shown.select_option(label="Unaudited only (17)")
    seat.stands_at("Message 1 / 17")


def test_an_article_is_scored_by_slider_and_number(seat: Seat, workspace: Workspace) -> None:
    seat.go("#/review?task=uplifting").stands_at("Article 1 / 6")
    slider = seat.page.get_by_role("slider", name="agency")
    assert slider.input_value() == "8"
    slider.press("ArrowRight")
    seat.stands_at("Article 1 / 6")
    seat.field("evidence, as a number").fill("2")
    seat.press("Escape", "a").stands_at("Article 2 / 6").is_saved()
    labels = first_of(workspace, "uplifting").output["labels"]
    assert labels == {"agency": 8.5, "progress": 7.5, "evidence": 2}


def test_a_score_outside_the_scale_is_said(seat: Seat, workspace: Workspace) -> None:
    seat.go("#/review?task=uplifting").stands_at("Article 1 / 6")
    seat.field("evidence, as a number").fill("12")
    seat.press("Escape", "a").sees("evidence must lie from 0 to 10.")
    assert first_of(workspace, "uplifting").status == "pending"


def test_a_conversation_shows_its_turns_and_the_reply_is_edited(
    seat: Seat, workspace: Workspace
) -> None:
    seat.go("#/review?task=library").stands_at("Conversation 1 / 6").press("ArrowRight").stands_at(
        "Conversation 2 / 6"
    )
    turns = seat.page.locator(".turn")
    assert [one.split("\n")[0] for one in turns.all_inner_texts()] == ["user", "assistant", "user"]
    seat.press("e").field("The answer, to edit").fill("It is due on the day on the slip.")
    seat.press("Control+Enter").stands_at("Conversation 3 / 6").is_saved()
    found = workspace.store.examples.page(Filter(task="library"), limit=2).items[1]
    assert found.output == {"reply": "It is due on the day on the slip."}


def test_passages_stand_beside_a_question(seat: Seat) -> None:
    seat.sees("2 passages").sees("guide.pdf")
    golden = seat.page.locator(".passage", has_text="answers it")
    assert golden.count() == 1 and "storm of 1906" in golden.inner_text()


def test_the_answer_for_what_cannot_be_answered_is_one_click(
    seat: Seat, workspace: Workspace
) -> None:
    seat.press("e").click("Use “I do not know.”")
    seat.press("Control+Enter").stands_at("Pair 2 / 24").is_saved()
    assert first_of(workspace, "harbour").output == {"answer": "I do not know."}


def test_what_nobody_suggested_is_written_first(seat: Seat, workspace: Workspace) -> None:
    workspace.store.examples.add_many([samples.row("harbour", 90, {"question": "Bare?"}, [])])
    seat.go("#/review?text=Bare").sees("There is no answer yet.").press("a")
    seat.sees("Nothing is suggested here").type("Now there is.").press("Control+Enter").is_saved()
    found = workspace.store.examples.page(Filter(text="Bare"), limit=1).items[0]
    assert (found.status, found.output) == ("edited", {"answer": "Now there is."})


def test_a_message_where_nothing_was_suggested_is_audited_as_it_stands(
    seat: Seat, workspace: Workspace
) -> None:
    workspace.store.examples.add_many([samples.row("pickup", 90, {"message": "bare words"}, [])])
    seat.go("#/review?task=pickup&text=bare").sees("Nothing was found in this message.")
    seat.press("a").is_saved()
    found = workspace.store.examples.page(Filter(text="bare"), limit=1).items[0]
    assert (found.status, found.output) == ("edited", [])
