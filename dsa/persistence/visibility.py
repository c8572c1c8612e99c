"""Who may see what. One rule: every query about agreements is narrowed here, by organisation and by side."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from dsa.domain.actor import Actor
from dsa.persistence.heads import Loaded
from dsa.persistence.models import Agreement, Party

PRIVATE_STAGE = "start"  # until the other parties are asked for a first look, an agreement is the lead's alone


def may_see(actor: Actor, loaded: Loaded) -> bool:
    """Whether the agreement is one of the actor's organisations', or the actor is an auditor who may read all."""
    if actor.sees_all or loaded.head.lead_organisation_id in actor.organisations:
        return True
    if loaded.head.stage == PRIVATE_STAGE:
        return False
    return any(party.organisation_id in actor.organisations for party in loaded.parties)


def visible(actor: Actor) -> ColumnElement[bool]:
    """The condition that narrows a query on ``Agreement`` to what the actor may see."""
    if actor.sees_all:
        return true()
    return visible_in(sorted(actor.organisations))


def visible_in(organisations: Sequence[ColumnElement[int]] | Sequence[int]) -> ColumnElement[bool]:
    """What somebody of these organisations (ids, or expressions in a statement that is compiled once) may see."""
    mine = exists(
        select(Party.id).where(
            Party.agreement_id == Agreement.id, Party.organisation_id.in_(organisations), Party.left_at.is_(None)
        )
    )
    shown = and_(mine, Agreement.stage != PRIVATE_STAGE)
    return or_(shown, Agreement.lead_organisation_id.in_(organisations))


def sides(actor: Actor) -> tuple[int, ...]:
    """The organisations whose private notes the actor may read. An outside auditor reads none."""
    return tuple(sorted(h.organisation_id for h in actor.posts if not h.sees_all and h.role != "administrator"))
