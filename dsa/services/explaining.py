"""Saying why a day of the timetable was missed. One rule: it stands beside what the ledger says and changes nothing."""

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, NotAllowed, Refused
from dsa.domain.reasons import is_delay, label
from dsa.services import timetable_page
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, flow_of, open_for, take
from dsa.services.permitting import demand


def explain_slip(ctx: Context, actor: Actor, reference: str, *, stage: str, code: str, why: str) -> Step:
    """Say why a stage missed its day, by a reason of the list and in words, for the party that had it.

    Said again, the newest stands beside the slip; the history keeps all. Raises Refused where no day was missed.
    """
    if not is_delay(code):
        raise BadInput("Choose a reason from the list.")
    if not why.strip():
        raise BadInput("Say in your words why the day was missed.")
    with ctx.database.writing() as session:
        ctx.calendars.refresh(session)
        loaded = open_for(ctx, session, actor, reference, lock=True)
        demand(ctx, session, actor, timetable_page.EXPLAIN, loaded)
        stages = timetable_page.shown(ctx, session, loaded).stages
        slip = next((each.late for each in stages if each.id == stage), None)
        if slip is None:
            raise Refused("This stage has not missed a day of the timetable.")
        held = timetable_page.explaining(ctx, session, actor, loaded, slip)
        if held is None:
            raise NotAllowed("Only the party that had it says why the day was missed. You can contest who had it.")
        title = flow_of(ctx, session, loaded).stages[stage].title
        facts = {"stage": stage, "name": title, "code": code, "reason": label(code), "why": why.strip()}
        return take(ctx, session, loaded, actor, held, Happening("SlipExplained", facts), bump=False)
