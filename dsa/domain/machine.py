"""The machine: which stage comes next. The only module that knows ``transitions``.

One rule: ``decide`` is pure. It works on a throw-away model, so a failed step can corrupt nothing. One flat machine
serves one workflow version, built once and shared by all threads; reviews and signatures are facts (tasks), not
states, so two parties and forty-three take the same path.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from sys import intern
from typing import Any

from transitions import EventData, Machine, MachineError
from transitions.core import Transition

from dsa.domain.errors import Refusal, Refused
from dsa.domain.guards import GUARDS
from dsa.domain.snapshot import REPORT, Decision, Hold, PartyFact, Recorded, Reopened, Snapshot, TaskFact
from dsa.domain.workflow import OUTCOMES, STANDING_KINDS, Move, Stage, TaskRule, Workflow

# What a decision rests on and comes to is never changed once made. It is not frozen, because making a frozen object
# takes four times as long, and a decision makes a dozen.

__all__ = [
    "RECORD",
    "REOPEN",
    "Decision",
    "Flow",
    "Hold",
    "Instance",
    "PartyFact",
    "Recorded",
    "Reopened",
    "Snapshot",
    "TaskFact",
    "decide",
    "decide_joining",
    "first_refusal",
]
RECORD = "record"
REOPEN = "reopen"
_MOST_STAGES_IN_ONE_STEP = 8


class Instance:
    """The throw-away model that the machine moves."""

    __slots__ = ("facts", "round", "state", "tasks")

    def __init__(self, snapshot: Snapshot) -> None:
        self.state = snapshot.stage
        self.round = snapshot.round
        self.tasks = list(snapshot.tasks)
        self.facts = snapshot.facts

    def here(self) -> Iterable[TaskFact]:
        """The tasks of the present stage and round."""
        return [t for t in self.tasks if t.stage == self.state and t.round == self.round]


class _Way(Transition):
    """A transition of a machine that has no callbacks: none are looked for, which halves the cost of a trigger."""

    def execute(self, event_data: EventData) -> bool:
        """Move the model where every condition holds; whether it did."""
        for condition in self.conditions:
            holds: Any = condition.func  # always a function here: names are looked up before the machine is built
            if holds(event_data) is not condition.target:
                return False
        if self.dest:
            event_data.machine.set_state(self.dest, event_data.model)
        return True


class _Flat(Machine):
    """A flat machine of such transitions."""

    transition_cls = _Way


class Flow:
    """A workflow version with its machine. Build it once and share it."""

    __slots__ = ("machine", "rework", "stages", "workflow")

    def __init__(self, workflow: Workflow) -> None:
        self.workflow = workflow
        self.stages: Mapping[str, Stage] = {stage.id: stage for stage in workflow.stages}
        self.rework: set[tuple[str, str]] = set()
        self.machine = _Flat(
            model=None,
            states=list(self.stages),
            transitions=list(self._transitions()),
            initial=workflow.first.id,
            auto_transitions=False,
            queued=False,
            send_event=True,
        )

    def _transitions(self) -> Iterable[dict[str, object]]:
        for stage in self.workflow.stages:
            for onward in stage.then:
                if onward.rework:
                    self.rework.add((stage.id, onward.to))
                yield _transition(RECORD, stage.id, onward.to, onward.when)
            if not stage.final:
                yield _transition(RECORD, stage.id, None, ())
        for move in self.workflow.moves:
            for source in move.sources:
                if move.rework and move.to:
                    self.rework.add((source, move.to))
                yield _transition(move.id, source, move.to, move.when)


def _transition(trigger: str, source: str, dest: str | None, guards: tuple[str, ...]) -> dict[str, object]:
    return {"trigger": trigger, "source": source, "dest": dest, "conditions": [_condition(name) for name in guards]}


def _condition(name: str) -> object:
    holds = GUARDS[name].holds

    def condition(event: EventData) -> bool:
        model = event.model
        assert isinstance(model, Instance)  # noqa: S101 - the machine has no other models
        return holds(model)

    condition.__name__ = name
    return condition


def decide(flow: Flow, snapshot: Snapshot, action: str | Recorded | Reopened) -> Decision:
    """What follows when ``action`` (a move's id, or a task's outcome) is taken now.

    Raises Refused with a sentence where the workflow does not allow it. Whether this *person* may do it is
    ``permissions.why_not``'s to say.
    """
    model = Instance(snapshot)
    opened: list[TaskFact] = []
    closed: tuple[str, str] | None = None
    trigger = action if isinstance(action, str) else RECORD
    if isinstance(action, Recorded):
        closed = _record(flow, snapshot, model, action, opened)
    elif isinstance(action, Reopened):
        trigger = _reopen(model, action, opened)
    path = [model.state]
    _fire(flow, model, trigger, recording=not isinstance(action, str))
    if trigger == RECORD and model.state == path[-1]:
        return Decision(
            snapshot.stage, model.state, model.round, tuple(path), closed, tuple(opened), (), tuple(model.tasks)
        )
    _go_on(flow, snapshot, model, path, opened)
    if len(path) == 2 and path[0] == path[1]:
        path = path[:1]
    wanted = _still_wanted(flow, model, opened) if opened else ()
    if isinstance(action, Reopened) and not wanted:
        raise Refused("This decision cannot be taken back any more. The text is locked or a new round has begun.")
    lapsed = _lapse(flow, model) if model.tasks else ()
    return Decision(snapshot.stage, model.state, model.round, tuple(path), closed, wanted, lapsed, tuple(model.tasks))


def decide_joining(flow: Flow, snapshot: Snapshot, stage: str) -> Decision:
    """What follows when an agreement that was only tracked joins the workflow at ``stage``: its tasks open.

    The task to say how it stands lapses. Like any arrival, this goes on at once where there is nothing to wait for.
    """
    model = Instance(snapshot)
    lapsed = []
    for position, task in enumerate(model.tasks):
        if task.kind == REPORT and task.status == "open":
            model.tasks[position] = _ended(task, "lapsed", None)
            lapsed.append(task.key)
    model.state, path, opened = stage, [snapshot.stage], list[TaskFact]()
    _go_on(flow, snapshot, model, path, opened)
    wanted = _still_wanted(flow, model, opened) if opened else ()
    rest = _lapse(flow, model)
    return Decision(
        snapshot.stage, model.state, model.round, tuple(path), None, wanted, (*lapsed, *rest), tuple(model.tasks)
    )


def _go_on(flow: Flow, snapshot: Snapshot, model: Instance, path: list[str], opened: list[TaskFact]) -> None:
    """Enter the stage that was reached, and those after it where there is nothing to wait for."""
    path.append(model.state)
    _enter(flow, snapshot, model, path[-2], opened)
    while len(path) < _MOST_STAGES_IN_ONE_STEP and _nothing_to_wait_for(flow, model):
        _fire(flow, model, RECORD)
        if model.state == path[-1]:
            break
        path.append(model.state)
        _enter(flow, snapshot, model, path[-2], opened)


def _fire(flow: Flow, model: Instance, trigger: str, *, recording: bool = True) -> None:
    event = flow.machine.events.get(trigger)
    if event is None or (trigger == RECORD and not recording):
        raise Refused("This workflow has no such step. Go back to the agreement and choose from what is offered there.")
    before = model.state
    try:
        moved = event.trigger(model)
    except MachineError as error:
        raise Refused(
            "This cannot be done in the stage “%(stage)s”. Go back to the agreement to see what can be done now.",
            stage=flow.stages[before].title,
        ) from error
    if not moved:
        move = flow.workflow.move(trigger)
        raise Refused(first_refusal(move, model) or Refusal("This cannot be done now."))


def first_refusal(move: Move | None, model: Instance) -> Refusal | None:
    """The sentence of the first guard of the move that does not hold, or None."""
    for name in move.when if move else ():
        if not GUARDS[name].holds(model):
            return GUARDS[name].refusal
    return None


def _record(
    flow: Flow, snapshot: Snapshot, model: Instance, action: Recorded, opened: list[TaskFact]
) -> tuple[str, str]:
    for position, task in enumerate(model.tasks):  # noqa: B007 - the place of the task that was found
        if task.key == action.task and task.status == "open":
            break
    else:
        raise Refused("This task is no longer open. Go back to your tasks to see what waits for you.")
    if action.outcome not in OUTCOMES[task.kind]:
        raise Refused("Choose one of the answers that the page offers.")
    model.tasks[position] = _ended(task, "done", action.outcome)
    for rule in flow.stages[task.stage].tasks if task.stage in flow.stages else ():
        if rule.after == task.rule and task.stage == model.state:
            # what follows a new outcome is decided anew, whatever was decided on the one before
            _open(model, replace(_task(rule, snapshot, model, task.party, task.slot), status="open"), opened)
    return (task.key, action.outcome)


def _ended(task: TaskFact, status: str, outcome: str | None) -> TaskFact:
    """The task as it stands when it is done or has lapsed."""
    return TaskFact(
        task.key, task.rule, task.stage, task.round, task.party, task.organisation, task.role, task.kind,
        task.required, status, outcome, task.due_at, False, task.slot,
    )  # fmt: skip


def _open(model: Instance, fact: TaskFact, opened: list[TaskFact]) -> None:
    """Open a task: a new one, or again one of this stage and round that was closed; an open one stays as it is."""
    for position, known in enumerate(model.tasks):
        if (known.key, known.stage, known.round) == (fact.key, fact.stage, fact.round):
            if known.status == "open":
                return
            model.tasks[position] = fact
            break
    else:
        model.tasks.append(fact)
    opened.append(fact)


def _reopen(model: Instance, action: Reopened, opened: list[TaskFact]) -> str:
    for task in model.tasks:
        if task.key != action.task or task.round != model.round or task.kind not in STANDING_KINDS:
            continue
        if task.status in ("done", "standing"):
            _open(model, replace(task, status="open", outcome=None, question_open=False), opened)
            return RECORD if task.stage == model.state else REOPEN
    raise Refused("This decision cannot be taken back any more. The text is locked or a new round has begun.")


def _enter(flow: Flow, snapshot: Snapshot, model: Instance, source: str, opened: list[TaskFact]) -> None:
    if (source, model.state) in flow.rework:
        model.round += 1
    for rule in flow.stages[model.state].tasks:
        if rule.after is not None and not _stands_after(rule, snapshot):
            continue
        for party, slot in _each(rule, snapshot):
            if rule.after is not None and (rule.after, party) not in snapshot.standing:
                continue
            fact = _task(rule, snapshot, model, party, slot)
            if _known_status(model, fact) in (None, "lapsed"):
                _open(model, fact, opened)


def _known_status(model: Instance, fact: TaskFact) -> str | None:
    """How the same task of this stage and round stands, where there is one: what is done in a round stays done."""
    for task in model.tasks:
        if (task.key, task.stage, task.round) == (fact.key, fact.stage, fact.round):
            return task.status
    return None


def _stands_after(rule: TaskRule, snapshot: Snapshot) -> bool:
    """A rule that follows another opens at once where the other's approval still stands."""
    return any(standing == rule.after for standing, _ in snapshot.standing)


