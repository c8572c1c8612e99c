"""What one agreement adds to the figures. One rule: it is worked out from the agreement's own rows alone, so that it
can be taken back and added again, and all of it made anew.

Topics of the tallies (``n``, ``amount``): stay: a stay in stage ``name`` that lasted ``span`` working days (1, is it
late); stage: the agreement passed it (1, was it ever late); open: it is under way in stage ``name`` since day ``span``,
on the calendar of the nation ``detail`` (1); these three with the month in which the agreement was started in the place
of the ``week``; owner, reason: who had it and why until it was in use, along the critical path (1, working
minutes); owner_now, reason_now: the stretch that lasts still (1, working minutes before its start, from the first day
of the calendar), by nation in ``detail``; done, waiting: tasks of organisation ``name`` and role ``detail``;
flow: started, signed and settled by week; through: came through review (1, without a return); return: asked for a
change of question ``name`` for reason ``detail`` (1, requests); worth: under way before its first use, with a ``name``
(known or unknown) benefit (1, pounds a month).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

from dsa.domain.machine import Flow
from dsa.persistence.figures import NOBODY_KNOWS, Facts
from dsa.persistence.queries_time import waited_for
from dsa.persistence.visibility import PRIVATE_STAGE
from dsa.services.owned_time import OwnedTime
from dsa.services.stage_counts import OPEN, PASSED, STAY
from dsa.services.way_ahead import FIRST_DATA
from dsa.timekeeping.calendar import WorkingCalendar, calendar_for
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.ledger import Holder
from dsa.timekeeping.months import month_of
from dsa.timekeeping.nations import FIRST_DAY
from dsa.timekeeping.weeks import LONDON, week_of

ALL = 0  # the scope of those who may see every agreement
LASTING = "in_use"  # the reason of a stage that lasts by its nature: nobody waits for its end
AFTER_USE = frozenset({LASTING, "renewing", "disposing"})
AT_SIGNATURE = frozenset({"sealing", "preparing"}) | AFTER_USE  # from these on it is signed
THROUGH = frozenset({"locking", "board", "signing", "sealing", "preparing", LASTING})
VALUE = ("purpose", "monthly_benefit")  # section and question: the benefit in pounds a month
_DAY_MINUTES = 480


class Key(NamedTuple):
    """Which tally of a scope."""

    topic: str
    week: int = 0
    name: str = ""
    detail: str = ""
    span: int = 0
    workflow: str = ""
    route: str = ""


@dataclass
class Part:
    """What an agreement adds: in which scopes, to which tallies, stays by (stage, week, working days), open work.

    ``day`` (ordinal): that of the counting, where a later one may come out otherwise though nothing happens.
    """

    scopes: tuple[int, ...] = ()
    tallies: dict[Key, list[int]] = field(default_factory=dict)
    weeks: list[tuple[str, int, int]] = field(default_factory=list)
    open: dict[str, Any] | None = None
    day: int | None = None

    def add(self, key: Key, n: int = 1, amount: int = 0) -> None:
        """Count."""
        here = self.tallies.setdefault(key, [0, 0])
        here[0] += n
        here[1] += amount

    def owned(self) -> list[tuple[str, str]]:
        """Who had it before its first use, and why, each once: (owner or reason, name)."""
        return [(key.topic, key.name) for key in self.tallies if key.topic in ("owner", "reason")]

    def text(self) -> str:
        """As it is kept."""
        kept: dict[str, Any] = {"s": self.scopes, "t": [[*key, *value] for key, value in sorted(self.tallies.items())]}
        kept |= {"w": sorted(self.weeks), "o": self.open["stage"] if self.open else None}
        kept |= {"d": self.day} if self.day else {}
        return json.dumps(kept, separators=(",", ":"), ensure_ascii=False)


def kept_part(text: str | None) -> Part:
    """A part as it was kept; empty for none. Of the open work it knows the stage only."""
    if text is None:
        return Part()
    kept = json.loads(text)
    tallies = {Key(*row[:-2]): [row[-2], row[-1]] for row in kept["t"]}
    still = {"stage": kept["o"]} if kept["o"] else None
    weeks = [(week[0], week[1], week[2]) for week in kept["w"]]
    return Part(tuple(kept["s"]), tallies, weeks, still, kept.get("d"))


@dataclass(frozen=True, slots=True)
class Counting:
    """What counting needs beside the facts: the machine, calendars by organisation id, organisations, the day.

    ``day`` (London): of tasks and holds that last, whose the time is depends on what is overdue as it begins.
    """

    flow: Flow
    calendar_of: Callable[[int, str], WorkingCalendar]
    bodies: Mapping[int, tuple[str, str]]
    ids: Mapping[str, int]
    day: date


def part_of(facts: Facts, given: Counting) -> Part:
    """Everything that the agreement adds."""
    head = facts.head
    theirs = {p.organisation_id for p in facts.parties if p.left_at is None} if head.stage != PRIVATE_STAGE else set()
    part = Part((ALL, *sorted(theirs | {head.lead_organisation_id})))
    calendar = given.calendar_of(head.lead_organisation_id, head.nation)
    _stays(part, facts, given, calendar)
    _owned(part, facts, given, calendar)
    _tasks(part, facts, given)
    _flow(part, facts, given)
    _returns(part, facts)
    part.open = _open(facts, given)
    if part.open is not None:
        since = part.open["entered_on"]
        part.add(Key(OPEN, _month(facts), head.stage, head.nation, since, head.workflow_id, head.route))
    if part.open is not None and _reason(given, head.stage) not in AFTER_USE:
        value = part.open["monthly_value"]
        part.add(Key("worth", 0, "unknown" if value is None else "known", route=head.route), 1, value or 0)
    return part


def _reason(given: Counting, stage: str) -> str:
    found = given.flow.stages.get(stage)
    return found.reason if found is not None else ""


def _final(given: Counting, stage: str) -> bool:
    found = given.flow.stages.get(stage)
    return found is not None and found.final


def _week(at: datetime) -> int:
    return week_of(local_day(at))


def _month(facts: Facts) -> int:
    return month_of(local_day(facts.head.created_at))


def _stays(part: Part, facts: Facts, given: Counting, calendar: WorkingCalendar) -> None:
    workflow, route = facts.head.workflow_id, facts.head.route
    month = _month(facts)
    passed: dict[str, int] = {}
    for stay in facts.stays:
        if stay.left_at is None or _final(given, stay.stage) or _reason(given, stay.stage) == LASTING:
            continue
        if not stay.since_known:
            continue  # how long it lasted is not known either
        late = int(stay.due_at is not None and stay.left_at > stay.due_at)
        days = calendar.elapsed_days(stay.entered_at, stay.left_at)
        part.add(Key(STAY, month, stay.stage, "", days, workflow, route), 1, late)
        part.weeks.append((stay.stage, _week(stay.left_at), days))
        passed[stay.stage] = max(late, passed.get(stay.stage, 0))
    for stage, late in passed.items():
        part.add(Key(PASSED, month, stage, "", 0, workflow, route), 1, late)


def _owned(part: Part, facts: Facts, given: Counting, lead: WorkingCalendar) -> None:
    """The stretches before the first use, by the same path as the record's; one that lasts goes on from its start."""
    head, seen = facts.head, set()

    def calendar_of(holder: Holder) -> WorkingCalendar:
        owner_id = _owner_id(holder, given)
        return lead if owner_id is None else given.calendar_of(owner_id, given.bodies[owner_id][1])

    owned = OwnedTime(
        given.flow, head.route, facts.spells, facts.stays, waited_for(facts.tasks), facts.questions, facts.holds,
        given.bodies[head.lead_organisation_id][0], {}, head.finished_at or _as_at(facts, given.day), calendar_of,
    )  # fmt: skip
    part.day = given.day.toordinal() if owned.changes_by_itself and head.finished_at is None else None
    used = next((stay.entered_at for stay in facts.stays if stay.stage == FIRST_DATA), None)
    for holder, started, ended in ((piece.holder, piece.started_at, piece.ended_at) for piece in owned.pieces()):
        if used is not None and started >= used:
            continue
        owner_id = _owner_id(holder, given)
        nation = head.nation if owner_id is None else given.bodies[owner_id][1]
        minutes = 0 if ended is None else calendar_of(holder).working_minutes(started, ended)
        for topic, name in (("owner", holder.owner), ("reason", holder.reason)):
            first = (topic, name) not in seen
            seen.add((topic, name))
            part.add(Key(topic, 0, name, "", 0, "", head.route), int(first), minutes)
            if ended is None:
                before = minutes_before(nation, started)
                part.add(Key(f"{topic}_now", 0, name, nation, 0, "", head.route), 1, before)


