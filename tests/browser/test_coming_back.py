"""What failed while the server was away is made good by itself, and nothing is for ever."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hone.loop import Workspace
from tests.browser import samples
from tests.browser.seat import Seat

FULL = {"error": "No space is left on the disk.", "hint": "Free some space."}


def test_who_is_faster_than_a_broken_connection_goes_on_when_it_is_back(
    tmp_path: Path, serve: Callable[..., str], sit: Callable[..., Seat]
) -> None:
    with samples.make(tmp_path / "many", {"harbour": 100}) as ws:
        seat = sit(serve(ws)).open("#/review").stands_at("Pair 1 / 100")
        seat.page.context.set_offline(True)
        seat.press(*["s"] * 60)
        seat.page.locator(".panes .waiting").wait_for()
        seat.page.context.set_offline(False)
        seat.stands_at("Pair 61 / 100").is_saved()


def test_a_list_that_could_not_be_brought_again_is_asked_for_where_one_stands(
    seat: Seat, workspace: Workspace
) -> None:
    seat.press("ArrowRight", "ArrowRight").stands_at("Pair 3 / 24")
    question = seat.question
    seat.page.route("**/api/examples?*", lambda route: route.fulfill(status=503, json=FULL))
    workspace.store.examples.add_many(list(samples.examples("harbour", 26)))
    seat.sees(FULL["error"]).sees(FULL["hint"])
    seat.page.unroute("**/api/examples?*")
    seat.click("Try again").stands_at("Pair 3 / 26")
    assert seat.question == question


def test_what_stands_beside_an_example_is_asked_for_again(seat: Seat) -> None:
    seat.page.route("**/api/examples/*", lambda route: route.abort())
    seat.press("ArrowRight").stands_at("Pair 2 / 24")
    panel = seat.page.locator(".inspector")
    panel.get_by_text("Hone does not answer.").wait_for()
    seat.page.unroute("**/api/examples/*")
    panel.get_by_text("Nobody has decided about it yet.").wait_for()


def test_an_import_that_the_server_does_not_know_is_let_go(seat: Seat) -> None:
    """It was swept away after a day, or belongs to the workspace that was open here before."""
    asked = {"name": "old.csv", "bytes": 5, "mapping": {}, "options": {}}
    seat.page.evaluate(
        "(kept) => sessionStorage.setItem('hone:import', JSON.stringify(kept))",
        {"id": "0" * 32, "asked": asked, "begun": 0},
    )
    seat.go("#/import").sees("There is no such upload").sees("Drop a file here")
    assert seat.page.evaluate("() => sessionStorage.getItem('hone:import')") is None
    seat.go("#/home").go("#/import").sees("Drop a file here")


def test_an_address_is_followed_although_the_screen_writes_its_own_just_then(seat: Seat) -> None:
    """The place in the list is written into the address a moment after one moves."""
    seat.press("ArrowRight").stands_at("Pair 2 / 24")
    seat.page.evaluate(
        """() => {
          const written = location.hash;
          location.hash = "#/review?text=lighthouse";
          history.replaceState(null, "", written);
        }"""
    )
    seat.stands_at("Pair 1 / 4")
    assert "lighthouse" in seat.question


def test_what_undo_takes_back_takes_no_more_and_more_memory(seat: Seat) -> None:
    found: Any = seat.page.evaluate(
        """async () => {
          const app = document.querySelector("script[type=module]").src;
          const { Steps } = await import(app.replace("app.js", "lib/steps.js"));
          const steps = new Steps();
          for (let place = 1; place <= 1000; place += 1) steps.add({ op_id: `${place}` });
          const first = steps.next("undo").op_id;
          let count = 0;
          while (steps.next("undo")) { steps.take("undo"); count += 1; }
          const again = steps.next("redo").op_id;
          steps.add({ op_id: "new" });
          return { first, count, again, redo: steps.next("redo") ?? null };
        }"""
    )
    assert found == {"first": "1000", "count": 200, "again": "801", "redo": None}
