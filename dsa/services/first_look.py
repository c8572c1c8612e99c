"""The first look: asked for with a timetable; answered with it, and with who answers for it and who will sign.

One rule: what goes with an answer is recorded in its transaction, each as an event of its own.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.timetable import Dates
from dsa.persistence import people
from dsa.persistence.heads import Loaded
from dsa.services import moves, timetabling
from dsa.services.context import Context
from dsa.services.moving import Step, open_for
from dsa.services.obligations import Named, name_contact
from dsa.services.timetable_page import Asked, asked_of
from dsa.services.timetabling import Answer
from dsa.timekeeping.instants import local_day

FIRST_LOOK = "ask_first_look"
# What each party names at the first look: the duty as it stands among its contacts, and the role that fills the form.
ACCOUNTABLE, SIGNS = "Answers for this", "Signs"


@dataclass(frozen=True, slots=True)
class InPrinciple:
    """What a yes in principle is asked for besides: dates to accept, and posts, filled in from the directory."""

    party: str
    timetable: Asked | None
    accountable: str
    signs: str


def ask_first_look(ctx: Context, actor: Actor, reference: str, *, seen: int | None, dates: Dates | None = None) -> Step:
    """Ask the other parties for a first look, and propose the timetable with it: ``dates``, or the suggested ones.

    A timetable that was proposed before stays as it is. Raises as ``moves.move`` and ``timetabling.propose`` do.
    """
    with ctx.database.writing() as session:
        step = moves.make(ctx, session, actor, reference, FIRST_LOOK, seen=seen)
        timetabling.propose_with(ctx, session, actor, reference, dates)
        return step


def in_principle(
    ctx: Context, session: Session, actor: Actor, loaded: Loaded, organisation_id: int
) -> InPrinciple | None:
    """What the page of a party's first look asks for, or None for an organisation that is no party."""
    party = next((each for each in loaded.parties if each.organisation_id == organisation_id), None)
    if party is None:
        return None
    accountable, signs = (_post(ctx, session, organisation_id, role) for role in ("accountable", "signatory"))
    return InPrinciple(party.key, asked_of(ctx, session, actor, loaded), accountable, signs)


def posts_of(ctx: Context, session: Session, loaded: Loaded, code: str) -> tuple[Named, ...]:
    """The posts that the directory has for what an organisation (its code) names at the first look."""
    party = next(each for each in loaded.parties if each.code == code)
    duties = ((ACCOUNTABLE, "accountable"), (SIGNS, "signatory"))
    found = [(duty, _post(ctx, session, party.organisation_id, role)) for duty, role in duties]
    return tuple(Named(party.key, duty, post) for duty, post in found if post)


def _post(ctx: Context, session: Session, organisation_id: int, role: str) -> str:
    holders = people.holders(session, organisation_id, role, on=local_day(ctx.clock.now()))
    return holders[0].post if holders else ""


def record_beside(
    ctx: Context, session: Session, actor: Actor, reference: str, timetable: Answer | None, named: tuple[Named, ...]
) -> Loaded:
    """Record what goes with a yes in principle; returns the agreement as it stands then."""
    if timetable is not None:
        timetabling.answer_with(ctx, session, actor, reference, timetable)
    for each in named:
        name_contact(ctx, session, actor, open_for(ctx, session, actor, reference, lock=True), each)
    return open_for(ctx, session, actor, reference, lock=True)
