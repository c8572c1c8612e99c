"""Which sealed documents are to be stamped again. One rule: the one that is due first comes first."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dsa.persistence.models import Agreement, Document

_RENEWABLE = (Document.status == "sealed", Document.renew_by.is_not(None))


def due(session: Session, *, now: datetime, limit: int = 100) -> list[Any]:
    """Documents to be stamped again by ``now``: id, renewals so far, agreement's id and reference."""
    return list(
        session.execute(
            select(Document.id, Document.renewals, Document.agreement_id, Agreement.reference)
            .join(Agreement, Agreement.id == Document.agreement_id)
            .where(*_RENEWABLE, Document.renew_by <= now)
            .order_by(Document.renew_by, Document.id)
            .limit(limit)
        )
    )


def renewals(session: Session, *, now: datetime) -> tuple[int, datetime | None]:
    """How many are due by ``now``, and when the next one is."""
    count = session.scalar(select(func.count()).select_from(Document).where(*_RENEWABLE, Document.renew_by <= now))
    following = session.scalar(select(func.min(Document.renew_by)).where(*_RENEWABLE, Document.renew_by > now))
    return int(count or 0), following


def document(session: Session, document_id: int) -> Document | None:
    """One document by its id, or None."""
    return session.get(Document, document_id)
