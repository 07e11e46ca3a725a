"""Evaluations, and the score of every contender on every example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Engine,
    Integer,
    cast,
    delete,
    func,
    insert,
    literal_column,
    select,
)

from hone.errors import NotFound, nearest
from hone.records.evaluation import Band, Evaluation
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.work_tables import evaluation_scores, evaluations

BATCH_ROWS = 10_000
# asked: as the questions stood; lost and won: against another contender, the clearest first.
Order = Literal["worst", "best", "asked", "lost", "won"]
_ASKED: ColumnElement[int] = literal_column("evaluation_scores.rowid")


class Score(NamedTuple):
    """What one contender answered to one example, and how good it was."""

    contender: str
    example_id: str
    score: float
    band: Band
    text: str


class Chosen(NamedTuple):
    """Answers of one contender in one evaluation: of these bands, and with this text in them."""

    evaluation: str
    contender: str
    bands: Sequence[Band] = ()
    text: str = ""


class Evaluations:
    """`store.evaluations`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, evaluation: Evaluation, scores: Iterable[Score] = ()) -> None:
        """Records an evaluation with its scores, all or nothing; the same id again replaces it."""
        rows = (
            (evaluation.id, one.contender, one.example_id, one.score, one.band, one.text)
            for one in scores
        )
        with writing(self._engine) as connection:
            # A settle that was cut off is repeated, and must not leave rows of the first attempt.
            connection.execute(
                delete(evaluation_scores).where(evaluation_scores.c.evaluation == evaluation.id)
            )
            connection.execute(delete(evaluations).where(evaluations.c.id == evaluation.id))
            connection.execute(
                insert(evaluations),
                {
                    "id": evaluation.id,
                    "model": evaluation.model,
                    "task": evaluation.task,
                    "at": clock.as_text(evaluation.at),
                    "job": evaluation.job,
                    "record": evaluation.model_dump_json(),
                },
            )
            batch = list(rows)
            for start in range(0, len(batch), BATCH_ROWS):
                connection.exec_driver_sql(
                    "INSERT INTO evaluation_scores"
                    " (evaluation, contender, example_id, score, band, text) VALUES (?,?,?,?,?,?)",
                    batch[start : start + BATCH_ROWS],
                )

    def get(self, evaluation_id: str) -> Evaluation:
        """One evaluation by its id."""
        with reading(self._engine) as connection:
            query = select(evaluations.c.record).where(evaluations.c.id == evaluation_id)
            record = connection.execute(query).scalar()
            if record is not None:
                return Evaluation.model_validate_json(record)
            known = connection.execute(select(evaluations.c.id)).scalars().all()
        raise NotFound(
            f'There is no evaluation "{evaluation_id}".', hint=nearest(evaluation_id, known)
        )

    def scores(self, evaluation_id: str, contender: str | None = None) -> Iterator[Score]:
        """The scores of an evaluation, by contender and example."""
        table = evaluation_scores.c
        query = (
            select(table.contender, table.example_id, table.score, table.band, table.text)
            .where(table.evaluation == evaluation_id)
            .order_by(table.contender, table.example_id)
        )
        if contender is not None:
            query = query.where(table.contender == contender)
        with reading(self._engine) as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield Score(row.contender, row.example_id, row.score, row.band, row.text)

    def ranked(
        self,
        chosen: Chosen,
        *,
        order: Order = "worst",
        against: str | None = None,
        span: tuple[int, int],
    ) -> Sequence[str]:
        """Ids of examples by what one contender scored: `span` is the first place and how many.

        The orders lost and won look at `against`, and leave out what that one was not asked.
        """
        table = evaluation_scores.c
        query = select(table.example_id).where(*_conditions(chosen))
        worst: ColumnElement[float] = table.score
        if order in ("lost", "won"):
            other = evaluation_scores.alias("other")
            query = query.join(
                other,
                (other.c.evaluation == table.evaluation)
                & (other.c.example_id == table.example_id)
                & (other.c.contender == against),
            )
            worst = table.score - other.c.score
        if order != "asked":
            query = query.order_by(worst.desc() if order in ("best", "won") else worst)
        query = query.order_by(_ASKED).offset(span[0]).limit(span[1])
        with reading(self._engine) as connection:
            return connection.execute(query).scalars().all()

    def count(self, chosen: Chosen) -> int:
        """How many examples fit."""
        query = select(func.count()).where(*_conditions(chosen))
        with reading(self._engine) as connection:
            return connection.execute(query).scalar() or 0

    def answers(self, evaluation_id: str, example_ids: Sequence[str]) -> list[Score]:
        """What everybody answered to these examples, in no order."""
        table = evaluation_scores.c
        columns = (table.contender, table.example_id, table.score, table.band, table.text)
        found: list[Score] = []
        with reading(self._engine) as connection:
            names = select(table.contender).where(table.evaluation == evaluation_id).distinct()
            # By contender, so that the index gives each row by its whole key.
            for name in connection.execute(names).scalars().all():
                query = select(*columns).where(
                    table.evaluation == evaluation_id,
                    table.contender == name,
                    table.example_id.in_(example_ids),
                )
                found += [Score(*row) for row in connection.execute(query)]
        return found

    def spread(self, evaluation_id: str, contender: str, bins: int) -> list[dict[Band, int]]:
        """How many examples of each band scored in each of so many equal parts of 0 to 1."""
        table = evaluation_scores.c
        place = func.min(cast(table.score * bins, Integer), bins - 1)
        query = (
            select(place.label("place"), table.band, func.count().label("number"))
            .where(table.evaluation == evaluation_id, table.contender == contender)
            .group_by("place", table.band)
        )
        found: list[dict[Band, int]] = [{} for _ in range(bins)]
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                found[max(0, row.place)][row.band] = row.number
        return found

    def list(self, model: str | None = None) -> list[Evaluation]:
        """Evaluations, newest first; of one model where it is named."""
        query = select(evaluations.c.record).order_by(evaluations.c.at.desc(), evaluations.c.id)
        if model is not None:
            query = query.where(evaluations.c.model == model)
        with reading(self._engine) as connection:
            return [
                Evaluation.model_validate_json(one) for one in connection.execute(query).scalars()
            ]


def _conditions(chosen: Chosen) -> list[ColumnElement[bool]]:
    table = evaluation_scores.c
    conditions = [table.evaluation == chosen.evaluation, table.contender == chosen.contender]
    conditions += [table.band.in_(chosen.bands)] if chosen.bands else []
    if chosen.text:
        conditions.append(func.instr(func.lower(table.text), chosen.text.lower()) > 0)
    return conditions
