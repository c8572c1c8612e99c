"""Asking whoever has an agreement to go on. One rule: it is recorded, seldom, and never counts as movement."""

from typing import Any

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import Refusal, Refused
from dsa.domain.workflow import ROLES
from dsa.persistence import history, outbox
from dsa.persistence.heads import Loaded
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, open_for, take
from dsa.services.permitting import demand

_SELDOM = "It was chased on this working day already. Ask again on the next one, or telephone."


def chase(ctx: Context, actor: Actor, reference: str) -> Step:
    """Send a mail to whoever has the agreement, in the name of the actor's organisation.

    Raises NotFound or NotAllowed; Refused where nobody here has it, it is the actor's own, or it was chased already on
    this working day of the lead.
    """
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "chase", loaded)
        refusal = why_not(ctx, session, loaded, actor)
        if refusal is not None:
            raise Refused(refusal)
        owner, role = loaded.head.holder_owner, loaded.head.holder_role
        facts = {"to": whom(loaded), "owner": owner, "role": role}
        step = take(ctx, session, loaded, actor, held, Happening("HolderChased", facts), bump=False)
        payload = {"what": "chased", "owner": owner, "role": role, "by": held.organisation_name}
        key = f"{reference}:{step.seq}:chased"
        outbox.ask(session, "mail", key, payload, agreement_id=loaded.head.id, at=step.at)
        return step


def chase_page(ctx: Context, actor: Actor, reference: str) -> tuple[Header, str, Refusal | None]:
    """What the page needs that asks before it sends: the agreement, whom, and why not."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        demand(ctx, session, actor, "chase", loaded)
        return header_of(ctx, session, loaded), whom(loaded), why_not(ctx, session, loaded, actor)


def why_not(ctx: Context, session: Any, loaded: Loaded, actor: Actor) -> Refusal | None:
    """Why the agreement cannot be chased now; None where it can."""
    head = loaded.head
    if head.holder_owner is None:
        return Refusal("Nobody has it: it is over.")
    if head.holder_owner not in loaded.party_codes.values():
        return Refusal(
            "%(who)s is outside this service and gets no mail from it. Telephone.", {"who": head.holder_owner}
        )
    if _is_own(actor, head.holder_owner, head.holder_role):
        return Refusal("You have it yourself. Open it under “My tasks”.")
    last = history.latest(session, head.id, "HolderChased")
    if last is not None:
        lead = loaded.lead
        calendar = ctx.calendars.of(session, lead.organisation_id, lead.nation)
        if last.recorded_at > ctx.clock.now() or calendar.elapsed_days(last.recorded_at, ctx.clock.now()) < 1:
            return Refusal(_SELDOM)
    return None


def whom(loaded: Loaded) -> str:
    """Who has the agreement, as a person reads it: "Legal adviser, Department for Work and Pensions"."""
    names = {party.code: party.name for party in loaded.parties}
    owner = loaded.head.holder_owner or ""
    role = ROLES.get(loaded.head.holder_role or "", "")
    return ", ".join(part for part in (role, names.get(owner, owner)) if part)


def _is_own(actor: Actor, owner: str, role: str | None) -> bool:
    held: Held | None = actor.holding([role or ""], [owner])
    return held is not None
