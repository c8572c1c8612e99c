"""Whether background work is needed. One rule: it only reads."""

from dsa.persistence import outbox
from dsa.services.context import Context


def something_waits(ctx: Context) -> bool:
    """Whether something in the outbox could be carried out now."""
    with ctx.database.reading() as session:
        return bool(outbox.waiting(session, now=ctx.clock.now(), limit=1))
