"""Importing a sheet of past and open agreements. One rule: all of what a person confirmed is taken, or nothing.

A sheet is kept as it was sent; columns, dates and words are confirmed by a person; then one transaction makes past rows
a baseline and open rows agreements that are followed from now on. The same file is the same import.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from sqlalchemy.orm import Session

from dsa.domain import permissions, reported
from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, NotAllowed, NotFound, Refused
from dsa.domain.machine import Flow
from dsa.domain.permissions import Subject
from dsa.domain.reported import Case, Choices, Known, Reading
from dsa.domain.reported_rows import read_rows
from dsa.domain.tracking import RESTING, reported_stages
from dsa.domain.values import tidy
from dsa.persistence import imports, people, queries_people
from dsa.persistence.models import Import
from dsa.services.context import Context
from dsa.services.tracking import ROUTE, Body, Tracker
from dsa.timekeeping.instants import local_day, local_day_text

MOST_BYTES = 10 * 1024 * 1024
_ASKED = ("drafter", "information_governance", "data_owner", "legal", "head_of_sharing")


class SheetReader(Protocol):
    """Reads an uploaded spreadsheet, apart from this process."""

    def read(self, data: bytes) -> dict[str, Any]:
        """Its worksheets ("sheets": name, rows as [line, cells], merged as [line, column]), and those that are not read
        ("unread": name, message, parameters); raises BadInput."""
        ...


def may_import(actor: Actor) -> Held | None:
    """The post through which the actor imports, or None."""
    return permissions.acting_post(actor, "import", Subject("", "", "", {}))


def demand_import(actor: Actor) -> Held:
    """As ``may_import``; raises NotAllowed with who may."""
    held = may_import(actor)
    if held is None:
        raise NotAllowed(
            permissions.why_not(actor, "import", Subject("", "", "", {})) or "You cannot import agreements."
        )
    return held


def receive(ctx: Context, actor: Actor, reader: SheetReader, data: bytes, file_name: str) -> int:
    """Keep a sheet; returns the number of its import: that of before, where the same file was sent before.

    Raises NotAllowed, BadInput with the place where it cannot be read.
    """
    held = demand_import(actor)
    if not data:
        empty = "The file “%(name)s” is empty. Save the sheet again and choose that file."
        raise BadInput(empty, name=tidy(file_name)[:200]) if file_name else BadInput(_CHOOSE)
    if len(data) > MOST_BYTES:
        raise BadInput("The file is larger than 10 MB. Split it into several files.")
    digest = sha256(data).hexdigest()
    with ctx.database.reading() as session:
        known = imports.by_hash(session, held.organisation_id, digest)
    if known is not None:
        return known.id
    read = reader.read(data)
    workbook, unread = read["sheets"], read.get("unread", [])
    sheet = reported.likely_sheet([each["rows"] for each in workbook])
    laid, lines = _laid_out(workbook, sheet, reported.guess_heading(workbook[sheet]["rows"]), unread)
    with ctx.database.writing() as session:
        known = imports.by_hash(session, held.organisation_id, digest)
        if known is not None:
            return known.id
        values = {"organisation_id": held.organisation_id, "person_id": actor.person_id, "sha256": digest}
        values |= {"file_name": tidy(file_name)[:200] or "sheet", "created_at": ctx.clock.now(), "workbook": workbook}
        return imports.add(session, values | laid, lines)


def lay_out(ctx: Context, actor: Actor, number: int, *, sheet: int, heading: int | None) -> None:
    """Say which worksheet is taken (by its place) and in which line its headings are (None: guess it).

    What was said about columns and words is forgotten. Raises BadInput where there is no such row, or none under it.
    """
    with ctx.database.writing() as session:
        found = _open_import(session, actor, number)
        if not found.workbook:
            raise Refused("This sheet was read before that could be said. Forget it and send it again.")
        if not 0 <= sheet < len(found.workbook):
            raise BadInput("Choose one of the worksheets.")
        line = reported.guess_heading(found.workbook[sheet]["rows"]) if heading is None else heading
        laid, lines = _laid_out(found.workbook, sheet, line, found.layout.get("unread", []))
        imports.change(session, number, choices={}, state="columns", **laid)
        imports.set_lines(session, number, lines)


def _laid_out(
    workbook: Sequence[Mapping[str, Any]], sheet: int, heading: int, unread: Sequence[Any]
) -> tuple[dict[str, Any], list[tuple[int, list[str]]]]:
    """The columns of an import whose headings are in this line of this worksheet, and the rows under it."""
    rows = workbook[sheet]["rows"]
    headings = next((list(cells) for line, cells in rows if line == heading), None)
    under = [(line, cells) for line, cells in rows if line > heading]
    if headings is None or not under:
        raise BadInput("Row %(line)s is empty, or no row is under it. Say in which row the headings are.", line=heading)
    layout: dict[str, Any] = {"sheets": [each["name"] for each in workbook], "sheet": sheet, "heading": heading}
    layout["unread"] = [list(each) for each in unread]
    layout["merged"] = [place for place in workbook[sheet]["merged"] if place[0] > heading]
    laid = {"headings": headings, "row_count": len(under), "layout": layout}
    return laid | {"columns": reported.guess_columns(headings)}, under


def set_columns(ctx: Context, actor: Actor, number: int, columns: Mapping[str, int]) -> None:
    """Say which column is which field. Raises BadInput where one is used twice or the start is not said."""
    with ctx.database.writing() as session:
        found = _open_import(session, actor, number)
        used = list(columns.values())
        if len(set(used)) != len(used):
            raise BadInput("A column is chosen twice. Choose each column once.")
        if any(name not in reported.FIELDS or not 0 <= at < len(found.headings) for name, at in columns.items()):
            raise BadInput("Choose from the columns of the sheet.")
        missing = [field.label for name, field in reported.FIELDS.items() if field.required and name not in columns]
        if missing:
            raise BadInput("Choose the column for: %(fields)s.", fields=", ".join(missing))
        if "title" not in columns and "reference" not in columns:
            raise BadInput("Choose a column for the title, or for your reference.")
        imports.change(session, number, columns=dict(columns), choices={}, state="check")


def set_choices(ctx: Context, actor: Actor, number: int, given: Mapping[str, Any]) -> None:
    """Say how dates are read (``dates``), what words mean (``words``), what is said of rows that leave something open
    (``asked``), all of these of single rows (``each``), and whether to leave bad rows out (``leave_out``).
    """
    with ctx.database.writing() as session:
        found = _open_import(session, actor, number)
        before: dict[str, Any] = dict(found.choices)
        for name in ("dates", "each", "words", "asked"):
            before[name] = {**before.get(name, {}), **given.get(name, {})}
        if "leave_out" in given:
            before["leave_out"] = bool(given["leave_out"])
        imports.change(session, number, choices=before)


def drop(ctx: Context, actor: Actor, number: int) -> None:
    """Forget a sheet that was not imported."""
    with ctx.database.writing() as session:
        _open_import(session, actor, number)
        imports.drop(session, number)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: its number, how many past rows and how many agreements that are followed from now on."""

    number: int
    past: int
    tracked: int


