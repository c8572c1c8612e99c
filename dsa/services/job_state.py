"""Whether background work is needed, and when a worker was last seen. One rule: agreements are not touched here."""

from datetime import datetime

from dsa.persistence import outbox
from dsa.persistence import settings as kept
from dsa.services.context import Context


def something_waits(ctx: Context) -> bool:
    """Whether something in the outbox could be carried out now."""
    with ctx.database.reading() as session:
        return bool(outbox.waiting(session, now=ctx.clock.now(), limit=1))


def note_turn(ctx: Context, *, at: datetime) -> None:
    """Record that a worker took a turn at a moment of true time (UTC)."""
    with ctx.database.writing() as session:
        kept.set_jobs_seen(session, at=at)
