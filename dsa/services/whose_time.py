"""Whose time it was, and the two finish lines, for one agreement or for a page of them.

One rule: the record, the timeline and the lists say the same, because they all ask here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from dsa.domain.gates import why_a_board
from dsa.domain.machine import Flow
from dsa.domain.reasons import NOT_KNOWN
from dsa.persistence import queries_time as queries
from dsa.persistence import timetables
from dsa.services.context import Context
from dsa.services.finish_lines import FinishLine, finish_lines
from dsa.services.owned_time import OwnedTime
from dsa.services.way_ahead import FIRST_DATA, Coming, stages_to_come
from dsa.timekeeping import ledger
from dsa.timekeeping.attribution import Attribution
from dsa.timekeeping.calendar import Pause, WorkingCalendar
from dsa.timekeeping.ledger import Holder, Spell
from dsa.timekeeping.parallel import Piece

MINUTES_A_DAY = 8 * 60
NOT_KNOWN_WORDS = "not known (before it was followed here)"
_LONDON = ZoneInfo("Europe/London")
_POWERS = "legal_power"  # the section whose answers say whether a board has to decide


@dataclass(frozen=True, slots=True)
class Figures:
    """The three figures, in working days of eight hours: the total, what organisations worked, what was waited for.

    They end at the first data. ``by_owner``, ``at_work`` and ``waiting_on`` split them by whom (names): they add up to
    the total, to ``owned`` and to ``waited``. ``not_known`` is the time before it was followed here, which is neither:
    with it the two make up the total.
    """

    elapsed: float
    owned: float
    waited: float
    not_known: float
    by_owner: tuple[tuple[str, float], ...]
    at_work: tuple[tuple[str, float], ...]
    waiting_on: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class HoldNow:
    """A hold in force: who is awaited (a name), until when (UTC); ``overrun`` once that day has passed."""

    awaited: str
    until: datetime
    overrun: bool


@dataclass(frozen=True, slots=True)
class Times:
    """Where the time of one agreement went. ``pieces`` point into ``spells``, the rows of its ledger.

    ``paths`` gives the critical path of each stay by the place of the event that entered it. ``ahead`` are the stages
    to come, ``finish`` the signature and the first data. ``counted_until`` is where the figures end: the first data,
    the end of the agreement, or now. ``since_known``: whether it is known since when the present stay lasts.
    """

    spells: Sequence[Any]
    pieces: tuple[Piece, ...]
    paths: Mapping[int, Attribution]
    names: Mapping[str, str]
    figures: Figures
    ahead: tuple[Coming, ...]
    finish: tuple[FinishLine, FinishLine]
    hold: HoldNow | None
    counted_until: datetime
    calendar_of: Callable[[Holder], WorkingCalendar]
    since_known: bool

    def minutes(self, piece: Piece, *, now: datetime) -> int:
        """Working minutes of a stretch on the calendar of whoever had it."""
        return self.calendar_of(piece.holder).working_minutes(piece.started_at, piece.ended_at or now)


def began(first_contact_on: date | None, created_at: datetime) -> datetime:
    """When the clock of an agreement started: 9am of the first contact as evidenced, else the first save (UTC)."""
    if first_contact_on is None:
        return created_at
    return opening_of(first_contact_on)


def opening_of(day: date) -> datetime:
    """9am of a day in London, in UTC: the moment that a date without a time stands for."""
    return datetime.combine(day, time(9), _LONDON).astimezone(UTC)


def times_of(ctx: Context, session: Session, heads: Sequence[Any], *, now: datetime) -> dict[int, Times]:
    """The times of these agreements (rows of ``agreements``) at ``now``, by id."""
    ids = [head.id for head in heads]
    if not ids:
        return {}
    asked = {
        "spells": queries.spells(session, ids),
        "stays": queries.stays(session, ids),
        "tasks": queries.tasks(session, ids),
        "questions": queries.questions(session, ids),
        "holds": queries.holds(session, ids),
        "parties": queries.parties(session, ids),
    }
    powers = queries.answers(session, ids, _POWERS)
    agreed = timetables.days_of(session, ids)
    found = {}
    for head in heads:
        rows = {name: of.get(head.id, []) for name, of in asked.items()}
        board = bool(why_a_board(powers.get(head.id, {})))
        flow = ctx.definitions.flow(session, head.workflow_id, head.workflow_version)
        found[head.id] = _One(
            ctx, session, head, flow, rows, max(now, head.updated_at), board, agreed.get(head.id, {})
        ).times()
    return found


class _One:
    """Measures one agreement from its rows."""

    def __init__(
        self, ctx: Context, session: Session, head: Any, flow: Flow, rows: Mapping[str, list[Any]], now: datetime,
        board: bool, agreed: Mapping[str, date],
    ) -> None:  # fmt: skip
        self.ctx, self.session, self.head, self.flow, self.rows, self.agreed = ctx, session, head, flow, rows, agreed
        self.board = board or any(stay.stage == "board" for stay in rows["stays"])
        self.end: datetime = head.finished_at or now
        self.parties = {party.code: party for party in rows["parties"]}
        self.lead = next(party for party in rows["parties"] if party.is_lead)
        self.calendar = ctx.calendars.of(session, self.lead.organisation_id, self.lead.nation)
        self.names = {code: party.name for code, party in self.parties.items()} | {NOT_KNOWN: NOT_KNOWN_WORDS}

    def times(self) -> Times:
        """Everything about the time of this agreement."""
        owned = OwnedTime(
            self.flow, self.head.route, self.rows["spells"], self.rows["stays"], self.rows["tasks"],
            self.rows["questions"], self.rows["holds"], self.lead.code, self.names, self.end, self.calendar_of,
        )  # fmt: skip
        pieces = owned.pieces()
        known = {seq: path for seq, path in owned.paths.items() if path is not None}
        crossed = next((stay.entered_at for stay in self.rows["stays"] if stay.stage == FIRST_DATA), self.end)
        until = min(crossed, self.end)
        start = began(self.head.first_contact_on, self.head.created_at)
        ahead = stages_to_come(
            self.flow, self.head, self.rows["stays"], self._pauses(), self.calendar, now=self.end, board=self.board
        )
        finish = finish_lines(
            self.flow,
            self.head,
            self.rows["stays"],
            ahead,
            self.calendar,
            start=start,
            now=self.end,
            board=self.board,
            agreed=self.agreed,
        )
        figures = self._figures(pieces, until)
        return Times(
            owned.spells, pieces, known, self.names, figures, ahead, finish, self._hold(), until, self.calendar_of,
            self._since_known(),
        )  # fmt: skip

    def calendar_of(self, holder: Holder) -> WorkingCalendar:
        """The working calendar of a holder; the lead's for a body outside."""
        party = None if holder.outside else self.parties.get(holder.owner)
        if party is None:
            return self.calendar
        return self.ctx.calendars.of(self.session, party.organisation_id, party.nation)

    # Holds

    def _pauses(self) -> list[Pause]:
        """The holds; one in force lasts until the day that it names, at least."""
        return [(hold.started_at, hold.ended_at or max(hold.until, self.end)) for hold in self.rows["holds"]]

    def _hold(self) -> HoldNow | None:
        hold = next((h for h in reversed(self.rows["holds"]) if h.ended_at is None), None)
        if hold is None:
            return None
        return HoldNow(self.names.get(hold.awaited, hold.awaited), hold.until, hold.until < self.end)

    def _since_known(self) -> bool:
        """False where whoever has it had it before anybody here knew since when: the first stay of a followed one."""
        here = self.rows["stays"][-1:]
        return all(stay.since_known or stay.entered_at != self.head.holder_since for stay in here)

    # The figures

    def _figures(self, pieces: tuple[Piece, ...], until: datetime) -> Figures:
        spells = tuple(Spell(piece.holder, piece.started_at, piece.ended_at) for piece in pieces)
        sums = ledger.totals(spells, now=until, calendar_of=self.calendar_of)
        at_work = {
            owner: ledger.Amount(of.working - waited.working, of.calendar - waited.calendar)
            for owner, of in sums.by_owner.items()
            if owner != NOT_KNOWN and (waited := sums.waiting_on.get(owner, ledger.Amount(0, 0))) != of
        }
        return Figures(
            sums.elapsed.working / MINUTES_A_DAY,
            sums.owned.working / MINUTES_A_DAY,
            sums.waited.working / MINUTES_A_DAY,
            sums.not_known.working / MINUTES_A_DAY,
            self._split(sums.by_owner),
            self._split(at_work),
            self._split(sums.waiting_on),
        )

    def _split(self, amounts: Mapping[str, ledger.Amount]) -> tuple[tuple[str, float], ...]:
        rows = [(self.names.get(name, name), amount.working / MINUTES_A_DAY) for name, amount in amounts.items()]
        return tuple(sorted(rows, key=lambda row: (-row[1], row[0])))
