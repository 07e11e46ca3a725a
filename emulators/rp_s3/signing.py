"""Checks Signature Version 4 as S3 does, so that a client's own signing is tested for real."""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl, quote

from emulators.rp_s3.dialect import Dialect
from emulators.shell import Refusal, Reply, Request

ALGORITHM = "AWS4-HMAC-SHA256"
MOST_SECONDS = 7 * 24 * 3600  # that a presigned address may hold
HEADER = re.compile(
    ALGORITHM + r" Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$"
)
CREDENTIAL = re.compile(r"([^/]+)/(\d{8})/([^/]+)/s3/aws4_request$")


def refuse(status: int, code: str, message: str) -> Refusal:
    """An error as S3 writes it."""
    text = f"<Code>{code}</Code><Message>{message}</Message>"
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'.encode()
    return Refusal(Reply(status, body, kind="application/xml"))


class Account(NamedTuple):
    """Who may ask: keys (access -> secret), the region, and what the service takes."""

    keys: Mapping[str, str]
    region: str
    dialect: Dialect


def check(request: Request, account: Account, now: float) -> None:
    """Refuse what is not signed by a key of the account for this region and time."""
    if "X-Amz-Signature" in request.query:
        if not account.dialect.presigns:
            raise refuse(501, "NotImplemented", "Presigned URLs are not supported.")
        _check_presigned(request, account, now)
        return
    found = HEADER.match(request.headers.get("authorization", ""))
    if not found:
        raise refuse(403, "AccessDenied", "Access Denied.")
    access, date, said_region, signed, signature = found.groups()
    _check_key(account, access, said_region)
    stamp = request.headers.get("x-amz-date", "")
    if abs(_moment(stamp) - now) > account.dialect.skew_seconds or not stamp.startswith(date):
        raise refuse(403, "RequestTimeTooSkewed", "The difference in time is too large.")
    _check_body(request)
    lines = _lines(request, signed, request.raw_query)
    lines.append(request.headers.get("x-amz-content-sha256", ""))
    _check_signature(account, (access, stamp, said_region), lines, signature)


def _check_presigned(request: Request, account: Account, now: float) -> None:
    query = request.query
    found = CREDENTIAL.match(query.get("X-Amz-Credential", ""))
    seconds = query.get("X-Amz-Expires", "")
    stamp, signed = query.get("X-Amz-Date", ""), query.get("X-Amz-SignedHeaders", "")
    is_usual = query.get("X-Amz-Algorithm") == ALGORITHM and seconds.isdigit()
    if found is None or not is_usual or not 0 < int(seconds) <= MOST_SECONDS:
        raise refuse(400, "AuthorizationQueryParametersError", "The query is not well-formed.")
    access, date, said_region = found.groups()
    _check_key(account, access, said_region)
    if not stamp.startswith(date) or _moment(stamp) > now + account.dialect.skew_seconds:
        raise refuse(403, "AccessDenied", "Request is not yet valid")
    if now > _moment(stamp) + int(seconds):
        raise refuse(403, "AccessDenied", "Request has expired")
    rest = "&".join(
        one for one in request.raw_query.split("&") if not one.startswith("X-Amz-Signature=")
    )
    lines = [*_lines(request, signed, rest), "UNSIGNED-PAYLOAD"]
    _check_signature(account, (access, stamp, said_region), lines, query["X-Amz-Signature"])


def _check_key(account: Account, access: str, said_region: str) -> None:
    keys, region = account.keys, account.region
    if access not in keys:
        raise refuse(403, "InvalidAccessKeyId", "The access key does not exist.")
    if said_region.lower() != region.lower():
        raise refuse(400, "AuthorizationHeaderMalformed", f"the region must be {region}")


def _lines(request: Request, signed: str, raw_query: str) -> list[str]:
    """The canonical request without its last line, the body's hash."""
    names = signed.split(";")
    if "host" not in names:
        raise refuse(403, "AccessDenied", "There were headers present which were not signed.")
    return [
        request.method,
        request.path,
        _canonical_query(raw_query),
        *(f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in names),
        "",
        signed,
    ]


def _check_signature(
    account: Account, said: tuple[str, str, str], lines: list[str], signature: str
) -> None:
    access, stamp, region = said
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    key = b"AWS4" + account.keys[access].encode()
    for part in scope.split("/"):
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
