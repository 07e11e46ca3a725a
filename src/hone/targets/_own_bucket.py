"""A bucket of one's own as the way home: whether it is fit, what a worker may do in it, reading.

The key stays here. A worker gets addresses, each for one object of its own request and no longer
than that may live; whoever could read the request could use them so long.
"""

from __future__ import annotations

import secrets

from hone.errors import HoneError
from hone.records import submission as on_volume
from hone.records.submission import Grant, Index
from hone.targets._by_address import ONLY_NEW, ByAddress
from hone.targets._clock import Clock
from hone.targets._s3 import Bucket
from hone.targets._s3_signing import Where, Words
from hone.workspace.targets_config import BucketOfOnesOwn

ACCESS, SECRET = "HONE_BUCKET_ACCESS_KEY", "HONE_BUCKET_SECRET_KEY"
SETTING = "targets.runpod-serverless.bucket"
SPARE_SECONDS = 3600.0  # beyond a request's life: its worker may be bringing out what it has
PROBE_SECONDS = 600.0
WORDS = Words(
    service="The S3 service",
    kind="bucket",
    inside="in the bucket",
    room="Delete what is not needed there, or raise its quota.",
    key=f"Put a key that may read, write, list and delete there into .env: {ACCESS}=… and "
    f"{SECRET}=…; is {SETTING}.region the bucket's?",
    setting=f"hone config set {SETTING} '{{name: NAME, region: REGION}}'   (and endpoint_url, "
    "where it is not Amazon's)",
)


def opened(said: BucketOfOnesOwn, access: str, secret: str, clock: Clock) -> Bucket:
    """The bucket with its owner's key. Close it.

    Its address may stand in hone.yaml: a signature holds for one host, and the secret is not sent.
    """
    url = (said.endpoint_url or f"https://s3.{said.region}.amazonaws.com").rstrip("/")
    prefix = said.prefix.strip("/")
    where = Where(
        url, said.region, said.name, access, secret, f"{prefix}/" if prefix else "", WORDS
    )
    return Bucket(where, clock=clock)


def refuse_unfit(bucket: Bucket) -> None:
    """HoneError where a job's end could not be left there alone, once, and unread by others.

    It is tried with addresses like those that a worker gets.
    """
    key = f"hone/probes/{secrets.token_hex(8)}"
    put = bucket.presigned("PUT", key, PROBE_SECONDS, ONLY_NEW)
    get = bucket.presigned("GET", key, PROBE_SECONDS)
    by_address = ByAddress(clock=bucket.clock)
    problems: list[tuple[str, str]] = []
    try:
        bucket.keys("hone/probes/none/")  # its key and its name, said in words
        by_address.put_new(put, b"1")
        if by_address.put_new(put, b"2"):
            problems.append(
                (
                    "its service does not heed If-None-Match, so a training could run twice",
                    "one at Amazon S3, Cloudflare R2 or a newer MinIO",
                )
            )
        if by_address.is_open(get):
            problems.append(
                ("everybody may read it, and what was trained would be public", "a private one")
            )
    finally:
        by_address.close()
        bucket.delete(key)
    if problems:
        raise HoneError(
            f"The bucket {bucket.where.name} is not fit: {'; '.join(why for why, _ in problems)}.",
            hint=f"Name {' and '.join(mend for _, mend in problems)}: {WORDS.setting}",
        )


def granted(bucket: Bucket, job: str, ticket: str, ttl_seconds: float) -> Grant:
    """What the worker of a request may do: put each of its objects, take its ticket up once."""
    place, seconds = on_volume.place_of(job), ttl_seconds + SPARE_SECONDS
    claim, beat = f"{on_volume.TICKETS}/{ticket}", on_volume.BEAT
    names = [beat, on_volume.INDEX, *on_volume.FOLLOWED]
    names += [on_volume.piece_of(number) for number in range(on_volume.MOST_PIECES)]
    puts = {name: bucket.presigned("PUT", _key(job, name), seconds) for name in names}
    puts[claim] = bucket.presigned("PUT", f"{place}/{claim}", seconds, ONLY_NEW)
    gets = {name: bucket.presigned("GET", f"{place}/{name}", seconds) for name in (claim, beat)}
    return Grant(puts=puts, gets=gets)


def _key(job: str, name: str) -> str:
    """Where an object lies: what grows in the job's folder, as on a volume."""
    home = on_volume.folder_of(job) if name in on_volume.FOLLOWED else on_volume.place_of(job)
    return f"{home}/{name}"


def read_left(
    bucket: Bucket, job: str, index: Index, path: str, span: tuple[int, int]
) -> bytes | None:
    """Bytes of a file that a worker left, to the end of their piece at most; None: it is gone."""
    begin, size = index.begin_of(path), index.piece_bytes
    number, start = divmod(begin + span[0], size)
    end = min(size, start + span[1] - span[0])
    return bucket.read(f"{on_volume.place_of(job)}/{on_volume.piece_of(number)}", start, end)
