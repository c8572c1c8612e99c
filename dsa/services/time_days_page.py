"""Where the days went, by whom and by why. One rule: every day before the first use is somebody's, and has a
reason; the days before an agreement was followed here are told apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.reasons import BEFORE, NOT_KNOWN, REASONS, is_delay
from dsa.persistence import queries_agreements
from dsa.persistence import queries_figures as queries
from dsa.services.context import Context
from dsa.services.counting import minutes_before
from dsa.services.time_scope import Asked, Scope, scope_of
from dsa.services.whose_time import Times, times_of

BARS = 10


@dataclass(frozen=True, slots=True)
class Share:
    """What one owner, or one reason, had: working minutes, in how many agreements; ``waiting`` for a delay to end."""

    key: str
    label: str
    minutes: int
    agreements: int
    waiting: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One agreement: (owner or reason, working minutes, waiting) in the order of the largest share."""

    reference: str
    title: str
    parts: tuple[tuple[str, int, bool], ...]

    @property
    def minutes(self) -> int:
        """All of it."""
        return sum(minutes for _, minutes, _ in self.parts)


@dataclass(frozen=True, slots=True)
class DaysPage:
    """The page. ``by`` is owner or reason: what the bars are split by. ``before`` is the time before agreements were
    followed here: whose it was is not known, so it is in none of the other sums.
    """

    scope: Scope
    by: str
    owners: tuple[Share, ...]
    reasons: tuple[Share, ...]
    bars: tuple[Bar, ...]
    before: Share | None = None

    @property
    def minutes(self) -> int:
        """All working minutes before the first use."""
        return sum(share.minutes for share in self.reasons)

    @property
    def waited(self) -> int:
        """Those of waiting for a delay to end."""
        return sum(share.minutes for share in self.reasons if share.waiting)


def days_page(ctx: Context, actor: Actor, asked: Asked, *, by: str = "owner") -> DaysPage:
    """Sums of all that the actor may see in the scope, and bars of the most overdue agreements."""
    now = ctx.clock.now()
    split = "reason" if by == "reason" else "owner"
    with ctx.database.reading() as session:
        scope = scope_of(ctx, session, actor, asked)
        owners = shares(session, scope, "owner", now)
        reasons = shares(session, scope, "reason", now)
        narrowed: dict[str, Any] = {"workflow": asked.workflow, "route": asked.route}
        late = queries.most_overdue(session, scope.id, now=now, limit=BARS, before_use=scope.before_use, **narrowed)
        before = next((share for share in reasons if share.key == BEFORE), None)
        return DaysPage(
            scope, split, tuple(share for share in owners if share.key != NOT_KNOWN),
            tuple(share for share in reasons if share.key != BEFORE), _bars(ctx, session, late, split, now), before,
        )  # fmt: skip


def shares(session: Session, scope: Scope, topic: str, now: datetime) -> tuple[Share, ...]:
    """Ended spells with their minutes, and those that last still up to now."""
    route = scope.asked.route
    minutes = {row.name: (int(row.n), int(row.amount)) for row in queries.named(session, scope.id, topic, route=route)}
    running: dict[str, int] = {}
    for row in queries.detailed(session, scope.id, f"{topic}_now", route=route):
        lasts = int(row.n) * minutes_before(row.detail, now) - int(row.amount)
        running[row.name] = running.get(row.name, 0) + lasts
    names = dict(queries.organisation_names(session, sorted(minutes))) if topic == "owner" else {}
    found = [
        Share(name, names.get(name) or _reason(name), ended + running.get(name, 0), agreements,
              topic == "reason" and is_delay(name))
        for name, (agreements, ended) in minutes.items()
        if agreements
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda share: (-share.minutes, share.label)))


def _reason(code: str) -> str:
    reason = REASONS.get(code)
    return reason.label if reason is not None else code


def _bars(ctx: Context, session: Session, rows: Sequence[Any], split: str, now: datetime) -> tuple[Bar, ...]:
    heads = {head.id: head for head in queries_agreements.heads(session, [row.id for row in rows])}
    times = times_of(ctx, session, list(heads.values()), now=now)
    return tuple(Bar(row.reference, row.title, _parts(times[row.id], split, now)) for row in rows if row.id in times)


def _parts(times: Times, split: str, now: datetime) -> tuple[tuple[str, int, bool], ...]:
    found: dict[str, list[int]] = {}
    for piece in times.pieces:
        if piece.started_at >= times.counted_until or piece.holder.not_known:
            continue
        holder = piece.holder
        name = _reason(holder.reason) if split == "reason" else times.names.get(holder.owner, holder.owner)
        here = found.setdefault(name, [0, 0])
        here[0] += times.minutes(piece, now=min(now, times.counted_until))
        here[1] |= int(holder.waiting)
    return _largest_first((name, minutes, bool(waits)) for name, (minutes, waits) in found.items())


def _largest_first(parts: Iterable[tuple[str, int, bool]]) -> tuple[tuple[str, int, bool], ...]:
    return tuple(sorted((part for part in parts if part[1]), key=lambda part: (-part[1], part[0])))
