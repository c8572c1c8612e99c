"""The full log of an agreement, for checking it elsewhere. One rule: an outsider can recompute all of it.

JSON Lines: each event of the agreement with its place in the service's log, then every leaf of that log (hashes alone,
which tell nothing of other agreements), then the newest checkpoint.
"""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotFound
from dsa.persistence import audit_log as stored
from dsa.persistence import heads, history
from dsa.persistence.heads import Loaded
from dsa.services import permitting
from dsa.services.context import Context
from dsa.services.moving import open_for

LEAVES_IN_A_LINE = 500


def full_log(ctx: Context, actor: Actor, reference: str) -> bytes:
    """The log of an agreement for one of its parties. Raises NotFound for strangers, NotAllowed."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        permitting.demand(ctx, session, actor, "export", loaded)
        return log_of(ctx, session, loaded)


def full_log_of(ctx: Context, reference: str) -> bytes:
    """The same for whoever runs the service. Raises NotFound."""
    with ctx.database.reading() as session:
        loaded = heads.load(session, reference)
        if loaded is None:
            raise NotFound("There is no agreement %(reference)s.", reference=reference)
        return log_of(ctx, session, loaded)


def log_of(ctx: Context, session: Session, loaded: Loaded) -> bytes:
    """The same inside a transaction."""
    told = _lines(ctx, session, loaded.head.id)
    lines = (json.dumps(line, ensure_ascii=False, separators=(",", ":")) for line in told)
    return "".join(f"{line}\n" for line in lines).encode()


def _lines(ctx: Context, session: Session, agreement_id: int) -> Iterator[dict[str, Any]]:
    newest = stored.newest_checkpoint(session)
    size = newest.size if newest is not None else stored.size(session)
    places = stored.places_of(session, agreement_id)
    for row in history.events(session, agreement_id):
        event = {"seq": row.seq, "prev": row.prev, "hash": row.hash, "body": json.loads(row.body)}
        index = places.get(row.seq, size)
        yield event | ({"index": index} if index < size else {})
    for start in range(0, size, LEAVES_IN_A_LINE):
        hashes = stored.leaf_hashes(session, start=start, end=min(size, start + LEAVES_IN_A_LINE))
        yield {"from": start, "leaves": hashes}
    if newest is not None:
        key = ctx.checkpoints.key_of(newest.note) if ctx.checkpoints is not None else ""
        yield {"key": key, "checkpoint": newest.note}
