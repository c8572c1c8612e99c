"""Rows of the record and the timeline that nothing else asks for. One rule: of one agreement, in a total order."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dsa.persistence.models import Organisation, Party, Task


def party_groups(session: Session, agreement_id: int) -> dict[str, str]:
    """The name of the group of each party that belongs to one, by party key."""
    rows = session.execute(
        select(Party.key, Party.group_name)
        .where(Party.agreement_id == agreement_id, Party.left_at.is_(None), Party.group_name.is_not(None))
        .order_by(Party.id)
    )
    return {row.key: row.group_name or "" for row in rows}


def tasks_with_organisation(session: Session, agreement_id: int) -> list[Any]:
    """Every task that ever opened, with the name and nation of its organisation, oldest first."""
    return list(
        session.execute(
            select(
                Task.id,
                Task.key,
                Task.rule,
                Task.kind,
                Task.stage,
                Task.round,
                Task.role,
                Task.required,
                Task.status,
                Task.outcome,
                Task.opened_at,
                Task.done_at,
                Task.due_at,
                Task.target_days,
                Task.organisation_id,
                Organisation.name.label("organisation"),
                Organisation.nation,
            )
            .join(Organisation, Organisation.id == Task.organisation_id)
            .where(Task.agreement_id == agreement_id)
            .order_by(Task.id)
        )
    )