def _each(rule: TaskRule, snapshot: Snapshot) -> Iterable[tuple[str | None, int]]:
    if rule.per == "agreement":
        return [(None, 1)]
    if rule.per == "signatories":
        return snapshot.signatories
    chosen = _CHOSEN[rule.per]
    return [(p.key, 1) for p in snapshot.parties if chosen(p)]


_CHOSEN: Mapping[str, Callable[[PartyFact], bool]] = {
    "lead": lambda party: party.lead,
    "parties": lambda party: True,
    "signing_parties": lambda party: party.signs,
    "other_signing_parties": lambda party: party.signs and not party.lead,
    "disclosers": lambda party: party.discloses,
}


def _task(rule: TaskRule, snapshot: Snapshot, model: Instance, party: str | None, slot: int) -> TaskFact:
    for each in snapshot.parties:
        if each.lead if party is None else each.key == party:
            organisation = each.organisation
            break
    else:
        raise LookupError(f"there is no party {party}")
    key = rule.id if party is None else f"{rule.id}:{party}" if slot == 1 else f"{rule.id}:{party}:{slot}"
    key = intern(key)  # the same few keys come back in every agreement
    stands = rule.kind in STANDING_KINDS and (rule.id, party) in snapshot.standing
    return TaskFact(
        key,
        rule.id,
        model.state,
        model.round,
        party,
        organisation,
        rule.role,
        rule.kind,
        rule.required,
        "standing" if stands else "open",
        slot=slot,
    )


