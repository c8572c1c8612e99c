"""The joint timetable: a day by which each stage is to end, that binds once every signing party has accepted it.

One rule: what binds is never moved by one side; a change names a reason and an owner, and every other party accepts it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from dsa.domain.errors import BadInput

OPEN, AGREED, REFUSED, REPLACED, WITHDRAWN = "open", "agreed", "refused", "replaced", "withdrawn"
FARTHEST = timedelta(days=5 * 366)
Dates = Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Days that a party proposes: the whole timetable, or (``change``) other days for some stages of one that binds.

    ``seq`` is the event that made it; ``party`` and ``accepted`` are party keys, the proposer among those who accept.
    ``code`` and ``owner`` (an organisation's code) say why a change is asked for and whose it is.
    """

    seq: int
    party: str
    dates: Dates
    change: bool
    code: str
    owner: str
    accepted: tuple[str, ...]
    status: str = OPEN
    settled_seq: int | None = None


@dataclass(frozen=True, slots=True)
class AgreedDay:
    """The day agreed for a stage, and the one that was agreed first; ``seq`` is the event since which it binds."""

    stage: str
    first_on: date
    agreed_on: date
    seq: int


@dataclass(slots=True)
class Timetable:
    """Every proposal, oldest first, and the days that bind, by stage."""

    proposals: list[Proposal] = field(default_factory=list)
    days: dict[str, AgreedDay] = field(default_factory=dict)

    @property
    def pending(self) -> Proposal | None:
        """The proposal that waits for an answer; there is one at most."""
        return next((each for each in self.proposals if each.status == OPEN), None)

    @property
    def binds(self) -> bool:
        """Whether every party has accepted a timetable."""
        return bool(self.days)

    def proposal(self, seq: int) -> Proposal | None:
        """The proposal that this event made, or None."""
        return next((each for each in self.proposals if each.seq == seq), None)


def apply(timetable: Timetable, body: Mapping[str, Any]) -> None:
    """What an event does to the timetable; nothing for an event of another kind."""
    kind, seq, facts = body["kind"], body["seq"], body["facts"]
    if kind in ("TimetableProposed", "TimetableChangeProposed"):
        _settle(timetable, timetable.pending, REPLACED, seq)
        timetable.proposals.append(_proposal(seq, facts, change=kind == "TimetableChangeProposed"))
        _bind(timetable, seq, seq, facts)
    elif kind in ("TimetableAccepted", "TimetableChangeAccepted"):
        known = timetable.proposal(facts["proposal"])
        if known is not None:
            _put(timetable, replace(known, accepted=(*known.accepted, facts["party"])))
            _bind(timetable, known.seq, seq, facts)
    elif kind == "TimetableChangeRefused":
        _settle(timetable, timetable.proposal(facts["proposal"]), REFUSED, seq)
    elif kind == "TimetableChangeWithdrawn":
        _settle(timetable, timetable.proposal(facts["proposal"]), WITHDRAWN, seq)


def _proposal(seq: int, facts: Mapping[str, Any], *, change: bool) -> Proposal:
    dates = {stage: date.fromisoformat(day) for stage, day in facts["dates"].items()}
    return Proposal(
        seq, facts["party"], dates, change, facts.get("code", ""), facts.get("owner", ""), (facts["party"],)
    )


def _put(timetable: Timetable, proposal: Proposal) -> None:
    place = next(n for n, each in enumerate(timetable.proposals) if each.seq == proposal.seq)
    timetable.proposals[place] = proposal


def _settle(timetable: Timetable, proposal: Proposal | None, status: str, seq: int) -> None:
    if proposal is not None:
        _put(timetable, replace(proposal, status=status, settled_seq=seq))


def _bind(timetable: Timetable, proposed: int, seq: int, facts: Mapping[str, Any]) -> None:
    if not facts["binds"]:
        return
    proposal = timetable.proposal(proposed)
    _settle(timetable, proposal, AGREED, seq)
    for stage, day in (proposal.dates if proposal is not None else {}).items():
        before = timetable.days.get(stage)
        timetable.days[stage] = AgreedDay(stage, before.first_on if before is not None else day, day, seq)


def demand_sound(
    dates: Dates,
    stages: Sequence[tuple[str, str]],
    *,
    standing: Dates,
    today: date,
    shut: Callable[[date], str],
) -> None:
    """Raise BadInput, naming the stage, where these days cannot be proposed.

    ``stages`` are (id, title) of those still to end, in order; ``standing`` the days that bind them and are not changed
    here. ``shut`` names a party whose office does not open on a day (empty: every one opens).
    """
    before: tuple[str, date] | None = None
    for stage, title in stages:
        day = dates.get(stage, standing.get(stage))
        if day is None:
            raise BadInput("Give a day for the stage “%(stage)s”.", stage=title)
        if stage in dates:
            _demand_possible(title, day, today, shut(day))
        if before is not None and day < before[1]:
            raise BadInput(
                "“%(stage)s” cannot end before “%(before)s”. Give it the same day or a later one.",
                stage=title,
                before=before[0],
            )
        before = (title, day)
    unknown = set(dates) - {stage for stage, _ in stages}
    if unknown:
        raise BadInput("This stage has ended, or the workflow does not have it: its day cannot be set.")


def _demand_possible(title: str, day: date, today: date, shut: str) -> None:
    if day < today:
        raise BadInput("The day for “%(stage)s” is in the past. Give today or a later one.", stage=title)
    if day - today > FARTHEST:
        raise BadInput("The day for “%(stage)s” is more than five years off. Give an earlier one.", stage=title)
    if shut:
        raise BadInput(
            "The day for “%(stage)s” is not a working day of %(party)s. Give another.", stage=title, party=shut
        )
