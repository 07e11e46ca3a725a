"""How Hone arrives on another machine: its wheel, its needs, and an environment by hashes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import subprocess
import sys
import tomllib
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from hone.errors import HoneError
from hone.targets import _arrival, _transfer
from hone.targets._ssh import Address, Host
from hone.targets._there import source
from hone.targets._transfer import Sent
from tests.targets.machines import Machine


def host(there: Machine, python: str = sys.executable) -> Host:
    address = Address("127.0.0.1", there.port, "tester", str(there.key))
    return Host(address, python=python)


def test_the_wheel_is_the_same_bytes_each_time_and_hone_is_imported_from_it(tmp_path: Path) -> None:
    content = _arrival.wheel()
    assert content == _arrival.wheel()
    with zipfile.ZipFile(BytesIO(content)) as archive:
        names = archive.namelist()
        record = archive.read(next(name for name in names if name.endswith("RECORD"))).decode()
        for line in record.splitlines()[:20]:
            name, digest, size = line.split(",")
            found = archive.read(name)
            wanted = base64.urlsafe_b64encode(hashlib.sha256(found).digest()).rstrip(b"=").decode()
            assert digest == f"sha256={wanted}" and int(size) == len(found)
        assert len(record.splitlines()) == len(names)
        archive.extractall(tmp_path)
    assert "hone/worker/__main__.py" in names and not [one for one in names if "pycache" in one]
    done = subprocess.run(
        [sys.executable, "-P", "-c", "import hone; print(hone.__file__)"],
        env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(done.stdout.strip()) == tmp_path / "hone" / "__init__.py"


def test_needs_are_those_of_the_package_and_the_constraints_meet_them(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    declared = {*project["dependencies"], *project["optional-dependencies"]["train"]}
    assert set(_arrival.NEEDS) <= declared
    assert set(project["optional-dependencies"]["train"]) <= set(_arrival.NEEDS)
    lock = (repository / "src/hone/bundled/worker.lock").read_text()
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock, re.MULTILINE))
    assert _arrival.unmet(pinned) == []
    known = (repository / "constraints.txt").read_text().lower().replace("_", "-")
    for name, version in pinned.items():
        if f"\n{name}==" in known:
            assert f"\n{name}=={version}\n" in known, name
    blocks = re.split(r"\n(?=\S)", lock.strip())[1:]  # after the line that says what it is
    assert all("--hash=sha256:" in block for block in blocks) and len(blocks) == len(pinned)


def test_a_version_meets_a_need_or_not() -> None:
    every = {re.split("[<>]", line)[0]: "9999.0" for line in _arrival.NEEDS}
    late = {line for line in _arrival.NEEDS if "<" in line}
    assert set(_arrival.unmet(every)) == late
    assert "torch>=2.9,<2.14" not in _arrival.unmet({"torch": "2.13.0+cu130"})
    assert "torch>=2.9,<2.14" in _arrival.unmet({"torch": "2.14.0"})
    assert "torch>=2.9,<2.14" in _arrival.unmet({"torch": "2.8"})
    assert len(_arrival.unmet({})) == len(_arrival.NEEDS)


def test_the_host_s_own_torch_leaves_out_what_comes_with_it() -> None:
    lock = "numpy==2.0 \\\n    --hash=sha256:1\nnvidia-nccl==2 ; x \\\n    --hash=sha256:2\n"
    lock += "torch==2.13.0 \\\n    --hash=sha256:3\ntriton==3 \\\n    --hash=sha256:4\n"
    assert _arrival.requirements(lock, without_torch=False) == lock
    kept = _arrival.requirements(lock, without_torch=True)
    assert kept == "numpy==2.0 \\\n    --hash=sha256:1\n"


def index_with_a_package(folder: Path) -> tuple[str, str]:
    """A package index in a folder with one tiny wheel: its address, and the wheel's hash."""
    wheel = folder / "simple" / "tiny" / "tiny-1.0-py3-none-any.whl"
    wheel.parent.mkdir(parents=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        described = {"METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"}
        described["WHEEL"] = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        described["RECORD"] = ""
        for name, text in described.items():
            archive.writestr(f"tiny-1.0.dist-info/{name}", text)
    (wheel.parent / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    return (folder / "simple").as_uri(), hashlib.sha256(wheel.read_bytes()).hexdigest()


def test_an_environment_is_made_from_hashed_constraints_and_a_wrong_hash_is_refused(
    there: Machine, tmp_path: Path
) -> None:
    index, right = index_with_a_package(tmp_path)
    place = str(there.home / "environments" / "one")

    def order(digest: str) -> dict[str, object]:
        return {
            "folder": place,
            "sees_host": False,
            "requirements": f"tiny==1.0 \\\n    --hash=sha256:{digest}\n",
            "index": index,
            "timeout_seconds": 100,
        }

    async def work() -> None:
        # The real interpreter: the one of a test has no pip of its own to copy.
        async with host(there, str(Path(sys.base_prefix) / "bin" / "python3")) as found:
            wrong = await found.surely("environment", order("0" * 64), seconds=120)
            assert wrong["code"] != 0 and "hash" in wrong["said"].lower()
            made = await found.surely("environment", order(right), seconds=120)
            assert made["code"] == 0, made["said"]
            again = await found.surely("environment", order("0" * 64), seconds=120)
            assert again == {"code": 0, "said": "", "python": made["python"]}
            found.python = made["python"]
            facts = await found.call("facts", {"packages": ["tiny", "torch"]})
            assert facts["packages"] == {"tiny": "1.0"}

    asyncio.run(work())


def test_a_file_that_never_arrives_as_it_left_is_not_put_in_place(
    there: Machine, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_text("content")
    wrong = Sent("file", path, 7, "0" * 64)

    async def work() -> None:
        async with host(there) as found:
            await _transfer.send(found, str(there.home / "broken"), [wrong])

    with pytest.raises(HoneError, match="never arrive"):
        asyncio.run(work())
    assert not (there.home / "broken" / "file").exists()


@pytest.mark.parametrize(
    ("path", "digest"),
    [
        ("final/../../../x", "a" * 64),
        ("/etc/cron.d/x", "a" * 64),
        ("job.json", "a" * 64),
        ("final/x", "../../x"),
        ("final/x", ""),
    ],
)
def test_a_machine_that_offers_what_nobody_asked_for_is_refused(
    tmp_path: Path, path: str, digest: str
) -> None:
    class Hostile(Host):
        async def surely(self, *_: object, **__: object) -> dict[str, object]:
            return {"files": [{"path": path, "sha256": digest, "bytes": 1}]}

    async def work() -> None:
        home = tmp_path / "jobs" / "one"
        home.mkdir(parents=True)
        async with Hostile(Address("127.0.0.1", 1)) as found:
            await _transfer.fetch(found, "/there", ["final"], home)

    with pytest.raises(HoneError):
        asyncio.run(work())
    assert [one.name for one in tmp_path.rglob("*")] == ["jobs", "one"]


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a/../../out"])
def test_no_name_leads_out_of_its_folder_on_either_side(
    there: Machine, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "file"
    path.write_text("content")

    async def work() -> None:
        async with host(there) as found:
            await _transfer.send(found, str(there.home / "in"), [Sent.of(name, path)])

    with pytest.raises(HoneError, match="outside of its folder"):
        asyncio.run(work())
    with pytest.raises(HoneError, match="outside of the job's folder"):
        _transfer.inside(tmp_path, name)


def test_what_runs_there_is_one_text_that_imports_nothing_of_hone() -> None:
    text = source().decode()
    assert "hone." not in re.sub(r'""".*?"""', "", text, flags=re.DOTALL).replace("hone.yaml", "")
    compile(text, "hone", "exec")
    for line in re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE):
        assert line in sys.stdlib_module_names, line
