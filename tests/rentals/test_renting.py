"""Renting itself: never twice for one intent, whatever becomes of answers and processes."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest

from hone.errors import GateRefused, Unavailable
from hone.records.rental import Offer
from hone.stages import jobs
from hone.stages.jobs.rented import reserve
from hone.targets._clouds import Machine, Renter
from hone.targets._rental_choice import candidates
from hone.targets._rental_life import BadMachine, give_back, record_intent, rent
from hone.targets._rest import AnswerLost
from hone.workspace.job_folder import JobFolder
from hone.workspace.rental_file import rentals_of
from hone.workspace.targets_config import LambdaTarget
from tests.faults.gates import wait_until
from tests.rentals.scene import LAUNCH, Scene


def intended(scene: Scene, renter: Renter) -> JobFolder:
    folder = scene.submitted()
    record_intent(renter, folder, candidates(renter)[0])
    return folder


def test_the_name_is_on_the_disk_before_anything_is_rented_and_again_is_the_same(
    rented: Scene,
) -> None:
    with rented.account() as renter:
        folder = intended(rented, renter)
        first = rentals_of(folder).current
        assert first is not None and first.id is None and rented.machines == []
        assert record_intent(renter, folder, candidates(renter)[-1]) == first
        assert len(first.name) <= 64 and first.name.startswith("hone-")
        ids = {rent(renter, folder).id for _ in range(3)}
        assert len(ids) == 1 and len(rented.machines) == 1
        give_back(renter, folder)
        give_back(renter, folder)
    assert rented.alive == [] and len(rented.machines) == 1
    assert rentals_of(folder).current is None


def test_a_lost_answer_rents_no_second_machine(rented: Scene) -> None:
    rented.arm("reply_lost", method="POST", path=LAUNCH[rented.name])
    with rented.account() as renter:
        folder = intended(rented, renter)
        rental = rent(renter, folder)
        assert [one["id"] for one in rented.machines] == [rental.id]
        give_back(renter, folder)
    assert rented.alive == []


def test_a_kill_between_request_and_answer_rents_no_second_machine(rented: Scene) -> None:
    with rented.account() as renter:
        folder = intended(rented, renter)
        rental = rentals_of(folder).current
        assert rental is not None
        public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMore hone"
        made = renter.cloud.rent(rental.name, rental.offer, public)  # then: SIGKILL
        assert rent(renter, folder).id == made.id and len(rented.machines) == 1
        give_back(renter, folder)
        assert rented.alive == []


def test_giving_back_finds_what_a_kill_left_without_an_id(rented: Scene) -> None:
    with rented.account() as renter:
        folder = intended(rented, renter)
        rental = rentals_of(folder).current
        assert rental is not None
        renter.cloud.rent(rental.name, rental.offer, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA hone")
        give_back(renter, folder, "killed")
    assert rented.alive == [] and len(rented.machines) == 1
    last = rentals_of(folder).last
    assert last is not None and last.gone_at is not None and last.why == "killed"


def test_a_provider_in_trouble_is_asked_again_and_only_one_machine_is_rented(
    rented: Scene,
) -> None:
    rented.arm("http_status", method="POST", path=LAUNCH[rented.name], status=500, times=2)
    with rented.account() as renter:
        folder = intended(rented, renter)
        rent(renter, folder)
        assert len(rented.machines) == 1
        give_back(renter, folder)


def test_where_it_stays_unknown_the_intent_stays_open_until_it_is_known(rented: Scene) -> None:
    rented.arm("http_status", method="POST", path=LAUNCH[rented.name], status=502, times=-1)
    with rented.account() as renter:
        folder = intended(rented, renter)
        with pytest.raises(AnswerLost, match="is not known") as caught:
            rent(renter, folder)
        assert caught.value.hint and rentals_of(folder).current is not None
        give_back(renter, folder)
    assert rentals_of(folder).current is None and rented.machines == []


class Slow:
    """A provider that lists what was rented only after some looks, and charges as it likes."""

    def __init__(self, price: float = 1.0) -> None:
        self.made: list[str] = []
        self.ended: list[str] = []
        self.looks, self.price = 0, price

    def rent(self, name: str, offer: Offer, public_key: str) -> Machine:
        self.made.append(name)
        if len(self.made) == 1 and self.price == 1.0:
            raise AnswerLost("lost")
        return self._machine(len(self.made) - 1)

    def _machine(self, number: int) -> Machine:
        return Machine(
            str(number), self.made[number], "coming", "booting", price_per_hour_usd=self.price
        )

    def machines(self) -> list[Machine]:
        self.looks += 1
        shown = [self._machine(n) for n in range(len(self.made)) if str(n) not in self.ended]
        return shown if self.looks > 5 else []

    def end(self, id: str) -> None:
        self.ended.append(id)


def test_of_two_machines_of_one_intent_one_is_ended_at_once(at_lambda: Scene) -> None:
    cloud: Any = Slow()
    renter = Renter("lambda", cloud, LambdaTarget(gpu=["x"]), at_lambda.clock)
    folder = at_lambda.submitted()
    record_intent(renter, folder, Offer(gpu="x", price_per_hour_usd=1.0))
    rental = rent(renter, folder)
    # Looked for in vain after the lost answer, so asked again; then both were there.
    assert len(cloud.made) == 2 and cloud.made[0] == cloud.made[1]
    assert len(cloud.ended) == 1 and rental.id not in cloud.ended


def test_a_machine_that_costs_more_than_was_offered_is_refused(at_lambda: Scene) -> None:
    cloud: Any = Slow(price=1.2)
    renter = Renter("lambda", cloud, LambdaTarget(gpu=["x"]), at_lambda.clock)
    folder = at_lambda.submitted()
    record_intent(renter, folder, Offer(gpu="x", price_per_hour_usd=1.0))
    with pytest.raises(BadMachine, match=r"costs \$1\.20 an hour in place of \$1\.00"):
        rent(renter, folder)
    assert rentals_of(folder).current is not None  # still known, so it is given back


# Refusals: nothing is rented, nothing stays promised


def refused(scene: Scene, words: str) -> jobs.JobStatus:
    job = scene.asked()
    outcome = scene.carry(job)
    status = jobs.show(scene.ws, job)
    assert re.search(words, outcome) and status.error == outcome and status.state == "failed"
    assert status.hint and "\n" not in status.error
    assert scene.machines == [] and scene.ws.store.ledger.promised() == 0.0
    return status


def test_a_wrong_key_is_said_and_nothing_is_promised(
    rented: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "canary-not-the-key-0123456789"
    monkeypatch.setenv("LAMBDA_API_KEY", key)
    monkeypatch.setenv("RUNPOD_API_KEY", key)
    status = refused(rented, "does not accept the key")
    assert key not in str(status) and rented.ws.store.ledger.entries() == []


def test_without_a_key_it_says_where_to_put_one(
    rented: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LAMBDA_API_KEY", raising=False)
    monkeypatch.delenv("RUNPOD_API_KEY", raising=False)
    hint = refused(rented, "There is no key").hint
    assert "_API_KEY=" in hint and ".env" in hint


def test_a_key_in_the_env_file_of_the_workspace_is_found(
    rented: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LAMBDA_API_KEY", "RUNPOD_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    name = "LAMBDA_LABS_API_KEY" if rented.name == "lambda" else "RUNPOD_API_KEY"
    path = rented.ws.root / ".env"
    path.write_text(f"# keys\nexport {name}='{rented.emulator.key}'\nOTHER=1 # more\n")
    with rented.account() as renter:
        assert renter.cloud.standing().text


@pytest.mark.parametrize(
    ("name", "fault", "words"),
    [
        ("lambda", "quota_exceeded", "quota is reached"),
        ("lambda", "account_inactive", "account is inactive"),
        ("runpod", "balance_low", "balance is too low"),
    ],
)
def test_an_account_that_may_not_rent_is_said_and_the_job_can_be_resumed(
    request: pytest.FixtureRequest, name: str, fault: str, words: str
) -> None:
    scene: Scene = request.getfixturevalue(f"at_{name}")
    scene.arm(fault, times=-1)
    status = refused(scene, words)
    scene.emulator.faults.disarm()
    jobs.asking.enqueue(scene.ws, scene.folder(status.id))
    assert scene.carry(status.id) == "succeeded" and scene.alive == []


def test_no_capacity_anywhere_is_waited_for_and_then_said_with_all_that_was_tried(
    rented: Scene,
) -> None:
    rented.arm("no_capacity", times=-1)
    rented.set(capacity_seconds=300.0)
    before = rented.clock.waited
    assert "targets." in refused(rented, "is free|Nothing is free").hint
    assert 155 <= rented.clock.waited - before <= 420


@pytest.mark.parametrize("fault", ["no_capacity", "http_status"])
def test_a_job_waits_for_a_provider_that_has_nothing_or_is_in_trouble(
    rented: Scene, fault: str
) -> None:
    where = {"method": "POST", "path": LAUNCH[rented.name]}
    rented.arm(fault, times=-1, **({} if fault == "no_capacity" else where))
    job = rented.asked(steps=1)
    with rented.carried(job):
        says = partial(jobs.show, rented.ws, job)
        wait_until(lambda: says().says.endswith(jobs.asking.AGAIN), "it waits, and says so")
        rented.emulator.faults.disarm()
        assert rented.watch(job)[-1] == "succeeded"
    assert len(rented.machines) == 1 and rented.alive == []


def test_a_rate_limit_with_a_page_of_html_is_waited_out(at_lambda: Scene) -> None:
    at_lambda.arm("html_429", times=3)
    with at_lambda.account() as renter:
        before = at_lambda.clock.waited
        assert candidates(renter)
        assert at_lambda.clock.waited - before >= 1 + 2 + 4
        at_lambda.arm("html_429", times=-1)
        with pytest.raises(Unavailable, match="is asked too often") as caught:
            renter.cloud.machines()
    assert "<" not in str(caught.value)


def test_retry_after_is_obeyed(at_runpod: Scene) -> None:
    at_runpod.arm("rate_limited", seconds=40)
    with at_runpod.account() as renter:
        before = at_runpod.clock.waited
        assert candidates(renter)
        assert at_runpod.clock.waited - before >= 40


def test_a_rate_limit_on_the_launch_itself_rents_once(at_lambda: Scene) -> None:
    with at_lambda.account() as renter:
        for _ in range(2):  # one launch in twelve seconds
            folder = intended(at_lambda, renter)
            rent(renter, folder)
            give_back(renter, folder)
    assert len(at_lambda.machines) == 2 and at_lambda.alive == []


# Giving back


@pytest.mark.parametrize(
    ("name", "fault", "more"),
    [
        ("lambda", "terminate_ignored", {"seconds": 60}),
        ("lambda", "lingers", {"seconds": 600}),
        ("runpod", "delete_409", {"times": 3}),
        ("runpod", "delete_500", {}),
    ],
)
def test_giving_back_asks_again_until_the_machine_is_gone(
    request: pytest.FixtureRequest, name: str, fault: str, more: dict[str, Any]
) -> None:
    scene: Scene = request.getfixturevalue(f"at_{name}")
    scene.arm(fault, **more)
    with scene.account() as renter:
        folder = intended(scene, renter)
        id = rent(renter, folder).id
        assert id is not None
        give_back(renter, folder)
        assert renter.cloud.look(id) is None
    assert scene.alive == [] and rentals_of(folder).current is None


def test_a_machine_that_will_not_go_stays_open_and_is_asked_for_by_the_next(
    at_lambda: Scene,
) -> None:
    at_lambda.arm("terminate_ignored", seconds=400)
    with at_lambda.account() as renter:
        folder = intended(at_lambda, renter)
        rent(renter, folder)
        with pytest.raises(Unavailable, match="still shows hone-") as caught:
            give_back(renter, folder)
        assert "hone jobs reap" in caught.value.hint
        assert rentals_of(folder).current is not None and at_lambda.alive
    found = jobs.reap(at_lambda.ws, targets=[at_lambda.target])
    assert [one.is_freed for one in found.machines] == [True] and at_lambda.alive == []


# Budgets


def test_a_worst_case_above_the_job_s_budget_starts_nothing(rented: Scene) -> None:
    job = rented.asked(rented.order(seconds=3600, budget=0.10))
    assert re.match(r".* may cost \$\d+\.\d\d, and \$0\.10 are allowed", rented.carry(job))
    assert rented.machines == [] and jobs.show(rented.ws, job).state == "failed"
    assert rented.ws.store.ledger.entries() == []


def test_what_other_jobs_were_promised_counts_against_the_month(rented: Scene) -> None:
    ledger = rented.ws.store.ledger
    with rented.account() as renter:
        jobs_ = [rented.submitted(rented.order(seconds=14_400)) for _ in range(40)]
        promised = 0
        with pytest.raises(GateRefused, match="left this month"):
            for folder in jobs_:
                reserve(rented.ws, folder, renter)
                promised += 1
        again = reserve(rented.ws, jobs_[0], renter)  # a second time promises nothing more
    assert promised >= 2 and again
    month = rented.ws.config.budget.per_month_usd
    assert 0 < ledger.promised() <= month and rented.machines == []
    assert len(ledger.entries()) == promised
