"""Sheets on their way in, and what they came to. One rule: an organisation sees its own imports and no others."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import rows
from dsa.persistence.models import Agreement, Import, ImportedCase, ImportLine, Person, table

_C, _A, _I = table(ImportedCase), table(Agreement), table(Import)
MOST = 50


def by_hash(session: Session, organisation_id: int, sha256: str) -> Import | None:
    """The import of the same file by the same organisation, or None."""
    wanted = (Import.organisation_id == organisation_id, Import.sha256 == sha256)
    return session.scalars(select(Import).where(*wanted)).one_or_none()


def add(session: Session, values: Mapping[str, Any], lines: Iterable[tuple[int, Sequence[str]]]) -> int:
    """Keep a sheet as it was sent; returns its number."""
    number = rows.add(session, "imports", {"columns": {}, "choices": {}, "state": "columns", **values})
    set_lines(session, number, lines)
    return number


def set_lines(session: Session, number: int, lines: Iterable[tuple[int, Sequence[str]]]) -> None:
    """The rows of an import, in place of those it has."""
    session.execute(table(ImportLine).delete().where(ImportLine.import_id == number))
    session.execute(
        insert(table(ImportLine)), [{"import_id": number, "line": line, "cells": list(cells)} for line, cells in lines]
    )


def find(session: Session, actor: Actor, number: int, *, lock: bool = False) -> Import | None:
    """One import of the actor's organisations, or None."""
    statement = select(Import).where(Import.id == number, Import.organisation_id.in_(sorted(actor.organisations)))
    return session.scalars(statement.with_for_update() if lock else statement).one_or_none()


def recent(session: Session, actor: Actor) -> list[Any]:
    """The newest imports of the actor's organisations, with who sent them."""
    statement = (
        select(_I.c.id, _I.c.file_name, _I.c.row_count, _I.c.state, _I.c.created_at, _I.c.done_at, Person.name)
        .select_from(_I.join(table(Person), table(Person).c.id == _I.c.person_id))
        .where(_I.c.organisation_id.in_(sorted(actor.organisations)))
        .order_by(_I.c.created_at.desc(), _I.c.id.desc())
        .limit(MOST)
    )
    return list(session.execute(statement))


def lines(session: Session, number: int, *, most: int | None = None) -> list[tuple[int, list[str]]]:
    """The rows of a sheet as they were sent, in order."""
    wanted = select(ImportLine.line, ImportLine.cells).where(ImportLine.import_id == number).order_by(ImportLine.line)
    return [(row.line, row.cells) for row in session.execute(wanted if most is None else wanted.limit(most))]


def change(session: Session, number: int, **values: Any) -> None:
    """Set columns of an import that is not done."""
    session.execute(update(Import).where(Import.id == number, Import.state != "done").values(**values))


def drop(session: Session, number: int) -> None:
    """Forget a sheet that was not imported, with its rows."""
    session.execute(table(ImportLine).delete().where(ImportLine.import_id == number))
    session.execute(table(Import).delete().where(Import.id == number, Import.state != "done"))


def add_cases(session: Session, cases: list[dict[str, Any]]) -> None:
    """What the sheet came to."""
    session.execute(insert(_C), cases)


def cases_of(session: Session, number: int) -> list[Any]:
    """The agreements of one import, with the reference and present stage of those that are tracked."""
    statement = (
        select(_C, _A.c.reference.label("tracked_reference"), _A.c.stage.label("tracked_stage"), _A.c.holder_owner)
        .select_from(_C.outerjoin(_A, _A.c.id == _C.c.agreement_id))
        .where(_C.c.import_id == number)
        .order_by(_C.c.line)
    )
    return list(session.execute(statement))


def reported_history(session: Session, actor: Actor | None = None) -> list[Any]:
    """Past agreements as sheets reported them, by the day they began: a baseline, with dates as reported.

    Of the actor's organisations; of all where no actor is given (for a job). Only those that are over: the open ones
    are agreements of their own, with ``tracking`` set, and are counted where those are. What an organisation reported
    again in a later sheet (the same reference, or without one the same title and start) counts once: as the agreement
    that is followed here, else as reported last.
    """
    columns = (
        _C.c.organisation_id, _C.c.reference, _C.c.title, _C.c.status, _C.c.started_on, _C.c.ended_on,
        _C.c.agreement_id,
    )  # fmt: skip
    statement = select(*columns).order_by(_C.c.agreement_id.is_not(None), _C.c.import_id, _C.c.line)
    if actor is not None and not actor.sees_all:
        statement = statement.where(_C.c.organisation_id.in_(sorted(actor.organisations)))
    last: dict[tuple[Any, ...], Any] = {}
    for row in session.execute(statement):
        same = (row.reference,) if row.reference else (row.title, row.started_on)
        last[row.organisation_id, *same] = row
    return sorted(
        (row for row in last.values() if row.agreement_id is None), key=lambda row: (row.started_on, row.ended_on)
    )
