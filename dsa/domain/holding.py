"""Who has it now. One rule: exactly one owner at every moment; never "system", never "unknown".

Of several open tasks the one that is due first has the agreement (ties: by its key): it is the one to chase.
"""

from dataclasses import dataclass

from dsa.domain.machine import Flow, Snapshot, TaskFact
from dsa.domain.snapshot import REPORT


@dataclass(frozen=True, slots=True)
class Holding:
    """Who has an agreement: an organisation of it (its code) or a named outside body, with stage, role and reason."""

    owner: str
    outside: bool
    stage: str
    role: str
    reason: str


def who_has_it(flow: Flow, snapshot: Snapshot) -> Holding | None:
    """Who has the agreement in this state; None once it has ended."""
    stage = flow.stages[snapshot.stage]
    lead = snapshot.lead.organisation
    if stage.final:
        return None
    if snapshot.hold is not None:
        hold = snapshot.hold
        return Holding(hold.awaited, hold.outside, stage.id, stage.role, hold.code)
    task = first_open(snapshot)
    if task is None:
        return Holding(lead, False, stage.id, stage.role, stage.reason)
    if task.question_open:
        return Holding(lead, False, stage.id, "drafter", "answering")
    if task.kind == REPORT and snapshot.outside_body:
        return Holding(snapshot.outside_body, True, stage.id, "", stage.reason)
    if _waits_outside(flow, task) and snapshot.outside_body:
        return Holding(snapshot.outside_body, True, stage.id, "board_secretary", "BOARD")
    return Holding(task.organisation, False, stage.id, task.role, stage.reason)


def first_open(snapshot: Snapshot) -> TaskFact | None:
    """The open required task of the present stage that is due first."""
    waiting = [
        t
        for t in snapshot.tasks
        if t.required and t.status == "open" and t.stage == snapshot.stage and t.round == snapshot.round
    ]
    return min(waiting, key=lambda t: (t.due_at is None, t.due_at, t.key), default=None)


def _waits_outside(flow: Flow, task: TaskFact) -> bool:
    return flow.workflow.rule(task.rule).outside
