"""Presigned addresses are those that Amazon's own library makes, to the letter."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hone.targets._s3_signing import MOST_SECONDS, Where, path_of, presigned
from tests.emulators.clients import boto3 as library

boto3 = library()
from botocore.config import Config  # noqa: E402

KEY, SECRET = "AKIACANARY", "secret/with+signs"


@pytest.mark.parametrize("url", ["https://s3.eu-central-1.amazonaws.com", "http://127.0.0.1:9000"])
@pytest.mark.parametrize("key", ["a/b.json", "hone/jobs/ä b#1+2=3/pieces/000"])
@pytest.mark.parametrize("more", [{}, {"IfNoneMatch": "*"}])
def test_an_address_is_the_one_that_boto3_makes(url: str, key: str, more: dict[str, Any]) -> None:
    config = Config(s3={"addressing_style": "path"}, signature_version="s3v4")
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="eu-central-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=config,
    )
    params = {"Bucket": "me-adapters", "Key": key, **more}
    theirs = client.generate_presigned_url("put_object", Params=params, ExpiresIn=90)
    client.close()
    said = theirs.partition("X-Amz-Date=")[2][:16]
    now = datetime.strptime(said, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    where = Where(url, "eu-central-1", "me-adapters", KEY, SECRET)
    headers = {"If-None-Match": "*"} if more else {}
    ours = presigned(where, ("PUT", path_of(where, key), headers), 90.0, now)
    assert sorted(parts(ours)) == sorted(parts(theirs))


def parts(address: str) -> list[str]:
    before, _, query = address.partition("?")
    return [before, *query.split("&")]


def test_no_address_holds_longer_than_seven_days() -> None:
    where = Where("https://s3.example.org", "auto", "b", KEY, SECRET, "pre/")
    long = presigned(where, ("GET", path_of(where, "a"), {}), 1e9, datetime.now(UTC))
    assert f"X-Amz-Expires={MOST_SECONDS}&" in long and "/b/pre/a?" in long
