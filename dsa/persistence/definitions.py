"""Published workflows and forms. One rule: what is published under a version never changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from dsa.persistence.models import Definition


def find(session: Session, kind: str, name: str, version: int) -> Any:
    """(hash, content) of a published definition, or None."""
    return session.execute(
        select(Definition.hash, Definition.content).where(
            Definition.kind == kind, Definition.id == name, Definition.version == version
        )
    ).one_or_none()


def newest(session: Session, kind: str, name: str) -> int | None:
    """The newest published version, or None."""
    return session.scalar(
        select(Definition.version)
        .where(Definition.kind == kind, Definition.id == name)
        .order_by(Definition.version.desc())
        .limit(1)
    )


def names(session: Session, kind: str) -> list[str]:
    """The ids that are published, in order."""
    return list(
        session.scalars(select(Definition.id).where(Definition.kind == kind).distinct().order_by(Definition.id))
    )


def add(session: Session, *, kind: str, name: str, version: int, digest: str, content: str, at: datetime) -> None:
    """Publish a definition."""
    session.execute(
        insert(Definition).values(kind=kind, id=name, version=version, hash=digest, content=content, published_at=at)
    )
