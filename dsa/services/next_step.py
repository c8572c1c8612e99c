"""What happens next on an agreement, and who does it: the first line of every page about it.

One rule: while an agreement is not over there is always a next step, and it always names somebody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from dsa.domain.machine import Flow
from dsa.domain.workflow import ROLES, SEPARATE_ROLES, Move, Stage
from dsa.persistence import heads, queries_people, timetables, work
from dsa.persistence.heads import Loaded
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.timekeeping.instants import local_day

# The same kinds that permissions keep from a text's authors.
_JUDGING = frozenset({"decision", "advice", "signature"})
_SIDEWAYS = frozenset({"withdraw", "reject", "reopen", "suspend"})
# Where a step is not a move's own page but the page on which its work is done.
_WORKED_ON = {"start": "draft", "drafting": "draft"}


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing that somebody is to do now.

    ``who`` is the person, or the post where several or nobody hold it; ``what`` a verb phrase; ``url`` a path.
    ``person_ids`` are those who can do it (for "Continue as them" in the demonstration); ``required`` False marks what
    nobody has to wait for. ``due_at`` is UTC; None where nothing is due.
    """

    who: str
    post: str
    organisation: str
    what: str
    due_at: datetime | None
    url: str
    person_ids: tuple[int, ...]
    required: bool = True
    key: str = ""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A step before anybody is named: which role of which organisation."""

    organisation_id: int
    organisation: str
    roles: tuple[str, ...]
    what: str
    due_at: datetime | None
    url: str
    required: bool = True
    assignee: int | None = None
    judges: bool = False
    is_task: bool = False
    key: str = ""


def next_steps(ctx: Context, session: Session, loaded: Loaded) -> tuple[NextStep, ...]:
    """What is to be done now, the earliest due first and what is not required last; empty once it is over."""
    flow = flow_of(ctx, session, loaded)
    stage = flow.stages[loaded.head.stage]
    if stage.final:
        return ()
    wanted = _wanted(session, loaded, flow, stage)
    on = local_day(ctx.clock.now())
    organisations = {each.organisation_id for each in wanted}
    able = queries_people.holders_in(session, organisations, {r for w in wanted for r in w.roles}, on=on)
    cannot = _cannot(session, loaded) if any(each.is_task for each in wanted) else _Barred()
    steps = [_named(each, able, cannot) for each in wanted]
    return tuple(sorted(steps, key=lambda s: (not s.required, s.due_at is None, s.due_at, s.key, s.url)))


def _wanted(session: Session, loaded: Loaded, flow: Flow, stage: Stage) -> list[_Wanted]:
    base = f"/agreements/{loaded.head.reference}"
    if loaded.head.on_hold:
        return [_end_of_hold(session, loaded, base)]
    found = [_answer(session, loaded, base)] if any(_asked(task) for task in loaded.tasks) else []
    names = {party.organisation_id: party.name for party in loaded.parties}
    for task in loaded.tasks:
        if task.status != "open" or _asked(task):
            continue
        rule = flow.workflow.rule(task.rule)
        found.append(
            _Wanted(
                task.organisation_id,
                names.get(task.organisation_id, ""),
                (task.role,),
                rule.title,
                task.due_at,
                f"{base}/tasks/{task.key}",
                task.required,
                task.assignee_id,
                judges=task.kind in _JUDGING,
                is_task=True,
                key=task.key,
            )
        )
    found += _dates(session, loaded, base)
    if not any(each.required for each in found):
        found.append(_onward(loaded, flow, stage, base))
    return found


def _dates(session: Session, loaded: Loaded, base: str) -> list[_Wanted]:
    """Each signing party that has not answered the proposed dates is to; with its first look, where that is open."""
    pending = timetables.pending(session, loaded.head.id)
    if pending is None:
        return []
    looking = {task.organisation_id for task in loaded.tasks if task.kind == "in_principle" and task.status == "open"}
    return [
        _Wanted(
            party.organisation_id,
            party.name,
            ("information_governance", "drafter", "accountable"),
            "Answer the proposed dates",
            None,
            f"{base}/timetable",
            required=False,
            key=f"timetable:{party.key}",
        )
        for party in loaded.parties
        if party.signs and party.key not in pending.accepted and party.organisation_id not in looking
    ]


def _asked(task: object) -> bool:
    return bool(getattr(task, "question_open", False)) and getattr(task, "status", "") == "open"


def _answer(session: Session, loaded: Loaded, base: str) -> _Wanted:
    """The lead's drafter is to answer the oldest question; the due moment is that of the task it holds up."""
    waiting = {task.id: task for task in loaded.tasks if _asked(task)}
    queries = [q for q in work.queries(session, loaded.head.id) if q.answered_at is None and q.task_id in waiting]
    due = min(task.due_at for task in waiting.values())
    what = "Answer a reviewer's question" if len(queries) == 1 else "Answer the reviewers' questions"
    url, lead = f"{base}/questions/{queries[0].id}", loaded.lead
    return _Wanted(lead.organisation_id, lead.name, ("drafter",), what, due, url, key="question")


