"""Filters, orders, search: what is asked for is what is listed, also after a reload."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hone.loop import Workspace
from hone.workspace.store import Filter
from tests.browser import samples
from tests.browser.seat import Seat


def test_search_finds_words_and_the_address_keeps_them(seat: Seat) -> None:
    seat.press("/").type("ferry")
    seat.stands_at("Pair 1 / 4")
    assert all("ferry" in row for row in seat.rows())
    seat.page.wait_for_url("**text=ferry**")
    seat.page.reload()
    seat.stands_at("Pair 1 / 4")
    assert seat.field("Search").input_value() == "ferry"


def test_nothing_found_offers_the_way_back(seat: Seat) -> None:
    seat.field("Search").fill("zeppelin")
    seat.sees("Nothing fits").press("Escape")
    seat.page.locator(".empty").get_by_role("button", name="Clear the filter").click()
    seat.stands_at("Pair 1 / 24")


def test_status_is_filtered_with_its_counts(seat: Seat) -> None:
    seat.press("a", "r", "r").stands_at("Pair 4 / 24").is_saved()
    shown = seat.field("Show")
    shown.select_option(label="Rejected (2)")
    seat.stands_at("Pair 1 / 2")
    assert seat.status == "Rejected"
    shown.select_option(label="All (24)")
    seat.stands_at("Pair 1 / 24")


def test_further_conditions_narrow_the_list(seat: Seat) -> None:
    seat.click("Filter")
    seat.field("Tag").fill("visit")
    seat.press("Tab").stands_at("Pair 1 / 8")
    assert seat.named("Filter (1)").is_visible()
    seat.field("Score from").fill("0.9")
    seat.press("Tab").sees("Nothing fits")
    seat.page.locator(".further").get_by_role("button", name="Clear the filter").click()
    seat.stands_at("Pair 1 / 24")


def test_orders_change_what_comes_first(seat: Seat) -> None:
    seat.go("#/review?task=pickup").stands_at("Message 1 / 20")
    assert seat.rows()[0].startswith("picked up 6 cases")
    seat.field("Order").select_option(label="Newest first")
    seat.page.locator(".list-text").first.get_by_text("got apples").wait_for()
    seat.field("Order").select_option(label="Least certain first")
    seat.page.locator(".list-text").first.get_by_text("picked up 6 cases").wait_for()


def test_the_place_is_kept_over_a_reload(seat: Seat, workspace: Workspace) -> None:
    third = workspace.store.examples.page(Filter(task="harbour"), limit=3).items[2]
    seat.press("ArrowRight", "ArrowRight").stands_at("Pair 3 / 24")
    seat.page.wait_for_url(f"**at={third.id}")
    question = seat.question
    seat.page.reload()
    seat.stands_at("Pair 3 / 24")
    assert seat.question == question


def test_a_click_in_the_list_goes_there(seat: Seat) -> None:
    seat.page.locator(".list-row").nth(5).click()
    seat.stands_at("Pair 6 / 24")
    assert seat.page.locator(".list-row[aria-current=true]").inner_text().startswith("Pending")


def test_the_end_of_the_list_says_what_is_next(seat: Seat) -> None:
    seat.go("#/review?task=uplifting").stands_at("Article 1 / 6").press(*"aaaaaa").sees(
        "All reviewed"
    )
    seat.press("ArrowLeft").stands_at("Article 6 / 6").is_saved()


def walk(seat: Seat, key: str, start: int, end: int) -> None:
    step = 1 if end > start else -1
    for place in range(start + step, end + step, step):
        seat.press(key)
        if place % 10 == 1:
            seat.stands_at(f"Pair {place} / 400")


def test_a_long_list_is_walked_through_in_both_directions(drawn, tmp_path, serve, sit) -> None:
    ws = samples.make(tmp_path / "long", {"harbour": 400})
    seat = sit(serve(ws)).open("#/review?status=all").stands_at("Pair 1 / 400")
    walk(seat, "ArrowRight", 1, 121)
    middle = seat.question
    assert len(seat.rows()) < 250
    walk(seat, "ArrowLeft", 121, 41)
    walk(seat, "ArrowRight", 41, 121)
    assert seat.question == middle
    id = ws.store.examples.page(Filter(first=121, last=121), limit=1).items[0].id
    seat.page.wait_for_url(f"**at={id}")
    seat.page.reload()
    seat.stands_at("Pair 121 / 400")
    assert seat.question == middle
    ws.close()


@contextmanager
def pages_held(seat: Seat, part: str) -> Iterator[list[Any]]:
    """While inside, pages whose address holds `part` are asked for but do not arrive."""
    held: list[Any] = []

    def fits(url: str) -> bool:
        return "/api/examples?" in url and part in url

    seat.page.route(fits, lambda route: held.append(route))
    yield held
    for route in held:
        route.continue_()
    seat.page.unroute(fits)


def wait_for(seat: Seat, held: list[Any]) -> None:
    """Until a request is held back; playwright takes news only while it is waiting."""
    for _ in range(500):
        if held:
            return
        seat.page.wait_for_timeout(10)
    raise AssertionError("no page was asked for")


def test_the_address_follows_to_an_example_that_arrives_late(tmp_path, serve, sit) -> None:
    with samples.make(tmp_path / "long", {"harbour": 400}) as ws:
        seat = sit(serve(ws)).open("#/review?status=all").stands_at("Pair 1 / 400")
        with pages_held(seat, "after=") as held:
            for _ in range(70):
                seat.press("ArrowRight")
            wait_for(seat, held)
            seat.page.wait_for_timeout(
                700
            )  # the address is written meanwhile, of where memory ends
        seat.stands_at("Pair 71 / 400")
        page = ws.store.examples.page(Filter(first=71, last=71), limit=1)
        seat.page.wait_for_url(f"**at={page.items[0].id}")


def test_keys_pressed_before_the_next_page_arrives_count(drawn, tmp_path, serve, sit) -> None:
    ws = samples.make(tmp_path / "long", {"harbour": 400})
    seat = sit(serve(ws)).open("#/review?status=all").stands_at("Pair 1 / 400")
    with pages_held(seat, "after=") as held:
        seat.press(*["ArrowRight"] * 70)
        wait_for(seat, held)
    seat.stands_at("Pair 71 / 400")
    id = ws.store.examples.page(Filter(first=200, last=200), limit=1).items[0].id
    seat.go(f"#/review?status=all&at={id}").stands_at("Pair 200 / 400")
    with pages_held(seat, "before=") as held:
        seat.press(*["ArrowLeft"] * 50)
        wait_for(seat, held)
    seat.stands_at("Pair 150 / 400")
    ws.close()


def test_who_walks_on_while_the_list_is_loaded_again_is_not_set_back(
    seat: Seat, workspace: Workspace
) -> None:
    with pages_held(seat, "around=") as held:
        workspace.store.examples.add_many(list(samples.examples("harbour", 27))[24:])
        wait_for(seat, held)
        seat.press("ArrowRight", "ArrowRight", "ArrowRight").stands_at("Pair 4 / 24")
        question = seat.question
    seat.stands_at("Pair 4 / 27")
    assert seat.question == question
