"""Holds. One rule: a hold names why, who is awaited and until when; it never stops the total clock."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, Refused
from dsa.domain.machine import Hold, Snapshot
from dsa.domain.reasons import is_delay, label
from dsa.persistence import work
from dsa.persistence.heads import Loaded
from dsa.services import redating
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, demand_version, open_for, take
from dsa.services.permitting import demand
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.ledger import NOBODY


def begin_hold(
    ctx: Context,
    actor: Actor,
    reference: str,
    *,
    code: str,
    awaited: str,
    outside: bool,
    until: date,
    note: str = "",
    seen: int | None,
) -> Step:
    """Put the agreement on hold for a reason of the list, naming who is awaited and until when.

    ``awaited`` is the code of one of its organisations, or the name of an outside body (``outside``). Lack of capacity
    stays with the holder: it cannot be put on somebody else.
    """
    if not is_delay(code):
        raise BadInput("Choose a reason from the list.")
    awaited = awaited.strip()
    if awaited.lower() in NOBODY or "\x00" in awaited:
        raise BadInput("Say who is awaited: the name of a body that can be asked.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "hold", loaded)
        demand_version(loaded, seen)
        if loaded.head.on_hold:
            raise Refused("The agreement is on hold already.")
        _check(ctx, loaded, held, code=code, awaited=awaited, outside=outside, until=until)
        facts = {"code": code, "reason": label(code), "awaited": awaited, "until": until.isoformat()}
        notes = {"note": note.strip()} if note.strip() else {}
        hold = Hold(code, awaited, outside)
        step = take(
            ctx, session, loaded, actor, held, Happening("HoldBegan", facts, notes),
            after=lambda snapshot: replace(snapshot, hold=hold), on_hold=True,
        )  # fmt: skip
        row = {"agreement_id": loaded.head.id, "code": code, "awaited": awaited, "outside": outside, "note": ""}
        row |= {"until": datetime.combine(until, time(23, 59), UTC), "started_at": step.at, "started_seq": step.seq}
        work.add_hold(session, row)
        return step


def _check(ctx: Context, loaded: Loaded, held: Held, *, code: str, awaited: str, outside: bool, until: date) -> None:
    if not outside and awaited not in loaded.party_codes.values():
        raise BadInput("Choose one of the organisations of this agreement, or name an outside body.")
    if until <= local_day(ctx.clock.now()):
        raise BadInput("The day until which you wait must be in the future.")
    parties = {name.casefold() for party in loaded.parties for name in (party.code, party.name)}
    if outside and awaited.casefold() in parties:
        raise BadInput("That is an organisation of this agreement. Choose it from the list.")
    if code == "RESOURCE" and (outside or awaited != held.organisation):
        raise BadInput("Lack of capacity stays with the organisation that lacks it. Choose your own.")


def end_hold(ctx: Context, actor: Actor, reference: str, *, seen: int | None) -> Step:
    """End the hold: who had the agreement before has it again. What is due moves on by the working days on hold."""
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "resume_hold", loaded)
        demand_version(loaded, seen)
        if not loaded.head.on_hold:
            raise Refused("The agreement is not on hold.")

        def after(snapshot: Snapshot) -> Snapshot:
            return replace(snapshot, hold=None)

        at = ctx.clock.now().replace(microsecond=0)
        moved = redating.moved_dues(ctx, session, loaded, until=max(at, loaded.head.updated_at))
        facts = {"moved": redating.moved_facts(moved)} if moved else {}
        ended = Happening("HoldEnded", facts)
        return take(ctx, session, loaded, actor, held, ended, after=after, on_hold=False, moved=moved)


def contest(ctx: Context, actor: Actor, reference: str, *, spell_seq: int, text: str) -> Step:
    """Contest who had the agreement in one spell of the ledger: shown beside it, never edited into it."""
    if not text.strip():
        raise BadInput("Say what you contest and why.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "contest", loaded)
        facts = {"spell": spell_seq, "text": text.strip()}
        return take(ctx, session, loaded, actor, held, Happening("AttributionContested", facts), bump=False)
