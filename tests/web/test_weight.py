"""The web server stays light: whatever it serves, torch and its like are not loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from tests.web.browser import Browser, access
from hone.loop import init_workspace, import_examples
from hone.web.site import Site

root = sys.argv[1]
with open(root + "/q.csv", "w") as file:
    file.write("question,answer\\nWho?,Me.\\nWhen?,Now.\\n")
with init_workspace(root + "/w") as ws:
    import_examples(ws, root + "/q.csv")
    site = Site(ws, access())
    site.prepare()
    browser = Browser(site).sign_in()
    first = browser.get("/api/examples").json()["items"][0]["id"]
    for path in ("/", "/api/home", "/api/tasks", "/api/settings", "/api/reviews/statistics",
                 f"/api/examples/{first}", f"/api/examples/{first}/comparison",
                 f"/api/examples/{first}/training", f"/api/examples/{first}/similar",
                 "/api/sessions/file"):
        assert browser.get(path).status_code == 200, path
heavy = "torch transformers trl peft accelerate datasets polars pandas tensorboard".split()
loaded = [name for name in heavy if name in sys.modules]
assert not loaded, loaded
"""


def test_serving_every_screen_loads_no_torch(tmp_path: Path, repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        cwd=repository, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_an_import_process_needs_no_web_server(repository: Path) -> None:
    script = (
        "import sys, hone.web.importing; "
        "loaded = [n for n in ('fastapi', 'starlette', 'uvicorn', 'torch') if n in sys.modules]; "
        "assert not loaded, loaded"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
