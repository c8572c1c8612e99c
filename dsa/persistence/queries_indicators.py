"""What the public indicators are counted from: every agreement, no names. One rule: columns, no text, no people."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, not_, or_, select
from sqlalchemy.orm import Session

from dsa.persistence import rows
from dsa.persistence.models import Agreement, IndicatorConsent, Organisation, SpellRow, StageEntry, table
from dsa.persistence.queries_history import AT_SIGNATURE, SIGNED_UNSEEN

_A, _G, _O, _S = table(Agreement), table(StageEntry), table(Organisation), table(SpellRow)
_I = table(IndicatorConsent)


def agreements(session: Session) -> list[Any]:
    """Every agreement: begun, first came to a stage that says it is signed, ended, whose, its way, synthetic; but for
    those that were signed before anybody here followed them, nobody knows when."""
    when = (
        select(func.min(_G.c.entered_at))
        .where(_G.c.agreement_id == _A.c.id, _G.c.stage.in_(AT_SIGNATURE))
        .scalar_subquery()
        .label("signed_at")
    )
    seen = or_(_A.c.tracking == "", not_(SIGNED_UNSEEN))
    board = select(_G.c.agreement_id).where(_G.c.agreement_id == _A.c.id, _G.c.stage == "board").exists()
    columns = (_A.c.id, _A.c.first_contact_on, _A.c.created_at, _A.c.finished_at, _A.c.lead_organisation_id,
               _A.c.workflow_id, _A.c.workflow_version, _A.c.route, _A.c.is_synthetic)  # fmt: skip
    return list(session.execute(select(*columns, board.label("board"), when).where(seen).order_by(_A.c.id)))


def stays(session: Session) -> list[Any]:
    """Every stay in a stage: when, target, on whose calendar it counts, and who leads the agreement. One of which
    nobody knows since when it lasted has no length, and is left out."""
    columns = (_G.c.stage, _G.c.entered_at, _G.c.left_at, _G.c.target_days, _G.c.organisation_id,
               _A.c.lead_organisation_id)  # fmt: skip
    joined = _G.join(_A, _A.c.id == _G.c.agreement_id)
    statement = select(*columns).select_from(joined).where(_G.c.since_known.is_(True))
    return list(session.execute(statement.order_by(_G.c.agreement_id, _G.c.entered_seq)))


def delays(session: Session, reasons: Sequence[str]) -> list[Any]:
    """Every spell that was waiting for one of these reasons."""
    statement = (
        select(_S.c.agreement_id, _S.c.reason, _S.c.started_at, _S.c.ended_at, _A.c.lead_organisation_id)
        .select_from(_S.join(_A, _A.c.id == _S.c.agreement_id))
        .where(_S.c.reason.in_(reasons))
        .order_by(_S.c.agreement_id, _S.c.started_seq)
    )
    return list(session.execute(statement))


def organisations(session: Session) -> list[Any]:
    """Every organisation: id, code, name, nation."""
    return list(session.execute(select(_O.c.id, _O.c.code, _O.c.name, _O.c.nation).order_by(_O.c.name, _O.c.id)))


def consents(session: Session) -> dict[int, Any]:
    """The newest word of each organisation that said anything: agreed, which post, when."""
    newest = select(func.max(_I.c.id)).group_by(_I.c.organisation_id)
    found = session.execute(select(_I).where(_I.c.id.in_(newest)).order_by(_I.c.organisation_id))
    return {row.organisation_id: row for row in found}


def say(session: Session, *, organisation_id: int, agreed: bool, person_id: int, post: str, at: datetime) -> None:
    """Record that an organisation agrees, or no longer does."""
    values = {"organisation_id": organisation_id, "agreed": agreed, "person_id": person_id, "post": post, "at": at}
    rows.add(session, "indicator_consents", values)
