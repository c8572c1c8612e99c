"""Stays in stages, for how long each takes. One rule: only of agreements that the reader may see."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.persistence import visibility
from dsa.persistence.models import Agreement, Organisation, StageEntry, table

_A, _G, _O = table(Agreement), table(StageEntry), table(Organisation)


def stays(session: Session, actor: Actor, *, workflow: str = "", route: str = "") -> list[Any]:
    """Every stay in a stage (stage, from when until when, target), oldest first."""
    statement = (
        select(
            _G.c.stage,
            _G.c.entered_at,
            _G.c.left_at,
            _G.c.target_days,
            _G.c.organisation_id,
            _G.c.route,
            _O.c.nation,
            _A.c.reference,
            _A.c.title,
            _A.c.workflow_id,
            _A.c.finished_at,
        )
        .select_from(_G.join(_A, _A.c.id == _G.c.agreement_id).join(_O, _O.c.id == _G.c.organisation_id))
        .where(visibility.visible(actor))
        .order_by(_G.c.entered_at, _G.c.agreement_id, _G.c.entered_seq)
    )
    if workflow:
        statement = statement.where(_A.c.workflow_id == workflow)
    if route:
        statement = statement.where(_G.c.route == route)
    return list(session.execute(statement))
