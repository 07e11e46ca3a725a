"""The S3 face of network volumes: the operations that RunPod supports, and 501 for the others."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping, Sequence
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from xml.sax.saxutils import escape

from emulators.bill import Bill
from emulators.clock import Clock, iso
from emulators.faults import Faults
from emulators.rp_s3 import signing
from emulators.rp_s3.dialect import RUNPOD, Dialect
from emulators.rp_s3.signing import refuse
from emulators.rp_s3.volume import FAULTS, Entry, Volume
from emulators.shell import Refusal, Reply, Request, Route

PAGE = 1000
XML = "application/xml"
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
OF_OBJECTS = {"uploadId", "partNumber", "uploads", "x-id"}
OF_LISTS = {
    "list-type",
    "prefix",
    "delimiter",
    "max-keys",
    "continuation-token",
    "start-after",
    "encoding-type",
    "marker",
    "fetch-owner",
    "uploads",
    "x-id",
}


class RunPodS3:
    """Volumes by bucket name; `keys` are the S3 keys (access -> secret) of the account.

    With another `dialect` they are buckets of another service.
    """

    def __init__(
        self,
        volumes: Mapping[str, Path] | None = None,
        *,
        region: str = "EU-RO-1",
        keys: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        dialect: Dialect = RUNPOD,
    ) -> None:
        # Clients sign with the time of day.
        self.clock = clock or Clock(start=time.time())
        self.faults = Faults(FAULTS)
        self.bill = Bill()
        self.url = ""
        self.region = region
        self.keys = dict(keys or {"user_emulated": "rps_emulated"})
        self.dialect = dialect
        self.is_public = False  # whether everybody may read, without a key
        self._owned = None if volumes else Path(tempfile.mkdtemp(prefix="rp-s3-"))
        self.volumes = {
            name: Volume(path, dialect.most_bytes)
            for name, path in (volumes or {"volume": self._owned}).items()
            if path
        }

    def routes(self) -> list[Route]:
        """Path-style addresses only."""
        return [
            ("GET", "/", self.buckets),
            ("HEAD", "/{bucket}", self.head_bucket),
            ("GET", "/{bucket}", self.list_objects),
            ("POST", "/{bucket}", self.unsupported),
            ("PUT", "/{bucket}", self.unsupported),
            ("DELETE", "/{bucket}", self.unsupported),
            ("GET", "/{bucket}/{key*}", self.get),
            ("HEAD", "/{bucket}/{key*}", self.get),
            ("PUT", "/{bucket}/{key*}", self.put),
            ("POST", "/{bucket}/{key*}", self.post),
            ("DELETE", "/{bucket}/{key*}", self.delete),
        ]

    @contextlib.contextmanager
    def admit(self, request: Request, pattern: str | None) -> Iterator[None]:
        """Signed by a key of the account, for this region, at this time."""
        where = {"method": request.method, "path": request.path}
        if self.faults.strike("bad_gateway", **where) is not None:
            page = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
            raise Refusal(Reply(502, page, kind="text/html"))
        if not (self.is_public and request.method == "GET" and not request.query):
            account = signing.Account(self.keys, self.region, self.dialect)
            signing.check(request, account, self.clock.now())
        if self.faults.strike("access_denied", **where) is not None:
            raise refuse(403, "AccessDenied", "Access Denied.")
        yield

    def absent(self, request: Request, allowed: Sequence[str]) -> Reply:
        """What no route is for."""
        return refuse(405, "MethodNotAllowed", "The method is not allowed.").reply

    def unsupported(self, request: Request, *_: str) -> Reply:
        """Buckets are made elsewhere, and batches of deletions are planned."""
        raise refuse(501, "NotImplemented", "This operation is not supported.")

    def _volume(self, bucket: str) -> Volume:
        if bucket not in self.volumes:
            raise refuse(404, "NoSuchBucket", "The specified bucket does not exist.")
        return self.volumes[bucket]

    def _only(self, request: Request, known: set[str]) -> None:
        """501 for sub-resources that RunPod has not: acl, tagging, versioning, location, …"""
        strange = {one for one in request.query if not one.startswith("X-Amz-")} - known
        if strange:
            raise refuse(501, "NotImplemented", f"{sorted(strange)[0]} is not supported.")

    def buckets(self, request: Request) -> Reply:
        """The volumes."""
        made = iso(self.clock.now())
        rows = "".join(
            f"<Bucket><Name>{escape(name)}</Name><CreationDate>{made}</CreationDate></Bucket>"
            for name in self.volumes
        )
        owner = "<Owner><ID>emulated</ID></Owner>"
        return _xml("ListAllMyBucketsResult", f"{owner}<Buckets>{rows}</Buckets>")

    def head_bucket(self, request: Request, bucket: str) -> Reply:
        """200 or 404."""
        self._volume(bucket)
        return Reply(200, b"")

    def list_objects(self, request: Request, bucket: str) -> Reply:
        """ListObjects, ListObjectsV2 and ListMultipartUploads."""
        self._only(request, OF_LISTS)
        volume = self._volume(bucket)
        if "uploads" in request.query:
            rows = "".join(
                f"<Upload><Key>{escape(key)}</Key><UploadId>{id}</UploadId></Upload>"
                for id, key in volume.uploads()
            )
            return _xml("ListMultipartUploadsResult", f"<Bucket>{bucket}</Bucket>{rows}")
        query = request.query
        is_second = query.get("list-type") == "2"
        after = query.get("continuation-token") or query.get("start-after") or ""
        after = after if is_second else query.get("marker", "")
        most = min(int(query.get("max-keys", PAGE)), PAGE)
        folders, rows, next_after = _page(volume, query, after, most)
        token = next_after
        if token and after and self.faults.strike("repeat_token") is not None:
            token = after
        word = quote if query.get("encoding-type") == "url" else escape
        body = "".join(_row(volume.entry(key), word) for key in rows)
        body += "".join(
            f"<CommonPrefixes><Prefix>{word(one)}</Prefix></CommonPrefixes>" for one in folders
        )
        head = f"<Name>{bucket}</Name><Prefix>{escape(query.get('prefix', ''))}</Prefix>"
        head += f"<MaxKeys>{most}</MaxKeys><IsTruncated>{str(bool(token)).lower()}</IsTruncated>"
        if query.get("encoding-type") == "url":
            head += "<EncodingType>url</EncodingType>"
        if is_second:
            head += f"<KeyCount>{len(rows) + len(folders)}</KeyCount>"
        if token:
            name = "NextContinuationToken" if is_second else "NextMarker"
            head += f"<{name}>{word(token)}</{name}>"
        return _xml("ListBucketResult", head + body)

    def get(self, request: Request, bucket: str, key: str) -> Reply:
        """An object or a range of it; ListParts with an uploadId."""
        self._only(request, OF_OBJECTS)
        volume = self._volume(bucket)
        if "uploadId" in request.query:
            return _parts(volume, request.query["uploadId"], key)
        entry = volume.entry(key)
        headers = {
            "ETag": f'"{entry.etag}"',
            "Last-Modified": formatdate(entry.modified, usegmt=True),
            "Accept-Ranges": "bytes",
        }
        if request.method == "HEAD":
            headers["Content-Length"] = str(entry.size)
            return Reply(200, b"", headers, kind="binary/octet-stream")
        path = volume.existing(key)
        whole = b"" if path.is_dir() else path.read_bytes()
        reply = Reply(200, whole, headers, kind="binary/octet-stream")
        if "range" in request.headers:
            _cut_out(reply, request.headers["range"])
        return self._trouble(reply, request.path)

    def _trouble(self, reply: Reply, path: str) -> Reply:
        cut = self.faults.strike("get_cut", path=path)
        if cut is not None:
            reply.cut_at = int(cut.get("bytes", len(reply.body) // 2))
        if reply.body and self.faults.strike("get_corrupt", path=path) is not None:
            reply.body = bytes([reply.body[0] ^ 1]) + reply.body[1:]
        return reply

    def put(self, request: Request, bucket: str, key: str) -> Reply:
        """An object, a part, or a copy."""
        self._only(request, OF_OBJECTS)
        volume = self._volume(bucket)
        if self.faults.strike("volume_full", path=request.path) is not None:
            raise refuse(500, "InternalError", "no space left on device")
        if "x-amz-copy-source" in request.headers:
            source = unquote(request.headers["x-amz-copy-source"]).lstrip("/")
            from_bucket, _, from_key = source.partition("/")
            if from_bucket != bucket:
                raise refuse(501, "NotImplemented", "Copies stay on one volume.")
            entry = volume.copy(from_key, key)
            told = f'<ETag>"{entry.etag}"</ETag><LastModified>{iso(entry.modified)}</LastModified>'
            return _xml("CopyObjectResult", told)
        only_new = self.dialect.is_conditional and request.headers.get("if-none-match") == "*"
        if only_new and volume.path(key).is_file():
            raise refuse(412, "PreconditionFailed", "One of the preconditions did not hold.")
        if "uploadId" in request.query:
            number = int(request.query.get("partNumber", 0))
            etag = volume.put_part(request.query["uploadId"], key, number, request.body)
        else:
            etag = volume.put(key, request.body)
        return Reply(200, b"", {"ETag": f'"{etag}"'})

    def post(self, request: Request, bucket: str, key: str) -> Reply:
        """Begin or complete a multipart upload."""
        self._only(request, OF_OBJECTS)
        volume = self._volume(bucket)
        names = f"<Bucket>{bucket}</Bucket><Key>{escape(key)}</Key>"
        if "uploads" in request.query:
            id = volume.begin(key)
            told = f"{names}<UploadId>{id}</UploadId>"
            return _xml("InitiateMultipartUploadResult", told)
        if "uploadId" not in request.query:
            return self.unsupported(request)
        etag = volume.complete(request.query["uploadId"], key, _wanted_parts(request.body))
        return _xml("CompleteMultipartUploadResult", f'{names}<ETag>"{etag}"</ETag>')

    def delete(self, request: Request, bucket: str, key: str) -> Reply:
        """One object, or an upload; 204 also when it was not there."""
        self._only(request, OF_OBJECTS)
        volume = self._volume(bucket)
        if "uploadId" in request.query:
            volume.abort(request.query["uploadId"], key)
        else:
            volume.delete(key)
        return Reply(204)

    def tick(self) -> None:
        """Files do not age."""

    def close(self) -> None:
        """Remove the folder that was made here."""
        if self._owned:
            shutil.rmtree(self._owned, ignore_errors=True)


def _page(
    volume: Volume, query: Mapping[str, str], after: str, most: int
) -> tuple[list[str], list[str], str]:
    """Folders and keys of one page, and where the next one begins ("" when it is the last)."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    folders: list[str] = []
    rows: list[str] = []
    last = ""
    for key in volume.keys(prefix):
        head, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
        folder = prefix + head + delimiter if found else ""
        if key <= after or (folder and (folder in folders or folder <= after)):
            continue
        if len(folders) + len(rows) == most:
            return folders, rows, last
        (folders if folder else rows).append(folder or key)
        last = folder or key
    return folders, rows, ""


