"""Published workflows and forms. One rule: what is published under a version never changes."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from dsa.persistence.models import Definition
from dsa.persistence.prepared import Prepared

_OF_KIND = Definition.kind == bindparam("kind")
_NEWEST = Prepared(
    select(Definition.version)
    .where(_OF_KIND, Definition.id == bindparam("name"))
    .order_by(Definition.version.desc())
    .limit(1)
)
_NAMES = Prepared(select(Definition.id).where(_OF_KIND).distinct().order_by(Definition.id))


def find(session: Session, kind: str, name: str, version: int) -> Any:
    """(hash, content) of a published definition, or None."""
    return session.execute(
        select(Definition.hash, Definition.content).where(
            Definition.kind == kind, Definition.id == name, Definition.version == version
        )
    ).one_or_none()


def newest(session: Session, kind: str, name: str) -> int | None:
    """The newest published version, or None."""
    found: int | None = _NEWEST.number(session, {"kind": kind, "name": name})
    return found


def names(session: Session, kind: str) -> list[str]:
    """The ids that are published, in order."""
    return [row.id for row in _NAMES.rows(session, {"kind": kind})]


def add(session: Session, *, kind: str, name: str, version: int, digest: str, content: str, at: datetime) -> None:
    """Publish a definition."""
    session.execute(
        insert(Definition).values(kind=kind, id=name, version=version, hash=digest, content=content, published_at=at)
    )
