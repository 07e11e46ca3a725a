"""What RunPod's job API answers, without starting anything that costs money."""

from __future__ import annotations

import httpx
import pytest

from tests.conformance.conftest import Service


def test_health_counts_jobs_and_workers(runpod_jobs: Service) -> None:
    url = f"{runpod_jobs.url}/v2/{runpod_jobs.endpoint}/health"
    health = httpx.get(url, headers=runpod_jobs.headers).json()
    assert {"completed", "failed", "inProgress", "inQueue", "retried"} <= set(health["jobs"])
    assert {"idle", "running"} <= set(health["workers"])
    assert all(isinstance(n, int) for part in health.values() for n in part.values())


def test_the_bare_key_works_too(runpod_jobs: Service) -> None:
    url = f"{runpod_jobs.url}/v2/{runpod_jobs.endpoint}/health"
    assert httpx.get(url, headers={"Authorization": runpod_jobs.key}).status_code == 200


def test_a_wrong_key_is_401(runpod_jobs: Service) -> None:
    url = f"{runpod_jobs.url}/v2/{runpod_jobs.endpoint}/health"
    assert httpx.get(url, headers={"Authorization": "Bearer wrong"}).status_code == 401


def test_a_job_that_never_was_is_404(runpod_jobs: Service) -> None:
    job = "00000000-0000-4000-8000-000000000000-u1"
    url = f"{runpod_jobs.url}/v2/{runpod_jobs.endpoint}/status/{job}"
    assert httpx.get(url, headers=runpod_jobs.headers).status_code == 404


def test_a_body_without_input_is_400(runpod_jobs: Service) -> None:
    if runpod_jobs.emulator is None:
        pytest.skip("a job that the service took after all would cost money")
    url = f"{runpod_jobs.url}/v2/{runpod_jobs.endpoint}/run"
    answer = httpx.post(url, headers=runpod_jobs.headers, json={"policy": {}})
    assert answer.status_code == 400
