"""Who has it: the spells of an agreement, one holder each, from its start to its end.

One rule: every minute of an agreement has exactly one holder. ``hand_over`` is the only way to write a spell, so there
can be neither gap nor overlap; ``problems`` says so of spells that came from elsewhere; ``totals`` adds up exactly.
"""

from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple, TypeVar

from dsa.domain.errors import Refused
from dsa.domain.reasons import BEFORE, NOT_KNOWN, is_delay
from dsa.timekeeping.calendar import WorkingCalendar
from dsa.timekeeping.instants import clock_minute

# Names that would hide who it really is: time is always somebody's.
NOBODY = frozenset({"", "system", "unknown", "none", "nobody", "n/a"})


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has it and why.

    ``owner``: code of an organisation of the agreement, or the name of a body outside it (then ``outside``), or
    ``NOT_KNOWN`` for the time before it was followed here. ``reason``: a code of ``dsa.domain.reasons``.
    """

    owner: str
    outside: bool
    stage: str
    role: str
    reason: str

    @property
    def waiting(self) -> bool:
        """Whether this time is waiting (for a body outside, or for a delay to end) rather than work."""
        return self.outside or is_delay(self.reason)

    @property
    def not_known(self) -> bool:
        """Whether this is the time before the agreement was followed here: neither work nor waiting, nobody's sum."""
        return self.reason == BEFORE


@dataclass(frozen=True, slots=True)
class Spell:
    """A holder from one instant to another (UTC); ``ended_at`` is None while it lasts."""

    holder: Holder
    started_at: datetime
    ended_at: datetime | None


K = TypeVar("K")


class LedgerEnded(Refused):
    """The agreement is over: nobody can be given it any more."""

    def __init__(self, ended_at: datetime) -> None:
        super().__init__(
            "This agreement ended at %(ended_at)s, so nobody can be given it. Start a new one instead.",
            ended_at=_stamp(ended_at),
        )


def hand_over(spells: tuple[Spell, ...], *, to: Holder | None, at: datetime) -> tuple[Spell, ...]:
    """The spells after the agreement passes to ``to`` at ``at`` (UTC); ``to`` None ends the ledger.

    Closes the open spell and opens the next; only the last spell is replaced or dropped, and at most one is added.
    Nothing changes where the holder stays the same, or where an ended ledger is ended again. An ``at`` before the open
    spell's start becomes that start; a spell of no length is dropped. Raises LedgerEnded where the ledger has ended.
    """
    if at.tzinfo is None:
        raise TypeError("an instant must carry its time zone")
    at = at.astimezone(UTC)
    if not spells:
        return () if to is None else (Spell(to, at, None),)
    last = spells[-1]
    if last.ended_at is not None:
        if to is None:
            return spells
        raise LedgerEnded(last.ended_at)
    if last.holder == to:
        return spells
    at = max(at, last.started_at)
    before = spells[:-1] if at == last.started_at else (*spells[:-1], replace(last, ended_at=at))
    return before if to is None else (*before, Spell(to, at, None))


def problems(spells: tuple[Spell, ...], *, owners: Set[str], outside: Set[str], reasons: Set[str]) -> list[str]:
    """What is wrong with these spells, a sentence each; empty where every minute has one known holder and reason.

    ``owners``: codes of the organisations of the agreement; ``outside``: bodies named beside them; ``reasons``: codes.
    """
    found: list[str] = []
    for number, spell in enumerate(spells, 1):
        found += _time_problems(number, spell, last=number == len(spells))
        found += _holder_problems(number, spell.holder, owners, outside, reasons)
    for number, (spell, following) in enumerate(pairwise(spells), 1):
        if spell.ended_at is None:
            continue  # said above
        if following.started_at > spell.ended_at:
            found.append(
                f"Nobody has it from {_stamp(spell.ended_at)} to {_stamp(following.started_at)}, "
                f"between spell {number} and spell {number + 1}."
            )
        elif following.started_at < spell.ended_at:
            found.append(
                f"Spell {number + 1} begins at {_stamp(following.started_at)}, before spell {number} ends "
                f"at {_stamp(spell.ended_at)}: two have it at once."
            )
    return found


def _time_problems(number: int, spell: Spell, *, last: bool) -> list[str]:
    if spell.ended_at is None:
        return [] if last else [f"Spell {number} has no end, though another follows it."]
    if spell.ended_at < spell.started_at:
        return [f"Spell {number} ends at {_stamp(spell.ended_at)}, before it begins at {_stamp(spell.started_at)}."]
    if spell.ended_at == spell.started_at:
        return [f"Spell {number} at {_stamp(spell.started_at)} has no length."]
    return []