def take_in(ctx: Context, actor: Actor, number: int) -> Imported:
    """Import what the sheet comes to, in one transaction. An import that is done is not done again.

    Raises Refused while a question is open, or while rows are wrong that nobody said to leave out.
    """
    with ctx.database.writing() as session:
        held = demand_import(actor)
        found = imports.find(session, actor, number, lock=True)
        if found is None:
            raise NotFound(_NO_SUCH)
        if found.state == "done":
            done = imports.cases_of(session, number)
            return Imported(number, sum(c.agreement_id is None for c in done), sum(bool(c.agreement_id) for c in done))
        reading = read_import(ctx, session, found)
        _demand_ready(found, reading)
        now = ctx.clock.now().replace(microsecond=0)
        ctx.calendars.refresh(session)
        tracker = _tracker(ctx, session, actor, held, found, now)
        kept = [(case, tracker.begin(case)[0] if case.is_open else None) for case in reading.cases]
        imports.add_cases(session, [_row(found, held, case, agreement) for case, agreement in kept])
        imports.change(session, number, state="done", workbook=None, done_at=now, done_by_id=actor.person_id)
        return Imported(number, sum(not case.is_open for case, _ in kept), sum(case.is_open for case, _ in kept))


def read_import(ctx: Context, session: Session, found: Import) -> Reading:
    """What the sheet comes to with what was said about it so far."""
    directory = {body.code: body.name for body in people.organisations(session)}
    own = next(body for body in people.organisations(session) if body.id == found.organisation_id)
    flow = flow_of_tracked(ctx, session)
    stages = {key: title for key, title in reported_stages(flow).items() if not flow.stages[key].final}
    said: Mapping[str, Any] = found.choices
    choices = Choices(
        found.columns, said.get("dates", {}), said.get("each", {}), said.get("words") if "words" in said else None,
        said.get("asked", {}), frozenset((line, at) for line, at in found.layout.get("merged", ())),
    )  # fmt: skip
    known = Known(directory, stages, local_day(ctx.clock.now()), own.code, RESTING)
    return read_rows(imports.lines(session, found.id), choices, known)


