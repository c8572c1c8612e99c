"""An auditor's looks. One rule: whoever reads without taking part leaves a record of every look."""

from dsa.domain.actor import Actor
from dsa.persistence import bookkeeping
from dsa.services.context import Context
from dsa.services.moving import open_for


def record_look(ctx: Context, actor: Actor, reference: str, what: str) -> bool:
    """Record that an auditor looks at a page of an agreement; False (and nothing recorded) for those who take part.

    Raises NotFound where the actor may not see it.
    """
    if not actor.sees_all:
        return False
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        if any(party.organisation_id in actor.organisations for party in loaded.parties):
            return False
    with ctx.database.writing() as session:
        at = ctx.clock.now()
        bookkeeping.note_access(session, person_id=actor.person_id, agreement_id=loaded.head.id, what=what, at=at)
    return True
