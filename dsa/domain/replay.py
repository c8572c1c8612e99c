"""Rebuilding an agreement from its events: stage, round, version, holder, tasks, ledger, stays in stages, timetable.

One rule: only the events' bodies are read. Nothing is worked out again: no calendar, no workflow, no permission.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from dsa.domain import timetable
from dsa.domain.events import BACKDATED, FREEZES, NO_MOVEMENT, REPORTED
from dsa.domain.reasons import BEFORE, NOT_KNOWN
from dsa.domain.timetable import Timetable


@dataclass(frozen=True, slots=True)
class ReplayedTask:
    """A task as the events leave it. Minutes are working minutes of the calendar of whoever had it."""

    key: str
    rule: str
    kind: str
    required: bool
    stage: str
    round: int
    party: str | None
    organisation: str
    role: str
    status: str
    outcome: str | None
    opened_seq: int
    opened_at: datetime
    target_days: int | None
    due_at: datetime | None
    calendar_version: str
    done_seq: int | None = None
    done_at: datetime | None = None
    working_minutes: int | None = None

    @property
    def place(self) -> tuple[str, str, int]:
        """What makes the task one: its key, stage and round."""
        return (self.key, self.stage, self.round)


@dataclass(frozen=True, slots=True)
class ReplayedSpell:
    """A spell of the ledger, those of no length included."""

    owner: str
    outside: bool
    stage: str
    role: str
    reason: str
    started_seq: int
    started_at: datetime
    ended_seq: int | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReplayedStay:
    """One stay in one stage, with its target and due moment."""

    stage: str
    round: int
    entered_seq: int
    entered_at: datetime
    target_days: int | None
    due_at: datetime | None
    calendar_version: str
    left_at: datetime | None = None
    working_minutes: int | None = None
    since_known: bool = True


@dataclass(slots=True)
class Replayed:
    """An agreement as its events leave it. ``versions`` counts the texts that were frozen."""

    seq: int = 0
    version: int = 0
    stage: str = ""
    round: int = 0
    on_hold: bool = False
    holder: tuple[str, str, str] | None = None
    updated_at: datetime | None = None
    moved_at: datetime | None = None
    finished_at: datetime | None = None
    versions: int = 0
    tasks: list[ReplayedTask] = field(default_factory=list)
    spells: list[ReplayedSpell] = field(default_factory=list)
    stays: list[ReplayedStay] = field(default_factory=list)
    timetable: Timetable = field(default_factory=Timetable)


def replay(bodies: Iterable[Mapping[str, Any]]) -> Replayed:
    """The state that these event bodies lead to, from the first event on, in order."""
    state = Replayed()
    for body in bodies:
        _apply(state, body)
    return state


def _apply(state: Replayed, body: Mapping[str, Any]) -> None:
    state.seq, state.version = body["seq"], body["version"]
    state.updated_at = _instant(body["recorded_at"])
    if body["kind"] not in NO_MOVEMENT:
        # what was reported moved when it is reported to have moved
        state.moved_at = _instant(body["happened_at"]) if body["kind"] in REPORTED else state.updated_at
    if body["kind"] in FREEZES and "version" in body["facts"]:
        state.versions = body["facts"]["version"]
    timetable.apply(state.timetable, body)
    effects = body["effects"]
    if effects is None:
        return
    # time counts from the first contact, evidenced or reported; every later step takes effect when it is recorded
    at = _instant(body["happened_at"] if body["kind"] in BACKDATED else body["recorded_at"])
    _close_tasks(state, effects, at)
    for opened in effects["opened"]:
        _open_task(state, opened, at)
    if effects["entered"] is not None:
        _enter(state, effects, at)
    for moved in effects.get("moved", ()):
        _move_due(state, moved)
    if effects["handed"]:
        _hand_over(state, effects["holder"], at)
    state.stage, state.round, state.on_hold = effects["stage"], effects["round"], effects["on_hold"]


def _close_tasks(state: Replayed, effects: Mapping[str, Any], at: datetime) -> None:
    closing = dict.fromkeys(effects["lapsed"], ("lapsed", None))
    if effects["closed"] is not None:
        key, outcome = effects["closed"]
        closing[key] = ("done", outcome)
    for key, (status, outcome) in closing.items():
        place = next(n for n, task in enumerate(state.tasks) if task.key == key and task.status == "open")
        state.tasks[place] = replace(
            state.tasks[place],
            status=status,
            outcome=outcome,
            done_seq=state.seq,
            done_at=at,
            working_minutes=effects["minutes"][key],
        )


def _open_task(state: Replayed, opened: Mapping[str, Any], at: datetime) -> None:
    stands = opened["status"] == "standing"
    task = ReplayedTask(
        key=opened["key"],
        rule=opened["rule"],
        kind=opened["kind"],
        required=opened["required"],
        stage=opened["stage"],
        round=opened["round"],
        party=opened["party"],
        organisation=opened["organisation"],
        role=opened["role"],
        status=opened["status"],
        outcome="standing" if stands else None,
        opened_seq=state.seq,
        opened_at=at,
        target_days=opened["target_days"],
        due_at=_instant(opened["due_at"]),
        calendar_version=opened["calendar_version"],
        done_seq=state.seq if stands else None,
        done_at=at if stands else None,
        working_minutes=0 if stands else None,
    )
    for number, known in enumerate(state.tasks):
        if known.place == task.place:
            state.tasks[number] = task
            return
    state.tasks.append(task)


def _enter(state: Replayed, effects: Mapping[str, Any], at: datetime) -> None:
    if state.stays:
        state.stays[-1] = replace(state.stays[-1], left_at=at, working_minutes=effects["left_minutes"])
    due, ends = effects["entered"], effects["holder"] is None
    state.stays.append(
        ReplayedStay(
            stage=effects["stage"],
            round=effects["round"],
            entered_seq=state.seq,
            entered_at=at,
            target_days=due["target_days"],
            due_at=None if due["due_at"] is None else _instant(due["due_at"]),
            calendar_version=due["calendar_version"],
            left_at=at if ends else None,
            working_minutes=0 if ends else None,
            since_known=due.get("since_known", True),
        )
    )
    if ends:
        state.finished_at = at


def _move_due(state: Replayed, moved: Mapping[str, Any]) -> None:
    """Move the due moment of an open task, or of the stay in the stage where no task is named."""
    due: dict[str, Any] = {"due_at": _instant(moved["due_at"]), "calendar_version": moved["calendar_version"]}
    if not moved["key"]:
        state.stays[-1] = replace(state.stays[-1], **due)
        return
    place = (moved["key"], moved["stage"], moved["round"])
    number = next(n for n, task in enumerate(state.tasks) if task.place == place)
    state.tasks[number] = replace(state.tasks[number], **due)


def _hand_over(state: Replayed, holder: Mapping[str, Any] | None, at: datetime) -> None:
    if state.spells:
        state.spells[-1] = replace(state.spells[-1], ended_at=at, ended_seq=state.seq)
    if holder is None:
        state.holder = None
        return
    state.holder = (holder["owner"], holder["role"], holder["reason"])
    spell = ReplayedSpell(**holder, started_seq=state.seq, started_at=at)
    # events of before say that the lead had it then, which nobody knew
    state.spells.append(replace(spell, owner=NOT_KNOWN) if spell.reason == BEFORE else spell)


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
