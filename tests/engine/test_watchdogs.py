"""The rules of the watchdogs, on figures alone."""

from __future__ import annotations

import dataclasses
import math
import random

from hone.engine.watchdogs import Actions, Run, Watchdogs

RUN = Run(total_steps=100, learning_rate=1e-3, dataset="copy@1", figure="eval_loss")


def names(dogs: Watchdogs, losses: list[float]) -> list[str]:
    return [one.name for step, loss in enumerate(losses, 1) for one in dogs.stepped(step, loss)]


def test_single_bad_batches_pass_and_a_lasting_rise_is_told_once() -> None:
    falling = [4.0 - 0.03 * step for step in range(60)]
    assert names(Watchdogs(Actions(), RUN), [*falling, 30.0 / 10, *falling[-5:]]) == []
    assert names(Watchdogs(Actions(), RUN), [*falling, *[6.0] * 30]) == ["divergence"]
    assert names(Watchdogs(Actions(divergence="ignore"), RUN), [*falling, *[6.0] * 30]) == []


def test_losses_near_zero_may_rise_far_without_having_diverged() -> None:
    falling = [max(5.0 - 0.2 * step, 0.01) for step in range(60)]
    assert names(Watchdogs(Actions(), RUN), [*falling, *[0.5] * 30]) == []


def test_losses_of_a_base_that_knows_its_task_move_without_having_diverged() -> None:
    # Mostly right from the start, now and then a row that is not; the mean of ten doubles and more.
    rows = random.Random(5)
    losses = [0.02 if rows.random() < 0.8 else rows.uniform(0.1, 0.6) for _ in range(600)]
    run = dataclasses.replace(RUN, total_steps=600)
    for start in range(0, 500, 20):
        assert (
            names(Watchdogs(Actions(), RUN, before={"eval_loss": 0.1}), losses[start:][:100]) == []
        )
    assert names(Watchdogs(Actions(), run), [*losses, *[5.0] * 45]) == ["divergence"]


def test_a_loss_that_says_nothing_of_progress_is_not_followed() -> None:
    run = Run(100, 1e-3, "copy@1", "eval_loss", has_falling_loss=False)
    assert names(Watchdogs(Actions(), run), [0.01] * 30 + [5.0] * 30) == []
    assert names(Watchdogs(Actions(), run), [math.nan]) == ["not_finite"]


def test_validation_is_judged_from_the_half_of_the_run_on() -> None:
    dogs = Watchdogs(Actions(), RUN, before={"eval_loss": 2.0})
    assert dogs.validated(40, {"eval_loss": 2.0}, 2.0) == []
    (found,) = dogs.validated(50, {"eval_loss": 1.99}, 1.9)
    assert found.name == "no_learning" and found.action == "warn"
    better = Watchdogs(Actions(), RUN, before={"eval_loss": 2.0})
    assert better.validated(50, {"eval_loss": 1.9}, 1.9) == []
    unknown = Watchdogs(Actions(), RUN, before={"eval_loss": None})
    assert unknown.validated(50, {"eval_loss": 2.0}, 2.0) == []


def test_overfitting_is_three_rises_while_training_falls_also_over_a_resume() -> None:
    seen = [(10, 2.0, 2.0), (20, 2.1, 1.5), (30, 2.2, 1.0)]
    for trained, expected in ((0.5, ["overfitting"]), (3.0, [])):
        dogs = Watchdogs(Actions(), RUN)
        dogs.remember(
            (step, {"eval_loss": loss, "train_loss": train}) for step, loss, train in seen
        )
        found = dogs.validated(40, {"eval_loss": 2.3}, trained)
        assert [one.name for one in found] == expected
