"""The player of tutorials fails for every drift between a page and what happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tutorials.pages import BadPage, Slack, differs, masked, retold
from tests.tutorials.telling import Drifted, Hand, Telling, digest, tell

PAGE = """# A page

<!-- told: begin within=0.05 counts=1 -->
```console
$ mkdir lending && cd lending && echo "Made $PWD, 12 rows, f1 0.31, in 3.2 s."
Made /home/me/lending, 12 rows, f1 0.31, in 1 min 2 s.
$ cd lending
$ seq 11 11 55
11
…
44
55
```

Make a file:

<!-- told: settings file=settings.yaml -->
```yaml
rate: 1
```

<!-- told: read -->
```console
$ cat settings.yaml
rate: 1
```

<!-- told: scores within=0.02 -->
| contender | f1 |
|---|---|
| tuned | 0.50 |

<!-- told: clicks -->
1. Click **Review**, then **Accept**.
2. Type `six` into **Answer**.

<!-- told: shot dark -->
![The review](../screenshots/review-light.png)

The end.
"""
SCREEN = "Review\nReviewed 3 of 12, today 10:41\nAnswer"


class Screen:
    """Stands for a page of the browser: its words, and pictures of nothing."""

    def __init__(self, text: str = SCREEN) -> None:
        self.text = text

    def wait_for_function(self, _: str) -> None: ...

    def emulate_media(self, **_: Any) -> None: ...

    def evaluate(self, *_: Any) -> str:
        return self.text

    def screenshot(self, path: Path) -> None:
        path.write_bytes(b"png")


class NoSeat:
    """Stands for somebody at a browser, who can reach everything."""

    def click(self, *_: Any, **__: Any) -> None: ...

    def field(self, _: str) -> NoSeat:
        return self

    def fill(self, _: str) -> None: ...


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "docs/tutorials/page.md"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE)
    shots = tmp_path / "docs/screenshots"
    shots.mkdir()
    for theme in ("light", "dark"):
        (shots / f"review-{theme}.png").touch()
    words = "Review Reviewed # of #, today <time> Answer"
    told = {"review-light.png": {"digest": digest(words), "words": words}}
    (shots / "told.json").write_text(json.dumps(told))
    return page


def play(page: Path, *, is_telling: bool = False, screen: str = SCREEN) -> None:
    folder = page.parents[2] / "home"
    folder.mkdir()
    with tell(page, folder, is_telling=is_telling) as told:
        everything(told, Screen(screen))


def everything(told: Telling, screen: Screen) -> None:
    told.run("begin")
    told.file("settings")
    told.run("read")
    told.table("scores", [("tuned", "0.51")])
    with told.hand("clicks", NoSeat()) as hand:  # type: ignore[arg-type]
        in_the_browser(hand)
    told.shot("shot", screen)  # type: ignore[arg-type]


def in_the_browser(hand: Hand) -> None:
    hand.click("Review").click("Accept").note("six").note("Answer")


def test_a_page_that_says_what_happens_is_played(page: Path) -> None:
    play(page)
    assert page.read_text() == PAGE
    assert (page.parents[2] / "home/lending/settings.yaml").read_text() == "rate: 1\n"


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("$ seq 11 11 55\n", "$ seq 11 11 66\n"),  # another command
        (
            "Made /home/me/lending, 12 rows",
            "Made /home/me/lending, 12 lines",
        ),  # another word of an output
        ("Made /home/me/lending, 12", "Made /home/me/lending, 14"),  # a count too far
        ("/lending, 12 rows, f1 0.31", "/lending, 12 rows, f1 0.37"),  # a figure too far
        ("…\n44", "…\n77"),  # a line after a cut
        ("44\n55\n", "44\n55\n66\n"),  # a line that did not come
        ("11\n…\n44\n55\n", "…\n22\n44\n…\n"),  # lines that do not follow each other
        ("rate: 1\n```\n\n<!-- told: read", "rate: 2\n```\n\n<!-- told: read"),  # another file
        ("| tuned | 0.50 |", "| tuned | 0.54 |"),
        ("| tuned | 0.50 |", "| base | 0.50 |"),
        ("**Accept**", "**Accept All**"),  # another control
        ("`six`", "`seven`"),
        ("/review-light.png", "/other-light.png"),  # a picture that is not there
    ],
)
def test_a_drift_fails(page: Path, was: str, now: str) -> None:
    assert was in PAGE
    page.write_text(PAGE.replace(was, now))
    with pytest.raises(Drifted):
        play(page)


def test_other_words_on_the_screen_fail_and_other_numbers_do_not(page: Path) -> None:
    with pytest.raises(Drifted, match=r"shot: the screen says other words(.|\n)*\+Checked"):
        play(page, screen=SCREEN.replace("Reviewed", "Checked"))


def test_other_numbers_on_the_screen_are_no_drift(page: Path) -> None:
    play(page, screen=SCREEN.replace("3 of 12", "4 of 1,200"))


def test_all_drifts_are_said_at_once(page: Path) -> None:
    page.write_text(
        PAGE.replace("me/lending, 12 rows", "me/lending, 12 lines").replace("**Accept**", "**No**")
    )
    with pytest.raises(Drifted, match=r"(?s)begin:.*12 lines.*clicks:.*'No'"):
        play(page)


@pytest.mark.parametrize("kind", ["console", "picture"])
def test_what_is_not_marked_is_refused(page: Path, kind: str) -> None:
    more = {"console": "```console\n$ true\n```\n", "picture": "![x](../screenshots/x.png)\n"}
    page.write_text(PAGE + more[kind])
    with pytest.raises(BadPage, match="no marker"):
        play(page)


def test_what_was_not_played_fails(page: Path) -> None:
    page.write_text(PAGE + "\n<!-- told: more -->\n```console\n$ true\n```\n")
    with pytest.raises(Drifted, match="not played: more"):
        play(page)


def test_what_is_played_in_another_order_fails(page: Path) -> None:
    first, second = "<!-- told: settings", "<!-- told: read"
    at, then, end = PAGE.index(first), PAGE.index(second), PAGE.index("<!-- told: scores")
    page.write_text(PAGE[:at] + PAGE[then:end] + PAGE[at:then] + PAGE[end:])
    with pytest.raises(BadPage, match="goes on with read"):
        play(page)


@pytest.mark.parametrize("marker", ["<!-- told: -->", "<!-- told: begin bad=1 -->"])
def test_a_marker_that_is_none_is_refused(page: Path, marker: str) -> None:
    page.write_text(PAGE.replace("<!-- told: begin within=0.05 counts=1 -->", marker))
    with pytest.raises(BadPage):
        play(page)


def test_a_command_that_fails_stops_the_page(page: Path) -> None:
    page.write_text(PAGE.replace("$ seq 11 11 55\n", "$ seq 11 11 55 && exit 3\n"))
    with pytest.raises(Drifted, match="ended with 3"):
        play(page)


def test_telling_writes_what_was_seen_where_the_page_cuts(page: Path) -> None:
    page.write_text(PAGE.replace("Made /home/me/lending, 12 rows", "Made nothing"))
    play(page, is_telling=True, screen="Review\nNothing")
    written = page.read_text()
    made = "Made /home/me/lending, 12 rows, f1 0.31, in 3.2 s."
    assert f"{made}\n$ cd lending\n$ seq 11 11 55\n11\n…\n44\n55\n```" in written
    assert "| tuned | 0.51 |" in written and "**Accept**" in written
    shots = page.parents[1] / "screenshots"
    assert (shots / "review-dark.png").read_bytes() == b"png"
    told = json.loads((shots / "told.json").read_text())["review-light.png"]
    assert told == {"digest": digest("Review Nothing"), "words": "Review Nothing"}


def test_cuts_find_their_place_again() -> None:
    told = ["begin", "…", "step 20 of 40 · loss 0.7", "…", "done"]
    seen = ["begun", "loading", "step 21 of 40 · loss 0.4", "step 40 of 40 · saved", "ended"]
    assert retold(told, seen) == ["begun", "…", "step 21 of 40 · loss 0.4", "…", "ended"]
    assert retold(["…"], ["one", "two"]) == ["…"]


def test_answers_are_typed_at_prompts(page: Path) -> None:
    page.write_text(
        "<!-- told: ask -->\n```console\n"
        '$ read -p "Sure? [y/N]: " a && echo "You said $a."\n'
        "Sure? [y/N]: y\nYou said y.\n```\n"
    )
    with tell(page, page.parent, is_telling=False) as told:
        told.run("ask", typed=[("[y/N]: ", "y")])


def test_what_stays_is_ended_with_the_page(page: Path) -> None:
    page.write_text(
        "<!-- told: up -->\n```console\n"
        "$ bash -c 'echo \"at http://127.0.0.1:81/#token=ab\"; exec sleep 60'\n"
        "at http://127.0.0.1:8321/#token=…\n```\n"
    )
    with tell(page, page.parent, is_telling=False) as told, told.start("up", until="http") as said:
        assert said == ["at http://127.0.0.1:81/#token=ab"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("job train-20261128-184329-k2yf: 158 s", "job train-20261201-000001-aaaa: 2 min 3 s"),
        ("files f5e5a19fbb17, 0.7 to 2.6 of 23.5 GiB", "files 0123456789ab, 1 to 2 of 8 GiB"),
        # What little it costs rounds to nothing on a quicker machine.
        ("costs $0.03 to $1.12", "costs $0.00 to $0.95"),
        ("5,314 tokens/s · 2 min 13 s to go", "98 tokens/s · 30 s to go"),
        ("activated 2026-11-28 18:46 v1", "activated 2027-01-02 09:01 v1"),
        ("a   ────────  b", "a ──── b"),
    ],
)  # fmt: skip
def test_what_varies_is_masked(one: str, other: str) -> None:
    assert masked(one) == masked(other)


def test_what_does_not_vary_is_kept() -> None:
    for kept in ("pickup@v1", "booking@1: 254 rows", "added faced", "hone-nano"):
        assert masked(kept) == kept


def test_figures_are_compared_each_with_its_tolerance() -> None:
    assert not differs(["0.26 [0.21, 0.32] of 98"], ["0.28 [0.20, 0.30] of 97"], Slack(0.02, 1))
    assert differs(["0.26 of 98"], ["0.26 of 97"], Slack(0.02, 0))
    assert differs(["+0.26 better"], ["-0.26 better"], Slack(0.02, 0))
    assert differs(["booking@v1"], ["booking@v2"], Slack(9, 9))
