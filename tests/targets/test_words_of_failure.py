"""What a worker that fails at once leaves in RunPod's status document becomes words with a mend."""

from __future__ import annotations

import json

import pytest

from hone.targets._serverless_follow import words_of_failure

IMAGE = "docker/README.md says how to build it"


def as_runpod(kind: str, message: str) -> str:
    """The `error` of a handler's exception, as RunPod's library writes it."""
    return json.dumps(
        {
            "error_type": f"<class '{kind}'>",
            "error_message": message,
            "error_traceback": f"Traceback (most recent call last):\n{kind}: {message}",
            "hostname": "worker-1",
        }
    )


@pytest.mark.parametrize(
    ("said", "what", "mend"),
    [
        (
            as_runpod("TypeError", "run() got an unexpected keyword argument 'ticket'"),
            "TypeError: run() got an unexpected keyword argument",
            IMAGE,
        ),
        ("trainer.py: error: unexpected argument --context", "unexpected argument", IMAGE),
        (as_runpod("ValidationError", "Extra inputs are not permitted"), "Extra inputs", IMAGE),
        (
            as_runpod("torch.OutOfMemoryError", "CUDA out of memory. Tried to allocate 2 GiB"),
            "CUDA out of memory",
            "--set training.batch_size=1",
        ),
        (
            as_runpod("OSError", "[Errno 28] No space left on device: '/runpod-volume/hone'"),
            "No space left on device",
            "Enlarge the volume",
        ),
        ("", "RunPod says that the request failed, and not why.", "hone jobs logs train-1"),
        (
            "The base is gone.\nUpload it anew: hone jobs resume train-1",
            "The base is gone.",
            "Upload it anew",
        ),
    ],
)
def test_what_fails_at_once_is_said_with_its_mend(said: str, what: str, mend: str) -> None:
    error, hint = words_of_failure(said, "train-1")
    assert what in error and "Traceback" not in error
    assert mend in hint
