"""What runs on the other machine: by any Python 3, with nothing but its standard library.

The text of these files is sent over SSH with every call, joined in this order, without the lines
that import one another; so it can also say that Python is too old, or that nothing is installed.
It reads one line of JSON from standard input (and bytes after it), answers with one line that
begins with ANSWER (and bytes after it), and every verb may be called twice: it looks for its own
effect first.

Not covered: machines without POSIX (native Windows), and Python before 3.6.
"""

import re
from importlib.resources import files

PARTS = ("answers", "facts", "files", "ending", "jobs", "arriving", "verbs")
OF_OURS = re.compile(r"^from hone\.[^\n(]*(\([^)]*\))?\n", re.MULTILINE)


def source() -> bytes:
    """The whole program, as one text."""
    here = files(__name__)
    texts = [here.joinpath(f"{part}.py").read_text("utf-8") for part in PARTS]
    return "\n".join(OF_OURS.sub("", text) for text in texts).encode()
