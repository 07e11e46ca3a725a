"""Nothing that was decided is lost: offline, killed, in many tabs, refused, storage full."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.loop import Workspace, decide, open_workspace
from hone.records.review import Decision, Verdict
from hone.workspace.store import Filter
from tests.browser.seat import Seat


def count(ws: Workspace, status: str) -> int:
    return ws.store.examples.counters("harbour")[status]


def elsewhere(ws: Workspace, example_id: str, verdict: Verdict, output: Any = None) -> None:
    """Somebody else decides, at another terminal."""
    wanted = Decision(
        op_id=f"elsewhere-{example_id}", example_id=example_id, verdict=verdict, reviewer="bea",
        base_version=None,
        output=output,
    )  # fmt: skip
    assert decide(ws, [wanted])[0].outcome == "applied"


def shows(seat: Seat, text: str) -> None:
    """Waits until the save state says so."""
    seat.page.locator(".save-state", has_text=text).wait_for()


def test_decisions_are_kept_while_the_server_is_away(seat: Seat, workspace: Workspace) -> None:
    shows(seat, "All saved")
    seat.page.context.set_offline(True)
    seat.press("a", "a", "r").stands_at("Pair 4 / 24")
    shows(seat, "Offline, 3 kept on this computer")
    assert seat.progress == "Reviewed 3 of 24 (21 pending)"
    assert count(workspace, "pending") == 24
    seat.page.context.set_offline(False)
    seat.is_saved()
    shows(seat, "All saved")
    assert (count(workspace, "accepted"), count(workspace, "rejected")) == (2, 1)


def test_what_was_not_sent_is_sent_at_the_next_visit(
    seat: Seat, workspace: Workspace, sit: Callable[..., Seat]
) -> None:
    seat.page.route("**/api/reviews*", lambda route: route.abort())
    seat.press("a", "a", "f").stands_at("Pair 4 / 24")
    shows(seat, "Offline, 3 kept on this computer")
    context = seat.page.context
    seat.page.close()
    assert count(workspace, "accepted") == 0
    again = Seat(context.new_page(), seat.link).go("#/review")
    again.is_saved()
    assert (count(workspace, "accepted"), count(workspace, "flagged")) == (2, 1)
    assert again.progress == "Reviewed 3 of 24 (21 pending)"


def test_a_slow_server_is_said_and_nothing_waits_for_it(seat: Seat) -> None:
    held: list[Any] = []
    seat.page.route("**/api/reviews*", lambda route: held.append(route))
    seat.press("a", "a", "a").stands_at("Pair 4 / 24")
    shows(seat, "Saving…")
    for route in held:
        route.continue_()
    seat.page.unroute("**/api/reviews*")
    seat.is_saved()
    shows(seat, "All saved")


def test_a_lost_answer_is_asked_for_again_and_counts_once(seat: Seat, workspace: Workspace) -> None:
    lost: list[int] = []

    def lose_the_first(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    seat.page.route("**/api/reviews*", lose_the_first)
    seat.press("a").stands_at("Pair 2 / 24").is_saved()
    assert lost == [200]
    assert count(workspace, "accepted") == 1
    assert workspace.store.journal.last_seq() == 1


def test_one_bad_decision_does_not_hold_up_the_others(seat: Seat, workspace: Workspace) -> None:
    def refuse_the_flag(route: Any) -> None:
        verdicts = [one["verdict"] for one in route.request.post_data_json["operations"]]
        if "flag" in verdicts:
            route.fulfill(status=422, json={"error": "No flags today.", "hint": "Try tomorrow."})
        else:
            route.continue_()

    seat.page.context.set_offline(True)
    seat.page.route("**/api/reviews*", refuse_the_flag)
    seat.press("a", "f", "a").stands_at("Pair 4 / 24")
    seat.page.context.set_offline(False)
    shows(seat, "1 refused")
    seat.page.wait_for_function(
        "() => Object.keys(localStorage).filter((key) => key.startsWith('hone:op:')).length === 1"
    )
    assert (count(workspace, "accepted"), count(workspace, "flagged")) == (2, 0)
    assert seat.progress == "Reviewed 2 of 24 (22 pending)"
    seat.page.reload()
    shows(seat, "1 refused")
    seat.page.locator(".save-state").get_by_role("button", name="Look").click()
    seat.sees("No flags today.").sees("Try tomorrow.").click("Let go")
    shows(seat, "All saved")


def test_a_conflict_shows_both_and_the_person_chooses(seat: Seat, workspace: Workspace) -> None:
    theirs = workspace.store.examples.page(Filter(task="harbour"), limit=1).items[0]
    seat.page.context.set_offline(True)
    seat.press("e").field("The answer, to edit").fill("My own answer.")
    seat.press("Control+Enter").stands_at("Pair 2 / 24")
    other = {"answer": "The answer of somebody else."}
    elsewhere(workspace, theirs.id, "edit", other)
    seat.page.context.set_offline(False)
    shows(seat, "1 refused")
    seat.press("ArrowLeft").stands_at("Pair 1 / 24").sees("Somebody else decided")
    assert seat.answer == other["answer"]
    seat.page.locator(".parked-here").get_by_role("button", name="Look").click()
    seat.sees("bea decided about it").sees("My own answer.")
    seat.click("Use mine").is_saved()
    now = workspace.store.examples.get(theirs.id)
    assert (now.output, now.reviewer) == ({"answer": "My own answer."}, "ada")


def test_what_somebody_else_decides_is_seen_at_once(seat: Seat, workspace: Workspace) -> None:
    third = workspace.store.examples.page(Filter(task="harbour"), limit=3).items[2]
    seat.stands_at("Pair 1 / 24")
    elsewhere(workspace, third.id, "flag")
    seat.page.locator(".list-row").nth(2).get_by_text("Flagged").wait_for(state="attached")
    assert seat.progress == "Reviewed 1 of 24 (23 pending)"


def test_nine_tabs_share_one_stream_and_all_stay_quick(seat: Seat) -> None:
    tabs = [Seat(seat.page.context.new_page(), seat.link).go("#/review") for _ in range(8)]
    for place, tab in enumerate([seat, *tabs], 1):
        tab.page.bring_to_front()
        tab.press(*["ArrowRight"] * (place - 1), "a").is_saved()
        for other in (seat, *tabs):
            other.page.locator(".progress-text", has_text=f"Reviewed {place} of 24").wait_for()


def test_an_undo_in_one_tab_leaves_the_place_of_another(seat: Seat, workspace: Workspace) -> None:
    seat.press("a").stands_at("Pair 2 / 24").is_saved()
    other = Seat(seat.page.context.new_page(), seat.link).go("#/review").stands_at("Pair 1 / 23")
    other.press("ArrowRight", "ArrowRight").stands_at("Pair 3 / 23")
    question = other.question
    seat.page.reload()
    seat.page.locator(".pane.answer").wait_for()
    seat.press("u").is_saved()
    assert count(workspace, "pending") == 24
    other.page.locator(".progress-text", has_text="(24 pending)").wait_for()
    assert other.question == question


def test_full_storage_is_said_and_nothing_more_is_accepted(
    seat: Seat, workspace: Workspace
) -> None:
    seat.page.evaluate(
        """() => {
          let size = 4_000_000;
          while (size > 8) {
            try { localStorage.setItem("filler" + size + Math.random(), "x".repeat(size)); }
            catch { size = Math.floor(size / 2); }
          }
        }"""
    )
    seat.press("a")
    shows(seat, "This browser's storage is full or blocked")
    seat.stands_at("Pair 1 / 24")
    assert seat.named("Accept", role="button").nth(1).is_disabled()
    assert count(workspace, "pending") == 24
    seat.page.evaluate(
        """() => {
          const fillers = Object.keys(localStorage).filter((key) => key.startsWith("filler"));
          fillers.forEach((key) => localStorage.removeItem(key));
        }"""
    )
    seat.page.locator(".save-state").get_by_role("button", name="Look").click()
    shown = seat.page.locator("dialog[open]")
    shown.wait_for()
    seat.press("Escape")
    shown.wait_for(state="detached")
    shows(seat, "All saved")
    seat.press("a").stands_at("Pair 2 / 24").is_saved()


@pytest.fixture
def killable(workspace: Workspace, tmp_path: Path) -> Iterator[Callable[[int], tuple[Any, str]]]:
    """Starts `hone up` as a process of its own, on a port."""
    folder = workspace.root
    workspace.close()
    running: list[subprocess.Popen[str]] = []
    environment = os.environ | {"HONE_TOKEN": "t" * 40, "HONE_REVIEWER": "ada"}

    def start(port: int) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "hone", "up", "--no-browser", "--port", str(port)]
        process = subprocess.Popen(
            [*command, "--workspace", str(folder)],
            stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        running.append(process)
        assert process.stdout
        said = ""
        while not (found := re.search(r"http://\S+#token=\S+", said)):
            line = process.stdout.readline()
            assert line, f"hone up ended: {said}"
            said += line
        return process, found[0]

    yield start
    for process in running:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_a_killed_server_loses_no_key_press(
    killable: Callable[[int], tuple[Any, str]], sit: Callable[..., Seat], workspace: Workspace
) -> None:
    process, link = killable(0)
    seat = sit(link).open("#/review").stands_at("Pair 1 / 24")
    seat.press("a", "a", "a", "a")
    process.send_signal(signal.SIGKILL)
    process.wait()
    seat.press("a", "a", "a", "a").stands_at("Pair 9 / 24")
    port = int(link.split(":")[2].split("/")[0])
    killable(port)
    seat.is_saved()
    with_all = open_workspace(workspace.root)
    assert count(with_all, "accepted") == 8
    with_all.close()
