"""boto3 against the S3 interface of a volume: the same files as a worker sees."""

from __future__ import annotations

import hashlib
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulators.clock import Clock
from emulators.rp_s3.app import RunPodS3
from emulators.rp_s3.dialect import AMAZON
from emulators.serving import served
from tests.emulators.clients import boto3 as library

boto3 = library()
from boto3.s3.transfer import TransferConfig  # noqa: E402
from botocore.config import Config  # noqa: E402
from botocore.exceptions import ClientError, ResponseStreamingError  # noqa: E402

BUCKET = "vol123"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("volume")


@pytest.fixture(scope="module")
def s3(folder: Path) -> Iterator[RunPodS3]:
    with served(RunPodS3({BUCKET: folder})) as emulator:
        yield emulator


def made(s3: RunPodS3, *, attempts: int = 1, **more: Any) -> Any:
    [(access, secret)] = s3.keys.items()
    options = {
        "endpoint_url": s3.url,
        "aws_access_key_id": access,
        "aws_secret_access_key": secret,
        "region_name": s3.region,
        "config": Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": attempts}),
    }
    return boto3.client("s3", **{**options, **more})


@pytest.fixture(scope="module")
def shared(s3: RunPodS3) -> Iterator[Any]:
    client = made(s3)
    yield client
    client.close()


@pytest.fixture
def client(shared: Any, s3: RunPodS3) -> Any:
    s3.faults.disarm()
    return shared


def code(caught: Any) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_what_is_put_is_a_file_and_what_is_a_file_is_got(client: Any, folder: Path) -> None:
    whole = os.urandom(50_000)
    told = client.put_object(Bucket=BUCKET, Key="runs/r 1/in/däta#1.bin", Body=whole)
    assert (folder / "runs/r 1/in/däta#1.bin").read_bytes() == whole
    assert told["ETag"] == f'"{hashlib.md5(whole).hexdigest()}"'
    (folder / "runs/out").mkdir()
    (folder / "runs/out/result.json").write_text("{}")
    assert client.get_object(Bucket=BUCKET, Key="runs/out/result.json")["Body"].read() == b"{}"
    head = client.head_object(Bucket=BUCKET, Key="runs/r 1/in/däta#1.bin")
    assert head["ContentLength"] == 50_000


def test_a_range_goes_on_where_a_download_broke(client: Any, folder: Path) -> None:
    (folder / "long").write_bytes(bytes(range(200)))
    got = client.get_object(Bucket=BUCKET, Key="long", Range="bytes=150-")
    assert got["Body"].read() == bytes(range(150, 200))
    assert got["ContentRange"] == "bytes 150-199/200"
    assert client.get_object(Bucket=BUCKET, Key="long", Range="bytes=-3")["Body"].read() == bytes(
        [197, 198, 199]
    )
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket=BUCKET, Key="long", Range="bytes=200-")
    assert code(caught) == "InvalidRange"


def test_listings_page_group_by_folder_and_show_empty_folders(client: Any, folder: Path) -> None:
    for number in range(7):
        path = folder / f"many/{number % 2}/{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x" * number)
    (folder / "many/empty").mkdir()
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="many/", PaginationConfig={"PageSize": 3}
    )
    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    assert len(keys) == 8 and keys == sorted(keys) and "many/empty/" in keys
    grouped = client.list_objects_v2(Bucket=BUCKET, Prefix="many/", Delimiter="/")
    assert [one["Prefix"] for one in grouped["CommonPrefixes"]] == [
        "many/0/",
        "many/1/",
        "many/empty/",
    ]
    first = client.list_objects(Bucket=BUCKET, Prefix="many/", MaxKeys=5)
    assert first["IsTruncated"] and len(first["Contents"]) == 5


def test_a_multipart_upload_appears_only_when_it_is_complete(client: Any, folder: Path) -> None:
    whole = os.urandom(3_000_000)
    chunk = 1_000_000
    id = client.create_multipart_upload(Bucket=BUCKET, Key="big")["UploadId"]
    parts = []
    for number, at in enumerate(range(0, len(whole), chunk), 1):
        piece = whole[at : at + chunk]
        told = client.upload_part(
            Bucket=BUCKET, Key="big", UploadId=id, PartNumber=number, Body=piece
        )
        parts.append({"PartNumber": number, "ETag": told["ETag"]})
    assert not (folder / "big").exists()
    assert len(client.list_parts(Bucket=BUCKET, Key="big", UploadId=id)["Parts"]) == 3
    assert client.list_multipart_uploads(Bucket=BUCKET)["Uploads"][0]["Key"] == "big"
    wrong = [*parts[:2], {"PartNumber": 3, "ETag": '"0"'}]
    with pytest.raises(ClientError) as caught:
        client.complete_multipart_upload(
            Bucket=BUCKET, Key="big", UploadId=id, MultipartUpload={"Parts": wrong}
        )
    assert code(caught) == "InvalidPart"
    client.complete_multipart_upload(
        Bucket=BUCKET, Key="big", UploadId=id, MultipartUpload={"Parts": parts}
    )
    assert (folder / "big").read_bytes() == whole
    assert client.head_object(Bucket=BUCKET, Key="big")["ETag"].endswith('-3"')
    assert "Uploads" not in client.list_multipart_uploads(Bucket=BUCKET)