def _owner_id(holder: Holder, given: Counting) -> int | None:
    return None if holder.outside else given.ids.get(holder.owner)


def _as_at(facts: Facts, day: date) -> datetime:
    """The beginning of the day in London, or a minute past what happened last, where that is later."""
    beside = ((task.opened_at, task.done_at) for task in facts.tasks)
    asked = ((one.asked_at, one.answered_at) for one in facts.questions)
    held = ((hold.started_at, hold.ended_at) for hold in facts.holds)
    happened = [at for each in (*beside, *asked, *held) for at in each if at is not None]
    happened += [spell.started_at for spell in facts.spells]
    begins = datetime.combine(day, time(), LONDON)
    return max(begins, max(happened, default=begins) + timedelta(minutes=1))


def minutes_before(nation: str, at: datetime) -> int:
    """Working minutes of a nation's calendar before an instant: of two such figures the difference is what passed."""
    return calendar_for(nation).working_minutes(_beginning(), at)


def _beginning() -> datetime:
    return datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=LONDON)


def _tasks(part: Part, facts: Facts, given: Counting) -> None:
    for task in facts.tasks:
        code = given.bodies[task.organisation_id][0]
        if task.status == "open" and task.done_at is None:
            part.add(Key("waiting", 0, code, task.role))
        elif task.status == "done" and task.done_at is not None:
            part.add(Key("done", _week(task.done_at), code, task.role))


