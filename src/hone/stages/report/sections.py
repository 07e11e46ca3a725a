"""The report as sections of sentences, tables, plots and texts, before it has a form."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hone import shelf
from hone.errors import HoneError
from hone.records.evaluation import Evaluation
from hone.records.report import Failure
from hone.stages.report.gather import Facts
from hone.workspace.contenders import safe_name
from hone.workspace.pages import Table, interval_text
from hone.workspace.plots import interval_plot, line_plot

HIDDEN = ("field.", "micro_")


class Section(NamedTuple):
    """A heading and what stands below it; `plots` are markup of our own, all else is text."""

    title: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    plots: Sequence[str] = ()
    code: str = ""
    failures: Sequence[Failure] = ()


def sections(facts: Facts) -> list[Section]:
    """All of them, in the order in which they are read."""
    return [
        _summary(facts),
        _data(facts),
        _method(facts),
        _results(facts),
        *_compared(facts),
        _failed(facts),
        _limits(facts),
        _reproduction(facts),
    ]


def _summary(facts: Facts) -> Section:
    model = facts.provenance.model
    state = "It is the version that answers." if facts.provenance.is_active else "It is not active."
    said = [
        f"{model.ref} is a {'LoRA adapter' if model.kind == 'lora' else 'fully trained model'} on "
        f"{model.base}, for the task {model.task or 'of nobody knows what'}. {state}"
    ]
    figure = model.metrics.get(facts.score)
    if figure is not None and figure.low is not None:
        said.append(f"Its {facts.score} is {interval_text(figure)} on {figure.on}, with 95 %.")
    else:
        said.append("It was not evaluated on its test split: nothing here says how good it is.")
    if facts.evaluations:
        said += [
            f"{name}: {interval_text(one, signed=True)}{_meaning(one.low, one.high)}."
            for name, one in facts.evaluations[0].differences.items()
        ]
    if facts.gate is not None:
        said.append(f"The gate says: {facts.gate.says}")
    return Section("Summary", said)


def _meaning(low: float | None, high: float | None) -> str:
    if low is None or high is None or low <= 0 <= high:
        return ", no clear difference"
    return ", better" if low > 0 else ", worse"


def _data(facts: Facts) -> Section:
    model, dataset = facts.provenance.model, facts.provenance.dataset
    if dataset is None:
        return Section("Data", [f"Its dataset, {model.dataset}, is no longer in this workspace."])
    said = [f"{dataset['ref']}, content {str(dataset['sha256'])[:12]}."]
    if dataset.get("missing"):
        said.append(f"{dataset['missing']} of its examples are no longer in this workspace.")
    tables = [Table("Splits", ["split", "rows"], _counts(dataset["splits"]))]
    manifest = facts.manifest
    if manifest is not None and manifest.kept_out:
        tables.append(Table("Kept out", ["reason", "examples"], _counts(manifest.kept_out)))
    said += [f"Note: {note}" for note in (manifest.notes if manifest is not None else [])]
    tables.append(Table("Where its train examples come from", ["file", "examples"],
                        _counts(dataset["files"])))  # fmt: skip
    reviewers = [
        [name, verdict, f"{count:,}"]
        for name, counts in dataset["reviewers"].items()
        for verdict, count in counts.items()
    ]
    tables.append(Table("Who reviewed them", ["reviewer", "verdict", "examples"], reviewers))
    if facts.curve is not None:
        said.append(f"Learning curve: {facts.curve.says}")
    if model.licence:
        said += [f"Licence of the {name}: {text}." for name, text in model.licence.items()]
    return Section("Data", said, tables)


def _counts(counts: dict[str, Any]) -> list[list[str]]:
    return [[str(name), f"{count:,}"] for name, count in counts.items()]


def _method(facts: Facts) -> Section:
    model = facts.provenance.model
    said = [
        f"Method {model.details.get('method', 'unknown')}, {model.runtime_seconds:,.0f} seconds on "
        f"{model.target}, ${model.cost_usd:.2f}."
    ]
    said += [f"It goes on from {parent.ref}." for parent in facts.provenance.parents]
    tables: list[Table] = []
    if facts.job is not None:
        rows = [
            [key, _shown(one["value"]), str(one["source"])]
            for key, one in facts.job.spec.get("options", {}).items()
            if one["source"] != "default"
        ]
        tables.append(Table("Settings that are not the defaults", ["key", "value", "from"], rows))
        versions = [[name, text] for name, text in facts.job.versions.items()]
        tables.append(Table("Versions", ["package", "version"], versions))
    plots = [line_plot(facts.losses, x="step", y="loss")] if any(facts.losses.values()) else []
    return Section("Method", said, tables, plots)


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _results(facts: Facts) -> Section:
    tables: list[Table] = []
    plots: list[str] = []
    said: list[str] = []
    for one in facts.evaluations:
        drawn = f", {one.sample} drawn examples" if one.sample is not None else ""
        tables.append(_rows(one, facts.score, f"{one.on}{drawn}, {one.at:%Y-%m-%d %H:%M} UTC"))
        said += [f"{one.on}: {note}" for note in one.notes]
    if facts.evaluations:
        scores = {row.contender: row.score for row in facts.evaluations[0].rows}
        plots.append(interval_plot(scores, y=f"{facts.score} on {facts.evaluations[0].on}"))
    else:
        said = [f"None yet: hone evaluate {facts.provenance.model.ref}"]
    return Section("Results", said, tables, plots)


def _rows(one: Evaluation, score: str, title: str) -> Table:
    names = [
        name
        for name in dict.fromkeys(name for row in one.rows for name in row.metrics)
        if name != score and not name.startswith(HIDDEN)
    ]
    lines = [
        [row.contender, f"{row.examples:,}", interval_text(row.score)]
        + [interval_text(row.metrics[name]) if name in row.metrics else "" for name in names]
        for row in one.rows
    ]
    return Table(title, ["row", "examples", score, *names], lines)


def _compared(facts: Facts) -> Iterator[Section]:
    """Comparisons with other versions, and what the gate says rule by rule."""
    name = safe_name(facts.provenance.model.ref)
    pairs = [
        [comparison.on, f"{pair.one} - {pair.other}", interval_text(pair.difference, signed=True),
         f"{pair.p_adjusted:.3g}", pair.finding]
        for comparison in facts.comparisons
        for pair in comparison.pairs
        if name in (pair.one, pair.other)
    ]  # fmt: skip
    if pairs:
        head = ["on", "pair", "difference", "p of all", ""]
        yield Section("Compared with others", tables=[Table("Pairs", head, pairs)])
    gate = facts.gate
    if gate is not None and gate.rules:
        rows = [[one.verdict, one.rule, one.on, one.says, one.command] for one in gate.rules]
        head = ["verdict", "rule", "on", "", "to complete it"]
        yield Section("The gate", [gate.says], [Table("Rules", head, rows)])


def _failed(facts: Facts) -> Section:
    if not facts.failures:
        said = "No wrong answer is stored." if facts.evaluations else "Nothing was asked yet."
        return Section("What it gets wrong", [said])
    on = facts.evaluations[0].on
    said = [f"The {len(facts.failures)} lowest scores on {on}, in full."]
    return Section("What it gets wrong", said, failures=facts.failures)


def _limits(facts: Facts) -> Section:
    model = facts.provenance.model
    said: list[str] = []
    method = model.details.get("method")
    try:
        said += list(shelf.load("methods", str(method)).LIMITS) if method else []
    except HoneError:
        said.append(f"The method {method} is not known to this version of Hone.")
    said += [f"{name} is gone from its folder." for name in facts.provenance.missing_files]
    said.append("Figures hold for examples like those that were asked, and for no others.")
    lost = model.details.get("forgetting")
    if facts.provenance.parents and not lost:
        said.append("What it forgot of the version before was not measured.")
    return Section("Limits", said)


def _reproduction(facts: Facts) -> Section:
    model = facts.provenance.model
    if facts.job is None:
        return Section("To do it again", ["Its job's folder is gone, and with it the settings."])
    said = ["Put this recipe into recipe.yaml, in a workspace that holds the dataset, and run:"]
    if facts.manifest is not None:
        said.append(
            f"The dataset is {facts.manifest.ref} (seed {facts.manifest.seed}): content "
            f"{facts.manifest.sha256}."
        )
    said.append(f"The base is {model.base}; its files: {model.base_sha256 or 'not hashed'}.")
    return Section("To do it again", said, code=_recipe(facts))


def _recipe(facts: Facts) -> str:
    """The resolved recipe as YAML (of which JSON is a part), and the command."""
    assert facts.job is not None  # the caller looked
    spec = facts.job.spec
    parts: dict[str, dict[str, Any]] = {"": {}}
    for key, one in spec.get("options", {}).items():
        section, dot, name = key.rpartition(".")
        parts.setdefault(section if dot else "", {})[name] = one["value"]
    top = {key: value for key, value in parts.pop("").items() if value is not None}
    top["dataset"] = spec.get("dataset", {}).get("name", top.get("dataset"))
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in top.items()]
    for section, values in parts.items():
        lines.append(f"{section}:")
        lines += [f"  {k}: {json.dumps(v, ensure_ascii=False)}" for k, v in values.items()]
    return "\n".join([*lines, "", "# hone train recipe.yaml --confirm-run"])
