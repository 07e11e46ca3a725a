"""The providers' own client libraries; tests that need one are skipped where it is absent.

`.ci/run` fails when one is missing, so a skip never hides a broken emulator there.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest


def runpod() -> Any:
    """RunPod's SDK."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("runpod", reason="RunPod's SDK is missing; make setup")


def asyncssh() -> Any:
    """The SSH library."""
    return pytest.importorskip("asyncssh", reason="asyncssh is missing; make setup")


def lambda_client() -> Any:
    """Lambda's client, generated from its OpenAPI."""
    return pytest.importorskip(
        "lambda_ai_cloud_api_client", reason="Lambda's client is missing; make setup"
    )


def boto3() -> Any:
    """The S3 client that people use."""
    return pytest.importorskip("boto3", reason="boto3 is missing; make setup")