def _flow(part: Part, facts: Facts, given: Counting) -> None:
    """Started, signed, and settled (in use, or over), in the week in which each happened first; through review.

    One that is followed may be reported past its signature: it was signed when it first stood there, if that is known.
    """
    head = facts.head
    part.add(Key("flow", _week(head.created_at), "started", route=head.route))
    signed = settled = through = None
    for stay in facts.stays:
        reason = _reason(given, stay.stage)
        if reason in AT_SIGNATURE and signed is None:
            signed = stay
        if (reason == LASTING or _final(given, stay.stage)) and settled is None:
            settled = stay.entered_at
        if reason in THROUGH and not _final(given, stay.stage) and through is None:
            through = stay
    signed_at = signed.entered_at if signed is not None and signed.since_known else None
    for name, at in (("signed", signed_at), ("settled", settled)):
        if at is not None:
            part.add(Key("flow", _week(at), name, route=head.route))
    if through is not None:
        part.add(Key("through", _week(through.entered_at), route=head.route), 1, int(through.round == 1))


def _returns(part: Part, facts: Facts) -> None:
    seen = set()
    for request in facts.requests:
        question, code = request.question or request.section, request.reason_code
        for name, detail in ((question, code), (question, ""), ("", code)):
            first = (name, detail) not in seen
            seen.add((name, detail))
            part.add(Key("return", 0, name, detail, route=facts.head.route), int(first), 1)


def _open(facts: Facts, given: Counting) -> dict[str, Any] | None:
    """The row of an agreement that is under way: not in use yet (or again under review), and not over."""
    head = facts.head
    if head.finished_at is not None or _reason(given, head.stage) == LASTING or _final(given, head.stage):
        return None
    seen = all(stay.since_known for stay in facts.stays[-1:])
    value, remaining = _value(facts.answers), _targets_left(given.flow, head.stage, head.route)
    before_use = _reason(given, head.stage) not in AFTER_USE
    unsigned = _reason(given, head.stage) not in AT_SIGNATURE
    pressure = pressure_of(value, remaining) if value is not None and unsigned else None
    return {
        "agreement_id": head.id,
        "stage": head.stage,
        "workflow": head.workflow_id,
        "route": head.route,
        "nation": head.nation,
        "entered_at": head.stage_entered_at if seen else NOBODY_KNOWS,
        "entered_on": local_day(head.stage_entered_at).toordinal() if seen else 0,
        "started": _month(facts),
        "due_at": head.stage_due_at,
        "monthly_value": value if before_use else None,
        "remaining": remaining,
        "pressure": pressure,
        "forecast": False,
    }


def pressure_of(value: int, remaining: int) -> float:
    """Pounds a month for each working day that remains, of which there is at least one."""
    return value / max(remaining, 1)


def _value(answers: Mapping[str, Any]) -> int | None:
    """The benefit a month, None where nobody has said: that is not the same as nothing."""
    said = answers.get(VALUE[1])
    return int(said) if isinstance(said, int | float) and not isinstance(said, bool) else None


def _targets_left(flow: Flow, stage: str, route: str) -> int:
    """The targets of this stage and of those after it, up to the last signature, in working days."""
    stages = flow.workflow.stages
    here = next((place for place, each in enumerate(stages) if each.id == stage), 0)
    total = 0
    for each in stages[here:]:
        if each.reason in AT_SIGNATURE or each.final:
            break
        if each.id == stage or each.reason != "board":
            total += each.targets.get(route, 0)
    return total


def days_of(minutes: int) -> float:
    """Working days of eight hours."""
    return minutes / _DAY_MINUTES
