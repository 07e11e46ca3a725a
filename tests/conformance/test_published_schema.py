"""The emulated REST v2 against the schema that RunPod publishes.

Off unless `RUNPOD_OPENAPI` names a copy of api-reference-v2/openapi.json of runpod/docs: it is
theirs, and not copied into this repository.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from emulators.clock import Clock
from emulators.rp_pods import schemas
from emulators.rp_pods.app import RunPodPods
from emulators.schema import TYPES
from emulators.serving import served

POD = {"name": "a", "image": "b", "gpu": {"id": "NVIDIA A40"}, "ports": ["22/tcp"]}
VOLUME = {"name": "v", "size": 10, "dataCenter": "EU-RO-1"}
ENDPOINT = {
    "name": "e",
    "type": "QUEUE",
    "image": "i",
    "scaling": {"type": "QUEUE_DELAY", "queueDelay": 4},
    "gpu": {"pools": ["ADA_24"]},
}


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    if "RUNPOD_OPENAPI" not in os.environ:
        pytest.skip("RUNPOD_OPENAPI names no copy of the published schema")
    whole = json.loads(Path(os.environ["RUNPOD_OPENAPI"]).read_text())
    return dict(whole["components"]["schemas"])


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with served(RunPodPods(clock=Clock(0))) as emulator:
        emulator.per_minute = 100_000
        headers = {"Authorization": f"Bearer {emulator.key}"}
        with httpx.Client(base_url=emulator.url, headers=headers) as client:
            yield client


def mismatches(value: Any, schema: dict[str, Any], known: dict[str, Any], at: str) -> list[str]:
    """Where a value is not as the schema says: types, words, required and unknown fields."""
    if "$ref" in schema:
        return mismatches(value, known[schema["$ref"].split("/")[-1]], known, at)
    if "anyOf" in schema or "oneOf" in schema:
        tried = [
            mismatches(value, one, known, at) for one in schema.get("anyOf", schema.get("oneOf"))
        ]
        return min(tried, key=len)
    found: list[str] = []
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else types
    if names and not any(isinstance(value, TYPES[name]) for name in names):
        return [f"{at}: {value!r} is no {types}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    if isinstance(value, dict):
        fields = dict(properties(schema, known))
        found += [f"{at}: {name} is missing" for name in required(schema, known) - set(value)]
        found += [f"{at}: {name} is unknown" for name in set(value) - set(fields) if fields]
        for name in set(value) & set(fields):
            found += mismatches(value[name], fields[name], known, f"{at}.{name}")
    if isinstance(value, list) and "items" in schema:
        for item in value:
            found += mismatches(item, schema["items"], known, f"{at}[]")
    for part in schema.get("allOf", []):
        if not isinstance(value, dict):
            found += mismatches(value, part, known, at)
    return found


def properties(schema: dict[str, Any], known: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    if "$ref" in schema:
        yield from properties(known[schema["$ref"].split("/")[-1]], known)
    yield from schema.get("properties", {}).items()
    for part in schema.get("allOf", []):
        yield from properties(part, known)


def required(schema: dict[str, Any], known: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return required(known[schema["$ref"].split("/")[-1]], known)
    below = [required(part, known) for part in schema.get("allOf", [])]
    return set(schema.get("required", [])).union(*below)


@pytest.mark.parametrize(
    ("name", "body", "ours"),
    [
        ("CreatePodRequest", schemas.CREATE_POD, "pods"),
        ("UpdatePodRequest", schemas.UPDATE_POD, "pods"),
        ("CreateTemplateRequest", schemas.CREATE_TEMPLATE, "templates"),
        ("UpdateTemplateRequest", schemas.UPDATE_TEMPLATE, "templates"),
        ("CreateNetworkVolumeRequest", schemas.CREATE_VOLUME, "network-volumes"),
        ("CreateEndpointRequest", schemas.CREATE_ENDPOINT, "serverless"),
        ("UpdateEndpointRequest", schemas.UPDATE_ENDPOINT, "serverless"),
    ],
)
def test_requests_have_the_published_fields_and_no_others(
    published: dict[str, Any], name: str, body: dict[str, Any], ours: str
) -> None:
    assert set(body["properties"]) == {field for field, _ in properties(published[name], published)}
    assert set(body["required"]) == required(published[name], published)


def test_answers_are_as_published(published: dict[str, Any], client: httpx.Client) -> None:
    made = {
        "Pod": client.post("/v2/pods", json=POD),
        "Template": client.post("/v2/templates", json={"name": "t", "image": "i"}),
        "NetworkVolume": client.post("/v2/network-volumes", json=VOLUME),
        "Endpoint": client.post("/v2/serverless", json=ENDPOINT),
        "ListPodsResponse": client.get("/v2/pods"),
        "ListGpuTypesResponse": client.get(
            "/v2/catalog/gpus", params={"include": "AVAILABILITY", "product": "POD"}
        ),
        "ListDataCentersResponse": client.get("/v2/catalog/datacenters"),
        "ListPodBillingResponse": client.get("/v2/billing/pods"),
        "ListNetworkVolumeBillingResponse": client.get("/v2/billing/network-volumes"),
        "ErrorResponse": client.post("/v2/pods", json={"bogus": 1}),
        "SshKeys": client.get("/v2/account/ssh-keys"),
    }
    wrong = [
        line
        for name, answer in made.items()
        for line in mismatches(answer.json(), published[name], published, name)
    ]
    assert not wrong, "\n".join(wrong)
