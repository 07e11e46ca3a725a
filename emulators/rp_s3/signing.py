"""Checks Signature Version 4 as S3 does, so that a client's own signing is tested for real."""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote

from emulators.shell import Refusal, Reply, Request

ALGORITHM = "AWS4-HMAC-SHA256"
# RunPod's window; Amazon's own is a quarter of an hour.
SKEW_SECONDS = 3600
HEADER = re.compile(
    ALGORITHM + r" Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$"
)


def refuse(status: int, code: str, message: str) -> Refusal:
    """An error as S3 writes it."""
    text = f"<Code>{code}</Code><Message>{message}</Message>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'.encode()
    return Refusal(Reply(status, body, kind="application/xml"))


def check(request: Request, keys: Mapping[str, str], region: str, now: float) -> None:
    """Refuse what is not signed by one of `keys` (access -> secret) for this region and time."""
    if "X-Amz-Signature" in request.query:
        raise refuse(501, "NotImplemented", "Presigned URLs are not supported.")
    found = HEADER.match(request.headers.get("authorization", ""))
    if not found:
        raise refuse(403, "AccessDenied", "Access Denied.")
    access, date, said_region, signed, signature = found.groups()
    if access not in keys:
        raise refuse(403, "InvalidAccessKeyId", "The access key does not exist.")
    if said_region.lower() != region.lower():
        raise refuse(400, "AuthorizationHeaderMalformed", f"the region must be {region}")
    stamp = request.headers.get("x-amz-date", "")
    if abs(_moment(stamp) - now) > SKEW_SECONDS or not stamp.startswith(date):
        raise refuse(403, "RequestTimeTooSkewed", "The difference in time is too large.")
    _check_body(request)
    names = signed.split(";")
    if "host" not in names:
        raise refuse(403, "AccessDenied", "There were headers present which were not signed.")
    lines = [
        request.method,
        request.path,
        _canonical_query(request.raw_query),
        *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names),
        "",
        signed,
        request.headers.get("x-amz-content-sha256", ""),
    ]
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    scope = f"{date}/{said_region}/s3/aws4_request"
    key = b"AWS4" + keys[access].encode()
    for part in (date, said_region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"{ALGORITHM}\n{stamp}\n{scope}\n{digest}"
    if not hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), signature):
        raise refuse(403, "SignatureDoesNotMatch", "The signature does not match.")


def _check_body(request: Request) -> None:
    told = request.headers.get("x-amz-content-sha256", "")
    if told == "UNSIGNED-PAYLOAD":
        return
    if told.startswith("STREAMING-"):
        raise refuse(501, "NotImplemented", "aws-chunked bodies are not emulated.")
    if told != hashlib.sha256(request.body).hexdigest():
        raise refuse(400, "XAmzContentSHA256Mismatch", "The sha256 does not match the body.")


def _canonical_query(raw: str) -> str:
    pairs = parse_qsl(raw, keep_blank_values=True)
    encoded = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in pairs)
    return "&".join(f"{k}={v}" for k, v in encoded)


def _moment(stamp: str) -> float:
    try:
        return calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        return 0.0