def test_the_clients_own_managed_transfer_works_and_an_aborted_one_leaves_nothing(
    client: Any, folder: Path
) -> None:
    whole = os.urandom(1_500_000)
    small = TransferConfig(multipart_threshold=500_000, multipart_chunksize=500_000)
    client.upload_fileobj(io.BytesIO(whole), BUCKET, "managed", Config=small)
    back = io.BytesIO()
    client.download_fileobj(BUCKET, "managed", back, Config=small)
    assert back.getvalue() == whole == (folder / "managed").read_bytes()
    id = client.create_multipart_upload(Bucket=BUCKET, Key="never")["UploadId"]
    client.abort_multipart_upload(Bucket=BUCKET, Key="never", UploadId=id)
    with pytest.raises(ClientError) as caught:
        client.list_parts(Bucket=BUCKET, Key="never", UploadId=id)
    assert code(caught) == "NoSuchUpload"


def test_copies_and_deletions_one_by_one(client: Any, folder: Path) -> None:
    client.put_object(Bucket=BUCKET, Key="a/b", Body=b"1")
    client.copy_object(Bucket=BUCKET, Key="a/c", CopySource={"Bucket": BUCKET, "Key": "a/b"})
    assert (folder / "a/c").read_bytes() == b"1"
    for key in ("a/b", "a/c", "a/not-there"):
        client.delete_object(Bucket=BUCKET, Key=key)
    assert not (folder / "a/b").exists()
    with pytest.raises(ClientError) as caught:
        client.get_object(Bucket=BUCKET, Key="a/b")
    assert code(caught) == "NoSuchKey"


def test_what_runpod_does_not_support_is_501(client: Any, s3: RunPodS3) -> None:
    calls = [
        lambda: client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "a"}]}),
        lambda: client.create_bucket(Bucket="new"),
        lambda: client.get_bucket_location(Bucket=BUCKET),
        lambda: client.get_object_tagging(Bucket=BUCKET, Key="long"),
        lambda: client.get_bucket_acl(Bucket=BUCKET),
        lambda: client.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
        ),
    ]
    for call in calls:
        with pytest.raises(ClientError) as caught:
            call()
        assert code(caught) == "NotImplemented"
    url = client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "long"})
    assert httpx.get(url).status_code in (403, 501)


def test_a_wrong_key_secret_region_or_time_is_refused(s3: RunPodS3) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"aws_access_key_id": "user_other"}, "InvalidAccessKeyId"),
        ({"aws_secret_access_key": "rps_other"}, "SignatureDoesNotMatch"),
        ({"region_name": "US-KS-2"}, "AuthorizationHeaderMalformed"),
    ]
    for wrong, expected in cases:
        client = made(s3, **wrong)
        with pytest.raises(ClientError) as caught:
            client.list_objects_v2(Bucket=BUCKET)
        assert code(caught) == expected
        client.close()
    assert httpx.get(f"{s3.url}/{BUCKET}").status_code == 403
    with served(RunPodS3(clock=Clock(start=time.time() + 4000))) as late:
        client = made(late)
        with pytest.raises(ClientError) as caught:
            client.list_buckets()
        assert code(caught) == "RequestTimeTooSkewed"
        client.close()


def test_an_upload_that_is_too_large_is_refused(client: Any, s3: RunPodS3, folder: Path) -> None:
    s3.volumes[BUCKET].most_bytes = 1000
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket=BUCKET, Key="large", Body=b"x" * 1001)
    s3.volumes[BUCKET].most_bytes = 500_000_000
    assert code(caught) == "EntityTooLarge" and not (folder / "large").exists()


