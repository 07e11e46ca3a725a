"""Pods with a real SSH server: reached, used, troubled, and gone without a trace."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulators.rp_pods.account import Timing
from emulators.rp_pods.app import RunPodPods
from emulators.rp_s3.volume import Volume
from emulators.serving import served
from tests.emulators.clients import asyncssh as library

asyncssh = library()
A40 = "NVIDIA A40"
KEY = asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="module")
def pods() -> Iterator[RunPodPods]:
    os.environ["CANARY"] = "of the starting user"
    with served(RunPodPods(timing=Timing(0, 0, 0))) as emulator:
        emulator.per_minute = 100_000
        emulator.account.inventory.ssh_keys = [KEY.export_public_key().decode().strip()]
        yield emulator
    del os.environ["CANARY"]
    assert not emulator.hosts.folder.exists()


@pytest.fixture
def client(pods: RunPodPods) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {pods.key}"}
    with httpx.Client(base_url=pods.url, headers=headers) as client:
        yield client


def created(client: httpx.Client, **more: Any) -> str:
    body = {"name": "hone", "image": "any", "gpu": {"id": A40}, "ports": ["22/tcp"]}
    answer = client.post("/v2/pods", json={**body, "startSsh": True, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def usable(client: httpx.Client, **more: Any) -> tuple[str, int]:
    """A pod that can be reached: its id and port."""
    id = created(client, **more)
    return id, port_of(client, id)


def port_of(client: httpx.Client, id: str) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        direct = client.get(f"/v2/pods/{id}").json()["ssh"]["direct"]
        if direct:
            return int(direct["port"])
        time.sleep(0.05)
    raise AssertionError("no ssh.direct after 20 s")


def through(port: int, use: Callable[[Any], Coroutine[Any, Any, Any]], **more: Any) -> Any:
    """Connect, use the connection, and give what that gives."""

    async def go() -> Any:
        options = {"username": "root", "client_keys": [KEY], "known_hosts": None, **more}
        async with asyncssh.connect("127.0.0.1", port, **options) as connection:
            return await use(connection)

    return asyncio.run(go())


def run(port: int, command: str, **more: Any) -> Any:
    return through(port, lambda connection: connection.run(command, **more))


@pytest.fixture(scope="module")
def pod(pods: RunPodPods) -> Iterator[tuple[str, int]]:
    with httpx.Client(base_url=pods.url, headers={"Authorization": f"Bearer {pods.key}"}) as one:
        yield usable(one, env={"COLOUR": "blue"})


def test_commands_run_in_a_home_and_an_environment_of_the_machines_own(
    pods: RunPodPods, pod: tuple[str, int]
) -> None:
    done = run(pod[1], "pwd; env; cat; echo oh >&2; exit 3", input="from here")
    assert str(pods.hosts.folder) in done.stdout and "COLOUR=blue" in done.stdout
    assert done.stdout.endswith("from here") and done.stderr == "oh\n" and done.exit_status == 3
    assert f"RUNPOD_POD_ID={pod[0]}" in done.stdout and "CANARY" not in done.stdout
    assert pods.key not in done.stdout


def test_the_gpu_probe_sees_the_rented_type(pod: tuple[str, int]) -> None:
    command = "nvidia-smi --query-gpu=name,memory.total --format=csv,noheader"
    assert run(pod[1], command).stdout == "NVIDIA A40, 49152 MiB\n"


def test_files_go_both_ways_by_sftp_and_by_command(pod: tuple[str, int]) -> None:
    whole = os.urandom(300_000)

    async def use(connection: Any) -> bytes:
        async with connection.start_sftp_client() as files, files.open("in.bin", "wb") as file:
            await file.write(whole)
        done = await connection.run("cat in.bin", encoding=None)
        return bytes(done.stdout)

    assert through(pod[1], use) == whole


@pytest.mark.skipif(shutil.which("scp") is None, reason="no OpenSSH client here")
def test_the_clients_of_openssh_are_satisfied(pod: tuple[str, int], tmp_path: Path) -> None:
    key, known, port = tmp_path / "key", tmp_path / "known", str(pod[1])
    KEY.write_private_key(str(key))
    key.chmod(0o600)
    options = f"-i {key} -o UserKnownHostsFile={known} -o StrictHostKeyChecking=accept-new".split()
    (tmp_path / "up").write_text("up")
    for words in (
        ["scp", *options, "-P", port, str(tmp_path / "up"), "root@127.0.0.1:up"],
        ["ssh", *options, "-p", port, "root@127.0.0.1", "mkdir -p there && mv up there/down"],
        ["scp", *options, "-P", port, "root@127.0.0.1:there/down", str(tmp_path / "down")],
    ):
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "down").read_text() == "up" and known.exists()


def test_another_key_or_user_does_not_get_in(pod: tuple[str, int]) -> None:
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    for more in ({"client_keys": [stranger]}, {"username": "ubuntu"}):
        with pytest.raises(asyncssh.PermissionDenied):
            through(pod[1], lambda connection: connection.run("true"), **more)


def test_a_dropped_connection_leaves_a_detached_job_running_and_delete_ends_it(
    pods: RunPodPods, client: httpx.Client
) -> None:
    id, port = usable(client)
    run(port, "setsid nohup sleep 600 > /dev/null 2>&1 < /dev/null & echo started")
    machine = pods.hosts.machines.living[id]
    assert machine.wire is not None
    machine.wire.cut()
    names = [process.name() for process in pods.hosts.processes.running_on(id)]
    assert "sleep" in names
    assert client.delete(f"/v2/pods/{id}").status_code == 204
    deadline = time.monotonic() + 5
    while pods.hosts.processes.running_on(id) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pods.hosts.processes.running_on(id) == []
    assert not (pods.hosts.folder / "pods" / id).exists()
    assert client.get(f"/v2/pods/{id}").status_code == 404


def test_the_pods_own_key_ends_the_pod_and_sees_nothing_else(
    pods: RunPodPods, client: httpx.Client
) -> None:
    id, port = usable(client)
    key = run(port, "printf %s $RUNPOD_API_KEY").stdout
    own = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{pods.url}/v2/pods", headers=own).status_code == 403
    assert httpx.delete(f"{pods.url}/v2/pods/{id}", headers=own).status_code == 204
    assert id not in pods.account.pods


def test_a_create_whose_answer_is_lost_has_rented_a_pod_that_its_name_finds(
    pods: RunPodPods, client: httpx.Client
) -> None:
    pods.faults.arm("reply_lost", method="POST", path="/v2/pods")
    with pytest.raises(httpx.RemoteProtocolError):
        created(client, name="hone-lost")
    listed = client.get("/v2/pods").json()["pods"]
    [found] = [one for one in listed if one["name"] == "hone-lost"]
    assert client.delete(f"/v2/pods/{found['id']}").status_code == 204


def test_the_balance_is_answered_by_graphql_alone(pods: RunPodPods, client: httpx.Client) -> None:
    pods.account.deposit_usd = 50.0
    query = "query { myself { id clientBalance currentSpendPerHr spendLimit } }"
    told = client.post("/graphql", json={"query": query}).json()["data"]["myself"]
    assert 0 < told["clientBalance"] < 50 and told["spendLimit"] == 80
    assert "errors" in client.post("/graphql", json={"query": "query { gpuTypes }"}).json()
    pods.account.deposit_usd = None


def test_what_is_mounted_outlives_a_stop_and_the_rest_does_not(client: httpx.Client) -> None:
    id, port = usable(client, mounts={"persistent": {"size": 10, "path": "/workspace"}})
    run(port, "echo kept > workspace/file; echo lost > file")
    assert client.post(f"/v2/pods/{id}/action", json={"action": "stop"}).status_code == 200
    assert client.post(f"/v2/pods/{id}/action", json={"action": "start"}).status_code == 200
    assert run(port_of(client, id), "cat workspace/file; ls").stdout == "kept\nbin\nworkspace\n"
    client.delete(f"/v2/pods/{id}")


def test_a_network_volume_is_seen_by_the_next_pod_and_by_s3(
    pods: RunPodPods, client: httpx.Client
) -> None:
    body = {"name": "v", "size": 10, "dataCenter": "EU-RO-1"}
    volume = client.post("/v2/network-volumes", json=body).json()["id"]
    mounts = {"network": [{"volumeId": volume, "path": "/workspace"}]}
    first, port = usable(client, mounts=mounts)
    run(port, "echo deep > workspace/model")
    client.delete(f"/v2/pods/{first}")
    _, port = usable(client, mounts=mounts)
    assert run(port, "cat workspace/model; echo $RUNPOD_VOLUME_ID").stdout == f"deep\n{volume}\n"
    assert Volume(pods.hosts.volume_folder(volume)).keys("") == ["model"]


# --- the fault menu


def test_fault_sshd_lag(pods: RunPodPods, client: httpx.Client) -> None:
    pods.faults.arm("sshd_lag", seconds=3600)
    _, port = usable(client)
    with pytest.raises(ConnectionRefusedError):
        run(port, "true")
    pods.clock.advance(3601)
    deadline = time.monotonic() + 5
    while True:
        try:
            assert run(port, "echo up").stdout == "up\n"
            break
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_fault_slow_upload(pods: RunPodPods, client: httpx.Client) -> None:
    pods.faults.arm("slow_upload", bytes_per_second=200_000)
    _, port = usable(client)
    begin = time.monotonic()
    assert run(port, "wc -c", input=os.urandom(150_000), encoding=None).stdout.strip() == b"150000"
    assert time.monotonic() - begin > 0.6


def test_fault_connection_cut(pods: RunPodPods, client: httpx.Client) -> None:
    pods.faults.arm("connection_cut", after_bytes=100_000)
    _, port = usable(client)
    # The library says a broken connection by a command without an exit status.
    done = run(port, "cat > part; sleep 5", input=os.urandom(400_000), encoding=None)
    assert done.exit_status is None
    left = int(run(port, "wc -c < part").stdout)
    assert 0 < left < 150_000


def test_fault_gpu_dead(pods: RunPodPods, client: httpx.Client) -> None:
    pods.faults.arm("gpu_dead")
    _, port = usable(client)
    done = run(port, "nvidia-smi -L")
    assert done.exit_status == 6 and "No devices were found" in done.stderr


def test_fault_disk_full(pods: RunPodPods, client: httpx.Client) -> None:
    pods.faults.arm("disk_full", bytes=50_000)
    _, port = usable(client)

    async def use(connection: Any) -> None:
        async with connection.start_sftp_client() as files, files.open("x", "wb") as file:
            await file.write(os.urandom(200_000))

    with pytest.raises(asyncssh.SFTPError, match="No space left"):
        through(port, use)


def test_fault_host_dies(pods: RunPodPods, client: httpx.Client) -> None:
    id, port = usable(client)
    run(port, "setsid sleep 600 > /dev/null 2>&1 < /dev/null & true")
    pods.faults.arm("host_dies", id=id)
    deadline = time.monotonic() + 5
    while pods.hosts.processes.running_on(id) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert pods.hosts.processes.running_on(id) == []
    with pytest.raises(OSError, match=r"refused|Connect call failed"):
        run(port, "true")
    assert client.get(f"/v2/pods/{id}").json()["status"] == "RUNNING"


def test_fault_host_key_changes(pods: RunPodPods, client: httpx.Client) -> None:
    id, port = usable(client)
    keys = [asyncio.run(asyncssh.get_server_host_key("127.0.0.1", port)).export_public_key()]
    run(port, "setsid sleep 600 > /dev/null 2>&1 < /dev/null & true")
    pods.faults.arm("host_key_changes", id=id)
    deadline = time.monotonic() + 10
    while len(set(keys)) < 2 and time.monotonic() < deadline:
        try:
            found = asyncio.run(asyncssh.get_server_host_key("127.0.0.1", port))
            keys.append(found.export_public_key())
        except (OSError, asyncssh.Error):
            time.sleep(0.1)
    assert len(set(keys)) == 2
    assert "sleep" in [process.name() for process in pods.hosts.processes.running_on(id)]


def test_fault_rate_limited(pods: RunPodPods, client: httpx.Client) -> None:
    pods.faults.arm("rate_limited", seconds=12)
    answer = client.get("/v2/pods")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "12")
    assert answer.json()["detail"] == "rate limit exceeded for the minute window"
    assert '"minute";q=60;w=60' in answer.headers["RateLimit-Policy"]
    assert client.get("/v2/pods").status_code == 200


def test_sixty_requests_in_a_minute_and_no_more() -> None:
    with served(RunPodPods()) as emulator:
        headers = {"Authorization": f"Bearer {emulator.key}"}
        with httpx.Client(base_url=emulator.url, headers=headers) as client:
            codes = [client.get("/v2/templates").status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
