"""The pages of an import: the sheet's columns, what must still be said, what will be taken in, and the baseline.

One rule: nothing on these pages is estimated from the finished ones alone: what is open is counted.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import NotFound
from dsa.domain.reported import EACH, FIELDS, HOLDER, HOW, Case, Left, Reading, TwoWays, Unsaid, Word, far_years
from dsa.domain.tracking import reported_stages
from dsa.insight.survival import survival_curve
from dsa.persistence import imports, people
from dsa.persistence.models import Import
from dsa.services import importing
from dsa.services.context import Context
from dsa.services.whose_time import opening_of
from dsa.timekeeping.instants import local_day
from dsa.timekeeping.nations import LAST_DAY

SHOWN_ROWS, SHOWN_TROUBLES, SHOWN_QUESTIONS = 5, 200, 100
FEW = 5
_OF_OPEN = frozenset({"stage", "holder", "since", "due"})


@dataclass(frozen=True, slots=True)
class ImportsPage:
    """The imports of one's organisations, newest first; ``may``: whether one may send another sheet."""

    found: tuple[Any, ...]
    may: bool


@dataclass(frozen=True, slots=True)
class ColumnsPage:
    """The first rows of a sheet, its headings and their line (None where it was not kept), the column that each field
    has so far, and the worksheets of the file, of which ``sheet`` is taken. ``unread`` are those that were
    not read, with the message that says why.
    """

    number: int
    file_name: str
    row_count: int
    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    columns: Mapping[str, int]
    heading: int | None
    sheets: tuple[str, ...]
    sheet: int
    unread: tuple[tuple[str, str, Mapping[str, object]], ...]


@dataclass(frozen=True, slots=True)
class FarDue:
    """A due day so far ahead that its year should be looked at. ``unknown``: beyond the known bank holidays."""

    line: int
    title: str
    due: date
    years: int
    unknown: bool


@dataclass(frozen=True, slots=True)
class CheckPage:
    """What the sheet comes to so far.

    ``dates`` are the fields with dates that can be read two ways (with "#" after it: with a spreadsheet's own numbers):
    is it asked row by row, and the dates. ``mixed`` are those whose other dates are written in both ways: the field,
    and a row and a date of each way. ``unsaid`` are the rows that leave open how they ended or who has them: the
    question, is it asked row by row, the rows. ``waiting`` rows wait for an answer. ``sure`` counts how sure the values
    of each field are, among the rows to which it belongs. ``unread`` are worksheets of the file that were not read.
    ``far`` are open rows whose due day is years ahead; bank holidays are known until ``known_until``.
    """

    number: int
    file_name: str
    row_count: int
    open: int
    past: int
    bad_rows: int
    waiting: int
    left_out: tuple[Left, ...]
    leave_out: bool
    dates: tuple[tuple[str, bool, tuple[TwoWays, ...]], ...]
    mixed: Mapping[str, tuple[tuple[int, str], tuple[int, str]]]
    unsaid: tuple[tuple[str, bool, tuple[Unsaid, ...]], ...]
    words: tuple[Word, ...]
    more: int
    stages: Mapping[str, str]
    organisations: tuple[tuple[str, str], ...]
    troubles: tuple[tuple[int, str, str, str, Mapping[str, object]], ...]
    more_troubles: int
    first: tuple[Case, ...]
    sure: tuple[tuple[str, Mapping[str, int]], ...]
    unread: tuple[tuple[str, str, Mapping[str, object]], ...]
    far: tuple[FarDue, ...]
    known_until: date

    @property
    def ready(self) -> bool:
        """Whether nothing is left to say before it can be imported."""
        return not self.asks and bool(self.open + self.past)

    @property
    def asks(self) -> bool:
        """Whether something must still be said."""
        return bool(self.dates or self.words or self.unsaid or self.waiting)


@dataclass(frozen=True, slots=True)
class Baseline:
    """How long agreements took, in working days, with the open ones counted. None where that was not reached.

    ``at_risk`` is how many had lasted as long as ``most``. ``no_open``: the sheet holds only finished ones.
    """

    closed: int
    open: int
    half: float | None
    most: float | None
    at_risk: int
    no_open: bool

    @property
    def few(self) -> bool:
        """Whether too few are finished to say."""
        return self.closed < FEW


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    """What was imported, the agreements that are followed from now on, and the baseline."""

    number: int
    file_name: str
    done_at: datetime
    past: int
    tracked: tuple[Any, ...]
    stages: Mapping[str, str]
    baseline: Baseline


def imports_page(ctx: Context, actor: Actor) -> ImportsPage:
    """The imports of the actor's organisations."""
    with ctx.database.reading() as session:
        return ImportsPage(tuple(imports.recent(session, actor)), importing.may_import(actor) is not None)


def columns_page(ctx: Context, actor: Actor, number: int) -> ColumnsPage:
    """The sheet's columns. Raises NotFound for another organisation's."""
    importing.demand_import(actor)
    with ctx.database.reading() as session:
        found = _find(session, actor, number)
        rows = imports.lines(session, number, most=SHOWN_ROWS)
        width = len(found.headings)
        shown = tuple((line, tuple([*cells, *[""] * width][:width])) for line, cells in rows)
        return ColumnsPage(
            number, found.file_name, found.row_count, tuple(found.headings), shown, found.columns,
            found.layout.get("heading"), tuple(found.layout.get("sheets", ())), found.layout.get("sheet", 0),
            _unread(found),
        )  # fmt: skip


