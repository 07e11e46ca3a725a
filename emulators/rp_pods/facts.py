"""Facts of REST v2."""

from __future__ import annotations

from emulators.facts import Fact, assumed, library, published, reported

SCHEMA = "api-reference-v2/openapi.json"
FACTS: tuple[Fact, ...] = (
    published(
        "Base https://api.runpod.io/v2, `Authorization: Bearer`; v1 is retired in November or"
        " December 2026, GraphQL early 2027.",
        "api-reference-v2/overview.mdx, release-notes.mdx",
    ),
    published(
        "Errors are RFC 9457 `{title, status, detail[, errors]}` as application/problem+json: 400,"
        " 401 (`missing bearer token`), 403, 404, 405 with Allow, 409, 422, 429 with Retry-After.",
        SCHEMA,
    ),
    published(
        "An unknown field is 422: `$: additional properties 'bogus' not allowed`; a wrong word"
        " `$.action: value must be one of 'start', ...`.",
        SCHEMA,
    ),
    published(
        "Every authenticated answer may carry RateLimit and RateLimit-Policy; the example is 60 a"
        " minute, 3000 an hour, 50000 a day.",
        SCHEMA,
    ),
    published("Lists are wrapped: pods, templates, networkVolumes, endpoints, gpus.", SCHEMA),
    published(
        "Create: `name`; `image` unless `templateId`; exactly one of gpu and cpu; one GPU type a"
        " call; cloud SECURE unless COMMUNITY; mounts persistent or one network volume. 201.",
        SCHEMA,
    ),
    published(
        "`startSsh` sets PUBLIC_KEY from the account's keys; with none it silently does nothing;"
        " `ssh.direct` needs 22/tcp.",
        SCHEMA,
    ),
    published(
        "A template is resolved once: body over template, env merged by key; pod.template stays"
        " null; a serverless template is 422, an unknown one 404.",
        SCHEMA,
    ),
    published(
        "PROVISIONING, STARTING, RUNNING, EXITED, ERROR, TERMINATED; actions RUNNING stop restart"
        " terminate, EXITED and ERROR start terminate, else stop terminate; else 409.",
        SCHEMA,
    ),
    Fact(
        "RUNNING is shown before ports exist: runtime and ssh.direct are null.",
        "recorded answers of the live service",
        "2026-08-20",
        "recorded",
    ),
    Fact(
        "No capacity is 400 `There are no longer any instances available with the requested"
        " specifications. Please refresh and try again.`",
        "recorded answers of the live service",
        "2026-11-20",
        "recorded",
    ),
    reported("The sibling: 400 `This machine does not have the resources to deploy your pod`."),
    reported("402 when the balance is too low for a pod."),
    published("DELETE is 204; then GET is 404 and the list leaves the pod out.", SCHEMA),
    published("At most 50 variables; changing env restarts the pod.", "pods/templates"),
    published("A pod has RUNPOD_API_KEY of its own and RUNPOD_POD_ID.", "pods/templates"),
    published(
        "Billing by the second; at balance 0 pods stop, and those without network volume are"
        " terminated; a stopped volume costs $0.20 a GB and month, a network volume $0.07.",
        "pods/pricing.mdx",
    ),
    published("`include=AVAILABILITY` needs `product`, and only then; else 400.", SCHEMA),
    published("Billing history in buckets of an hour, day, week, month or year.", SCHEMA),
    library(
        "The balance is only in GraphQL: `myself {clientBalance currentSpendPerHr spendLimit}`.",
        "api/queries",
    ),
    Fact(
        "Prices of the catalog: H100, A100 of 2026-11-09; 3090, 4090, A4000, A5000, L4, A40 of"
        " 2026-09-27; B200 of 2026-08-19; serverless flex before August 2026.",
        "runpod.io/pricing, transcribed",
        "2026-11-09",
        "report",
    ),
    assumed("The meter starts at STARTING; a pod whose host died is billed until it is deleted."),
    assumed("A pod's own key may read and end that pod; anything else is 403."),
    assumed("The words of 402, of an unknown GPU type (400) and of a volume that is elsewhere."),
    assumed("After a stop or restart SSH comes back at another port with a new host key."),
    assumed("Log streams end after the lines that are there; the real ones stay open."),
)
