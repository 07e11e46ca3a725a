"""A server in trouble: what it fails on is put aside and kept, everything else goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hone.loop import Workspace
from tests.browser.seat import Seat
from tests.browser.test_keeping import count, shows

BUG = {"error": "This is a bug in Hone.", "hint": "The terminal of hone up shows the details."}
FULL = {"error": "No space is left on the disk.", "hint": "Free some space."}
KEPT = "() => Object.keys(localStorage).filter((key) => key.startsWith('hone:op:')).length === %d"


def fails_on(seat: Seat, verdict: str) -> list[int]:
    """The server answers 500 to every request that holds this verdict; gives their sizes."""
    sizes: list[int] = []

    def answer(route: Any) -> None:
        verdicts = [one["verdict"] for one in route.request.post_data_json.get("operations", [])]
        if verdict in verdicts:
            sizes.append(len(verdicts))
            route.fulfill(status=500, json=BUG)
        else:
            route.continue_()

    seat.page.route("**/api/reviews*", answer)
    return sizes


def wait_until(seat: Seat, is_so: Callable[[], bool]) -> None:
    """Waits through the next dozen requests of decisions until something is so."""
    for _ in range(12):
        if is_so():
            return
        with seat.page.expect_request("**/api/reviews*"):
            pass
    assert is_so()


def look(seat: Seat) -> Seat:
    seat.page.locator(".save-state").get_by_role("button", name="Look").click()
    return seat


def test_a_decision_that_the_server_fails_on_holds_no_other_up(
    seat: Seat, workspace: Workspace
) -> None:
    sizes = fails_on(seat, "flag")
    seat.page.context.set_offline(True)
    seat.press("a", "f", "r").stands_at("Pair 4 / 24")
    seat.page.context.set_offline(False)
    shows(seat, "The server has trouble, 3 kept on this computer")
    shows(seat, "1 refused")
    seat.page.wait_for_function(KEPT % 1)
    assert (count(workspace, "accepted"), count(workspace, "rejected")) == (1, 1)
    assert sizes[-1] == 1 and 3 <= sizes.count(3) <= 6
    assert seat.progress == "Reviewed 2 of 24 (22 pending)"
    seat.press("ArrowLeft", "ArrowLeft").stands_at("Pair 2 / 24")
    assert seat.status == "Pending"


def test_what_was_put_aside_is_kept_and_sent_again_by_a_person(
    seat: Seat, workspace: Workspace
) -> None:
    fails_on(seat, "flag")
    seat.press("f").stands_at("Pair 2 / 24")
    shows(seat, "1 refused")
    seat.page.reload()
    shows(seat, "1 refused")
    look(seat).sees(BUG["error"]).sees(BUG["hint"])
    seat.click("Send again").page.locator(".parked-row").wait_for(state="detached")
    shows(seat, "1 refused")
    seat.page.unroute("**/api/reviews*")
    seat.page.locator(".parked-row").get_by_role("button", name="Send again").click()
    seat.is_saved()
    assert count(workspace, "flagged") == 1
    seat.press("Escape").go("#/review?status=flagged").stands_at("Pair 1 / 1")


def test_several_are_sent_again_together_and_can_be_taken_back(
    seat: Seat, workspace: Workspace
) -> None:
    fails_on(seat, "flag")
    seat.page.context.set_offline(True)
    seat.press("f", "f", "a").stands_at("Pair 4 / 24")
    seat.page.context.set_offline(False)
    shows(seat, "2 refused")
    seat.page.unroute("**/api/reviews*")
    look(seat).click("Send all 2 again").is_saved()
    assert count(workspace, "flagged") == 2
    seat.press("Escape")
    seat.page.locator(".list-row .status-flagged").nth(1).wait_for(state="attached")
    seat.press("u", "u").is_saved()
    assert (count(workspace, "flagged"), count(workspace, "accepted")) == (1, 0)


def test_a_server_that_fails_on_everything_refuses_nothing(
    seat: Seat, workspace: Workspace
) -> None:
    alone: list[int] = []

    def fail(route: Any) -> None:
        alone.append(len(route.request.post_data_json["operations"]))
        route.fulfill(status=500, json=BUG)

    seat.page.route("**/api/reviews*", fail)
    seat.page.context.set_offline(True)
    seat.press("a", "f", "r").stands_at("Pair 4 / 24")
    seat.page.context.set_offline(False)
    wait_until(seat, lambda: alone.count(1) >= 3)
    shows(seat, "The server has trouble, 3 kept on this computer")
    look(seat).sees(BUG["hint"]).sees("Nothing was refused").press("Escape")
    seat.page.unroute("**/api/reviews*")
    seat.is_saved()
    shows(seat, "All saved")
    assert count(workspace, "pending") == 21


def test_a_full_disk_is_waited_for_and_said_with_what_to_do(
    seat: Seat, workspace: Workspace
) -> None:
    asked: list[Any] = []

    def refuse(route: Any) -> None:
        asked.append(route)
        route.fulfill(status=503, json=FULL)

    seat.page.route("**/api/reviews*", refuse)
    seat.press("a").stands_at("Pair 2 / 24")
    wait_until(seat, lambda: len(asked) >= 5)
    shows(seat, "The server has trouble, 1 kept on this computer")
    look(seat).sees(FULL["error"]).sees(FULL["hint"]).press("Escape")
    seat.page.unroute("**/api/reviews*")
    seat.is_saved()
    assert count(workspace, "accepted") == 1


def test_an_answer_that_is_not_the_servers_is_asked_for_again(
    seat: Seat, workspace: Workspace
) -> None:
    """A page of the network's sign-in, a connection cut off in the middle, some other JSON."""
    others: list[Callable[[Any], None]] = [
        lambda route: route.fulfill(status=200, body="<h1>Hotel</h1>", content_type="text/html"),
        lambda route: route.fulfill(status=200, json={"welcome": True}),
    ]
    seat.page.route(
        "**/api/reviews*", lambda route: others.pop()(route) if others else route.continue_()
    )
    seat.press("a").stands_at("Pair 2 / 24").is_saved()
    assert not others and count(workspace, "accepted") == 1


def test_deciding_on_puts_no_try_off(seat: Seat, workspace: Workspace) -> None:
    tries: list[Any] = []

    def lose(route: Any) -> None:
        tries.append(route)
        route.abort()

    seat.page.route("**/api/reviews*", lose)
    seat.press("a")
    wait_until(seat, lambda: len(tries) >= 3)
    before = len(tries)
    # The next try is seconds away; it comes also while somebody decides five times a second.
    for _ in range(24):
        seat.press("s")
        seat.page.wait_for_timeout(200)
    assert len(tries) > before + 1
    seat.page.unroute("**/api/reviews*")
    seat.is_saved()
    assert count(workspace, "accepted") == 1
