"""A start that can be repeated: one worker per ticket, another one for the next ticket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hone.targets import local, ssh
from hone.workspace.job_folder import JobFolder, Ticket
from tests.faults.gates import DEADLINE_SECONDS, HURRIED_WORKER, wait_until
from tests.faults.orders import job_folder
from tests.targets.machines import Machine, machine


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Machine]:
    with machine(tmp_path / "there") as found:
        yield found


def wait_for_end(folder: JobFolder, module: Any, options: Any) -> str:
    with module.follow(folder, options) as pull:

        def has_ended() -> bool:
            pull()
            return not folder.is_alive()

        wait_until(has_ended, "the worker ends")
    return folder.state()


@pytest.mark.parametrize("module", [local, ssh])
def test_a_ticket_starts_one_worker_and_the_next_ticket_another(
    module: Any, tmp_path: Path, there: Machine
) -> None:
    said = {"claim_seconds": DEADLINE_SECONDS}
    options = module.Options(**(said if module is local else there.options(**said)))
    folder = job_folder(tmp_path, steps=1, fails=True)
    ticket = Ticket("job.1", 0, environment={"OMP_NUM_THREADS": "3"})
    module.begin(folder, ticket, options, command=HURRIED_WORKER)
    # As after a kill at any time since: while it runs, and when it has ended.
    again = ticket._replace(is_again=True)
    module.begin(folder, again, options, command=HURRIED_WORKER)
    assert wait_for_end(folder, module, options) == "failed"
    module.begin(folder, again, options, command=HURRIED_WORKER)
    assert [event.type for event in folder.events()] == ["attempt", "failed"]
    later = Ticket("job.2", folder.events()[-1].seq)
    module.begin(folder, later, options, command=HURRIED_WORKER)
    assert wait_for_end(folder, module, options) == "failed"
    assert [event.type for event in folder.events()].count("attempt") == 2
    assert folder.log.read_text().count("the fake worker begins") == 2