def _row(entry: Entry, word: Any) -> str:
    return (
        f"<Contents><Key>{word(entry.key)}</Key><LastModified>{iso(entry.modified)}</LastModified>"
        f"<ETag>&quot;{entry.etag}&quot;</ETag><Size>{entry.size}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def _parts(volume: Volume, id: str, key: str) -> Reply:
    rows = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;{etag}&quot;</ETag>"
        f"<Size>{size}</Size></Part>"
        for number, size, etag in volume.parts(id, key)
    )
    return _xml("ListPartsResult", f"<Key>{escape(key)}</Key><UploadId>{id}</UploadId>{rows}")


def _cut_out(reply: Reply, wanted: str) -> None:
    """Make the reply a 206 with the bytes of a single range."""
    size = len(reply.body)
    first, _, last = wanted.removeprefix("bytes=").partition("-")
    begin = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if begin >= size:
        raise refuse(416, "InvalidRange", "The requested range is not satisfiable.")
    reply.status, reply.body = 206, reply.body[begin : end + 1]
    reply.headers["Content-Range"] = f"bytes {begin}-{end}/{size}"


def _wanted_parts(body: bytes) -> list[tuple[int, str]]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        raise refuse(400, "MalformedXML", "The XML is not well-formed.") from None
    found = []
    for part in root.iter():
        if part.tag.rpartition("}")[2] == "Part":
            told = {child.tag.rpartition("}")[2]: child.text or "" for child in part}
            found.append((int(told.get("PartNumber", "0")), told.get("ETag", "")))
    return found


def _xml(root: str, inside: str) -> Reply:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{NAMESPACE}">{inside}</{root}>'
    return Reply(200, text.encode(), kind=XML)
