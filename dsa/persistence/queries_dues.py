"""Due dates that are still open, by agreement. One rule: whole agreements, so that a page never splits one."""

from typing import Any

from sqlalchemy import null, select, union_all
from sqlalchemy.orm import Session

from dsa.persistence.models import Agreement, Organisation, StageEntry, Task


def open_dues(session: Session, *, after: int, limit: int) -> list[Any]:
    """The open tasks and open stays of the next ``limit`` unfinished agreements after that id, with whose calendar."""
    page = (
        select(Agreement.id)
        .where(Agreement.id > after, Agreement.finished_at.is_(None))
        .order_by(Agreement.id)
        .limit(limit)
        .subquery()
    )
    tasks = (
        select(Task.agreement_id, Task.organisation_id, Task.calendar_version, Task.id.label("task_id"))
        .join(page, page.c.id == Task.agreement_id)
        .where(Task.status == "open")
    )
    stays = (
        select(
            StageEntry.agreement_id, StageEntry.organisation_id, StageEntry.calendar_version, null().label("task_id")
        )
        .join(page, page.c.id == StageEntry.agreement_id)
        .where(StageEntry.left_at.is_(None))
    )
    dues = union_all(tasks, stays).subquery()
    return list(
        session.execute(
            select(dues, Agreement.reference, Organisation.nation)
            .join(Agreement, Agreement.id == dues.c.agreement_id)
            .join(Organisation, Organisation.id == dues.c.organisation_id)
            .order_by(dues.c.agreement_id, dues.c.task_id)
        )
    )
