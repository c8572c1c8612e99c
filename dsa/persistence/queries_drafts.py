"""What the drafting pages read. One rule: every list is narrowed to what the actor may see, and has a total order."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, aliased

from dsa.domain.actor import Actor
from dsa.persistence import visibility
from dsa.persistence.models import (
    Agreement,
    ChangeRequest,
    Organisation,
    Party,
    Person,
    Query,
    Task,
)


def organisations(session: Session) -> list[Row[Any]]:
    """Every organisation of the directory (code, name, nation, body_type), by name."""
    columns = (Organisation.code, Organisation.name, Organisation.nation, Organisation.body_type)
    return list(session.execute(select(*columns).order_by(Organisation.name, Organisation.id)))


def between(session: Session, actor: Actor, codes: Collection[str], *, at_least: int, limit: int) -> list[Row[Any]]:
    """Agreements that the actor may see with at least so many of these organisations as parties.

    Rows of (reference, title, stage, workflow_id, workflow_version, finished_at, updated_at, shared), most parties in
    common first, then the newest.
    """
    part = aliased(Party)  # visible() asks about parties too, and must not be tied to this one
    shared = func.count(part.id).label("shared")
    statement = (
        select(
            Agreement.reference, Agreement.title, Agreement.stage, Agreement.workflow_id, Agreement.workflow_version,
            Agreement.finished_at, Agreement.updated_at, shared,
        )
        .join(part, part.agreement_id == Agreement.id)
        .join(Organisation, Organisation.id == part.organisation_id)
        .where(Organisation.code.in_(sorted(codes)), part.left_at.is_(None), visibility.visible(actor))
        .where(Agreement.stage.not_in(("withdrawn", "rejected", "superseded", "closed")))
        .group_by(Agreement.id)
        .having(func.count(part.id) >= at_least)
        .order_by(shared.desc(), Agreement.updated_at.desc(), Agreement.id.desc())
        .limit(limit)
    )  # fmt: skip
    return list(session.execute(statement))


def change_requests(session: Session, agreement_id: int) -> list[Row[Any]]:
    """Requests for changes with the task and organisation that asked, oldest first."""
    statement = (
        select(
            ChangeRequest.id, ChangeRequest.section, ChangeRequest.question, ChangeRequest.reason_code,
            ChangeRequest.text, ChangeRequest.blocker, ChangeRequest.status, ChangeRequest.response,
            ChangeRequest.responded_at, ChangeRequest.round, Task.rule, Task.role, Task.done_at,
            Organisation.name.label("organisation"),
        )
        .join(Task, Task.id == ChangeRequest.task_id)
        .join(Organisation, Organisation.id == Task.organisation_id)
        .where(ChangeRequest.agreement_id == agreement_id)
        .order_by(ChangeRequest.id)
    )  # fmt: skip
    return list(session.execute(statement))


def questions(session: Session, agreement_id: int) -> list[Row[Any]]:
    """Reviewers' questions with who asked, oldest first."""
    statement = (
        select(
            Query.id, Query.text, Query.asked_at, Query.answered_at, Query.answer, Task.rule, Task.role, Task.due_at,
            Task.key.label("task"), Organisation.name.label("organisation"), Organisation.nation,
            Person.name.label("asked_by"),
        )
        .join(Task, Task.id == Query.task_id)
        .join(Organisation, Organisation.id == Task.organisation_id)
        .join(Person, Person.id == Query.asked_by_id)
        .where(Query.agreement_id == agreement_id)
        .order_by(Query.id)
    )  # fmt: skip
    return list(session.execute(statement))


def early_views(session: Session, agreement_id: int) -> list[Row[Any]]:
    """The early views asked for (rule, role, organisation, status, outcome, due_at, nation), oldest first."""
    statement = (
        select(
            Task.id, Task.rule, Task.role, Task.status, Task.outcome, Task.due_at, Organisation.name,
            Organisation.nation,
        )
        .join(Organisation, Organisation.id == Task.organisation_id)
        .where(Task.agreement_id == agreement_id, Task.kind == "early_view", Task.status.in_(("open", "done")))
        .order_by(Task.id)
    )  # fmt: skip
    return list(session.execute(statement))
