"""What the S3 interface of a network volume answers, without writing anything."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulators.clients import boto3

boto3()
from botocore.exceptions import ClientError  # noqa: E402

MISSING = "hone-conformance/never-written"


def status(caught: Any) -> int:
    return int(caught.value.response["ResponseMetadata"]["HTTPStatusCode"])


def test_the_volume_is_a_bucket(runpod_s3: Any) -> None:
    client, volume = runpod_s3
    assert volume in [one["Name"] for one in client.list_buckets()["Buckets"]]
    assert client.head_bucket(Bucket=volume)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_key_that_was_never_written_is_404(runpod_s3: Any) -> None:
    client, volume = runpod_s3
    with pytest.raises(ClientError) as caught:
        client.head_object(Bucket=volume, Key=MISSING)
    assert status(caught) == 404


def test_listing_what_is_not_there_is_empty(runpod_s3: Any) -> None:
    client, volume = runpod_s3
    assert client.list_objects_v2(Bucket=volume, Prefix=MISSING).get("KeyCount", 0) == 0


def test_a_batch_of_deletions_is_not_supported(runpod_s3: Any) -> None:
    client, volume = runpod_s3
    with pytest.raises(ClientError) as caught:
        client.delete_objects(Bucket=volume, Delete={"Objects": [{"Key": MISSING}]})
    assert status(caught) >= 400
