"""A bucket of S3, a network volume at RunPod or one's own: read, write, send, delete, list.

Over httpx. What RunPod's service is known for is allowed for: 502 again and again, AccessDenied
now and then though the key is right, listings that repeat a continuation token (pages are asked
for by the last key instead), ETags that are no MD5, no deletion of many at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

from hone.errors import HoneError, Unavailable
from hone.targets._clock import REAL, Clock
from hone.targets._rest import BadKey, NotThere, refuse_open_address
from hone.targets._s3_signing import Where, canonical, path_of, presigned, signed_headers
from hone.workspace.files import explained

if TYPE_CHECKING:
    import httpx

CALL_SECONDS = 120.0
AGAIN_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0, 15.0, 15.0)
DENIED_TRIES = 4
PART_BYTES, MOST_PARTS = 64 << 20, 900
WRONG_KEYS = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed")
NOTHING: Mapping[str, str] = MappingProxyType({})
NO_ROOM = re.compile("no space left|ENOSPC|quota", re.IGNORECASE)


class VolumeFull(HoneError):
    """The volume, or the bucket, takes no more data."""


class Call(NamedTuple):
    """One request; an empty key means the bucket itself."""

    method: str
    key: str
    query: Mapping[str, str] = NOTHING
    body: bytes = b""
    wanted: str = ""  # a range of bytes


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Bucket:
    """One bucket. Close it."""

    def __init__(
        self,
        where: Where,
        *,
        clock: Clock = REAL,
        part_bytes: int = PART_BYTES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        import httpx

        refuse_open_address(where.words.service, where.url)
        self.where = where
        self.clock = clock
        self.part_bytes = part_bytes
        self._client = httpx.Client(timeout=CALL_SECONDS, transport=transport)

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def read(self, key: str, start: int = 0, end: int | None = None) -> bytes | None:
        """The bytes from `start` to before `end`; None where there is no such object."""
        wanted = "" if not start and end is None else _range(start, end)
        answer = self._call(Call("GET", key, wanted=wanted), missing=(404, 416))
        if answer.status == 416:
            return b""
        return None if answer.status == 404 else answer.body

    def size(self, key: str) -> int | None:
        """How long an object is; None where there is none."""
        answer = self._call(Call("HEAD", key), missing=(404,))
        return None if answer.status == 404 else int(answer.headers.get("content-length", 0))

    def write(self, key: str, body: bytes) -> None:
        """Put a small object."""
        self._call(Call("PUT", key, body=body))

    def delete(self, key: str) -> None:
        """Gone afterwards; harmless where it was not there."""
        self._call(Call("DELETE", key), missing=(404,))

    def keys(self, prefix: str) -> list[str]:
        """Every key that begins so; empty folders end in a slash."""
        begins = self.where.prefix
        found: list[str] = []
        while True:
            query = {"list-type": "2", "prefix": begins + prefix}
            if found:
                query["start-after"] = found[-1]
            root = _xml(self._call(Call("GET", "", query)).body)
            page = [_text(one, "Key") for one in root if _name(one) == "Contents"]
            new = [key for key in page if not found or key > found[-1]]
            found += new
            if not new or _text(root, "IsTruncated") != "true":
                return [key.removeprefix(begins) for key in found]

    def send(self, key: str, path: Path) -> None:
        """Put a file; a large one in parts, going on where an earlier try was cut off."""
        with explained("read", path):
            size = path.stat().st_size
        if size <= self.part_bytes:
            with explained("read", path):
                self.write(key, path.read_bytes())
        else:
            self._send_parts(key, path, size)
        if self.size(key) != size:
            raise Unavailable(
                f"{path.name} is not {self.where.words.inside} {self.where.name} as it was sent.",
                hint="Try again; is the file changed while it is sent?",
            )

    def fetch(self, key: str, part: Path, size: int) -> bool:
        """Append to `part` what is missing of it; false where the object is gone."""
        return fill(self.read, key, part, (size, self.part_bytes))

    def presigned(
        self, method: str, key: str, seconds: float, headers: Mapping[str, str] = NOTHING
    ) -> str:
        """An address by which anybody may do this one thing for so long: a secret."""
        asked = (method, path_of(self.where, key), headers)
        return presigned(self.where, asked, seconds, datetime.now(UTC))

    def _send_parts(self, key: str, path: Path, size: int) -> None:
        length = max(self.part_bytes, -(-size // MOST_PARTS))
        upload = self._open_upload(key)
        there = self._parts_of(key, upload)
        told: list[tuple[int, str]] = []
        with explained("read", path), path.open("rb") as file:
            for number in range(1, -(-size // length) + 1):
                body = file.read(length)
                tag = there.get(number, "")
                if tag != hashlib.md5(body, usedforsecurity=False).hexdigest():
                    query = {"partNumber": str(number), "uploadId": upload}
                    tag = self._call(Call("PUT", key, query, body)).headers.get("etag", "")
                told.append((number, tag.strip('"')))
        parts = "".join(
            f'<Part><PartNumber>{number}</PartNumber><ETag>"{tag}"</ETag></Part>'
            for number, tag in told
        )
        whole = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        answer = self._call(Call("POST", key, {"uploadId": upload}, whole), missing=(404,))
        # 404: it was completed by a call whose answer was lost, or dropped.
        if answer.status == 404 and self.size(key) != size:
            raise Unavailable("The upload was dropped on the other side.", hint="Try again.")

    def _open_upload(self, key: str) -> str:
        """The id of an upload of this key that was cut off, else of a new one."""
        root = _xml(self._call(Call("GET", "", {"uploads": "", "prefix": key})).body)
        for one in root:
            if _name(one) == "Upload" and _text(one, "Key") == key:
                return _text(one, "UploadId")
        answer = self._call(Call("POST", key, {"uploads": ""}))
        return _text(_xml(answer.body), "UploadId")

    def _parts_of(self, key: str, upload: str) -> dict[int, str]:
        root = _xml(self._call(Call("GET", key, {"uploadId": upload})).body)
        return {
            int(_text(one, "PartNumber")): _text(one, "ETag").strip('"')
            for one in root
            if _name(one) == "Part"
        }

    def _call(self, call: Call, missing: tuple[int, ...] = ()) -> Answer:
        """One call, again where the service stumbles; statuses in `missing` are given back."""
        import httpx

        denied, why = 0, ""
        for wait in (*AGAIN_SECONDS, None):
            try:
                answer = self._once(call)
            except httpx.HTTPError as error:
                why = f"the line was cut ({type(error).__name__})"
            else:
                code = _code(answer)
                if answer.status < 300 or (answer.status in missing and code != "NoSuchBucket"):
                    return answer
                denied += code == "AccessDenied"
                self._refuse(answer, code, is_sure=denied >= DENIED_TRIES)
                why = f"it answered {answer.status}"
            if wait is not None:
                self.clock.sleep(wait)
        raise Unavailable(
            f"The {self.where.words.kind} {self.where.name} cannot be reached at "
            f"{self.where.url}: {why}.",
            hint="Is this machine online?",
        )

    def _once(self, call: Call) -> Answer:
        path = path_of(self.where, call.key)
        digest = hashlib.sha256(call.body).hexdigest()
        asked = (call.method, path, call.query)
        headers = signed_headers(self.where, asked, digest, datetime.now(UTC))
        if call.wanted:
            headers["range"] = call.wanted
        url = self.where.url + path + (f"?{canonical(call.query)}" if call.query else "")
        came = self._client.request(call.method, url, content=call.body or None, headers=headers)
        return Answer(came.status_code, came.content, came.headers)

    def _refuse(self, answer: Answer, code: str, *, is_sure: bool) -> None:
        """Raise what asking again would not mend."""
        said = answer.body[:2000].decode("utf-8", "replace")
        name, words = self.where.name, self.where.words
        if NO_ROOM.search(said):
            raise VolumeFull(f"No space is left {words.inside} {name}.", hint=words.room)
        if code in WRONG_KEYS or (code == "AccessDenied" and is_sure):
            raise BadKey(
                f"{words.service} does not accept the key for {name} ({code}).", hint=words.key
            )
        if code == "RequestTimeTooSkewed":
            raise HoneError(
                f"The clock of this machine is wrong: {words.service} refuses its requests.",
                hint="sudo timedatectl set-ntp true",
            )
        # Amazon sends who asks in another region away.
        if code in ("NoSuchBucket", "PermanentRedirect") or answer.status == 404:
            raise NotThere(
                f"{words.service} knows no {words.kind} {name} in {self.where.region}.",
                hint=words.setting,
            )
        if answer.status < 500 and answer.status != 429 and code != "AccessDenied":
            raise HoneError(
                f"{words.service} refuses ({answer.status} {code}).",
                hint="hone targets check runpod-serverless",
            )


def fill(
    read: Callable[[str, int, int], bytes | None], key: str, part: Path, sizes: tuple[int, int]
) -> bool:
    """Append to `part` what is missing of a file; false where that is gone.

    `sizes`: of the whole, and of what is read at once.
    """
    size, block_bytes = sizes
    while (have := part.stat().st_size if part.exists() else 0) < size:
        block = read(key, have, min(size, have + block_bytes))
        if not block:
            return False
        with explained("write", part), part.open("ab") as file:
            file.write(block)
    return True


def _range(start: int, end: int | None) -> str:
    return f"bytes={start}-" + ("" if end is None else str(end - 1))


def _code(answer: Answer) -> str:
    found = re.search(rb"<Code>(\w+)</Code>", answer.body[:2000])
    if found:
        return found.group(1).decode()
    return "AccessDenied" if answer.status == 403 else ""  # the answer to a HEAD has no body


def _xml(body: bytes) -> ElementTree.Element:
    try:
        if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
            raise ElementTree.ParseError("no document type is expected")
        return ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise Unavailable(
            "What should be an S3 interface answered with something that is no XML.",
            hint="Is its address right, and does no proxy stand between?",
        ) from error


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _text(element: ElementTree.Element, name: str) -> str:
    return next((one.text or "" for one in element if _name(one) == name), "")
