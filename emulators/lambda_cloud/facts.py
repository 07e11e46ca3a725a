"""Facts of Lambda's API."""

from __future__ import annotations

from emulators.facts import Confidence, Fact, assumed

CLIENT = "lambda-ai-cloud-api-client 2.4.1"


def _client(sentence: str, where: str, confidence: Confidence = "library") -> Fact:
    return Fact(sentence, f"{CLIENT}: {where}", "2026-11-20", confidence)


def _seen(sentence: str) -> Fact:
    return Fact(sentence, "public report", "2026-11-20", "report")


FACTS: tuple[Fact, ...] = (
    Fact(
        "Base https://cloud.lambda.ai/api/v1; the old host is deprecated and may answer 301.",
        "OpenAPI 1.10.0 at /api/v1/openapi.json, read by several projects",
        "2026-09-20",
        "published",
    ),
    _client(
        "Key as bearer; success `{data}`, error `{error: {code, message, suggestion}}`.", "models"
    ),
    _seen("HTTP Basic with the key as user and an empty password works too."),
    _seen("One request a second over all, one launch in 12 s; 429 may be Cloudflare's HTML page."),
    _client(
        "instance-types: by name `{instance_type, regions_with_capacity_available}`; the price is"
        " for the whole instance, in cents an hour.",
        "models/instance_types_item.py",
    ),
    _client(
        "launch needs region_name, instance_type_name, exactly one ssh_key_names; name at most 64"
        " characters, user_data 1 MB; no `quantity`; answers `instance_ids`.",
        "models/instance_launch_request.py",
    ),
    _client(
        "booting, active, unhealthy, terminating, terminated, preempted; `ip` is absent at first;"
        " no time of creation; jupyter_token and jupyter_url are secrets.",
        "models/instance.py, instance_status.py",
    ),
    _client(
        "actions: migrate, rebuild, restart, cold_reboot, terminate with reason codes"
        " vm-has-not-launched, vm-is-terminating, vm-is-too-old.",
        "models/instance_action_availability.py",
    ),
    _client(
        "File systems: GET /file-systems, but POST and DELETE /filesystems.", "api/filesystems"
    ),
    _client("ssh-keys without public_key answers a generated private_key once.", "models"),
    _client(
        "Error codes and words: 401 invalid-api-key, 403 account-inactive, 400 invalid-parameters,"
        " quota-exceeded, duplicate, insufficient-capacity, file-system-in-wrong-region,"
        " filesystem-in-use, 404 object-does-not-exist, internal-error.",
        "models/api_error_*.py",
    ),
    _seen("After terminate: terminating, terminated, then the record is gone (404)."),
    _seen("IP after 22 to 31 s; active after 113 to 857 s, 27 to 62 s later than SSH answers."),
    _seen("A listed capacity does not mean that a launch succeeds (3 of 11 and 2 of 5 refused)."),
    _seen("active does not mean a usable GPU: 7 of 8 H100 came up without CUDA; probe it."),
    _seen("Billed by the minute from active until terminate; no stop, no balance, no time limit."),
    _seen(
        "cpu_4x_general has no card: gpus 0, gpu_description N/A, 4 vCPUs, 16 GiB, $0.20 an hour."
    ),
    Fact("Prices of the types.", "lambda.ai/instances, transcribed", "2026-09-20", "report"),
    assumed("429 without HTML is `global/too-many-requests`; ill instances are billed too."),
    assumed(
        "A key name that is taken is global/invalid-parameters: the client knows no other code."
    ),
    assumed("An instance that is restarted or preempted loses what ran on it."),
)
