"""What waiting costs: the benefit a month of what is under way, over the time that remains. One rule: a benefit that
nobody has said is not known; it is never counted as nothing.
"""

from dataclasses import dataclass
from typing import Any

from dsa.domain.actor import Actor
from dsa.persistence import queries_figures as queries
from dsa.services.context import Context
from dsa.services.time_scope import Asked, Scope, scope_of

SHOWN = 25


@dataclass(frozen=True, slots=True)
class Waiting:
    """An agreement under way: pounds a month (None: not known), the working days that remain, by forecast or target."""

    reference: str
    title: str
    stage: str
    who: str
    monthly: int | None
    remaining: int
    by_forecast: bool


@dataclass(frozen=True, slots=True)
class DelayPage:
    """The page: what is known, the most for each remaining day first, and what is not known, apart."""

    scope: Scope
    ranked: tuple[Waiting, ...]
    unknown: tuple[Waiting, ...]
    known_count: int
    unknown_count: int
    monthly: int


def delay_page(ctx: Context, actor: Actor, asked: Asked) -> DelayPage:
    """What the figures say, of what the actor may see."""
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        sums = {row.name: row for row in queries.named(session, scope.id, "worth", route="")}
        after = [stage for stage in scope.stages if stage not in scope.before_use]
        known, unknown = sums.get("known"), sums.get("unknown")
        return DelayPage(
            scope,
            tuple(_waiting(scope, row) for row in queries.by_pressure(session, scope.id, limit=SHOWN)),
            tuple(_waiting(scope, row) for row in queries.without_value(session, scope.id, not_in=after, limit=SHOWN)),
            int(known.n) if known is not None else 0,
            int(unknown.n) if unknown is not None else 0,
            int(known.amount) if known is not None else 0,
        )


def _waiting(scope: Scope, row: Any) -> Waiting:
    stage = scope.stages.get(row.stage)
    who = row.holder_name or row.holder_owner or ""
    title = stage.title if stage is not None else row.stage
    return Waiting(row.reference, row.title, title, who, row.monthly_value, row.remaining, bool(row.forecast))
