"""An agreement that lives on paper elsewhere and is followed here: where it stands, and who has it, as reported.

One rule: it has one open task, for whoever has it: to say how it stands. What was reported is marked as reported.
"""

from collections.abc import Mapping
from dataclasses import replace

from dsa.domain.machine import Decision, Flow, Snapshot, TaskFact
from dsa.domain.snapshot import REPORT

TRACKED, JOINED = "tracked", "joined"
TASK = "say_how_it_stands"
# Where it can join the workflow; from the draft's check on there must be a complete text here for people to read.
JOINS: Mapping[str, bool] = {
    "first_look": False,
    "drafting": False,
    "check_draft": True,
    "review": True,
    "in_use": False,
}
# Nobody is asked for the next step of these: they last, or they are over.
RESTING = frozenset({"in_use"})


def reported_stages(flow: Flow) -> dict[str, str]:
    """The stages at which somebody may say that an agreement stands (id to title): all but the first, private one."""
    return {stage.id: stage.title for stage in flow.workflow.stages[1:]}


def asks(flow: Flow, stage: str) -> bool:
    """Whether somebody has the agreement in this stage, so that one can be asked how it stands."""
    return not flow.stages[stage].final and stage not in RESTING


def report_task(*, seq: int, stage: str, round_: int, party: str, organisation: str, role: str) -> TaskFact:
    """The task of whoever has it from the event ``seq`` on."""
    return TaskFact(f"stands-{seq}", TASK, stage, round_, party, organisation, role, REPORT, True, "open")


def decide_report(snapshot: Snapshot, *, stage: str, task: TaskFact | None, anew: bool) -> Decision:
    """What follows when somebody says that it stands at ``stage`` and that ``task`` is whoever has it now.

    The task before it is done. ``anew``: the stay in the stage begins again, because its due day was reported anew.
    """
    closed = None
    tasks = []
    for each in snapshot.tasks:
        if each.kind == REPORT and each.status == "open":
            closed = (each.key, "reported")
            tasks.append(replace(each, status="done", outcome="reported"))
        else:
            tasks.append(each)
    opened = (task,) if task is not None else ()
    path = (snapshot.stage, stage) if anew or stage != snapshot.stage else (stage,)
    return Decision(snapshot.stage, stage, snapshot.round, path, closed, opened, (), (*tasks, *opened))