@pytest.mark.parametrize("key", ["../out", "a/../../out", ".s3compat_uploads/x"])
def test_no_key_leads_out_of_the_volume(s3: RunPodS3, key: str) -> None:
    from emulators.shell import Refusal

    with pytest.raises(Refusal, match="400"):
        s3.volumes[BUCKET].put(key, b"x")


def test_buckets_are_the_volumes(client: Any) -> None:
    assert [one["Name"] for one in client.list_buckets()["Buckets"]] == [BUCKET]
    client.head_bucket(Bucket=BUCKET)
    with pytest.raises(ClientError):
        client.head_bucket(Bucket="other")


# --- the fault menu


def test_fault_bad_gateway(client: Any, s3: RunPodS3, folder: Path) -> None:
    s3.faults.arm("bad_gateway", times=2, method="PUT")
    with pytest.raises(ClientError):
        client.put_object(Bucket=BUCKET, Key="once", Body=b"1")
    assert not (folder / "once").exists()
    patient = made(s3, attempts=4)
    patient.put_object(Bucket=BUCKET, Key="once", Body=b"1")
    patient.close()
    assert (folder / "once").read_bytes() == b"1"


def test_fault_repeat_token(client: Any, s3: RunPodS3, folder: Path) -> None:
    from botocore.exceptions import PaginationError

    for number in range(6):
        (folder / f"pages-{number}").write_text("x")
    s3.faults.arm("repeat_token")
    pages = client.get_paginator("list_objects_v2")
    with pytest.raises(PaginationError, match="same next token"):
        list(pages.paginate(Bucket=BUCKET, Prefix="pages-", PaginationConfig={"PageSize": 2}))


def test_fault_access_denied(client: Any, s3: RunPodS3) -> None:
    s3.faults.arm("access_denied")
    with pytest.raises(ClientError) as caught:
        client.list_objects_v2(Bucket=BUCKET)
    assert code(caught) == "AccessDenied"
    client.list_objects_v2(Bucket=BUCKET)


def test_fault_get_cut(client: Any, s3: RunPodS3, folder: Path) -> None:
    (folder / "cut").write_bytes(b"x" * 100_000)
    s3.faults.arm("get_cut", bytes=1000)
    with pytest.raises(ResponseStreamingError, match="1000 bytes read"):
        client.get_object(Bucket=BUCKET, Key="cut")["Body"].read()
    assert len(client.get_object(Bucket=BUCKET, Key="cut")["Body"].read()) == 100_000


def test_fault_get_corrupt(client: Any, s3: RunPodS3, folder: Path) -> None:
    (folder / "fine").write_bytes(b"fine")
    s3.faults.arm("get_corrupt")
    assert client.get_object(Bucket=BUCKET, Key="fine")["Body"].read() == b"gine"
    assert client.get_object(Bucket=BUCKET, Key="fine")["Body"].read() == b"fine"


def test_fault_volume_full(client: Any, s3: RunPodS3, folder: Path) -> None:
    s3.faults.arm("volume_full")
    with pytest.raises(ClientError) as caught:
        client.put_object(Bucket=BUCKET, Key="full", Body=b"1")
    assert code(caught) == "InternalError" and not (folder / "full").exists()


def test_with_amazon_s_dialect_addresses_and_conditions_hold(tmp_path: Path) -> None:
    clock = Clock(start=time.time())
    with served(RunPodS3({BUCKET: tmp_path}, clock=clock, dialect=AMAZON)) as own:
        signed = {"signature_version": "s3v4", "s3": {"addressing_style": "path"}}
        client = made(own, config=Config(**signed))
        params = {"Bucket": BUCKET, "Key": "runs/ä 1+2"}
        put = client.generate_presigned_url("put_object", Params=params, ExpiresIn=60)
        get = client.generate_presigned_url("get_object", Params=params, ExpiresIn=60)
        assert httpx.put(put, content=b"whole").status_code == 200
        assert httpx.get(get).content == b"whole" == (tmp_path / "runs/ä 1+2").read_bytes()
        assert httpx.get(put).status_code == 403 and httpx.get(get[:-1] + "x").status_code == 403
        with pytest.raises(ClientError) as caught:
            client.put_object(**params, Body=b"another", IfNoneMatch="*")
        assert code(caught) == "PreconditionFailed"
        assert client.put_object(Bucket=BUCKET, Key="new", Body=b"1", IfNoneMatch="*")["ETag"]
        assert httpx.get(f"{own.url}/{BUCKET}/new").status_code == 403
        own.is_public = True
        assert httpx.get(f"{own.url}/{BUCKET}/new").content == b"1"
        clock.advance(61)
        assert "Request has expired" in httpx.get(get).text
        client.close()
