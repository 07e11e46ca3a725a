"""What Lambda's API answers, without launching anything; one request a test, for its rate limit."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.conformance.conftest import Service

V1 = "/api/v1"


def ask(service: Service, path: str, **more: Any) -> httpx.Response:
    return httpx.get(f"{service.url}{V1}/{path}", **{"headers": service.headers, **more})


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def test_types_have_cents_an_hour_and_regions(lambda_cloud: Service) -> None:
    types = ask(lambda_cloud, "instance-types").json()["data"]
    for name, entry in types.items():
        kind = entry["instance_type"]
        assert kind["name"] == name and isinstance(kind["price_cents_per_hour"], int)
        assert kind["specs"]["gpus"] >= 0 and kind["specs"]["memory_gib"] > 0
        regions = entry["regions_with_capacity_available"]
        assert all({"name", "description"} <= set(region) for region in regions)


@pytest.mark.parametrize("path", ["instances", "ssh-keys", "file-systems", "images"])
def test_lists_are_under_data(lambda_cloud: Service, path: str) -> None:
    assert isinstance(ask(lambda_cloud, path).json()["data"], list)


def test_the_key_works_as_basic_user_too(lambda_cloud: Service) -> None:
    answer = ask(lambda_cloud, "ssh-keys", headers={}, auth=(lambda_cloud.key, ""))
    assert answer.status_code == 200


def test_a_wrong_key_is_401(lambda_cloud: Service) -> None:
    answer = ask(lambda_cloud, "instances", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, code(answer)) == (401, "global/invalid-api-key")


def test_an_instance_that_never_was_is_404(lambda_cloud: Service) -> None:
    answer = ask(lambda_cloud, "instances/" + "0" * 32)
    assert (answer.status_code, code(answer)) == (404, "global/object-does-not-exist")
    assert answer.json()["error"]["message"] == "Specified instance does not exist."


def test_a_launch_without_anything_is_invalid(lambda_cloud: Service) -> None:
    url = f"{lambda_cloud.url}{V1}/instance-operations/launch"
    answer = httpx.post(url, headers=lambda_cloud.headers, json={})
    assert (answer.status_code, code(answer)) == (400, "global/invalid-parameters")


def test_terminating_what_never_was_is_404(lambda_cloud: Service) -> None:
    url = f"{lambda_cloud.url}{V1}/instance-operations/terminate"
    answer = httpx.post(url, headers=lambda_cloud.headers, json={"instance_ids": ["0" * 32]})
    assert (answer.status_code, code(answer)) == (404, "global/object-does-not-exist")
