"""A stand-in for the model hub: one repository of small files, as its own library speaks to it.

Not covered: large files, which the real one takes by another way that is the library's affair.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

REPOSITORY, TOKEN = "me/adapters", "hf_canary5b8e20d7"


class Repository:
    """The files at the head, and what the hub says of them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.commits: list[list[str]] = []
        self.is_private = True
        self.url = ""
        self.lock = threading.Lock()

    @property
    def head(self) -> str:
        return f"{len(self.commits):040x}"

    def commit(self, lines: list[dict[str, Any]]) -> bool:
        """Take files in; false where another commit came before."""
        with self.lock:
            if lines[0]["value"].get("parentCommit") not in (None, self.head):
                return False
            added = [one["value"] for one in lines if one["key"] == "file"]
            for one in added:
                self.files[one["path"]] = base64.b64decode(one["content"])
            self.commits.append([one["path"] for one in added])
            return True


class Server(ThreadingHTTPServer):
    """A server that knows the repository."""

    def __init__(self, repository: Repository) -> None:
        super().__init__(("127.0.0.1", 0), Face)
        self.repository = repository


class Face(BaseHTTPRequestHandler):
    """The hub's HTTP for one repository."""

    server: Server

    def do_GET(self) -> None:
        if self._is_strange():
            return
        path = self.path.partition("?")[0]
        if path.startswith(f"/api/models/{REPOSITORY}"):
            shown = {
                "id": REPOSITORY,
                "sha": self.server.repository.head,
                "tags": [],
                "siblings": [],
            }
            self._answer(200, {**shown, "private": self.server.repository.is_private})
        elif path.startswith(f"/{REPOSITORY}/resolve/main/"):
            self._file(path.removeprefix(f"/{REPOSITORY}/resolve/main/"))
        else:
            self._answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        if self._is_strange():
            return
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "/preupload/" in self.path:
            files = [
                {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                for one in json.loads(body)["files"]
            ]
            self._answer(200, {"files": files})
            return
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        if not self.server.repository.commit(lines):
            self._answer(412, {"error": "A commit has happened since."})
            return
        where = f"{self.server.repository.url}/{REPOSITORY}/commit/{self.server.repository.head}"
        self._answer(
            200, {"commitUrl": where, "commitOid": self.server.repository.head, "hookOutput": ""}
        )

    def _file(self, name: str) -> None:
        content = self.server.repository.files.get(name)
        if content is None:
            self._answer(404, {"error": "Entry not found"})
            return
        first, _, last = self.headers.get("Range", "bytes=0-")[6:].partition("-")
        part = content[int(first) : int(last) + 1 if last else None]
        if int(first) >= len(content) and content:
            self._answer(416, {})
            return
        self.send_response(206 if "Range" in self.headers else 200)
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        self.wfile.write(part)

    def _is_strange(self) -> bool:
        is_strange = self.headers.get("Authorization") != f"Bearer {TOKEN}"
        if is_strange:
            self._answer(401, {"error": "Invalid credentials"})
        return is_strange

    def _answer(self, status: int, value: Any) -> None:
        text = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def hub() -> Iterator[Repository]:
    repository = Repository()
    with Server(repository) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        repository.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield repository
        finally:
            server.shutdown()
