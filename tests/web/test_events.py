"""Live events: nothing is missed, nothing grows, and who was away too long looks anew."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

import pytest

from hone.errors import StoreLocked
from hone.stages import ingest
from hone.web.events import (
    HEARTBEAT_SECONDS,
    KEPT_EVENTS,
    MOST_WAITING,
    Happened,
    Hub,
    encode,
)
from hone.web.imports import Imports
from hone.web.site import Site
from hone.web.watching import Watch
from hone.workspace.open import Workspace
from tests.web.browser import Browser, access

DEADLINE_SECONDS = 10.0


class Told:
    """One event as a browser would read it."""

    def __init__(self, raw: bytes) -> None:
        lines = dict(line.split(": ", 1) for line in raw.decode().strip().split("\n") if line)
        self.id = int(lines.get("id", 0))
        self.event = lines.get("event", "")
        self.data = json.loads(lines.get("data", "{}"))


async def nothing() -> Sequence[Happened]:
    return ()


async def take(stream: AsyncGenerator[bytes], count: int) -> list[Told]:
    """The next events of a stream; heartbeats are no events."""
    found: list[Told] = []
    while len(found) < count:
        raw = await asyncio.wait_for(anext(stream), DEADLINE_SECONDS)
        found += [Told(piece) for piece in raw.split(b"\n\n") if b"event:" in piece]
    return found


def run(work: Callable[[], Any]) -> Any:
    return asyncio.run(work())


def test_the_first_thing_said_is_that_the_stream_is_there() -> None:
    async def work() -> None:
        stream = Hub(nothing, first_id=100).listen()
        (ready,) = await take(stream, 1)
        assert (ready.event, ready.id, ready.data) == ("ready", 100, {"is_continued": False})
        await stream.aclose()

    run(work)


def test_every_browser_hears_everything_in_order_with_rising_ids() -> None:
    async def work() -> None:
        hub = Hub(nothing, first_id=100)
        streams = [hub.listen(), hub.listen()]
        for stream in streams:
            await take(stream, 1)
        for number in range(3):
            hub.publish(Happened("reviews", {"seq": number}))
        for stream in streams:
            found = await take(stream, 3)
            assert [one.id for one in found] == [101, 102, 103]
            assert [one.data["seq"] for one in found] == [0, 1, 2]
            await stream.aclose()
        assert hub.listeners == 0

    run(work)


def test_who_comes_back_hears_what_was_missed_and_no_more() -> None:
    async def work() -> None:
        hub = Hub(nothing, first_id=100)
        for number in range(5):
            hub.publish(Happened("reviews", {"seq": number}))
        stream = hub.listen("103")
        found = await take(stream, 3)
        assert [one.id for one in found] == [104, 105, 105]
        assert found[-1].event == "ready" and found[-1].data == {"is_continued": True}
        await stream.aclose()

    run(work)


@pytest.mark.parametrize("last_id", ["99", "0", "106", "9" * 30, "not a number", "-1", ""])
def test_who_comes_back_with_an_unknown_id_looks_anew(last_id: str) -> None:
    async def work() -> None:
        hub = Hub(nothing, first_id=100)
        for number in range(5):
            hub.publish(Happened("reviews", {"seq": number}))
        stream = hub.listen(last_id)
        ready, resync = await take(stream, 2)
        assert ready.data == {"is_continued": False}
        assert (resync.event, resync.id) == ("resync", 105)
        await stream.aclose()

    run(work)


def test_only_so_much_of_the_past_is_kept() -> None:
    async def work() -> None:
        hub = Hub(nothing, first_id=0)
        for number in range(KEPT_EVENTS + 10):
            hub.publish(Happened("reviews", {"seq": number}))
        lost, kept = hub.listen("9"), hub.listen("10")
        assert [one.event for one in await take(lost, 2)] == ["ready", "resync"]
        assert len(await take(kept, KEPT_EVENTS + 1)) == KEPT_EVENTS + 1
        await lost.aclose()
        await kept.aclose()

    run(work)


def test_ids_of_a_later_start_are_higher() -> None:
    async def work() -> list[int]:
        ids = []
        for _ in range(2):
            stream = Hub(nothing).listen()
            ids += [one.id for one in await take(stream, 1)]
            await stream.aclose()
        return ids

    first, second = run(work)
    assert 0 < first < second < 2**53


def test_a_browser_that_does_not_read_is_told_to_look_anew_instead_of_filling_memory() -> None:
    async def work() -> None:
        hub = Hub(nothing, first_id=0)
        stream = hub.listen()
        await take(stream, 1)
        for number in range(MOST_WAITING + 5):
            hub.publish(Happened("reviews", {"seq": number}))
        found = await take(stream, 5)
        assert found[0].event == "resync"
        assert found[-1].data == {"seq": MOST_WAITING + 4}
        await stream.aclose()

    run(work)


def test_who_was_removed_hears_no_more_also_where_something_happens_all_the_time() -> None:
    now, is_removed = 0.0, False

    async def is_welcome() -> bool:
        return not is_removed

    async def work() -> None:
        nonlocal now, is_removed
        hub = Hub(nothing, first_id=0, clock=lambda: now)
        stream = hub.listen(None, is_welcome)
        await take(stream, 1)
        for second in range(3):
            now += HEARTBEAT_SECONDS / 2
            hub.publish(Happened("reviews", {"seq": second}))
            assert (await take(stream, 1))[0].data == {"seq": second}
        is_removed = True
        now += HEARTBEAT_SECONDS
        hub.publish(Happened("reviews", {"seq": 3}))
        with pytest.raises(StopAsyncIteration):
            await take(stream, 1)
        assert hub.listeners == 0

    run(work)


def test_the_workspace_is_looked_at_only_while_somebody_listens() -> None:
    looks = 0

    async def look() -> Sequence[Happened]:
        nonlocal looks
        looks += 1
        return [Happened("reviews", {"look": looks})]

    async def work() -> None:
        hub = Hub(look, first_id=0)
        running = asyncio.create_task(hub.run())
        hub.nudge()
        await asyncio.sleep(0)
        assert looks == 0
        stream = hub.listen()
        found = await take(stream, 2)
        assert found[1].data == {"look": 1}
        hub.nudge()
        assert (await take(stream, 1))[0].data == {"look": 2}
        await stream.aclose()
        hub.close()
        await asyncio.wait_for(running, DEADLINE_SECONDS)

    run(work)


@pytest.mark.parametrize(
    "failure", [StoreLocked("The store is locked.", hint="Wait."), RuntimeError("a bug of ours")]
)
def test_a_look_that_fails_ends_no_stream_and_is_made_up_for(
    caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    looks = 0

    async def look() -> Sequence[Happened]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise failure
        return [Happened("reviews", {"look": looks})]

    async def work() -> None:
        hub = Hub(look, first_id=0)
        running = asyncio.create_task(hub.run())
        stream = hub.listen()
        told = await take(stream, 3)
        assert [one.event for one in told] == ["ready", "reviews", "resync"]
        await stream.aclose()
        hub.close()
        await asyncio.wait_for(running, DEADLINE_SECONDS)

    run(work)
    assert str(failure).partition("\n")[0] in caplog.text


def test_a_task_file_that_is_broken_for_a_while_holds_no_news_up(
    watch: Watch, browser: Browser, ws: Workspace
) -> None:
    (ws.root / "tasks" / "pickup.yaml").write_text("kind: [")
    accept(browser, "q1")
    (told,) = watch.look()
    assert told.data["ids"] == ["q1"] and told.data["by_task"] == {}


def test_closing_ends_every_stream() -> None:
    async def work() -> None:
        hub = Hub(nothing, first_id=0)
        running = asyncio.create_task(hub.run())
        streams = [hub.listen() for _ in range(3)]
        for stream in streams:
            await take(stream, 1)
        hub.close()
        for stream in streams:
            with pytest.raises(StopAsyncIteration):
                await asyncio.wait_for(anext(stream), DEADLINE_SECONDS)
        await asyncio.wait_for(running, DEADLINE_SECONDS)

    run(work)


def test_text_of_records_cannot_forge_an_event() -> None:
    raw = encode(Happened("import", {"error": "x\n\nevent: reviews\ndata: {}"}), 7)
    assert raw.count(b"\n\n") == 1 and raw.count(b"event:") == 1 + 1
    assert Told(raw).event == "import"


# ---- what a look finds ----


@pytest.fixture
def watch(ws: Workspace) -> Watch:
    """A watch that has looked once already."""
    seen = Watch(ws, Imports(ws, begin=lambda ws, upload, reviewer: os.getpid()))
    assert seen.look() == []
    return seen


def accept(browser: Browser, *names: str) -> None:
    operations = [
        {"op_id": f"event-of-{name}", "example_id": name, "verdict": "accept"} for name in names
    ]
    browser.post("/api/reviews", {"operations": operations})


def test_decisions_are_told_with_the_counts(watch: Watch, browser: Browser) -> None:
    accept(browser, "q1", "q2")
    (told,) = watch.look()
    assert told.event == "reviews"
    assert told.data["ids"] == ["q1", "q2"] and told.data["seq"] == 2
    assert told.data["op_ids"] == ["event-of-q1", "event-of-q2"]
    assert told.data["counters"]["accepted"] == told.data["by_task"]["qa"]["accepted"] == 2
    assert told.data["has_more_ids"] is False
    assert watch.look() == []


def test_decisions_of_another_program_are_told_too(watch: Watch, ws: Workspace) -> None:
    from hone.stages import review

    review.accept_all(ws, reviewer="ann at a terminal", expected_count=None)
    (told,) = watch.look()
    assert told.data["counters"]["accepted"] == 12
    assert json.dumps(told.data)


def test_new_examples_are_told_by_the_counts(watch: Watch, ws: Workspace) -> None:
    path = ws.root / "more.csv"
    path.write_text("question,answer\nWho?,Me.\n")
    ingest.import_examples(ws, [path])
    (told,) = watch.look()
    assert told.event == "reviews" and told.data["ids"] == []
    assert told.data["by_task"]["qa"]["pending"] == 13


def test_more_than_can_be_told_one_by_one_is_a_resync(watch: Watch, browser: Browser) -> None:
    for number in range(300):
        accept_or_reset = "accept" if number % 2 == 0 else "reset"
        one = {"op_id": f"number-{number}", "example_id": "q1", "verdict": accept_or_reset}
        if number % 100 == 0:
            batch: list[dict[str, str]] = []
        batch.append(one)
        if len(batch) == 100:
            browser.post("/api/reviews", {"operations": batch})
    assert [one.event for one in watch.look()] == ["resync"]
    assert watch.look() == []


def test_an_import_tells_how_far_it_is(ws: Workspace) -> None:
    begun: list[str] = []

    def begin(ws: Workspace, upload: str, reviewer: str) -> int:
        begun.append(upload)
        return os.getpid()

    site = Site(ws, access(), begin=begin)
    browser = Browser(site).sign_in()
    seen = Watch(ws, site.imports)
    seen.look()
    upload = browser.upload("faith.csv", b"question,answer\nWho?,Me.\n").json()["upload"]
    browser.post("/api/imports", {"upload": upload})
    (told,) = seen.look()
    assert (told.event, told.data["import"], told.data["state"]) == ("import", upload, "running")
    assert seen.look() == []
    ingest.carry_out(ws, *begun)
    kinds = {one.event: one.data for one in seen.look()}
    assert kinds["import"]["state"] == "done"
    assert kinds["import"]["report"]["files"][0]["taken"] == 1
    assert json.dumps(kinds)
    assert seen.look() == []


def test_more_browsers_than_one_process_can_serve_are_told(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hone.web.api.events.MOST_LISTENERS", 0)
    refused = browser.get("/api/events")
    assert refused.status_code == 503 and "Too many browsers listen" in refused.json()["error"]