def _end_of_hold(session: Session, loaded: Loaded, base: str) -> _Wanted:
    hold = next((h for h in reversed(work.holds(session, loaded.head.id)) if h.ended_at is None), None)
    until = hold.until if hold is not None else None
    party = loaded.lead
    if hold is not None and not hold.outside:
        party = next((p for p in loaded.parties if p.code == hold.awaited), party)
    roles = ("drafter", "information_governance", "accountable")
    what = "End the hold, once what you wait for is here"
    return _Wanted(party.organisation_id, party.name, roles, what, until, f"{base}/hold/end", key="hold")


def _onward(loaded: Loaded, flow: Flow, stage: Stage, base: str) -> _Wanted:
    move = forward_move(flow, stage.id)
    roles = move.by if move is not None else (stage.role,)
    what = move.title if move is not None else stage.title
    page = _WORKED_ON.get(stage.id) or (f"moves/{move.id}" if move is not None else "")
    if stage.id == "drafting":
        what = "Write the draft and send it for checking"
    return _Wanted(
        loaded.lead.organisation_id,
        loaded.lead.name,
        _first(stage.role, roles),
        what,
        loaded.head.stage_due_at,
        f"{base}/{page}".rstrip("/"),
        key=f"move:{move.id}" if move is not None else stage.id,
    )


def _first(role: str, roles: Iterable[str]) -> tuple[str, ...]:
    """The roles that may do it, the one that has the stage first."""
    may = tuple(roles)
    return (role, *(each for each in may if each != role)) if role in may else may


def forward_move(flow: Flow, stage: str) -> Move | None:
    """The move that takes an agreement onward from a stage: the file's first that is no way back and no way out."""
    leaving = [m for m in flow.workflow.moves if stage in m.sources and m.to and m.id not in _SIDEWAYS and not m.rework]
    onward = [m for m in leaving if m.to is not None and not flow.stages[m.to].final]
    return next(iter(onward or leaving), None)


@dataclass(frozen=True, slots=True)
class _Barred:
    """Who may not judge this agreement: its authors, and in which other separate roles people act already."""

    authors: frozenset[int] = frozenset()
    acting: tuple[tuple[int, frozenset[str]], ...] = ()

    def from_role(self, person: int, role: str, *, judges: bool) -> bool:
        """Whether the person may not act in the role; ``judges``: what is asked is a judgement of the text."""
        if judges and person in self.authors:
            return True
        others = next((roles for each, roles in self.acting if each == person), frozenset())
        return role in SEPARATE_ROLES and bool(others - {role})


def _cannot(session: Session, loaded: Loaded) -> _Barred:
    acting = heads.separate_roles(session, loaded.head.id, SEPARATE_ROLES)
    return _Barred(heads.editors(session, loaded.head.id), tuple(acting.items()))


def _named(wanted: _Wanted, able: dict[tuple[int, str], list[queries_people.RoleHolder]], barred: _Barred) -> NextStep:
    holders = [h for role in wanted.roles for h in able.get((wanted.organisation_id, role), ())]
    if wanted.is_task:
        holders = [h for h in holders if not barred.from_role(h.person_id, h.role, judges=wanted.judges)]
    if wanted.assignee is not None:
        holders = [h for h in holders if h.person_id == wanted.assignee] or holders
    first = [h for h in holders if h.role == holders[0].role] if holders else []
    post = first[0].post if first else ROLES.get(wanted.roles[0], wanted.roles[0])
    who = first[0].name if len({h.person_id for h in first}) == 1 else f"{post}, {wanted.organisation}"
    return NextStep(
        who,
        post,
        wanted.organisation,
        wanted.what,
        wanted.due_at,
        wanted.url,
        tuple(dict.fromkeys(h.person_id for h in holders)),
        wanted.required,
        wanted.key,
    )
