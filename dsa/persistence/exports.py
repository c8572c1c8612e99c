"""Exports of many agreements. One rule: newest first, and only one's own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from dsa.persistence.models import Export


def add(session: Session, values: Mapping[str, Any]) -> int:
    """Add an export that waits to be made; returns its id."""
    return int(session.execute(insert(Export).values(**values).returning(Export.id)).scalar_one())


def of_person(session: Session, person_id: int, *, limit: int = 50) -> list[Export]:
    """The newest exports that a person asked for."""
    return list(
        session.scalars(select(Export).where(Export.person_id == person_id).order_by(Export.id.desc()).limit(limit))
    )


def one(session: Session, export_id: int) -> Export | None:
    """One export, or None."""
    return session.get(Export, export_id)


def unfinished(session: Session, person_id: int) -> bool:
    """Whether an export of this person is still being made."""
    return (
        session.scalar(
            select(Export.id).where(Export.person_id == person_id, Export.status.in_(("waiting", "running"))).limit(1)
        )
        is not None
    )


def change(session: Session, export_id: int, **values: Any) -> None:
    """Change an export."""
    session.execute(update(Export).where(Export.id == export_id).values(**values))


def expired(session: Session, *, now: datetime) -> list[Export]:
    """Finished exports whose file is to be removed."""
    return list(
        session.scalars(select(Export).where(Export.expires_at <= now, Export.sha256.is_not(None)).order_by(Export.id))
    )
