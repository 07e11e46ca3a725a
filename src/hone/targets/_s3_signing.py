"""Signature Version 4 for S3: headers of a request, and addresses that somebody else may use.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
MOST_SECONDS = 7 * 24 * 3600  # that a presigned address may hold
Asked = tuple[str, str, Mapping[str, str]]  # method, path, and a query or headers


class Words(NamedTuple):
    """How people are told of a bucket, and what mends its troubles."""

    service: str
    kind: str
    inside: str
    room: str
    key: str
    setting: str


VOLUME = Words(
    service="RunPod's S3 interface",
    kind="volume",
    inside="on the volume",
    room="Enlarge it in RunPod's console (Storage), or delete what lies under hone/.",
    key="Make one in RunPod's console (Settings, S3 API keys), put it into .env: "
    "RUNPOD_S3_ACCESS_KEY=… and RUNPOD_S3_SECRET=…; is data_center the volume's?",
    setting="hone config set targets.runpod-serverless.volume_id ID, and data_center",
)


class Where(NamedTuple):
    """A bucket, the key to it, what all names in it begin with, and how people are told of it."""

    url: str
    region: str
    name: str
    access: str
    secret: str
    prefix: str = ""  # empty, or with a slash at its end
    words: Words = VOLUME


def path_of(where: Where, key: str) -> str:
    """The path of an object; without a key, of the bucket itself."""
    if not key:
        return f"/{where.name}"
    return f"/{where.name}/{quote(where.prefix + key, safe='-_.~/')}"


def signed_headers(where: Where, asked: Asked, digest: str, now: datetime) -> dict[str, str]:
    """The headers of a request with a path, a query and a body of this hash."""
    method, path, query = asked
    headers = {
        "host": _host(where),
        "x-amz-content-sha256": digest,
        "x-amz-date": f"{now:%Y%m%dT%H%M%SZ}",
    }
    signature = _signature(where, (method, path, query), (headers, digest), now)
    headers["authorization"] = (
        f"{ALGORITHM} Credential={where.access}/{_scope(where, now)}, "
        f"SignedHeaders={';'.join(headers)}, Signature={signature}"
    )
    return headers


def presigned(where: Where, asked: Asked, seconds: float, now: datetime) -> str:
    """An address that does one thing for so long, whoever has it; it must send these headers."""
    method, path, more = asked
    headers = {"host": _host(where)} | {name.lower(): value for name, value in more.items()}
    headers = dict(sorted(headers.items()))
    query = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{where.access}/{_scope(where, now)}",
        "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": str(min(MOST_SECONDS, max(1, round(seconds)))),
        "X-Amz-SignedHeaders": ";".join(headers),
    }
    signature = _signature(where, (method, path, query), (headers, "UNSIGNED-PAYLOAD"), now)
    return f"{where.url}{path}?{canonical(query)}&X-Amz-Signature={signature}"


def canonical(query: Mapping[str, str]) -> str:
    """A query as it is signed, and sent."""
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in query.items())
    return "&".join(f"{k}={v}" for k, v in pairs)


def _host(where: Where) -> str:
    """As the client will send it: without the usual port."""
    return urlsplit(where.url).netloc.rpartition("@")[2]


def _scope(where: Where, now: datetime) -> str:
    return f"{now:%Y%m%d}/{where.region}/s3/aws4_request"


def _signature(
    where: Where, asked: Asked, sealed: tuple[Mapping[str, str], str], now: datetime
) -> str:
    """`sealed`: the headers that are signed, and the body's hash."""
    method, path, query = asked
    headers, digest = sealed
    told = [f"{name}:{value}" for name, value in headers.items()]
    lines = [method, path, canonical(query), *told, "", ";".join(headers), digest]
    hashed = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    scope = _scope(where, now)
    text = f"{ALGORITHM}\n{now:%Y%m%dT%H%M%SZ}\n{scope}\n{hashed}"
    key = b"AWS4" + where.secret.encode()
    for one in scope.split("/"):
        key = hmac.digest(key, one.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
