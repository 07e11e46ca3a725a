"""Lambda's own client against the emulator, and real SSH to its instances."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from emulators.clock import Clock
from emulators.lambda_cloud.app import LambdaCloud
from emulators.serving import served
from tests.emulators.clients import asyncssh as ssh_library
from tests.emulators.clients import lambda_client

asyncssh = ssh_library()
lambda_client()

from lambda_ai_cloud_api_client import AuthenticatedClient  # noqa: E402
from lambda_ai_cloud_api_client.api.filesystems import (  # noqa: E402
    create_filesystem,
    filesystem_delete,
    list_filesystems,
)
from lambda_ai_cloud_api_client.api.firewalls import firewall_rules_list  # noqa: E402
from lambda_ai_cloud_api_client.api.images import list_images  # noqa: E402
from lambda_ai_cloud_api_client.api.instances import (  # noqa: E402
    get_instance,
    launch_instance,
    list_instance_types,
    list_instances,
    post_instance,
    terminate_instance,
)
from lambda_ai_cloud_api_client.api.ssh_keys import (  # noqa: E402
    add_ssh_key,
    delete_ssh_key,
    list_ssh_keys,
)
from lambda_ai_cloud_api_client.models import (  # noqa: E402
    AddSSHKeyRequest,
    FilesystemCreateRequest,
    InstanceLaunchRequest,
    InstanceModificationRequest,
    InstanceTerminateRequest,
    PublicRegionCode,
)

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="each instance needs a loopback address of its own"
)
KEY = asyncssh.generate_private_key("ssh-ed25519")
V1 = "/api/v1"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LambdaCloud]:
    with served(LambdaCloud(clock=Clock(0))) as emulator:
        emulator.is_limited = False
        public = KEY.export_public_key().decode().strip()
        emulator.cloud.inventory.add_key({"name": "mine", "public_key": public}, None)
        yield emulator
    assert not emulator.folder.exists()


@pytest.fixture
def client(cloud: LambdaCloud) -> Iterator[AuthenticatedClient]:
    with AuthenticatedClient(base_url=cloud.url, token=cloud.key) as client:
        yield client


def order(kind: str = "gpu_1x_a10", **more: Any) -> InstanceLaunchRequest:
    place = PublicRegionCode.US_EAST_1
    return InstanceLaunchRequest(place, kind, ["mine"], name="hone-1", **more)


def launched(client: AuthenticatedClient) -> str:
    return str(launch_instance.sync(client=client, body=order()).data.instance_ids[0])


def active(cloud: LambdaCloud, client: AuthenticatedClient) -> tuple[str, str]:
    """An active instance: its id and address."""
    id = launched(client)
    for _ in range(10):
        cloud.clock.advance(30)
        time.sleep(0.03)
        instance = get_instance.sync(id, client=client).data
        if instance.status.value in ("active", "unhealthy"):
            return id, instance.ip
    raise AssertionError(instance)


def run(cloud: LambdaCloud, ip: str, command: str, seconds: float = 15, **more: Any) -> Any:
    """Run a command; a machine whose server is still starting is asked again."""

    async def go() -> Any:
        async with asyncssh.connect(
            ip, cloud.ssh_port, username="ubuntu", client_keys=[KEY], known_hosts=None
        ) as connection:
            return await connection.run(command, **more)

    deadline = time.monotonic() + seconds
    while True:
        try:
            return asyncio.run(go())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def end(client: AuthenticatedClient, id: str) -> Any:
    return terminate_instance.sync(client=client, body=InstanceTerminateRequest([id]))


def test_the_client_reads_types_images_rules_and_keys(client: AuthenticatedClient) -> None:
    types = list_instance_types.sync(client=client).data
    kind = types["gpu_8x_h100_sxm5"]
    assert (kind.instance_type.price_cents_per_hour, kind.instance_type.specs.gpus) == (3192, 8)
    assert kind.regions_with_capacity_available[0].name == PublicRegionCode.US_EAST_1
    assert list_images.sync(client=client).data[0].family == "lambda-stack-24-04"
    assert firewall_rules_list.sync(client=client).data[0].port_range == [22, 22]
    assert [key.name for key in list_ssh_keys.sync(client=client).data] == ["mine"]


def test_the_client_launches_reaches_renames_and_terminates(
    cloud: LambdaCloud, client: AuthenticatedClient
) -> None:
    id, ip = active(cloud, client)
    done = run(cloud, ip, "pwd; whoami; nvidia-smi -L; echo $USER; env")
    assert str(cloud.folder) in done.stdout and "NVIDIA A10 (UUID" in done.stdout
    assert cloud.key not in done.stdout
    renamed = post_instance.sync(id, client=client, body=InstanceModificationRequest(name="two"))
    assert renamed.data.name == "two"
    ended = end(client, id).data.terminated_instances
    assert [(one.id, one.status.value) for one in ended] == [(id, "terminating")]
    time.sleep(0.1)
    assert cloud.processes.running_on(id) == []
    cloud.clock.advance(25)
    cloud.clock.advance(61)
    missing = get_instance.sync_detailed(id, client=client)
    assert missing.status_code == 404
    assert missing.parsed.error.message == "Specified instance does not exist."
    assert id not in [one.id for one in list_instances.sync(client=client).data]


def test_the_client_understands_every_refusal_of_launch(client: AuthenticatedClient) -> None:
    told = launch_instance.sync_detailed(client=client, body=order("gpu_8x_v100"))
    assert told.status_code == 400
    assert told.parsed.error.code == "instance-operations/launch/insufficient-capacity"
    assert told.parsed.error.message == "Not enough capacity to fulfill launch request."
    other = InstanceLaunchRequest(PublicRegionCode.US_EAST_1, "gpu_1x_a10", ["nobody"])
    told = launch_instance.sync_detailed(client=client, body=other)
    assert (told.status_code, told.parsed.error.code) == (404, "global/object-does-not-exist")
    both = InstanceLaunchRequest(PublicRegionCode.US_EAST_1, "gpu_1x_a10", ["mine", "mine"])
    told = launch_instance.sync_detailed(client=client, body=both)
    assert told.parsed.error.code == "global/invalid-parameters"


def test_a_wrong_key_is_401_in_the_clients_own_words(cloud: LambdaCloud) -> None:
    with AuthenticatedClient(base_url=cloud.url, token="wrong") as wrong:
        told = list_instances.sync_detailed(client=wrong)
    assert (told.status_code, told.parsed.error.code) == (401, "global/invalid-api-key")
    none = httpx.get(f"{cloud.url}{V1}/instances").json()["error"]
    assert none["message"] == "No API key was provided."
    assert httpx.get(f"{cloud.url}{V1}/instances", auth=(cloud.key, "")).status_code == 200


def test_a_generated_key_is_private_once_and_names_are_unique(client: AuthenticatedClient) -> None:
    made = add_ssh_key.sync(client=client, body=AddSSHKeyRequest(name="made")).data
    assert made.private_key.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    again = add_ssh_key.sync_detailed(client=client, body=AddSSHKeyRequest(name="made"))
    assert again.parsed.error.code == "global/invalid-parameters"
    assert delete_ssh_key.sync_detailed(made.id, client=client).status_code == 200
    assert delete_ssh_key.sync_detailed(made.id, client=client).status_code == 400


def test_file_systems_satisfy_the_client(client: AuthenticatedClient) -> None:
    body = FilesystemCreateRequest(name="data", region=PublicRegionCode.US_EAST_1)
    made = create_filesystem.sync(client=client, body=body).data
    assert made.mount_point == "/lambda/nfs/data"
    assert [one.id for one in list_filesystems.sync(client=client).data] == [made.id]
    twice = create_filesystem.sync_detailed(client=client, body=body)
    assert twice.parsed.error.code == "global/duplicate"
    assert filesystem_delete.sync(made.id, client=client).data.deleted_ids == [made.id]


def test_one_request_a_second_and_one_launch_in_twelve() -> None:
    with served(LambdaCloud(clock=Clock(0))) as emulator:
        url, headers = f"{emulator.url}{V1}", {"Authorization": f"Bearer {emulator.key}"}
        ask = lambda: httpx.get(f"{url}/instances", headers=headers).status_code  # noqa: E731
        assert [ask(), ask()] == [200, 429]
        emulator.clock.advance(1.01)
        assert ask() == 200
        launch = f"{url}/instance-operations/launch"
        codes = []
        for seconds in (13, 2, 13):
            emulator.clock.advance(seconds)
            codes.append(httpx.post(launch, headers=headers, json={}).status_code)
        assert codes == [400, 429, 400]


def test_a_launch_whose_answer_is_lost_is_found_by_its_name(
    cloud: LambdaCloud, client: AuthenticatedClient
) -> None:
    cloud.faults.arm("reply_lost", method="POST", path=f"{V1}/instance-operations/launch")
    body = InstanceLaunchRequest(PublicRegionCode.US_EAST_1, "gpu_1x_a10", ["mine"], name="lost-7")
    with pytest.raises(httpx.RemoteProtocolError):
        launch_instance.sync(client=client, body=body)
    [found] = [one for one in list_instances.sync(client=client).data if one.name == "lost-7"]
    end(client, found.id)


# --- the fault menu over the wire and over SSH


def test_fault_html_429(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    cloud.faults.arm("html_429")
    answer = httpx.get(
        f"{cloud.url}{V1}/instances", headers={"Authorization": f"Bearer {cloud.key}"}
    )
    assert answer.status_code == 429 and answer.headers["content-type"].startswith("text/html")
    assert "1015" in answer.text
    with pytest.raises(ValueError):
        answer.json()


def test_fault_account_inactive(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    cloud.faults.arm("account_inactive")
    told = list_instances.sync_detailed(client=client)
    assert (told.status_code, told.parsed.error.code) == (403, "global/account-inactive")


def test_fault_internal_error(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    cloud.faults.arm("internal_error", path=f"{V1}/instance-types")
    told = list_instance_types.sync_detailed(client=client)
    assert told.status_code == 500
    assert b"global/internal-error" in told.content
    assert list_instance_types.sync(client=client).data


def test_fault_gpu_dead(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    cloud.faults.arm("gpu_dead")
    _, ip = active(cloud, client)
    assert run(cloud, ip, "nvidia-smi").exit_status == 6


def test_fault_slow_upload(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    cloud.faults.arm("slow_upload", bytes_per_second=100_000)
    _, ip = active(cloud, client)
    run(cloud, ip, "true")
    begin = time.monotonic()
    run(cloud, ip, "cat > /dev/null", input=os.urandom(60_000), encoding=None)
    assert time.monotonic() - begin > 0.5


def test_fault_connection_cut(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    cloud.faults.arm("connection_cut", after_bytes=50_000)
    _, ip = active(cloud, client)
    done = run(cloud, ip, "cat > /dev/null; sleep 5", input=os.urandom(200_000), encoding=None)
    assert done.exit_status is None
    assert run(cloud, ip, "echo again").stdout == "again\n"


def test_fault_disk_full(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    cloud.faults.arm("disk_full", bytes=10_000)
    _, ip = active(cloud, client)
    run(cloud, ip, "true")

    async def upload() -> None:
        async with (
            asyncssh.connect(
                ip, cloud.ssh_port, username="ubuntu", client_keys=[KEY], known_hosts=None
            ) as connection,
            connection.start_sftp_client() as files,
            files.open("x", "wb") as file,
        ):
            await file.write(os.urandom(50_000))

    with pytest.raises(asyncssh.SFTPError, match="No space left"):
        asyncio.run(upload())


def test_fault_host_dies(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    id, ip = active(cloud, client)
    run(cloud, ip, "true")
    cloud.faults.arm("host_dies", id=id)
    deadline = time.monotonic() + 5
    while cloud.processes.running_on(id) and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(OSError):
        run(cloud, ip, "true", seconds=0)
    assert get_instance.sync(id, client=client).data.status.value == "active"
    assert id in cloud.bill.alive()


def test_fault_host_key_changes(cloud: LambdaCloud, client: AuthenticatedClient) -> None:
    id, ip = active(cloud, client)
    run(cloud, ip, "true")
    look = asyncssh.get_server_host_key
    before = asyncio.run(look(ip, cloud.ssh_port)).export_public_key()
    cloud.faults.arm("host_key_changes", id=id)
    after, deadline = before, time.monotonic() + 10
    while after == before and time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            after = asyncio.run(look(ip, cloud.ssh_port)).export_public_key()
        except (OSError, asyncssh.Error):
            continue
    assert after != before
