"""Who may see what. One rule: every query about agreements is narrowed here, by organisation and by side."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, or_, select, true

from dsa.domain.actor import Actor
from dsa.persistence.heads import Loaded
from dsa.persistence.models import Agreement, Party


def may_see(actor: Actor, loaded: Loaded) -> bool:
    """Whether the agreement is one of the actor's organisations', or the actor is an auditor who may read all."""
    return actor.sees_all or any(party.organisation_id in actor.organisations for party in loaded.parties)


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition that narrows a query on ``Agreement`` to what the actor may see."""
    if actor.sees_all:
        return true()
    mine = exists(
        select(Party.id).where(
            Party.agreement_id == Agreement.id,
            Party.organisation_id.in_(sorted(actor.organisations)),
            Party.left_at.is_(None),
        )
    )
    return or_(mine, Agreement.lead_organisation_id.in_(sorted(actor.organisations)))


def visible_in(organisations: Sequence[ColumnElement[int]]) -> ColumnElement[bool]:
    """As ``visible``, for organisations given as expressions: for statements that are compiled once."""
    mine = exists(
        select(Party.id).where(
            Party.agreement_id == Agreement.id, Party.organisation_id.in_(organisations), Party.left_at.is_(None)
        )
    )
    return or_(mine, Agreement.lead_organisation_id.in_(organisations))


def sides(actor: Actor) -> tuple[int, ...]:
    """The organisations whose private notes the actor may read. An outside auditor reads none."""
    return tuple(sorted(h.organisation_id for h in actor.posts if not h.sees_all and h.role != "administrator"))
