"""Facts of the serverless job API."""

from __future__ import annotations

from emulators.facts import Fact, assumed, library, published, reported

ENDPOINTS = "serverless/endpoints/"
FACTS: tuple[Fact, ...] = (
    published(
        "Base URL https://api.runpod.ai/v2/ENDPOINT; the key as `Bearer KEY` or bare.",
        ENDPOINTS + "operation-reference.mdx",
    ),
    published(
        "`/run` answers `{id, status: IN_QUEUE}`; `/runsync` waits 90 s unless `wait` (1000 to"
        " 300000 ms) says otherwise and then answers the whole document.",
        ENDPOINTS + "operation-reference.mdx",
    ),
    published(
        "A body is at most 10 MB for `/run` and 20 MB for `/runsync`.",
        ENDPOINTS + "operation-reference.mdx",
    ),
    reported("The limit is enforced at 10 MiB with `exceeded max body size of 10MiB`."),
    published(
        "States: IN_QUEUE, IN_PROGRESS, COMPLETED, FAILED, CANCELLED, TIMED_OUT.",
        ENDPOINTS + "job-states.mdx",
    ),
    reported("RUNNING is documented and never answered (runpod/docs issue 511)."),
    published(
        "`executionTimeout`: 10 minutes unless sent, 5 s to 7 days, counts while executing.",
        ENDPOINTS + "send-requests.mdx",
    ),
    published(
        "`ttl`: 24 h unless sent, 10 s to 7 days, counts from the submit; then the job is deleted"
        " in any state and `/status` is 404.",
        ENDPOINTS + "send-requests.mdx",
    ),
    published(
        "Results are kept 30 minutes (`/run`) or 1 minute (`/runsync`) after the end, whatever"
        " `ttl` says.",
        ENDPOINTS + "send-requests.mdx",
    ),
    published(
        "`/retry` takes FAILED and TIMED_OUT jobs: same id and input, output dropped; impossible"
        " once expired.",
        ENDPOINTS + "operation-reference.mdx",
    ),
    published(
        "Requests in 10 s and at once: run 1000/200, runsync, status and stream 2000/400, cancel"
        " 100/20, purge-queue 2, requests 10/2; more with more running workers; else 429.",
        ENDPOINTS + "send-requests.mdx",
    ),
    published(
        "A webhook gets the status document; anything but 200 is tried twice more, 10 s apart.",
        ENDPOINTS + "send-requests.mdx",
    ),
    published(
        "A streamed chunk is at most 1 MB; more is split.", ENDPOINTS + "operation-reference.mdx"
    ),
    library(
        "`/stream` answers `{status, stream: [{output}]}`; each chunk comes once.",
        "endpoint/runner.py",
    ),
    library(
        "Workers: GET job-take (200, 204, 400 ignored, 429 waits 5 s), job-take-batch, job-stop"
        " (`{jobsToStop}`), ping; POST job-done and job-stream with JSON named as a form.",
        "serverless/modules/rp_job.py, rp_http.py, rp_ping.py",
    ),
    library(
        "Progress is job-done with `{status: IN_PROGRESS, output}`, sent by a thread of its own:"
        " it can arrive after the result and hide it.",
        "serverless/modules/rp_progress.py",
    ),
    library(
        "A stop that comes between job-take and the start of the handler is dropped by the worker.",
        "serverless/modules/rp_scale.py",
    ),
    library(
        "A handler's exception is `error`: JSON text with error_type, error_message,"
        " error_traceback, hostname, worker_id, runpod_version.",
        "serverless/modules/rp_job.py",
    ),
    reported("A result over 20 MB: job-done is 400, the result is lost, the job never completes."),
    reported("401 may have an empty body or `{error: {}}`; `workerId` appears in documents."),
    published(
        "Workers are billed by the second from their start (the image pull is free) through the"
        " idle time-out.",
        "serverless/pricing.mdx",
    ),
    assumed("The job API refuses unknown fields with 400 (stricter than the documents)."),
    assumed(
        "A worker without a ping for 30 s is dead; its job is queued again, 3 attempts in all."
    ),
    assumed("The words of 404, 429 and of a time-out's error; cancel of a finished job is 200."),
    assumed("A stop is told to a worker once; purged jobs are CANCELLED."),
)
