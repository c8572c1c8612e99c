"""What stays to be done around the text: conditions of approvals, and the people beside it.

One rule: a condition gates the first data, never a signature; a person may change, the signed text does not.
"""

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, Conflict, NotFound
from dsa.persistence import contacts, work
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, open_for, take
from dsa.services.permitting import demand


def meet_condition(ctx: Context, actor: Actor, reference: str, condition_id: int, evidence: str) -> Step:
    """Record how a condition of an approval was met."""
    if not evidence.strip():
        raise BadInput("Say how the condition was met, or where that can be seen.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "meet_condition", loaded)
        condition = next((c for c in work.conditions(session, loaded.head.id) if c.id == condition_id), None)
        if condition is None:
            raise NotFound("There is no such condition on this agreement.")
        if condition.met_at is not None:
            raise Conflict("This condition is recorded as met already.")
        facts = {"condition": condition.text, "evidence": evidence.strip()}
        step = take(ctx, session, loaded, actor, held, Happening("ConditionMet", facts))
        work.meet_condition(session, condition_id, person_id=actor.person_id, evidence=evidence.strip(), at=step.at)
        return step


def replace_contact(
    ctx: Context, actor: Actor, reference: str, *, party: str, duty: str, post: str, name: str, details: str
) -> Step:
    """Replace the person who does a duty for a party (or name the first). Changes no hash and lapses no signature."""
    if not post.strip() or not duty.strip():
        raise BadInput("Give the duty and the post.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "replace_contact", loaded)
        mine = loaded.party_codes.get(party)
        if mine is None or mine not in {held.organisation}:
            raise BadInput("Replace contacts of your own organisation only.")
        facts = {"duty": duty.strip(), "party": party, "post": post.strip()}
        notes = {"contact": f"{name.strip()} {details.strip()}".strip()} if name.strip() or details.strip() else {}
        step = take(ctx, session, loaded, actor, held, Happening("ContactReplaced", facts, notes), bump=False)
        contacts.replace(
            session, loaded.head.id, party=party, duty=duty.strip(), post=post.strip(), name=name.strip(),
            details=details.strip(), at=step.at,
        )  # fmt: skip
        return step
