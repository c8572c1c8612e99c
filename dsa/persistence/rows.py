"""Adding one row to a table by its name. One rule: what has rules of its own has a function of its own elsewhere."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from dsa.persistence.models import Base


def add(session: Session, table: str, values: Mapping[str, Any]) -> int:
    """Add a row to the table of that name; returns its ``id`` (0 for a table without one)."""
    target = Base.metadata.tables[table]
    if "id" not in target.c or not target.c.id.primary_key:
        session.execute(insert(target).values(**values))
        return 0
    return int(session.execute(insert(target).values(**values).returning(target.c.id)).scalar_one())
