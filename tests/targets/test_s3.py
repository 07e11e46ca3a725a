"""The S3 client of volumes against the emulated interface, which checks every signature."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from emulators.rp_s3.app import RunPodS3
from emulators.serving import served
from hone.errors import HoneError, InvalidInput, Unavailable
from hone.targets._rest import BadKey, NotThere
from hone.targets._s3 import Bucket, Where

NAME = "vol123"
PART = 100_000


class Waits:
    """A clock whose waits take no time, and that counts them."""

    def __init__(self) -> None:
        self.count = 0

    def now(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        self.count += 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "volume"


@pytest.fixture
def s3(folder: Path) -> Iterator[RunPodS3]:
    folder.mkdir()
    with served(RunPodS3({NAME: folder})) as emulator:
        yield emulator


def where(s3: RunPodS3, **more: str) -> Where:
    [(access, secret)] = s3.keys.items()
    return Where(s3.url, s3.region, NAME, access, secret)._replace(**more)


@pytest.fixture
def bucket(s3: RunPodS3) -> Iterator[Bucket]:
    opened = Bucket(where(s3), clock=Waits(), part_bytes=PART)
    yield opened
    opened.close()


def test_what_is_written_is_read_whole_and_in_part(bucket: Bucket, folder: Path) -> None:
    bucket.write("runs/r 1/däta#1.bin", bytes(range(200)))
    assert (folder / "runs/r 1/däta#1.bin").read_bytes() == bytes(range(200))
    assert bucket.read("runs/r 1/däta#1.bin") == bytes(range(200))
    assert bucket.read("runs/r 1/däta#1.bin", 150, 160) == bytes(range(150, 160))
    assert bucket.read("runs/r 1/däta#1.bin", 200) == b""  # nothing has grown
    assert bucket.read("not/there") is None and bucket.size("not/there") is None
    assert bucket.size("runs/r 1/däta#1.bin") == 200
    bucket.delete("runs/r 1/däta#1.bin")
    bucket.delete("runs/r 1/däta#1.bin")
    assert bucket.read("runs/r 1/däta#1.bin") is None


def test_a_length_is_known_though_access_is_denied_once(bucket: Bucket, s3: RunPodS3) -> None:
    # The answer to HEAD has no body, so no code that says why.
    bucket.write("runs/one", b"12345")
    s3.faults.arm("access_denied", method="HEAD")
    assert bucket.size("runs/one") == 5


def test_a_listing_is_whole_though_tokens_repeat_and_access_is_denied_once(
    bucket: Bucket, s3: RunPodS3, folder: Path
) -> None:
    for number in range(2100):
        path = folder / f"many/{number:04d}"
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    (folder / "other").write_text("")
    s3.faults.arm("repeat_token", times=-1)
    s3.faults.arm("access_denied")
    assert bucket.keys("many/") == [f"many/{number:04d}" for number in range(2100)]
    assert bucket.keys("nothing/") == []


def test_a_large_file_goes_in_parts_and_goes_on_where_it_was_cut(
    bucket: Bucket, s3: RunPodS3, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(os.urandom(10 * PART - 1))
    s3.faults.arm("http_status", status=400, text="cut", method="PUT", skip=6)
    with pytest.raises(HoneError, match="refuses"):
        bucket.send("models/m", path)
    assert not (folder / "models/m").exists()
    before = len(list(folder.rglob(".s3compat_uploads/*/0*")))
    assert before == 6
    served_before = puts(s3)
    bucket.send("models/m", path)
    assert (folder / "models/m").read_bytes() == path.read_bytes()
    assert puts(s3) - served_before == 4  # six parts were there already
    assert not list(folder.rglob(".s3compat_uploads/*/0*"))


def puts(s3: RunPodS3) -> int:
    import httpx

    entries = httpx.get(f"{s3.url}/_emulator/log").json()["requests"]
    return sum(one["method"] == "PUT" and one["status"] == 200 for one in entries)


def test_a_part_that_lies_there_otherwise_is_sent_again(
    bucket: Bucket, s3: RunPodS3, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(os.urandom(3 * PART))
    volume = s3.volumes[NAME]
    upload = volume.begin("models/m")
    volume.put_part(upload, "models/m", 1, b"of another try with another file")
    bucket.send("models/m", path)
    assert (folder / "models/m").read_bytes() == path.read_bytes()


def test_a_download_goes_on_where_it_was_cut(
    bucket: Bucket, s3: RunPodS3, folder: Path, tmp_path: Path
) -> None:
    whole = os.urandom(3 * PART)
    (folder / "big").write_bytes(whole)
    part = tmp_path / "part"
    part.write_bytes(whole[:PART])
    s3.faults.arm("get_cut", bytes=10)
    assert bucket.fetch("big", part, len(whole)) and part.read_bytes() == whole
    assert not bucket.fetch("gone", tmp_path / "gone", 5)


def test_ten_bad_gateways_in_a_row_are_waited_for(bucket: Bucket, s3: RunPodS3) -> None:
    s3.faults.arm("bad_gateway", times=10)
    bucket.write("a", b"1")
    assert bucket.read("a") == b"1"
    s3.faults.arm("bad_gateway", times=-1)
    with pytest.raises(Unavailable, match="it answered 502"):
        bucket.read("a")


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"access": "user_other"}, BadKey, "InvalidAccessKeyId"),
        ({"secret": "rps_other"}, BadKey, "SignatureDoesNotMatch"),
        ({"region": "US-KS-2"}, BadKey, "AuthorizationHeaderMalformed"),
        ({"name": "vol999"}, NotThere, "no volume vol999"),
    ],
)
def test_what_is_wrong_with_key_and_volume_is_said_at_once(
    s3: RunPodS3, wrong: dict[str, str], error: type[HoneError], words: str
) -> None:
    clock = Waits()
    opened = Bucket(where(s3, **wrong), clock=clock)
    with pytest.raises(error, match=words) as caught:
        opened.read("a")
    opened.close()
    assert clock.count == 0 and "rps_other" not in str(caught.value)


def test_a_key_that_is_denied_for_good_is_no_stumble(bucket: Bucket, s3: RunPodS3) -> None:
    s3.faults.arm("access_denied", times=-1)
    with pytest.raises(BadKey, match="AccessDenied"):
        bucket.read("a")


def test_a_key_never_travels_in_the_open() -> None:
    with pytest.raises(InvalidInput, match="in the open"):
        Bucket(Where("http://s3api-eu-ro-1.example.org", "EU-RO-1", NAME, "user_a", "rps_b"))


def odd(answer: Callable[[httpx.Request], httpx.Response]) -> Bucket:
    where = Where("https://s3.invalid", "EU-RO-1", NAME, "access", "secret")
    return Bucket(where, clock=Waits(), transport=httpx.MockTransport(answer))


def test_what_is_there_otherwise_than_it_was_sent_is_told(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-length": "3"})

    (path := tmp_path / "model").write_bytes(b"12345")
    bucket = odd(answer)
    with pytest.raises(Unavailable, match=f"model is not .* {NAME} as it was sent") as caught:
        bucket.send("models/m", path)
    assert caught.value.hint == "Try again; is the file changed while it is sent?"
    bucket.close()


def test_an_upload_that_was_dropped_is_told(bucket: Bucket, s3: RunPodS3, tmp_path: Path) -> None:
    (path := tmp_path / "model").write_bytes(os.urandom(2 * PART))
    s3.faults.arm("http_status", status=404, text="NoSuchUpload", method="POST", skip=1)
    with pytest.raises(Unavailable, match="The upload was dropped on the other side") as caught:
        bucket.send("models/m", path)
    assert caught.value.hint == "Try again."


def test_a_wrong_clock_here_and_a_page_in_place_of_xml_are_told() -> None:
    late = "<Error><Code>RequestTimeTooSkewed</Code></Error>"
    bucket = odd(lambda request: httpx.Response(403, text=late))
    with pytest.raises(
        HoneError, match=r"The clock of this machine is wrong: .* refuses"
    ) as caught:
        bucket.keys("runs/")
    assert caught.value.hint == "sudo timedatectl set-ntp true"
    bucket.close()
    bucket = odd(lambda request: httpx.Response(200, text="<!DOCTYPE html><p>Welcome"))
    with pytest.raises(Unavailable, match="answered with something that is no XML") as caught:
        bucket.keys("runs/")
    assert caught.value.hint == "Is its address right, and does no proxy stand between?"
    bucket.close()