def flow_of_tracked(ctx: Context, session: Session) -> Flow:
    """The workflow whose stages a tracked agreement stands in."""
    return ctx.definitions.for_route(session, ROUTE)


def unanswered(found: Import, reading: Reading) -> tuple[list[reported.TwoWays], list[reported.Word]]:
    """The dates and words that a person must still give a meaning to."""
    said: Mapping[str, Any] = found.choices
    words = said.get("words", {})
    return list(reading.two_ways), [word for word in reading.words if word.typed not in words.get(word.kind, {})]


def _demand_ready(found: Import, reading: Reading) -> None:
    dates, words = unanswered(found, reading)
    if found.state != "check" or dates or words:
        raise Refused("Some dates or words can be read in more than one way. Say how to read them first.")
    if reading.unsaid or reading.waiting:
        raise Refused("Some rows leave open how they ended or who has them. Say so first.")
    if reading.troubles and not found.choices.get("leave_out"):
        raise Refused("Some rows cannot be taken as they are. Correct the sheet, or say that they are left out.")
    if not reading.cases:
        raise Refused("No row can be taken. Correct the sheet and send it again.")


def _open_import(session: Session, actor: Actor, number: int) -> Import:
    demand_import(actor)
    found = imports.find(session, actor, number, lock=True)
    if found is None:
        raise NotFound(_NO_SUCH)
    if found.state == "done":
        raise Refused("This sheet is imported already. It cannot be changed any more.")
    return found


def _tracker(ctx: Context, session: Session, actor: Actor, held: Held, found: Import, now: datetime) -> Tracker:
    organisations = people.organisations(session)
    able = queries_people.holders_in(session, {o.id for o in organisations}, set(_ASKED), on=local_day(now))
    bodies = {o.code: Body(o.id, o.code, o.name, o.nation, o.body_type, _asked(able, o.id)) for o in organisations}
    source = f"{found.file_name}, imported on {local_day_text(now)}"[:200]
    return Tracker(ctx, session, actor, held, flow_of_tracked(ctx, session), bodies, source, now)


def _asked(able: Mapping[tuple[int, str], Sequence[Any]], organisation: int) -> str:
    """The role to ask how it stands: the first of those that somebody holds there."""
    return next((role for role in _ASKED if able.get((organisation, role))), _ASKED[0])


def _row(found: Import, held: Held, case: Case, agreement: int | None) -> dict[str, Any]:
    return {
        "import_id": found.id, "line": case.line, "organisation_id": held.organisation_id,
        "reference": case.reference, "title": case.title, "parties": [list(party) for party in case.parties],
        "status": case.status, "stage": case.stage, "holder": case.holder[1] if case.holder else "",
        "started_on": case.started, "since_on": case.since, "due_on": case.due, "ended_on": case.ended,
        "sure": dict(case.sure), "agreement_id": agreement,
    }  # fmt: skip


_CHOOSE = "Choose a file: XLSX, or CSV in UTF-8."
_NO_SUCH = "There is no such import of your organisation."
