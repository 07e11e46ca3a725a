"""DBOS: steps that are recorded, and attempts that go on where a killed supervisor left them.

The only file that loads it. Measured: it runs a step again that a kill cut off, recovers only
what the same application version and executor began, and two processes on one database would both
recover: hence numbers of our own, and one supervisor by a lock.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID

from hone.records.attempt import Attempt
from hone.supervisor.carry import Carrier
from hone.supervisor.steps import Plan

log = logging.getLogger("hone.supervisor")
# A workflow's name holds the version of its steps, so that older ones are found and finished; the
# application's version must never change, or DBOS would leave them lying.
APPLICATION_VERSION, EXECUTOR = "1", "hone"
# Nothing here is scheduled, and nobody sends messages; closing waits for the second of these.
SCHEDULES_SECONDS, MESSAGES_SECONDS = 3600.0, 2.0
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


class Durable:
    """Attempts as workflows; `launch` it once, in the one process that holds the lock."""

    def __init__(self, carrier: Carrier, plans: Mapping[int, Plan], *, database: str) -> None:
        self._carrier = carrier
        config: DBOSConfig = {
            "name": "hone-supervisor",
            "system_database_url": database,
            "application_version": APPLICATION_VERSION,
            "executor_id": EXECUTOR,
            "log_level": "WARNING",
            # Inputs and outputs are ids and sentences; nothing is ever unpickled.
            "serializer": DBOSPortableJSONSerializer(),
            "scheduler_polling_interval_sec": SCHEDULES_SECONDS,
            "notification_listener_polling_interval_sec": MESSAGES_SECONDS,
        }
        DBOS(config=config)
        self._workflows = {version: self._workflow(version, plans[version]) for version in plans}
        self._begun: set[str] = set()

    def launch(self) -> None:
        """Take up what an earlier supervisor left in its middle."""
        DBOS.launch()

    def begin(self, attempt: Attempt) -> None:
        """Carry an attempt out by the newest steps; one begun before goes on by its own."""
        if attempt.name in self._begun:
            return
        known = DBOS.get_workflow_status(attempt.name)
        if known is None:
            with SetWorkflowID(attempt.name):
                newest = self._workflows[max(self._workflows)]
                DBOS.start_workflow(newest, attempt.job, attempt.number)
        elif known.status in ENDED:
            # Ended with its row still open: only a mistake of ours leads here.
            self._carrier.ws.store.attempts.end(attempt.seq, f"ended as {known.status}")
        self._begun.add(attempt.name)

    def close(self) -> None:
        """Let go of the database; nothing may be in hand."""
        DBOS.destroy(workflow_completion_timeout_sec=0)

    def _workflow(self, version: int, plan: Plan) -> Callable[[str, int], Any]:
        @DBOS.workflow(name=f"attempt-{version}")
        def attempt(job: str, number: int) -> str:
            return self._carrier.carry(plan, (job, number), _recorded)

        return attempt


def _recorded(name: str, act: Callable[[], str]) -> str:
    return DBOS.run_step({"name": name}, act)
