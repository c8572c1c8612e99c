"""The history of agreements in columns, for measuring. One rule: whole agreements, in order of agreement and entry."""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, exists, false, func, not_, or_, select, type_coerce
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import visibility
from dsa.persistence.models import Agreement, NewestForecast, Organisation, StageEntry, Task, table

_A, _G, _O, _N, _T = (table(model) for model in (Agreement, StageEntry, Organisation, NewestForecast, Task))
_U = _G.alias("unseen")

AT_SIGNATURE = ("signed", "preparing", "in_use")  # one that is only tracked may be reported past its signature


def _seconds(column: Any) -> Any:
    return type_coerce(column, BigInteger)  # a moment as it is stored: a hundred thousand need no datetimes


def _stays() -> Select[Any]:
    return (
        select(
            _G.c.agreement_id, _G.c.stage, _seconds(_G.c.entered_at), _seconds(_G.c.left_at), _A.c.route,
            _A.c.lead_organisation_id, _seconds(_A.c.created_at), _A.c.first_contact_on, _A.c.workflow_version,
            _A.c.tracking,
        )
        .select_from(_G.join(_A, _A.c.id == _G.c.agreement_id))
        .where(EVERY_STAY_SEEN)
        .order_by(_G.c.agreement_id, _G.c.entered_seq)
    )  # fmt: skip


def every_stay(session: Session, *, one_in: int) -> list[Any]:
    """The stays of one agreement in so many, evenly over all of them: (agreement, stage, entered, left, route, lead,
    created, first contact, workflow version, tracking), moments in epoch seconds.

    An agreement with a stay of which nobody knows since when it lasted is left out whole: neither that stay nor what
    came before the ones after it can be measured.
    """
    statement = _stays()
    if one_in > 1:
        statement = statement.where(_G.c.agreement_id % one_in == 0)
    return list(session.execute(statement))


def how_many(session: Session, actor: Actor | None = None) -> int:
    """How many agreements there are; those that the actor may see, where one is given."""
    statement = select(func.count()).select_from(_A)
    if actor is not None:
        statement = statement.where(visibility.visible(actor))
    return session.scalar(statement) or 0


def nations(session: Session) -> dict[int, str]:
    """The nation of each organisation by its id."""
    return {row.id: row.nation for row in session.execute(select(_O.c.id, _O.c.nation).order_by(_O.c.id))}


def _began_unseen(*where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists(select(_U.c.agreement_id).where(_U.c.agreement_id == _A.c.id, _U.c.since_known.is_(False), *where))


# The present stay lasts since nobody here knows when: its age is unknown, and so is what depends on it.
STAGE_UNSEEN = _began_unseen(_U.c.entered_at == _A.c.stage_entered_at)
HOLDER_UNSEEN = _began_unseen(_U.c.entered_at == _A.c.holder_since)
# It was followed from a stage on at which it was signed already, and nobody here knows since when.
SIGNED_UNSEEN = _began_unseen(_U.c.stage.in_(AT_SIGNATURE))
EVERY_STAY_SEEN = or_(_A.c.tracking == "", not_(_began_unseen()))
LENGTH_KNOWN = or_(_A.c.tracking == "", not_(SIGNED_UNSEEN))


def to_forecast(session: Session, *, stages: list[str], today: Any, most: int) -> list[Any]:
    """Open agreements in these stages whose newest forecast is of another stay or another day, oldest first."""
    stale = _N.c.agreement_id.is_(None) | (_N.c.stage_entered_at != _A.c.stage_entered_at) | (_N.c.made_on != today)
    statement = (
        select(
            _A.c.id, _A.c.stage, _A.c.route, _A.c.lead_organisation_id, _A.c.created_at, _A.c.first_contact_on,
            _A.c.stage_entered_at, _N.c.stage_entered_at.label("said_for"), STAGE_UNSEEN.label("since_not_known"),
        )
        .select_from(_A.outerjoin(_N, _N.c.agreement_id == _A.c.id))
        .where(_A.c.finished_at.is_(None), _A.c.stage.in_(stages) if stages else false(), stale)
        .order_by(_A.c.id)
        .limit(most)
    )  # fmt: skip
    return list(session.execute(statement))


def lengths(session: Session, actor: Actor, *, route: str = "", one_in: int = 1) -> list[Any]:
    """One row for each agreement that the actor may see, oldest first: (began or created, first contact, signed,
    finished, lead, workflow version, id), moments in epoch seconds, None where it has not come to that."""
    statement = _lengths().where(visibility.visible(actor))
    if route:
        statement = statement.where(_A.c.route == route)
    if one_in > 1:
        statement = statement.where(_A.c.id % one_in == 0)
    return list(session.execute(statement))


def lengths_of_organisation(session: Session, organisation: int | None, *, one_in: int = 1) -> list[Any]:
    """The same for the agreements that an organisation has a part in; None: of all."""
    statement = _lengths()
    if organisation is not None:
        statement = statement.where(visibility.visible_in([organisation]))
    if one_in > 1:
        statement = statement.where(_A.c.id % one_in == 0)
    return list(session.execute(statement))


def _lengths() -> Select[Any]:
    signed = (
        select(func.min(_seconds(_G.c.entered_at)))
        .where(_G.c.agreement_id == _A.c.id, _G.c.stage.in_(AT_SIGNATURE))
        .scalar_subquery()
    )
    return select(
        _seconds(_A.c.created_at), _A.c.first_contact_on, signed, _seconds(_A.c.finished_at),
        _A.c.lead_organisation_id, _A.c.workflow_version, _A.c.id,
    ).where(LENGTH_KNOWN).order_by(_A.c.id)  # fmt: skip


def of_organisation(
    session: Session, organisation: int | None, *, route: str = "", one_in: int = 1
) -> tuple[list[Any], list[Any]]:
    """The stays and the required tasks of the agreements that an organisation has a part in (None: of all), on a route
    where one is given, each in order of agreement; moments in epoch seconds. What lives on paper elsewhere, or began
    there, is left out: of the work inside its stages nothing is known.

    Stays: (agreement, stage, round, entered, left, lead). Tasks: (agreement, stage, round, rule, kind, organisation,
    role, opened, done, status).
    """
    stays = select(
        _G.c.agreement_id, _G.c.stage, _G.c.round, _seconds(_G.c.entered_at), _seconds(_G.c.left_at),
        _A.c.lead_organisation_id,
    ).select_from(_G.join(_A, _A.c.id == _G.c.agreement_id)).where(_A.c.tracking == "")  # fmt: skip
    tasks = (
        select(
            _T.c.agreement_id, _T.c.stage, _T.c.round, _T.c.rule, _T.c.kind, _T.c.organisation_id, _T.c.role,
            _seconds(_T.c.opened_at), _seconds(_T.c.done_at), _T.c.status,
        )
        .select_from(_T.join(_A, _A.c.id == _T.c.agreement_id))
        .where(_A.c.tracking == "", _T.c.required, _T.c.status != "standing")
    )  # fmt: skip
    if organisation is not None:
        seen = visibility.visible_in([organisation])
        stays, tasks = stays.where(seen), tasks.where(seen)
    if route:
        stays, tasks = stays.where(_A.c.route == route), tasks.where(_A.c.route == route)
    if one_in > 1:
        stays, tasks = stays.where(_A.c.id % one_in == 0), tasks.where(_A.c.id % one_in == 0)
    return (
        list(session.execute(stays.order_by(_G.c.agreement_id, _G.c.entered_seq))),
        list(session.execute(tasks.order_by(_T.c.agreement_id, _T.c.id))),
    )
