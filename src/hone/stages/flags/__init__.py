"""Flags: evaluated examples that a person should look at; nothing of them is stored but answers."""

from hone.stages.flags.find import Found, find_flag, find_flags
from hone.stages.flags.look import Opened, open_flag
from hone.stages.flags.promote import Planned, Promotion, plan_promotion, promote
from hone.stages.flags.resolve import Resolved, Saying, next_flag, read_output, resolve

__all__ = [
    "Found",
    "Opened",
    "Planned",
    "Promotion",
    "Resolved",
    "Saying",
    "find_flag",
    "find_flags",
    "next_flag",
    "open_flag",
    "plan_promotion",
    "promote",
    "read_output",
    "resolve",
]
