"""A server with OpenAI's chat API on this machine: answers by plan, and stumbles as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Reply(NamedTuple):
    """What goes back for one request."""

    status: int
    body: Any
    headers: Mapping[str, str] = {}


def said(text: str, finish_reason: str = "stop") -> Reply:
    """An answer as the API has it."""
    message = {"role": "assistant", "content": text}
    return Reply(200, {"choices": [{"message": message, "finish_reason": finish_reason}]})


class ChatServer:
    """What was asked of it, by whom, and how many at once at most."""

    def __init__(self, plan: Callable[[dict[str, Any], int], Reply]) -> None:
        self.plan = plan
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.under_way = self.most_at_once = 0
        self.url = ""
        self._lock = threading.Lock()

    def reply(self, path: str, key: str | None, body: dict[str, Any]) -> Reply:
        with self._lock:
            self.asked.append(body)
            self.keys.append(key)
            number = sum(one["messages"] == body["messages"] for one in self.asked)
            self.under_way += 1
            self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            if path != "/v1/chat/completions":
                return Reply(404, {"error": {"message": f"nothing at {path}"}})
            return self.plan(body, number)
        finally:
            with self._lock:
                self.under_way -= 1


@contextmanager
def chat_server(plan: Callable[[dict[str, Any], int], Reply]) -> Iterator[ChatServer]:
    """`plan` gets the request's body and how often the same was asked."""
    found = ChatServer(plan)

    class Face(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = json.loads(self.rfile.read(length))
            given = found.reply(self.path, self.headers.get("Authorization"), body)
            text = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
            self.send_response_only(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Face)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
