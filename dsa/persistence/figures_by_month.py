"""Figures of stages by blocks of months, as rows. One rule: a row is named by its whole key, its ``Place``."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dsa.persistence.models import MonthFigure, Tally, table
from dsa.persistence.prepared import Prepared
from dsa.timekeeping.months import EVERY_MONTH

_M, _T = table(MonthFigure), table(Tally)
_KEY = ("scope", "block", "workflow", "route", "stage")
_COLUMNS = [_M.c[name] for name in _KEY]
_DROP = Prepared(delete(_M).where(and_(*(_M.c[name] == bindparam(f"at_{name}") for name in _KEY))))
_PUT = Prepared(insert(_M))
Place = tuple[int, int, str, str, str]  # scope, block, workflow, route, stage


def kept(session: Session, places: Collection[Place]) -> dict[Place, str]:
    """The counts that stand at these places, where there are any: a statement for each scope."""
    asked: dict[int, list[Place]] = defaultdict(list)
    for place in places:
        asked[place[0]].append(place)
    found: dict[Place, str] = {}
    for scope, some in asked.items():
        blocks, stages = sorted({place[1] for place in some}), sorted({place[4] for place in some})
        here = (_M.c.scope == scope, _M.c.block.in_(blocks), _M.c.stage.in_(stages))
        found |= _read(session, *here)
    return {place: text for place, text in found.items() if place in places}


def replace(session: Session, counts: Mapping[Place, str]) -> None:
    """Put these counts in the place of what stood there; an empty text leaves nothing."""
    write = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [dict(zip((*_KEY, "counts"), (*place, text), strict=True)) for place, text in counts.items() if text]
    if rows:
        fresh = write(_M)
        session.execute(
            fresh.on_conflict_do_update(index_elements=_COLUMNS, set_={"counts": fresh.excluded.counts}), rows
        )
    gone = [
        dict(zip((f"at_{name}" for name in _KEY), place, strict=True)) for place, text in counts.items() if not text
    ]
    _DROP.many(session, gone)


def put(session: Session, counts: Mapping[Place, str]) -> None:
    """Add counts at places where none stand."""
    _PUT.many(session, [dict(zip((*_KEY, "counts"), (*place, text), strict=True)) for place, text in counts.items()])


def clear(session: Session) -> None:
    """Forget all."""
    session.execute(delete(_M))


def of_scope(session: Session, scope: int) -> dict[Place, str]:
    """All counts of a scope."""
    return _read(session, _M.c.scope == scope)


def of_every_month(session: Session, scope: int, stages: Sequence[str]) -> list[Any]:
    """(stage, workflow, route, counts) of these stages, whenever agreements were started."""
    here = (_M.c.scope == scope, _M.c.block.in_(EVERY_MONTH.blocks()), _M.c.stage.in_(stages))
    return list(session.execute(select(_M.c.stage, _M.c.workflow, _M.c.route, _M.c.counts).where(*here)))


def scopes(session: Session) -> set[int]:
    """The scopes that have any."""
    return set(session.scalars(select(_M.c.scope).distinct()))


def tallied(session: Session) -> set[int]:
    """The scopes that have tallies."""
    return set(session.scalars(select(_T.c.scope).distinct()))


def tallies(session: Session, scope: int, topics: Sequence[str]) -> list[Any]:
    """The tallies of a scope, whole rows, of some topics."""
    here = (_T.c.scope == scope, _T.c.topic.in_(topics), (_T.c.n != 0) | (_T.c.amount != 0))
    return list(session.execute(select(_T).where(*here)))


def _read(session: Session, *where: Any) -> dict[Place, str]:
    rows = session.execute(select(*_COLUMNS, _M.c.counts).where(*where))
    return {(row[0], row[1], row[2], row[3], row[4]): row[5] for row in rows}
