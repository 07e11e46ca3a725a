"""Jobs as rows: what was asked for and whether its outcome was taken in; never a state."""

from __future__ import annotations

from sqlalchemy import Engine, insert, select, update

from hone.errors import Conflict, InvalidInput, NotFound, nearest
from hone.records.job import Job
from hone.workspace import clock
from hone.workspace.store.connection import reading, writing
from hone.workspace.store.work_tables import jobs


class Jobs:
    """`store.jobs`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, job: Job) -> None:
        """Records a job; the very same one again is harmless."""
        record = job.model_dump_json()
        with writing(self._engine) as connection:
            known = connection.execute(select(jobs.c.record).where(jobs.c.id == job.id)).scalar()
            if known == record:
                return
            if known is not None:
                raise Conflict(f"There is another job {job.id} already.", hint="hone jobs list")
            connection.execute(
                insert(jobs),
                {
                    "id": job.id,
                    "kind": job.kind,
                    "created_at": clock.as_text(job.created_at),
                    "target": job.target,
                    "record": record,
                },
            )

    def list(self) -> list[Job]:
        """Every job, newest first."""
        with reading(self._engine) as connection:
            query = select(jobs.c.record).order_by(jobs.c.created_at.desc(), jobs.c.id.desc())
            return [Job.model_validate_json(text) for text in connection.execute(query).scalars()]

    def get(self, named: str) -> Job:
        """A job by its id, or by a beginning of it that only one job has."""
        with reading(self._engine) as connection:
            exact = connection.execute(select(jobs.c.record).where(jobs.c.id == named)).scalar()
            if exact is not None:
                return Job.model_validate_json(exact)
            # A range, not LIKE: it walks the index, and % in what was typed means nothing.
            begins = (jobs.c.id >= named, jobs.c.id < f"{named}\U0010ffff")
            found = connection.execute(select(jobs.c.id, jobs.c.record).where(*begins)).all()
            if named and len(found) == 1:
                return Job.model_validate_json(found[0].record)
            if named and found:
                listed = ", ".join(row.id for row in found[:5])
                raise InvalidInput(f'"{named}" begins {len(found)} jobs.', hint=f"One of {listed}.")
            known = connection.execute(select(jobs.c.id)).scalars().all()
        raise NotFound(f'There is no job "{named}".', hint=nearest(named, known))

    def mark_settled(self, job_id: str) -> None:
        """Notes that the outcome of a job was taken in: its model, its figures, its cost."""
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(jobs)
                .where(jobs.c.id == job_id, jobs.c.settled_at.is_(None))
                .values(settled_at=clock.as_text(clock.now()))
            ).rowcount
            if changed:
                return
            if connection.execute(select(jobs.c.id).where(jobs.c.id == job_id)).first() is None:
                raise NotFound(f'There is no job "{job_id}".', hint="hone jobs list")

    def unsettled(self) -> list[Job]:
        """The jobs whose outcome was not taken in yet, oldest first."""
        with reading(self._engine) as connection:
            query = (
                select(jobs.c.record).where(jobs.c.settled_at.is_(None)).order_by(jobs.c.created_at)
            )
            return [Job.model_validate_json(text) for text in connection.execute(query).scalars()]
