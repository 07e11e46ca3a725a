"""A browser in a few lines: keeps cookies, says where its requests come from, runs no server."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

from hone.web.app import build_app
from hone.web.security import Access
from hone.web.site import Site

HOST = "127.0.0.1:8321"
ORIGIN = f"http://{HOST}"
TOKEN = "start-up-token-of-forty-two-characters-abc"
COOKIE = "hone_8321"
OPERATOR = "olive"


def access(**changed: Any) -> Access:
    """What a server on this machine lets in."""
    known = {
        "token": TOKEN,
        "operator": OPERATOR,
        "hosts": frozenset({HOST, "localhost:8321"}),
        "cookie": COOKIE,
    }
    return Access(**(known | changed))


class Browser:
    """Asks an app as the page of that very server would."""

    def __init__(self, app: FastAPI | Site, address: str = "10.0.0.1") -> None:
        self.app = app if isinstance(app, FastAPI) else build_app(app)
        self.address = address
        self.cookies = httpx.Cookies()
        self.headers = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}

    def sign_in(self, **given: str) -> Browser:
        """Sign in, by default as the operator."""
        answer = self.post("/api/session", given or {"token": TOKEN})
        assert answer.status_code == 200, answer.text
        return self

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.ask("GET", path, params=query)

    def post(self, path: str, body: Any = None, **query: Any) -> httpx.Response:
        return self.ask("POST", path, json=body, params=query)

    def put(self, path: str, body: Any) -> httpx.Response:
        return self.ask("PUT", path, json=body)

    def upload(self, name: str, content: bytes) -> httpx.Response:
        headers = {"Content-Type": "application/octet-stream"}
        return self.ask(
            "POST", "/api/imports/files", params={"name": name}, content=content, headers=headers
        )

    def ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request; `headers` of None value leave one of the usual ones out."""
        return asyncio.run(self._ask(method, path, **request))

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        headers = {**self.headers, **request.pop("headers", {})}
        request["headers"] = {name: value for name, value in headers.items() if value is not None}
        transport = httpx.ASGITransport(
            self.app, raise_app_exceptions=False, client=(self.address, 4711)
        )
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, cookies=self.cookies
        ) as client:
            answer = await client.request(method, path, **request)
            self.cookies = client.cookies
        return answer