def check_page(ctx: Context, actor: Actor, number: int) -> CheckPage:
    """What the sheet comes to, and what must still be said. Raises NotFound for another organisation's."""
    importing.demand_import(actor)
    with ctx.database.reading() as session:
        found = _find(session, actor, number)
        reading = importing.read_import(ctx, session, found)
        two_ways, words = importing.unanswered(found, reading)
        flow = importing.flow_of_tracked(ctx, session)
        troubles = [
            (t.line, FIELDS[t.field].label, _heading(found, t.field), t.message, t.params) for t in reading.troubles
        ]
        return CheckPage(
            number, found.file_name, found.row_count, sum(case.is_open for case in reading.cases),
            sum(not case.is_open for case in reading.cases), len(reading.bad_lines), len(reading.waiting),
            reading.left_out, bool(found.choices.get("leave_out")), _dates(found, two_ways), reading.mixed,
            _unsaid(found, reading), tuple(words[:SHOWN_QUESTIONS]),
            max(0, len(words) - SHOWN_QUESTIONS),
            {key: title for key, title in reported_stages(flow).items() if not flow.stages[key].final},
            tuple((o.code, o.name) for o in people.organisations(session)), tuple(troubles[:SHOWN_TROUBLES]),
            max(0, len(troubles) - SHOWN_TROUBLES), reading.cases[:SHOWN_ROWS], _sure(reading),
            _unread(found), _far(reading, local_day(ctx.clock.now())), LAST_DAY,
        )  # fmt: skip


def _unread(found: Import) -> tuple[tuple[str, str, Mapping[str, object]], ...]:
    return tuple((name, message, params) for name, message, params in found.layout.get("unread", ()))


def _far(reading: Reading, today: date) -> tuple[FarDue, ...]:
    return tuple(
        FarDue(case.line, case.title, case.due, years, case.due > LAST_DAY)
        for case in reading.cases
        if case.is_open and case.due is not None and (years := far_years(case.due, today))
    )


def _heading(found: Import, field: str) -> str:
    at = found.columns.get(field)
    return "" if at is None else found.headings[at]


def _dates(found: Import, two_ways: Sequence[TwoWays]) -> tuple[tuple[str, bool, tuple[TwoWays, ...]], ...]:
    """By field: whether each row is to be asked for, and the dates (not all of very many at once)."""
    by_field: dict[str, list[TwoWays]] = {}
    for one in two_ways:
        by_field.setdefault(f"{one.field}#" if one.number else one.field, []).append(one)
    said: Mapping[str, Any] = found.choices
    return tuple(
        (name, said.get("dates", {}).get(name) == EACH, tuple(dates[:SHOWN_QUESTIONS]))
        for name, dates in by_field.items()
    )


def _unsaid(found: Import, reading: Reading) -> tuple[tuple[str, bool, tuple[Unsaid, ...]], ...]:
    said: Mapping[str, Any] = found.choices
    return tuple(
        (kind, said.get("asked", {}).get(kind) == EACH, rows)
        for kind in (HOW, HOLDER)
        if (rows := tuple(each for each in reading.unsaid if each.kind == kind))
    )


def _sure(reading: Reading) -> tuple[tuple[str, Mapping[str, int]], ...]:
    """Every field, whether or not a column says it."""
    return tuple((name, Counter(case.sure[name] for case in reading.cases if _has(case, name))) for name in FIELDS)


def _has(case: Case, field: str) -> bool:
    """Whether a case of this kind has the field: an open one has no end, a past one no stage."""
    return case.is_open if field in _OF_OPEN else not case.is_open if field == "ended" else True


def receipt_page(ctx: Context, actor: Actor, number: int) -> ReceiptPage:
    """What an import did, and how long agreements took. Raises NotFound for another organisation's or an open one."""
    with ctx.database.reading() as session:
        found = _find(session, actor, number)
        if found.state != "done" or found.done_at is None:
            raise NotFound("This sheet is not imported yet.")
        cases = imports.cases_of(session, number)
        flow = importing.flow_of_tracked(ctx, session)
        return ReceiptPage(
            number, found.file_name, found.done_at, sum(case.agreement_id is None for case in cases),
            tuple(case for case in cases if case.agreement_id is not None),
            {stage.id: stage.title for stage in flow.workflow.stages},
            baseline(ctx, session, found.organisation_id, cases, until=found.done_at),
        )  # fmt: skip


def baseline(ctx: Context, session: Session, organisation: int, cases: Sequence[Any], *, until: datetime) -> Baseline:
    """How long the reported cases took on the organisation's calendar; an open one had lasted ``until`` then."""
    nation = next(body.nation for body in people.organisations(session) if body.id == organisation)
    calendar = ctx.calendars.of(session, organisation, nation)
    ended = [case.ended_on is not None for case in cases]
    days = [
        calendar.elapsed_days(opening_of(case.started_on), opening_of(case.ended_on) if case.ended_on else until)
        for case in cases
    ]
    closed, still = sum(ended), len(ended) - sum(ended)
    if closed < FEW:
        return Baseline(closed, still, None, None, 0, still == 0)
    curve = survival_curve(days, ended)
    half, most = curve.reached(0.5).value, curve.reached(0.85)
    last = curve.number_at_risk(float(curve.times[-1]))
    return Baseline(closed, still, half, most.value, most.at_risk or last, still == 0)


def _find(session: Session, actor: Actor, number: int) -> Import:
    found = imports.find(session, actor, number)
    if found is None:
        raise NotFound("There is no such import of your organisation.")
    return found
