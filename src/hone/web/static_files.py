"""The browser's modules: one page, and files under a version that changes with their contents."""

from __future__ import annotations

import hashlib
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse
from starlette.responses import Response

import hone
from hone.errors import NotFound

FOLDER = Path(__file__).parent / "static"
# Not the system's table: on Windows any program may say that .js is plain text.
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
PLACEHOLDER = "/static/VERSION/"
FOR_EVER = "public, max-age=31536000, immutable"

router = APIRouter(include_in_schema=False)


class StaticFiles:
    """The files of one folder; only what was found there can be asked for."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self.version = ""
        self._files: dict[str, Path] = {}
        self.look()

    def look(self) -> None:
        """Find the files, and give the whole a name that changes when any of them does."""
        found = {
            path.relative_to(self.folder).as_posix(): path
            for path in sorted(self.folder.rglob("*"))
            if path.suffix in KINDS and path.is_file()
        }
        whole = hashlib.sha256()
        for name, path in found.items():
            seen = path.stat()
            whole.update(f"{name} {seen.st_size} {seen.st_mtime_ns}\n".encode())
        self._files = found
        self.version = f"{hone.__version__}-{whole.hexdigest()[:8]}"

    def file(self, name: str) -> Path:
        """The file of this name; NotFound where there is none."""
        if name not in self._files:
            raise NotFound(f"There is no file {name}.", hint="Reload the page.")
        return self._files[name]

    def page(self) -> str:
        """The one page, with the addresses of its modules as they are now."""
        self.look()
        text = self.file("index.html").read_text("utf-8")
        return text.replace(PLACEHOLDER, f"/static/{self.version}/")


@router.get("/")
def page(request: Request) -> HTMLResponse:
    """The page that everything else is loaded from; asked for anew at each visit."""
    text = _files(request).page()
    return HTMLResponse(text, headers={"Cache-Control": "no-cache"})


@router.get("/static/{version}/{name:path}")
def module(request: Request, version: str, name: str) -> Response:
    """A file of this very version; another version is gone, never mixed in."""
    files = _files(request)
    if version != files.version:
        raise NotFound(f"Version {version} is not served any more.", hint="Reload the page.")
    path = files.file(name)
    kind = KINDS[path.suffix]
    return FileResponse(path, media_type=kind, headers={"Cache-Control": FOR_EVER})


def _files(request: Request) -> StaticFiles:
    return request.app.state.site.static
