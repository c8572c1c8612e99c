"""Moving an agreement to another route while it is being drafted.

One rule: the fast route is only for answers that meet every condition of it; the standard route is always open.
"""

from dataclasses import replace

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, Refused
from dsa.domain.machine import Decision, Flow, TaskFact
from dsa.domain.parties import parties_of
from dsa.domain.tier import ROUTES, Tier, tier
from dsa.persistence import drafts
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, demand_version, flow_of, open_for, take
from dsa.services.permitting import demand


def change_route(ctx: Context, actor: Actor, reference: str, route: str, *, seen: int | None) -> Step:
    """Move an agreement that is being drafted to ``route`` ("fast" or "standard"), on the newest workflow serving it.

    The agreement keeps its stage. Open tasks that the new workflow does not have lapse. Raises NotFound, NotAllowed,
    BadInput for an unknown route, Refused where the answers do not allow it, Conflict when it moved since ``seen``.
    """
    if route not in ROUTES:
        raise BadInput("There is no such route. Choose the standard route or the fast route.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "edit", loaded)
        demand_version(loaded, seen)
        found = _allowed(session, loaded, route)
        old, new = flow_of(ctx, session, loaded), ctx.definitions.for_route(session, route)
        if loaded.head.stage not in new.stages:
            raise Refused("The other route has no such stage. Finish this stage first, then change the route.")
        lapsed = _unknown_tasks(loaded, new)
        drafts.update_agreement(
            session,
            loaded.head.id,
            route=route,
            route_reasons=list(found.reasons),
            workflow_id=new.workflow.id,
            workflow_version=new.workflow.version,
        )
        facts = {
            "route": route,
            "was": loaded.head.route,
            "reasons": list(found.reasons),
            "workflow": {"id": new.workflow.id, "version": new.workflow.version},
            "workflow_was": {"id": old.workflow.id, "version": old.workflow.version},
        }
        moved = open_for(ctx, session, actor, reference)
        decision = _decision(moved, lapsed)
        return take(ctx, session, moved, actor, held, Happening("RouteChosen", facts), action=decision)


def _allowed(session: Session, loaded: Loaded, route: str) -> Tier:
    if route == loaded.head.route:
        raise Refused("The agreement is on this route already.")
    answers = content.flat(content.working_answers(session, loaded.head.id))
    raised = route if route != ROUTES[0] else None
    found = tier(answers, parties_of(answers), raised_to=raised)
    if found.route != route:
        raise Refused(
            "The answers do not allow the fast route: %(reasons)s Change them if they are wrong, or stay on the "
            "standard route.",
            reasons=" ".join(found.reasons),
        )
    return found


def _unknown_tasks(loaded: Loaded, new: Flow) -> frozenset[str]:
    known = {rule.id for stage in new.workflow.stages for rule in stage.tasks}
    return frozenset(task.key for task in loaded.tasks if task.status == "open" and task.rule not in known)


def _decision(loaded: Loaded, lapsed: frozenset[str]) -> Decision:
    """The agreement stays where it is; what the new workflow does not ask for lapses."""
    before = loaded.snapshot()

    def after(task: TaskFact) -> TaskFact:
        return replace(task, status="lapsed") if task.status == "open" and task.key in lapsed else task

    tasks = tuple(after(task) for task in before.tasks)
    here = (before.stage,)
    return Decision(before.stage, before.stage, before.round, here, lapsed=tuple(sorted(lapsed)), tasks=tasks)
