"""The one way through: every change of an agreement is a step that is decided, recorded and handed over here.

One rule: a step writes its event, ledger, tasks, outbox and head in one transaction, or nothing of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, Conflict, NotFound
from dsa.domain.events import MovedDue
from dsa.domain.holding import who_has_it
from dsa.domain.machine import Decision, Flow, Recorded, Reopened, Snapshot, TaskFact, decide
from dsa.domain.snapshot import REPORT
from dsa.domain.workflow import TaskRule
from dsa.persistence import heads, visibility
from dsa.persistence.heads import Loaded
from dsa.services import facts
from dsa.services.chaining import actor_body
from dsa.services.context import Context
from dsa.services.recording import Happening, Opening, Outcome, Recorder

__all__ = ["Happening", "Step", "actor_body", "demand_version", "flow_of", "open_for", "take", "target_of"]


@dataclass(frozen=True, slots=True)
class Step:
    """A step that was taken: its place in the chain, the decision, and the agreement's new version."""

    seq: int
    at: datetime
    version: int
    decision: Decision
    flow: Flow
    opened: tuple[Opening, ...] = ()


def open_for(ctx: Context, session: Session, actor: Actor, reference: str, *, lock: bool = False) -> Loaded:
    """The agreement, locked for a writer. Raises NotFound where the actor's organisations have no part in it."""
    loaded = heads.load(session, reference, lock=lock)
    if loaded is None or not visibility.may_see(actor, loaded):
        raise NotFound(
            "There is no agreement %(reference)s that you may see. Check the reference, or ask whoever sent it to you.",
            reference=reference,
        )
    return loaded


def flow_of(ctx: Context, session: Session, loaded: Loaded) -> Flow:
    """The machine of the workflow version that the agreement began with."""
    return ctx.definitions.flow(session, loaded.head.workflow_id, loaded.head.workflow_version)


def demand_version(loaded: Loaded, seen: int | None) -> None:
    """Raise Conflict when the agreement has moved since the person saw it."""
    if seen is not None and seen != loaded.head.version:
        raise Conflict(
            "Somebody acted on %(reference)s after you opened the page. Nothing of yours was changed. "
            "Look at what happened, then decide.",
            reference=loaded.head.reference,
        )


def take(
    ctx: Context,
    session: Session,
    loaded: Loaded,
    actor: Actor,
    held: Held,
    happening: Happening,
    *,
    action: str | Recorded | Reopened | Decision | None = None,
    more: Mapping[str, Any] | None = None,
    after: Callable[[Snapshot], Snapshot] | None = None,
    bump: bool = True,
    on_hold: bool | None = None,
    moved: tuple[MovedDue, ...] = (),
    reported_due: datetime | None = None,
) -> Step:
    """Take one step. ``action`` None records an event without asking the machine, a Decision was made elsewhere (a
    change of route); ``more`` adds to the snapshot.

    ``after`` alters the state that who-has-it is worked out from (a hold begins, a question is open). ``bump`` False
    leaves the agreement's version alone: a section was saved. ``on_hold`` sets or ends the mark of a hold. ``moved``
    are due moments that move. ``reported_due``: when what opens falls due, for an agreement that is only tracked.
    """
    ctx.calendars.refresh(session)
    flow = flow_of(ctx, session, loaded)
    snapshot = _with_board(session, loaded, flow, loaded.snapshot(**(more or {})))
    at = max(ctx.clock.now(), loaded.head.updated_at).replace(microsecond=0)
    _demand_past(happening, at)
    decision = _decision(flow, snapshot, action)
    opened = tuple(_opening(ctx, session, loaded, flow, task, at, reported_due) for task in decision.opened)
    reached = replace(
        snapshot, stage=decision.dest, round=decision.round, tasks=_with_dues(decision.tasks, (*opened, *moved))
    )
    holding = who_has_it(flow, after(reached) if after else reached)
    changes = action is not None or after is not None or bool(moved)
    held_up = loaded.head.on_hold if on_hold is None else on_hold
    outcome = Outcome(decision, holding, opened, changes, bump, held_up, moved, reported_due)
    seq, version = Recorder(ctx, session, loaded, actor, held, flow, at, outcome).write(happening)
    return Step(seq, at, version, decision, flow, opened)


def _with_board(session: Session, loaded: Loaded, flow: Flow, snapshot: Snapshot) -> Snapshot:
    """Whoever comments while a board decides does not take the agreement back from the board."""
    if snapshot.outside_body or not any(rule.outside for rule in flow.stages[snapshot.stage].tasks):
        return snapshot
    return replace(snapshot, outside_body=facts.outside_body(session, loaded))


def _decision(flow: Flow, snapshot: Snapshot, action: str | Recorded | Reopened | Decision | None) -> Decision:
    if action is None:
        return Decision(snapshot.stage, snapshot.stage, snapshot.round, (snapshot.stage,), tasks=snapshot.tasks)
    return action if isinstance(action, Decision) else decide(flow, snapshot, action)


def _demand_past(happening: Happening, at: datetime) -> None:
    if happening.happened_at is not None and happening.happened_at > at:
        raise BadInput("The moment at which this was decided cannot be in the future.")


def _opening(
    ctx: Context, session: Session, loaded: Loaded, flow: Flow, task: TaskFact, at: datetime, due: datetime | None
) -> Opening:
    calendar = ctx.calendars.of(session, loaded.organisation_id(task.organisation), loaded.nation(task.organisation))
    if due is not None:  # reported: it follows from no target, and no change of a calendar moves it
        return Opening(task, None, due, calendar.version)
    if task.kind == REPORT:
        target = flow.stages[task.stage].targets.get(loaded.head.route, 0)
    else:
        target = target_of(flow.workflow.rule(task.rule), loaded.head.route)
    return Opening(task, target, calendar.due_at(at, target), calendar.version)


def _with_dues(tasks: tuple[TaskFact, ...], dated: tuple[Opening | MovedDue, ...]) -> tuple[TaskFact, ...]:
    if not dated:
        return tasks
    dues = {_place(each): each.due_at for each in dated}
    return tuple(replace(t, due_at=dues.get((t.key, t.stage, t.round), t.due_at)) for t in tasks)


def _place(each: Opening | MovedDue) -> tuple[str, str, int]:
    of = each.fact if isinstance(each, Opening) else each
    return (of.key, of.stage, of.round)


def target_of(rule: TaskRule, route: str) -> int:
    """The rule's target on a route, in working days."""
    return rule.targets.get(route, next(iter(rule.targets.values())))
