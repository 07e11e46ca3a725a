"""The worker's entry point with another worker behind it: the command that a file names.

Run as `python entry.py FILE`; FILE holds JSON, the words of the command, read for each job anew.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hone.worker.serverless import serve

LAUNCH = """
import json, os, sys
words = json.loads(open(sys.argv[1]).read())
os.execv(words[0], [*words, sys.argv[2]])
"""

if __name__ == "__main__":
    serve((sys.executable, "-c", LAUNCH, str(Path(sys.argv[1]).resolve())))
