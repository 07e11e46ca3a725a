"""Evaluations, and the score of every contender on every example."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sqlalchemy import Engine, delete, insert, select

from hone.errors import NotFound, nearest
from hone.records.evaluation import Band, Evaluation
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.work_tables import evaluation_scores, evaluations

BATCH_ROWS = 10_000


class Score(NamedTuple):
    """What one contender answered to one example, and how good it was."""

    contender: str
    example_id: str
    score: float
    band: Band
    text: str


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

    def list(self, model: str | None = None) -> list[Evaluation]:
        """Evaluations, newest first; of one model where it is named."""
        query = select(evaluations.c.record).order_by(evaluations.c.at.desc(), evaluations.c.id)
        if model is not None:
            query = query.where(evaluations.c.model == model)
        with reading(self._engine) as connection:
            return [
                Evaluation.model_validate_json(one) for one in connection.execute(query).scalars()
            ]