def _nothing_to_wait_for(flow: Flow, model: Instance) -> bool:
    stage = flow.stages[model.state]
    if stage.final or not stage.then:
        return False
    return not any(t.required and t.status == "open" for t in model.here())


def _still_wanted(flow: Flow, model: Instance, opened: list[TaskFact]) -> tuple[TaskFact, ...]:
    """What opened, less what nobody waits for: optional tasks of a stage that was only passed through."""
    wanted = []
    for task in opened:
        if task.status == "open" and _gone(flow, model, task):
            model.tasks.remove(task)
        else:
            wanted.append(task)
    return tuple(wanted)


def _lapse(flow: Flow, model: Instance) -> tuple[str, ...]:
    lapsed = []
    for position, task in enumerate(model.tasks):
        if task.status == "open" and _gone(flow, model, task):
            model.tasks[position] = _ended(task, "lapsed", None)
            lapsed.append(task.key)
    return tuple(lapsed)


def _gone(flow: Flow, model: Instance, task: TaskFact) -> bool:
    """Whether a task's stage (or round) was left and no later stage still wants it."""
    left = task.stage != model.state or task.round != model.round
    return left and not _stays(flow, task, model.state)


def _stays(flow: Flow, task: TaskFact, stage: str) -> bool:
    try:
        return stage in flow.workflow.rule(task.rule).stays_open_in
    except KeyError:
        return False