def _holder_problems(number: int, holder: Holder, owners: Set[str], outside: Set[str], reasons: Set[str]) -> list[str]:
    found = []
    if holder.owner.strip().lower() in NOBODY:
        found.append(f"Spell {number} belongs to “{holder.owner}”, which is nobody: name the organisation that has it.")
    elif holder.outside and holder.owner not in outside:
        found.append(f"Spell {number} belongs to “{holder.owner}”, which is not a named outside body.")
    elif not holder.outside and holder.owner not in owners and holder.owner != NOT_KNOWN:
        found.append(f"Spell {number} belongs to “{holder.owner}”, which is not an organisation of this agreement.")
    if holder.not_known != (holder.owner == NOT_KNOWN):
        found.append(
            f"Spell {number} belongs to “{holder.owner}” for the reason “{holder.reason}”: nobody is known before it "
            "was followed here, and only then."
        )
    if holder.reason not in reasons:
        found.append(f"Spell {number} gives the reason “{holder.reason}”, which is not on the list.")
    return found


class Amount(NamedTuple):
    """Time in working minutes of the holder's own calendar, and in minutes of the clock."""

    working: int
    calendar: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Where the time went. The amounts of each mapping add up to ``elapsed`` exactly; so do ``owned``, ``waited`` and
    ``not_known``.

    elapsed: from the first spell to the end, or to now; it never stops, holds and pauses included.
    owned: time in which an organisation of the agreement was at work. waited: for a body outside or a delay to end.
    not_known: before it was followed here.
    ``waiting`` splits ``waited`` by reason and ``waiting_on`` by whom, so these two add up to ``waited``.
    """

    elapsed: Amount
    owned: Amount
    waited: Amount
    not_known: Amount
    by_owner: Mapping[str, Amount]
    by_reason: Mapping[str, Amount]
    by_stage: Mapping[str, Amount]
    by_stage_and_owner: Mapping[tuple[str, str], Amount]
    waiting: Mapping[str, Amount]
    waiting_on: Mapping[str, Amount]


def totals(spells: tuple[Spell, ...], *, now: datetime, calendar_of: Callable[[Holder], WorkingCalendar]) -> Totals:
    """Add up the spells as they stood at ``now`` (UTC), each on the working calendar of its holder.

    Minutes are those of the clock (seconds are cut off each instant), so that spells which meet add up exactly.
    Spells must be free of ``problems``.
    """
    measured = [(spell.holder, _amount(spell, now, calendar_of)) for spell in spells if spell.started_at < now]
    waits = [(holder, amount) for holder, amount in measured if holder.waiting]
    return Totals(
        elapsed=_sum(amount for _, amount in measured),
        owned=_sum(amount for holder, amount in measured if not holder.waiting and not holder.not_known),
        waited=_sum(amount for _, amount in waits),
        not_known=_sum(amount for holder, amount in measured if holder.not_known),
        by_owner=_grouped(measured, lambda holder: holder.owner),
        by_reason=_grouped(measured, lambda holder: holder.reason),
        by_stage=_grouped(measured, lambda holder: holder.stage),
        by_stage_and_owner=_grouped(measured, lambda holder: (holder.stage, holder.owner)),
        waiting=_grouped(waits, lambda holder: holder.reason),
        waiting_on=_grouped(waits, lambda holder: holder.owner),
    )


def current(spells: tuple[Spell, ...]) -> Spell | None:
    """The spell that lasts still: who has it now. None before the start and after the end."""
    return spells[-1] if spells and spells[-1].ended_at is None else None


def _amount(spell: Spell, now: datetime, calendar_of: Callable[[Holder], WorkingCalendar]) -> Amount:
    end = now if spell.ended_at is None else min(spell.ended_at, now)
    return Amount(
        calendar_of(spell.holder).working_minutes(spell.started_at, end),
        clock_minute(end) - clock_minute(spell.started_at),
    )


def _sum(amounts: Iterable[Amount]) -> Amount:
    working = calendar = 0
    for amount in amounts:
        working += amount.working
        calendar += amount.calendar
    return Amount(working, calendar)


def _grouped(measured: Iterable[tuple[Holder, Amount]], key: Callable[[Holder], K]) -> dict[K, Amount]:
    grouped: dict[K, Amount] = {}
    for holder, amount in measured:
        name = key(holder)
        so_far = grouped.get(name, Amount(0, 0))
        grouped[name] = Amount(so_far.working + amount.working, so_far.calendar + amount.calendar)
    return grouped


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at.second else f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
