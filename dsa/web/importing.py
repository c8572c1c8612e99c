"""Importing a sheet, page by page. One rule: what the program thinks is shown; what a person says is what counts."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Redirect

from dsa.composition import sheet_reader
from dsa.domain.errors import BadInput, Refused
from dsa.domain.reported import (
    DAY_FIRST,
    EACH,
    ENDED_AS,
    FIELDS,
    HOLDER,
    HOW,
    MONTH_FIRST,
    ON_HOLD,
    OUT,
    REJECTED,
    SIGNED,
    STATUSES,
    WITHDRAWN,
)
from dsa.services import import_page, importing
from dsa.services.import_page import CheckPage
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.forms import FieldError
from dsa.web.limits import limited
from dsa.web.page import page, say
from dsa.web.wording import gettext, mark, ngettext

blueprint = Blueprint("importing", __name__)
Answer = Redirect | tuple[str, int]
_ONE = "/imports/<int:number>"
_LONGEST_NAME = 40
STATUS_WORDS = {
    "open": mark("open: still being worked on"),
    "signed": mark("signed"),
    "withdrawn": mark("withdrawn"),
    "rejected": mark("rejected"),
}
KINDS = {
    "status": mark("Status"),
    "stage": mark("Stage"),
    "held": mark("On hold in stage"),
    "organisation": mark("Organisation"),
}
SURE = {
    "typed": mark("as typed"),
    "normalised": mark("written in another way, one meaning"),
    "chosen": mark("chosen by you"),
    "merged": mark("from a merged cell"),
    "missing": mark("missing"),
}


@blueprint.get("/imports")
@signed_in
def index() -> Answer:
    """Earlier imports, and where to send a sheet."""
    return _index()


def _index(error: FieldError | None = None) -> Answer:
    found = import_page.imports_page(context(), actor())
    return page("imports/imports.html", found=found, fields=FIELDS, errors=[error] if error is not None else [])


@blueprint.get("/imports/example.csv")
@signed_in
def example() -> Response:
    """An empty sheet with our headings, for whoever begins one."""
    return csv_answer("agreements.csv", [field.label for field in FIELDS.values()], ())


@blueprint.post("/imports")
@signed_in
@limited("import", times=20)
def send() -> Answer:
    """Keep a sheet and go on to its columns."""
    sent = request.files.get("sheet")
    data, name = (sent.read(), sent.filename or "") if sent is not None else (b"", "")
    try:
        number = importing.receive(context(), actor(), sheet_reader(), data, name)
    except (BadInput, Refused) as problem:
        return _index(FieldError("sheet", say(problem.refusal)))
    return redirect(f"/imports/{number}", 303)


@blueprint.get(_ONE)
@signed_in
def show(number: int) -> Answer:
    """The page that this import has come to."""
    states = {one.id: one.state for one in import_page.imports_page(context(), actor()).found}
    where = {"check": "check", "done": "receipt"}.get(states.get(number, ""), "columns")
    return redirect(f"/imports/{number}/{where}", 303)


@blueprint.get(f"{_ONE}/columns")
@signed_in
def columns(number: int) -> Answer:
    """Which column says what."""
    return _columns(number)


def _columns(number: int, error: FieldError | None = None, *, chosen: dict[str, int] | None = None) -> Answer:
    found = import_page.columns_page(context(), actor(), number)
    options = [
        (at, heading or gettext("Column %(number)s", number=at + 1)) for at, heading in enumerate(found.headings)
    ]
    return page(
        "imports/columns.html",
        wide=True,
        found=found,
        fields=FIELDS,
        options=options,
        sheets=list(enumerate(found.sheets)),
        chosen=dict(found.columns) if chosen is None else chosen,
        typed_heading=request.form.get("heading", type=int),
        errors=[error] if error is not None else [],
    )


@blueprint.post(f"{_ONE}/columns")
@signed_in
def set_columns(number: int) -> Answer:
    """Keep which column says what."""
    chosen = {name: at for name in FIELDS if (at := request.form.get(name, type=int)) is not None}
    try:
        importing.set_columns(context(), actor(), number, chosen)
    except BadInput as problem:
        return _columns(number, FieldError("started", say(problem.refusal)), chosen=chosen)
    return redirect(f"/imports/{number}/check", 303)


@blueprint.post(f"{_ONE}/layout")
@signed_in
def set_layout(number: int) -> Answer:
    """Keep which worksheet is taken and in which row its headings are; of another worksheet they are looked for."""
    sheet = request.form.get("sheet", 0, type=int)
    found = import_page.columns_page(context(), actor(), number)
    heading = request.form.get("heading", type=int) if sheet == found.sheet else None
    try:
        importing.lay_out(context(), actor(), number, sheet=sheet, heading=heading)
    except (BadInput, Refused) as problem:
        return _columns(number, FieldError("heading", say(problem.refusal)), chosen=dict(found.columns))
    return redirect(f"/imports/{number}/columns", 303)


@blueprint.get(f"{_ONE}/check")
@signed_in
def check(number: int) -> Answer:
    """What must still be said, what is wrong, what will be imported."""
    return _check(number)


def _check(number: int, error: FieldError | None = None) -> Answer:
    found = import_page.check_page(context(), actor(), number)
    return page(
        "imports/check.html",
        wide=True,
        found=found,
        fields=FIELDS,
        kinds=KINDS,
        sure=SURE,
        status_words=STATUS_WORDS,
        counts=counts(found),
        meanings=_meanings(found),
        answers={HOW: _endings(), HOLDER: [*found.organisations, _out()]},
        errors=[error] if error is not None else [],
    )


def counts(found: CheckPage) -> str:
    """What the rows come to: every row is in one of the counts."""
    parts = [
        ngettext("%(num)d past agreement", "%(num)d past agreements", found.past),
        ngettext("%(num)d open agreement", "%(num)d open agreements", found.open),
    ]
    if found.waiting:
        parts.append(ngettext("%(num)d waits for your answer", "%(num)d wait for your answer", found.waiting))
    if found.bad_rows:
        words = ngettext("%(num)d cannot be taken as it is", "%(num)d cannot be taken as they are", found.bad_rows)
        parts.append(words)
    if found.left_out:
        parts.append(ngettext("%(num)d is left out", "%(num)d are left out", len(found.left_out)))
    rows = ngettext("%(num)d row", "%(num)d rows", found.row_count)
    return gettext("%(rows)s: %(parts)s.", rows=rows, parts=", ".join(parts))


def _out() -> tuple[str, str]:
    return OUT, gettext("Leave these rows out")


def _endings() -> list[tuple[str, str]]:
    return [*((how, gettext(STATUS_WORDS[how])) for how in (SIGNED, WITHDRAWN, REJECTED)), _out()]


def _meanings(found: CheckPage) -> dict[str, list[tuple[str, str]]]:
    """What the words of each kind may mean."""
    stages = [(key, gettext(title)) for key, title in found.stages.items()]
    ended = [(meaning, gettext("Over: %(how)s", how=gettext(STATUS_WORDS[how]))) for meaning, how in ENDED_AS.items()]
    return {
        "status": [*((status, gettext(STATUS_WORDS[status])) for status in STATUSES), _out()],
        "stage": [*stages, (ON_HOLD, gettext("On hold")), *ended, _out()],
        "held": stages,
        "organisation": [*found.organisations, ("-", gettext("Not in the directory: keep the name as text"))],
    }


@blueprint.post(f"{_ONE}/check")
@signed_in
def set_choices(number: int) -> Answer:
    """Keep how dates are read and what words mean."""
    dates = {
        name: way
        for field in FIELDS
        for name, ways in ((field, (DAY_FIRST, MONTH_FIRST, EACH)), (f"{field}#", (DAY_FIRST, "no")))
        if (way := request.form.get(f"dates-{name}")) in ways
    }
    each = {
        name.removeprefix("each-"): said[:100]
        for name, said in request.form.items()
        if name.startswith("each-") and said and len(name) <= _LONGEST_NAME
    }
    asked = {kind: said[:100] for kind in (HOW, HOLDER) if (said := request.form.get(f"asked-{kind}"))}
    words: dict[str, dict[str, str]] = {}
    for at in range(import_page.SHOWN_QUESTIONS):
        kind, typed, meaning = (request.form.get(f"{part}-{at}", "") for part in ("kind", "typed", "word"))
        if kind in KINDS and typed and meaning:
            words.setdefault(kind, {})[typed] = "" if meaning == "-" else meaning
    given = {
        "dates": dates,
        "each": each,
        "words": words,
        "asked": asked,
        "leave_out": request.form.get("leave_out") == "yes",
    }
    importing.set_choices(context(), actor(), number, given)
    return redirect(f"/imports/{number}/check", 303)


@blueprint.post(f"{_ONE}/take-in")
@signed_in
def take_in(number: int) -> Answer:
    """Import it: all of it, at once."""
    try:
        importing.take_in(context(), actor(), number)
    except Refused as problem:
        return _check(number, FieldError("problems", say(problem.refusal)))
    return redirect(f"/imports/{number}/receipt", 303)


@blueprint.post(f"{_ONE}/drop")
@signed_in
def drop(number: int) -> Answer:
    """Forget the sheet."""
    importing.drop(context(), actor(), number)
    return redirect("/imports", 303)


@blueprint.get(f"{_ONE}/receipt")
@signed_in
def receipt(number: int) -> Answer:
    """What was imported, and the baseline that it gives."""
    return page("imports/receipt.html", found=import_page.receipt_page(context(), actor(), number))
