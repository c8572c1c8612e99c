"""What stays to be done around the text: conditions of approvals, and the people beside it.

One rule: a condition gates the first data, never a signature; a person may change, the signed text does not.
"""

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from dsa.domain import permissions
from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, Conflict, NotFound
from dsa.domain.values import tidy
from dsa.persistence import contacts, work
from dsa.persistence.heads import Loaded
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, open_for, take
from dsa.services.permitting import demand, subject_of, table_of

LONGEST = 4000
LONGEST_LINE = 200


def meet_condition(ctx: Context, actor: Actor, reference: str, condition_id: int, evidence: str) -> Step:
    """Record how a condition of an approval was met. Raises Conflict where it is recorded as met already."""
    words = tidy(evidence)
    if not words:
        raise BadInput("Say how the condition was met, or where that can be seen.")
    if len(words) > LONGEST:
        raise BadInput("How it was met can have up to %(most)s characters.", most=LONGEST)
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "meet_condition", loaded)
        condition = next((c for c in work.conditions(session, loaded.head.id) if c.id == condition_id), None)
        if condition is None:
            raise NotFound("There is no such condition on this agreement.")
        if condition.met_at is not None:
            raise Conflict("This condition is recorded as met already.")
        facts = {"condition": condition.text, "evidence": words}
        step = take(ctx, session, loaded, actor, held, Happening("ConditionMet", facts))
        work.meet_condition(session, condition_id, person_id=actor.person_id, evidence=words, at=step.at)
        return step


def replace_contact(
    ctx: Context, actor: Actor, reference: str, *, party: str, duty: str, post: str, name: str, details: str
) -> Step:
    """Replace the person who does a duty for a party (or name the first). Changes no hash and lapses no signature.

    The event names duty, party and post; name and details stand beside it, as words that can be erased.
    """
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        step = name_contact(ctx, session, actor, loaded, Named(party, duty, post, name, details))
        if step is None:
            raise Conflict("This is the contact already. Nothing was changed.")
        return step


@dataclass(frozen=True, slots=True)
class Named:
    """Who does a duty for a party (its key): the post, and beside it name and details, which may be empty."""

    party: str
    duty: str
    post: str
    name: str = ""
    details: str = ""


def name_contact(ctx: Context, session: Session, actor: Actor, loaded: Loaded, named: Named) -> Step | None:
    """``replace_contact`` within a transaction; None where it is the contact already."""
    duty, post, name, details = (
        " ".join(tidy(text).split()) for text in (named.duty, named.post, named.name, named.details)
    )
    if not post or not duty:
        raise BadInput("Give the duty and the post.")
    if any(len(text) > LONGEST_LINE for text in (duty, post, name, details)):
        raise BadInput("Duty, post, name and details can have up to %(most)s characters each.", most=LONGEST_LINE)
    demand(ctx, session, actor, "replace_contact", loaded)
    held = post_for(ctx, session, loaded, actor, named.party)
    if held is None:
        raise BadInput("Replace contacts of your own organisation only.")
    kept = contacts.every(session, loaded.head.id)
    now = next((c for c in kept if (c.party_key, c.duty) == (named.party, duty)), None)
    if now is not None and now.until_at is None and (now.post, now.name, now.details) == (post, name, details):
        return None
    facts = {"duty": duty, "party": named.party, "post": post}
    notes = {"contact": f"{name} {details}".strip()} if name or details else {}
    step = take(ctx, session, loaded, actor, held, Happening("ContactReplaced", facts, notes), bump=False)
    contacts.replace(
        session, loaded.head.id, party=named.party, duty=duty, post=post, name=name, details=details, at=step.at
    )
    return step


def post_for(ctx: Context, session: Session, loaded: Loaded, actor: Actor, party: str) -> Held | None:
    """The post through which the actor may replace contacts of that party, or None."""
    code = loaded.party_codes.get(party)
    subject = replace(subject_of(ctx, session, loaded), parties={} if code is None else {party: code})
    return permissions.acting_post(actor, "replace_contact", subject, table=table_of(ctx, session, loaded))
