"""Open tasks with their agreement, for finding those that nobody can do. One rule: in a total order."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dsa.persistence.models import Agreement, Organisation, Task


def open_tasks(session: Session) -> list[Any]:
    """Every open task of an agreement that is not finished, the first due first."""
    return list(
        session.execute(
            select(
                Task.id,
                Task.agreement_id,
                Task.key,
                Task.role,
                Task.kind,
                Task.due_at,
                Task.organisation_id,
                Task.assignee_id,
                Agreement.reference,
                Organisation.code.label("organisation"),
            )
            .join(Agreement, Agreement.id == Task.agreement_id)
            .join(Organisation, Organisation.id == Task.organisation_id)
            .where(Task.done_at.is_(None), Task.status == "open", Agreement.finished_at.is_(None))
            .order_by(Task.due_at, Task.id)
        )
    )
