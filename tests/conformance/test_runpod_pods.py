"""What RunPod's REST v2 answers, without renting anything: reads, and requests that must fail."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.conformance.conftest import Service


@pytest.fixture
def client(runpod_pods: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=runpod_pods.url, headers=runpod_pods.headers) as client:
        yield client


def is_problem(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    return (
        answer.status_code == status == body["status"]
        and answer.headers["content-type"].startswith("application/problem+json")
        and isinstance(body["title"], str)
        and isinstance(body["detail"], str)
    )


def test_without_a_token_it_is_401(runpod_pods: Service) -> None:
    answer = httpx.get(f"{runpod_pods.url}/v2/pods")
    assert is_problem(answer, 401) and answer.json()["detail"] == "missing bearer token"


def test_a_wrong_token_is_401(runpod_pods: Service) -> None:
    headers = {"Authorization": "Bearer wrong"}
    assert is_problem(httpx.get(f"{runpod_pods.url}/v2/pods", headers=headers), 401)


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("pods", "pods"),
        ("templates", "templates"),
        ("network-volumes", "networkVolumes"),
        ("serverless", "endpoints"),
        ("catalog/gpus", "gpus"),
        ("catalog/datacenters", "dataCenters"),
    ],
)
def test_lists_are_wrapped(client: httpx.Client, path: str, word: str) -> None:
    answer = client.get(f"/v2/{path}")
    assert answer.status_code == 200 and isinstance(answer.json()[word], list)


def test_what_is_not_there_is_404(client: httpx.Client) -> None:
    for path in ("pods/none0000000000", "templates/none000000", "network-volumes/none000000"):
        assert is_problem(client.get(f"/v2/{path}"), 404)


def test_a_gpu_type_has_id_memory_and_both_prices(client: httpx.Client) -> None:
    gpus = {gpu["id"]: gpu for gpu in client.get("/v2/catalog/gpus").json()["gpus"]}
    gpu = gpus["NVIDIA GeForce RTX 4090"]
    assert gpu["memory"] == 24 and gpu["manufacturer"] == "NVIDIA"
    assert gpu["price"]["secure"] > 0 and "community" in gpu["price"]
    assert isinstance(gpu["secure"], bool) and gpu["maxCount"]["secure"] >= 1


def test_availability_needs_a_product_and_only_then(client: httpx.Client) -> None:
    url = "/v2/catalog/gpus"
    assert is_problem(client.get(url, params={"include": "AVAILABILITY"}), 400)
    assert is_problem(client.get(url, params={"product": "POD"}), 400)
    asked = client.get(url, params={"include": "AVAILABILITY", "product": "POD"}).json()["gpus"]
    assert {gpu["availability"] for gpu in asked} <= {"NONE", "LOW", "MEDIUM", "HIGH"}


def test_an_unknown_field_is_422_with_its_place(client: httpx.Client) -> None:
    answer = client.post("/v2/pods", json={"bogus": 1})
    assert is_problem(answer, 422)
    assert any("bogus" in line for line in answer.json()["errors"])


def test_ssh_keys_are_a_list_of_strings(client: httpx.Client) -> None:
    keys = client.get("/v2/account/ssh-keys").json()["keys"]
    assert all(isinstance(key, str) for key in keys)


def test_billing_of_pods_has_totals(client: httpx.Client) -> None:
    told = client.get("/v2/billing/pods", params={"bucketSize": "day", "lastN": "3"}).json()
    assert set(told["metadata"]["totals"]) >= {"totalAmount", "gpuAmount", "cpuAmount"}
    assert told["metadata"]["recordCount"] == len(told["records"])


def test_the_balance_is_in_graphql(client: httpx.Client) -> None:
    query = "query { myself { id clientBalance currentSpendPerHr spendLimit } }"
    told = client.post("/graphql", json={"query": query}).json()["data"]["myself"]
    assert isinstance(told["clientBalance"], int | float)
