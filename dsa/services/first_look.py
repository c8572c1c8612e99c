"""Asking for the first look. One rule: with it, the lead proposes a day for each stage."""

from dsa.domain.actor import Actor
from dsa.domain.timetable import Dates
from dsa.services import moves, timetabling
from dsa.services.context import Context
from dsa.services.moving import Step

FIRST_LOOK = "ask_first_look"


def ask_first_look(ctx: Context, actor: Actor, reference: str, *, seen: int | None, dates: Dates | None = None) -> Step:
    """Ask the other parties for a first look, and propose the timetable with it: ``dates``, or the suggested ones.

    A timetable that was proposed before stays as it is. Raises as ``moves.move`` and ``timetabling.propose`` do.
    """
    with ctx.database.writing() as session:
        step = moves.make(ctx, session, actor, reference, FIRST_LOOK, seen=seen)
        timetabling.propose_with(ctx, session, actor, reference, dates)
        return step
