"""Asking the one table. One rule: what a page offers and what a service allows are the same question."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from dsa.domain import permissions
from dsa.domain.actor import Actor, Held
from dsa.domain.errors import NotAllowed, Refusal, Refused
from dsa.domain.guards import GUARDS
from dsa.domain.machine import Instance, first_refusal
from dsa.domain.permissions import Grant, Subject
from dsa.domain.tracking import TRACKED
from dsa.domain.workflow import SEPARATE_ROLES, Move
from dsa.persistence import heads
from dsa.persistence.heads import Loaded, task_fact
from dsa.services import facts
from dsa.services.context import Context
from dsa.services.moving import flow_of


@dataclass(frozen=True, slots=True)
class Choice:
    """A move as a page offers it; ``refusal`` says why it cannot be made now, and what to do."""

    move: Move
    refusal: Refusal | None


def table_of(ctx: Context, session: Session, loaded: Loaded) -> tuple[Grant, ...]:
    """The permission table of the agreement's workflow."""
    return ctx.definitions.table(session, loaded.head.workflow_id, loaded.head.workflow_version)


def subject_of(ctx: Context, session: Session, loaded: Loaded, task_key: str | None = None) -> Subject:
    """The agreement (and task) as the table needs it."""
    flow = flow_of(ctx, session, loaded)
    task = loaded.task(task_key) if task_key else None
    wrote, acted = (
        heads.editors_and_roles(session, loaded.head.id, SEPARATE_ROLES) if task is not None else (frozenset(), {})
    )
    code = "" if task is None else next(p.code for p in loaded.parties if p.organisation_id == task.organisation_id)
    return Subject(
        stage=loaded.head.stage,
        stage_title=flow.stages[loaded.head.stage].title,
        lead=loaded.lead.code,
        parties=loaded.party_codes,
        editors=wrote,
        separate=acted,
        on_hold=loaded.head.on_hold,
        tracked=loaded.head.tracking == TRACKED,
        task=None if task is None else task_fact(task, code),
        assignee_id=None if task is None else task.assignee_id,
        assignee_name="" if task is None or task.assignee_id is None else heads.person_name(session, task.assignee_id),
    )


def demand(
    ctx: Context, session: Session, actor: Actor, action: str, loaded: Loaded, *, task_key: str | None = None
) -> Held:
    """The post through which the actor acts. Raises NotAllowed (or Refused: wrong stage, on hold) with the reason."""
    table, subject = table_of(ctx, session, loaded), subject_of(ctx, session, loaded, task_key)
    refusal = permissions.why_not(actor, action, subject, table=table)
    if refusal is not None:
        raise (Refused if refusal.code in ("stage", "on_hold", "unknown", "tracked") else NotAllowed)(refusal)
    held = permissions.acting_post(actor, action, subject, table=table)
    if held is None:
        raise NotAllowed("You cannot do this.")
    return held


def why_not(
    ctx: Context, session: Session, actor: Actor, action: str, loaded: Loaded, *, task_key: str | None = None
) -> Refusal | None:
    """Why the actor may not take the action now; None when they may."""
    table, subject = table_of(ctx, session, loaded), subject_of(ctx, session, loaded, task_key)
    return permissions.why_not(actor, action, subject, table=table)


def choices(ctx: Context, session: Session, actor: Actor, loaded: Loaded) -> tuple[Choice, ...]:
    """The moves that start from this stage and that the actor's role may make, each with what stands in its way."""
    flow = flow_of(ctx, session, loaded)
    table, subject = table_of(ctx, session, loaded), subject_of(ctx, session, loaded)
    found = []
    for move in flow.workflow.moves:
        if loaded.head.stage not in move.sources or move.id == "reopen":
            continue
        refusal = permissions.why_not(actor, f"move:{move.id}", subject, table=table)
        if refusal is not None and refusal.code != "on_hold":
            continue
        found.append(Choice(move, refusal or _guarded(ctx, session, loaded, move)))
    return tuple(found)


def _guarded(ctx: Context, session: Session, loaded: Loaded, move: Move) -> Refusal | None:
    needed = {fact for name in move.when if (fact := GUARDS[name].needs_fact)}
    known = facts.established(ctx, session, loaded, needed)
    return first_refusal(move, Instance(loaded.snapshot(facts=known)))


def needed_facts(guards: Iterable[str]) -> set[str]:
    """The facts that the services must establish for these guards."""
    return {fact for name in guards if (fact := GUARDS[name].needs_fact)}
