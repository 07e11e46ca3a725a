"""The verbs of the other machine by name, and how one is carried out."""

import errno
import json
import sys

from hone.targets._there.answers import say
from hone.targets._there.arriving import environment, unpack
from hone.targets._there.ending import guard
from hone.targets._there.facts import facts
from hone.targets._there.files import get, listing, put, remove
from hone.targets._there.jobs import ask, end, look, start

VERBS = {
    "facts": facts, "listing": listing, "put": put, "get": get, "remove": remove, "start": start,
    "look": look, "ask": ask, "end": end, "unpack": unpack, "environment": environment,
    "guard": guard,
}  # fmt: skip


def main(verb):
    """Carry out one verb; what the system refuses is an answer, not a traceback."""
    order = json.loads(sys.stdin.buffer.readline() or b"{}")
    try:
        answer = VERBS[verb](order)
    except OSError as error:
        code = errno.errorcode.get(error.errno, "") if error.errno else ""
        answer = {"error": error.strerror or str(error), "code": code, "path": error.filename or ""}
    if answer is not None:
        say(answer)
