"""Slack's own marks as people see them: mentions, links, escapes, attachments and blocks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hone.importers._slack_names import Names
from hone.importers._slack_text import plain, said_by
from tests.importers.slack_exports import CHANNELS

LABELS = {one["id"]: (one["id"], one["name"]) for one in CHANNELS}
NAMES = Names({"U1": "Ada", "U2": "<@U1>"}, LABELS, None)


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("<@U1> has 2", "@Ada has 2"),
        ("<@U1|ada> has 2", "@Ada has 2"),
        ("<@U9|grace> and <@U8>", "@grace and @U8"),
        ("see <#C1|old-name>, <#C9|gone>, <#C2>, <#C8|>", "see #pickups, #gone, #general, #C8"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@drivers> <!subteam^S2>", "@drivers @group"),
        ("<!date^1392734382^{date}|Feb 18> <!here|here>", "Feb 18 @here"),
        ("<http://x.org/a?b=1&amp;c=2>", "http://x.org/a?b=1&c=2"),
        ("<http://x.org|the list> <http://x.org| >", "the list http://x.org"),
        ("<mailto:a@x.org|a@x.org> <tel:5551234|555-1234>", "a@x.org 555-1234"),
        ("a &lt; b &amp;&amp; c &gt; d", "a < b && c > d"),
        # Undone once: what was escaped twice was meant as it stands.
        ("&amp;lt;@U1&amp;gt; &lt;@U1&gt;", "&lt;@U1&gt; <@U1>"),
        ("<@U2>", "@<@U1>"),
        ("1 < 2 and < @U1> stay, <> too", "1 < 2 and < @U1> stay, <> too"),
        ("<|> and <|words>", "<|> and words"),
        ("*bold* _it_ ~no~ `x` :tada:", "*bold* _it_ ~no~ `x` :tada:"),
    ],
)
def test_marks_are_replaced_once(written: str, seen: str) -> None:
    assert plain(written, NAMES.mention) == seen


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("<>@#!|&;ampltgU1 \n"), max_size=60))
def test_no_text_is_too_odd(text: str) -> None:
    assert plain(plain("", NAMES.mention) + text, NAMES.mention) is not None
    assert "<@U1>" not in plain(text.replace("&", ""), Names({"U1": "Ada"}, {}, None).mention)


def test_a_long_row_of_open_marks_is_read_in_no_time() -> None:
    text = "<@" * 200_000 + "&" * 200_000
    assert plain(text, NAMES.mention) == text


ATTACHMENT = {
    "pretext": "New pickup",
    "title": "Form 7",
    "text": "2 cases",
    "fields": [{"title": "From", "value": "Hill Farm"}, {"value": "today"}],
    "fallback": "not shown",
}
RICH: dict[str, Any] = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "user", "user_id": "U1"},
                {"type": "text", "text": " has 1 < 2 "},
                {"type": "link", "url": "http://x.org"},
                {"type": "emoji", "name": "tada"},
                {"type": "broadcast", "range": "here"},
                {"type": ["odd"]},
            ],
        },
        {"type": "rich_text_list", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "channel", "channel_id": "C1"}]}]},
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("message", "seen"),
    [
        ({"text": "hi", "attachments": [ATTACHMENT]},
         "hi\nNew pickup\nForm 7\n2 cases\nFrom: Hill Farm\ntoday"),
        ({"text": "", "attachments": [{"fallback": "1 new commit"}]}, "1 new commit"),
        ({"attachments": [{"from_url": "http://x", "text": "shared"}]}, "shared"),
        ({"text": "see", "attachments": [{"from_url": "http://x", "text": "preview"}]}, "see"),
        ({"text": "", "blocks": [RICH]}, "@Ada has 1 < 2 http://x.org:tada:@here\n#pickups"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*A* <@U1>"},
                      "fields": [{"type": "plain_text", "text": "b"}]},
                     {"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}]}]},
         "*A* @Ada\nb\nc"),
        ({"attachments": [{"blocks": [{"text": {"text": "inside"}}]}]}, "inside"),
        ({"text": 7, "attachments": "x", "blocks": [None, 3, {"elements": 4}]}, ""),
    ],
)  # fmt: skip
def test_attachments_and_blocks_are_read_where_they_are_what_was_said(
    message: dict[str, Any], seen: str
) -> None:
    assert plain(said_by(message).text, NAMES.mention) == seen


def test_blocks_within_blocks_end_somewhere() -> None:
    block: dict[str, Any] = {"type": "rich_text", "elements": []}
    for _ in range(50):
        block = {"type": "rich_text", "elements": [block, {"type": "text", "text": "x"}]}
    assert len(said_by({"blocks": [block]}).text) < 50
    many = {"attachments": [{"text": f"piece {n}"} for n in range(10_000)]}
    assert said_by(many).text.count("\n") < 500
