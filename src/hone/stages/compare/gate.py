"""The gate: what a version must show before it replaces the active one of its name.

Only stored evaluations count, and nothing is asked here. What was not measured is incomplete and
never passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from hone.errors import GateRefused, InvalidInput
from hone.metrics._paired import repeat_floor
from hone.metrics.by_example import SCORE, example_scores, figure_names
from hone.records.comparison import GateResult, RuleResult
from hone.records.model import Measured, ModelVersion
from hone.records.task import Task
from hone.stages.compare.comparing import moved_scores
from hone.stages.compare.gather import (
    Answered,
    answers_of,
    repeat_of,
    shared,
    stored_answers,
    usual_answers,
)
from hone.stages.compare.judging import Ruled, must_not_lose, must_win
from hone.workspace.config import Gate
from hone.workspace.open import Workspace


class _Rule(NamedTuple):
    kind: str
    figure: str
    on: str


class _Match(NamedTuple):
    """Who wants to replace whom, by which rules."""

    challenger: ModelVersion
    champion: ModelVersion
    task: Task
    gate: Gate


def judge_gate(ws: Workspace, ref: str) -> GateResult:
    """Every rule, judged; the first version of a name, and the active one itself, pass."""
    challenger = ws.store.models.get(ref).model
    active = ws.store.models.active(challenger.name)
    if active is None:
        says = f"No version of {challenger.name} is active: there is nothing to be held against."
        return GateResult(challenger=challenger.ref, champion=None, verdict="pass", says=says)
    champion = active.model
    result = GateResult(
        challenger=challenger.ref, champion=champion.ref, verdict="pass", says="It is active."
    )
    if champion.ref == challenger.ref:
        return result
    match = _Match(challenger, champion, ws.task(challenger.task), ws.config.gate)
    result.rules = [_judged(ws, match, rule) for rule in _rules(ws, match)]
    verdicts = [one.verdict for one in result.rules]
    result.verdict = (
        "fail" if "fail" in verdicts else "incomplete" if "incomplete" in verdicts else "pass"
    )
    result.says = _summary(result)
    return result


def _summary(result: GateResult) -> str:
    amount = len(result.rules)
    if not result.rules:
        return f"hone.yaml names no rule of the gate: {result.challenger} may replace anything."
    if result.verdict == "pass":
        rules = "the one rule" if amount == 1 else f"all {amount} rules"
        return f"{result.challenger} passes {rules} against {result.champion}."
    counts = {
        word: sum(one.verdict == word for one in result.rules) for word in ("fail", "incomplete")
    }
    said = ", ".join(
        f"{count} {'failed' if word == 'fail' else 'incomplete'}"
        for word, count in counts.items()
        if count
    )
    rules = "1 rule" if amount == 1 else f"{amount} rules"
    return f"{result.challenger} may not replace {result.champion}: of {rules} {said}."


def _rules(ws: Workspace, match: _Match) -> Iterator[_Rule]:
    gate = match.gate
    if not (gate.must_win or gate.must_not_lose or gate.forgetting):
        return  # whoever takes every rule out wants no gate
    on = gate.data or (f"{match.challenger.dataset}/test" if match.challenger.dataset else "")
    for figure in gate.must_win:
        yield _Rule("must win", figure, on)
    for figure in gate.must_not_lose:
        yield _Rule("must not lose", figure, on)
    for place in dict.fromkeys([*_learned_before(match), *gate.forgetting]):
        yield _Rule("must not forget", SCORE, place)


def _learned_before(match: _Match) -> list[str]:
    """The champion's own test split; a later version of one dataset keeps its test examples."""
    old, new = (one.dataset or "" for one in (match.champion, match.challenger))
    is_same = old.partition("@")[0] == new.partition("@")[0]
    return [] if not old or is_same else [f"{old}/test"]


def _judged(ws: Workspace, match: _Match, rule: _Rule) -> RuleResult:
    figure = match.task.score_name if rule.figure == SCORE else rule.figure
    result = RuleResult(
        rule=f"{rule.kind}: {figure}", on=rule.on, verdict="incomplete", says="", command=""
    )
    known = figure_names(match.task)
    if figure not in known:
        result.says = f"{figure} has no value on every example of {match.task.name}"
        result.command = f"use one of {', '.join(known)} in hone.yaml: gate"
        return result
    if not rule.on:
        result.says = f"{match.challenger.ref} knows no test split"
        result.command = "hone config set gate.data NAME@VERSION/test"
        return result
    stored = stored_answers(ws, match.task, rule.on)
    both = [answers_of(ws, stored, one.ref) for one in (match.challenger, match.champion)]
    there = [one for one in both if one is not None]
    asked = shared(there)
    if len(there) < 2 or not asked:
        pairs = zip((match.challenger, match.champion), both, strict=True)
        who = " and ".join(model.ref for model, one in pairs if one is None)
        result.says = f"not measured: {who or 'both together'} on {rule.on}"
        result.command = (
            f"hone compare {match.challenger.ref} {match.champion.ref} --data {rule.on}"
        )
        return result
    ruled = _ruled(match, rule, figure, (there[0], there[1], stored))
    value, low, high = ruled.interval
    result.verdict, result.says, result.examples = ruled.verdict, ruled.says, len(asked)
    result.difference = Measured(value=value, low=low, high=high, on=rule.on)
    return result


def _ruled(
    match: _Match,
    rule: _Rule,
    figure: str,
    found: tuple[Answered, Answered, Sequence[Answered]],
) -> Ruled:
    new, old, stored = found
    asked = shared([new, old])
    answers = [one.answer for one in asked]
    first, other = (
        example_scores(match.task, figure, [one.texts[each.id] for each in asked], answers)
        for one in (new, old)
    )
    base = usual_answers(stored, new).get("base")
    again = repeat_of(stored, base) if base is not None else None
    floor = 0.0  # answers are greedy: without a repeat nothing says that they would move
    if base is not None and again is not None and shared([base, again]):
        moved = moved_scores(match.task, figure, (base, again))
        floor = repeat_floor(moved, confidence=match.gate.confidence)
    confidence = match.gate.confidence
    if rule.kind == "must win":
        return must_win(first - other, confidence=confidence, floor=floor)
    tolerance = match.gate.tolerance
    return must_not_lose(first - other, tolerance=tolerance, confidence=confidence, floor=floor)


def refuse_or_note(result: GateResult, *, note: str, is_forced: bool) -> str:
    """The note of the journal; GateRefused where the gate says no and nobody overrides it.

    InvalidInput where somebody does without saying why.
    """
    if result.verdict == "pass":
        passed = f"gate: {result.says}" if result.champion != result.challenger else ""
        return "; ".join(part for part in (note, passed) if part)
    command = f"hone models set-active {result.challenger} --force --note WHY"
    if not is_forced:
        first = next((one.command for one in result.rules if one.command), "")
        raise GateRefused(result.says, hint=f"{first}; or {command}" if first else command)
    if not note.strip():
        raise InvalidInput(
            "Whoever overrides the gate says why: it is kept in the journal.", hint=command
        )
    said = "; ".join(f"{one.rule} {one.verdict}" for one in result.rules if one.verdict != "pass")
    return f"{note}; forced past the gate: {said}"
