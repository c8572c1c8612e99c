"""Papers of agreements. One rule: a paper of one side is read by that side until it is shared."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from dsa.persistence import rows
from dsa.persistence.models import Organisation, Paper, table

_P = table(Paper)


@dataclass(frozen=True, slots=True)
class PaperRow:
    """A paper as pages show it."""

    id: int
    file_name: str
    media_type: str
    size: int
    sha256: str
    shared: bool
    organisation: str
    at: datetime


def readable(session: Session, agreement_id: int, sides: Collection[int]) -> list[PaperRow]:
    """The papers that somebody of these organisations may read, oldest first."""
    statement = (
        select(_P, Organisation.name.label("organisation"))
        .select_from(_P.join(table(Organisation), table(Organisation).c.id == _P.c.organisation_id))
        .where(
            Paper.agreement_id == agreement_id, or_(Paper.shared.is_(True), Paper.organisation_id.in_(sorted(sides)))
        )
        .order_by(Paper.id)
    )
    return [
        PaperRow(p.id, p.file_name, p.media_type, p.size, p.sha256, p.shared, p.organisation, p.at)
        for p in session.execute(statement)
    ]


def count(session: Session, agreement_id: int) -> int:
    """How many papers an agreement has, whoever may read them."""
    return session.scalar(select(func.count()).select_from(Paper).where(Paper.agreement_id == agreement_id)) or 0


def add(session: Session, values: Mapping[str, Any]) -> int:
    """Add a paper; returns its number."""
    return rows.add(session, "papers", values)


def keep_file(session: Session, *, sha256: str, size: int, media_type: str, agreement_id: int, at: datetime) -> None:
    """Note that the store holds a file."""
    values = {"sha256": sha256, "size": size, "media_type": media_type, "agreement_id": agreement_id, "facts": {}}
    rows.add(session, "stored_files", values | {"stored_at": at})
