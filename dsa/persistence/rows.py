"""Adding one row to a table by its name. One rule: what has rules of its own has a function of its own elsewhere."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from dsa.persistence.models import Base
from dsa.persistence.prepared import Prepared

_PREPARED: dict[tuple[str, frozenset[str]], Prepared] = {}


def add(session: Session, table: str, values: Mapping[str, Any]) -> int:
    """Add a row to the table of that name; returns its ``id`` (0 for a table without one)."""
    target = Base.metadata.tables[table]
    filled = {**_defaults(target, values), **values}
    numbered = "id" in target.c and target.c.id.primary_key
    known = _PREPARED.get((table, frozenset(filled)))
    if known is None:
        statement = insert(target).returning(target.c.id) if numbered else insert(target)
        known = _PREPARED[table, frozenset(filled)] = Prepared(statement, columns=sorted(filled))
    if numbered:
        return int(known.number(session, filled))
    known.run(session, filled)
    return 0


def _defaults(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the columns that are not given are filled with."""
    found = {}
    for column in table.c:
        default: Any = column.default
        if default is not None and column.key not in given:
            found[column.key] = default.arg(None) if default.is_callable else default.arg
    return found
