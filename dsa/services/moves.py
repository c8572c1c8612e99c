"""Moves: the steps that a person takes by choice. One rule: a move does its own effect in the same transaction."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain import approvals
from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, Refused
from dsa.domain.integrity import NotCanonical
from dsa.domain.machine import Flow
from dsa.domain.workflow import Move
from dsa.persistence import drafts, work
from dsa.persistence.heads import Loaded
from dsa.services import content, facts
from dsa.services.content import Text
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, demand_version, flow_of, open_for, take
from dsa.services.permitting import demand, needed_facts


def move(
    ctx: Context,
    actor: Actor,
    reference: str,
    move_id: str,
    *,
    seen: int | None,
    reason: str = "",
    reason_code: str = "",
    assumed: tuple[str, ...] = (),
) -> Step:
    """Make a move of the agreement's workflow. ``seen`` is the version that the person saw.

    Raises NotFound, NotAllowed, Refused (what stands in the way, and what to do) or Conflict.
    """
    with ctx.database.writing() as session:
        return make(
            ctx, session, actor, reference, move_id, seen=seen, reason=reason, reason_code=reason_code, assumed=assumed
        )


def make(
    ctx: Context,
    session: Session,
    actor: Actor,
    reference: str,
    move_id: str,
    *,
    seen: int | None,
    reason: str = "",
    reason_code: str = "",
    assumed: tuple[str, ...] = (),
) -> Step:
    """``move`` within a transaction that does more."""
    loaded = open_for(ctx, session, actor, reference, lock=True)
    flow = flow_of(ctx, session, loaded)
    wanted = flow.workflow.move(move_id)
    if wanted is None or wanted.id == "reopen":
        raise Refused("This workflow has no such step. Go back to the agreement and choose from what is offered.")
    held = demand(ctx, session, actor, f"move:{move_id}", loaded)
    demand_version(loaded, seen)
    if wanted.asks_reason and not reason.strip():
        raise BadInput("Say why: the reason is kept in the history.")
    known = facts.established(ctx, session, loaded, needed_facts(wanted.when))
    effect = EFFECTS.get(wanted.event)
    more: dict[str, Any] = {"facts": known}
    public: dict[str, Any] = {"reason": reason.strip()} if wanted.asks_reason else {}
    if reason_code:
        public["code"] = reason_code
    if effect is not None and all(name in known for name in needed_facts(wanted.when)):
        public |= effect(ctx, session, loaded, actor, wanted, more, assumed)
    if wanted.to is not None and flow.stages[wanted.to].then:
        ahead = onward_facts(ctx, session, loaded, flow, wanted.to)
        more |= ahead | {"facts": known | ahead["facts"]}
    return take(ctx, session, loaded, actor, held, Happening(wanted.event, public), action=move_id, more=more)


Effect = Callable[[Context, Session, Loaded, Actor, Move, dict[str, Any], tuple[str, ...]], Mapping[str, Any]]


def _freeze_for_checking(
    ctx: Context,
    session: Session,
    loaded: Loaded,
    actor: Actor,
    wanted: Move,
    more: dict[str, Any],
    assumed: tuple[str, ...],
) -> Mapping[str, Any]:
    """Freeze the draft as the next version; approvals whose sections are unchanged stand, the others lapse."""
    text = freeze(ctx, session, loaded, actor, reason=wanted.event, assumed=assumed)
    if loaded.head.shared_at is None:
        drafts.update_agreement(session, loaded.head.id, shared_at=ctx.clock.now())
    return {"version": text.number, "content_hash": text.hash, "sections": dict(text.section_hashes)}


def freeze(
    ctx: Context, session: Session, loaded: Loaded, actor: Actor, *, reason: str, assumed: tuple[str, ...]
) -> Text:
    """Freeze the working answers as the next version. Raises BadInput for text that has no canonical form."""
    number = drafts.next_version_number(session, loaded.head.id)
    sections = content.working_answers(session, loaded.head.id)
    earlier = content.newest(session, loaded)
    if not assumed and earlier is not None:
        assumed = tuple(earlier.content.get("assumed", ()))
    try:
        text = content.compose(ctx, session, loaded, number=number, sections=sections, assumed=assumed)
    except NotCanonical as problem:
        raise BadInput(str(problem)) from problem
    drafts.add_version(
        session,
        {
            "agreement_id": loaded.head.id,
            "number": number,
            "schema": text.content["schema"],
            "content": text.data.decode(),
            "hash": text.hash,
            "section_hashes": dict(text.section_hashes),
            "reason": reason,
            "frozen_by_id": actor.person_id,
            "frozen_at": ctx.clock.now(),
        },
    )
    live = work.live_approvals(session, loaded.head.id)
    _, lapses = approvals.standing(work.covered(live), text.section_hashes)
    work.lapse(session, lapses, at=ctx.clock.now())
    return text


def standing_pairs(session: Session, loaded: Loaded) -> frozenset[tuple[str, str | None]]:
    """The (rule, party) pairs whose approval still covers the newest version."""
    if loaded.head.round == 1:
        return frozenset()
    newest = drafts.newest_mark(session, loaded.head.id)
    if newest is None:
        return frozenset()
    live = work.live_approvals(session, loaded.head.id)
    stands, _ = approvals.standing(work.covered(live), newest.section_hashes)
    return frozenset((a.rule, a.party_key) for a in live if a.id in stands)


def onward_facts(
    ctx: Context, session: Session, loaded: Loaded, flow: Flow, stage_id: str, *, waits: bool = False
) -> dict[str, Any]:
    """What a decision needs to go on by itself from a stage, through every stage that may follow at once.

    The approvals that stand; the facts that the guards of those stages ask for; whom a board's stage waits for.
    ``waits``: somebody else still has to answer in that stage, so whatever asks for all answers cannot follow yet.
    """
    first = [onward for onward in flow.stages[stage_id].then if not (waits and "complete" in onward.when)]
    ways = {stage_id: first}
    todo = [onward.to for onward in first]
    while todo:
        each = todo.pop()
        if each not in ways:
            ways[each] = list(flow.stages[each].then)
            todo += [onward.to for onward in ways[each]]
    guards = {name for then in ways.values() for onward in then for name in onward.when}
    outside = any(rule.outside for each in ways for rule in flow.stages[each].tasks)
    return {
        "standing": standing_pairs(session, loaded),
        "facts": facts.established(ctx, session, loaded, needed_facts(guards)),
        "outside_body": facts.outside_body(session, loaded) if outside else "",
    }


def _lock(
    ctx: Context,
    session: Session,
    loaded: Loaded,
    actor: Actor,
    wanted: Move,
    more: dict[str, Any],
    assumed: tuple[str, ...],
) -> Mapping[str, Any]:
    """Lock the newest version: from here on it is what everybody signs."""
    newest = drafts.newest_version(session, loaded.head.id)
    text = content.newest(session, loaded)
    if newest is None or text is None:
        raise Refused("There is no checked version to lock. Send the draft for checking first.")
    more["signatories"] = content.slots(text.content)
    drafts.update_agreement(session, loaded.head.id, locked_version_id=newest.id)
    if work.document(session, loaded.head.id, newest.id) is None:
        work.add_document(
            session,
            {
                "agreement_id": loaded.head.id,
                "version_id": newest.id,
                "status": "waiting",
                "verify_code": ctx.chance.token()[:16],
                "updated_at": ctx.clock.now(),
            },
        )
    return {"version": text.number, "content_hash": text.hash}


EFFECTS: Mapping[str, Effect] = {"DraftSubmitted": _freeze_for_checking, "TextLocked": _lock}
