"""One section of a draft, as a form. One rule: whatever is sent is saved, and only then is it said what is wrong."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from dsa.domain.answers import mistakes_in
from dsa.domain.errors import BadInput
from dsa.domain.form import Section
from dsa.services import drafting
from dsa.services.draft_page import head_of
from dsa.services.drafting import SectionConflict
from dsa.services.section_page import SectionPage, section_page, with_organisation
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.answers_form import (
    ASKED,
    QuestionView,
    anchor_of,
    answers_sent,
    errors_of,
    question_views,
    units,
    without_row,
)
from dsa.web.answers_shown import in_words, shown_sections
from dsa.web.forms import FieldError, element_id
from dsa.web.page import page, say

blueprint = Blueprint("sections", __name__)
Answer = Response | tuple[str, int]
CHOOSE = "choose--"
_NOT_KEPT = frozenset({"csrf_token", "revision", "do", "directory"})


@blueprint.get("/agreements/<reference>/sections/<key>")
@signed_in
def section(reference: str, key: str) -> Answer:
    """The section as a form, or as text for whoever may not change it."""
    return _shown(section_page(context(), actor(), reference, key))


@blueprint.post("/agreements/<reference>/sections/<key>")
@signed_in
def save(reference: str, key: str) -> Answer:
    """Save the section and go on: to the next one, to the same one with a row more, or to the task list."""
    ctx, who = context(), actor()
    opened = section_page(ctx, who, reference, key)
    do = request.form.get("do", "continue")
    raw, wrong = _wanted(opened, do)
    try:
        drafting.save_section(ctx, who, reference, key, raw, seen_revision=_whole(request.form.get("revision", "")))
    except SectionConflict as conflict:
        return _both_texts(section_page(ctx, who, reference, key), conflict)
    return _onward(section_page(ctx, who, reference, key), do, wrong)


def _wanted(opened: SectionPage, do: str) -> tuple[dict[str, Any], list[FieldError]]:
    """The answers to save, and what could not be done besides."""
    sent: MultiDict[str, str] = request.form
    if do.startswith("remove:"):
        name, _, number = do.removeprefix("remove:").rpartition("-")
        sent = without_row(sent, name, number)
    raw = answers_sent(opened.section, sent, answers=opened.view.answers, own=opened.view.own)
    for key in [key for key in raw if sent.get(CHOOSE + key) == "theirs"]:
        del raw[key]
    if do != "directory":
        return raw, []
    try:
        raw["parties"] = with_organisation(context(), raw.get("parties"), request.form.get("directory", ""))
    except BadInput as problem:
        return raw, [FieldError("directory", say(problem.refusal))]
    return raw, []


def _onward(opened: SectionPage, do: str, wrong: list[FieldError]) -> Answer:
    reference, key = opened.header.reference, opened.section.key
    here: dict[str, Any] = {"reference": reference, "key": key, "back": _back() or None}
    if do == "later":
        return redirect(url_for("drafting.draft", reference=reference), 303)
    if do.startswith("add:"):
        table = do.removeprefix("add:")[:80]
        return redirect(url_for(".section", **here, spare=table, _anchor=_spare_row(opened, table)), 303)
    if do.startswith("remove:"):
        return redirect(url_for(".section", **here, _anchor=anchor_of(do.removeprefix("remove:").split("-")[0])), 303)
    errors = [*wrong, *errors_of(_views(opened))]
    if do == "directory" and not wrong:
        return redirect(url_for(".section", **here, _anchor=anchor_of("parties")), 303)
    if errors:
        return _shown(opened, errors=errors, saved=True)
    held = set(request.form.getlist(ASKED))
    new = [question.key for question in opened.questions if question.key not in held] if held else []
    if new:
        return redirect(url_for(".section", **here, new=",".join(new)[:1_500], _anchor=anchor_of(new[0])), 303)
    if _back() == "check":
        return redirect(url_for("drafting.check", reference=reference), 303)
    if _back() == "changes":
        return redirect(url_for("changes.changes", reference=reference), 303)
    if opened.after is not None:
        return redirect(url_for(".section", reference=reference, key=opened.after.key), 303)
    return redirect(url_for("drafting.draft", reference=reference), 303)


def _back() -> str:
    """The page to return to, where the reader came from one."""
    wanted = request.values.get("back", "")
    return wanted if wanted in ("check", "changes") else ""


def _spare_row(opened: SectionPage, table: str) -> str:
    rows = opened.view.answers.get(table)
    return f"{element_id(table)}-{len(rows) if isinstance(rows, list) else 0}"


def _views(opened: SectionPage) -> tuple[QuestionView, ...]:
    view = opened.view
    spare = request.args.get("spare", "")
    return question_views(opened.questions, view.at, view.answers, opened.mistakes, own=view.own, spare=spare)


def _shown(opened: SectionPage, *, errors: list[FieldError] | None = None, saved: bool = False) -> Answer:
    if not opened.view.may_edit:
        return _as_text(opened)
    views = _views(opened)
    new = set(request.args.get("new", "").split(",")) if request.method == "GET" else set()
    return page(
        "section/section.html",
        opened=opened,
        views=views,
        errors=errors or [],
        saved=saved,
        marked=len(errors_of(views)),
        new=[view for view in views if view.key in new],
        units=units,
        back_to=_back(),
    )


def _as_text(opened: SectionPage) -> Answer:
    problems = _by_question(opened.mistakes)
    shown = [one for one in shown_sections(opened.view, problems) if one.key == opened.section.key]
    return page("section/read.html", opened=opened, shown=shown[0] if shown else None)


def _by_question(mistakes: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for path, message in mistakes.items():
        found.setdefault(head_of(path), message)
    return found


def _both_texts(opened: SectionPage, conflict: SectionConflict) -> Answer:
    """What somebody else saved meanwhile and what was sent, side by side, to choose from."""
    theirs, mine = _words(opened, conflict.theirs), _words(opened, conflict.mine)
    held = set(request.form.getlist(ASKED))
    differing = [
        (question, theirs.get(question.key), mine.get(question.key))
        for question in opened.section.questions
        if conflict.theirs.get(question.key) != conflict.mine.get(question.key) and question.key in held
    ]
    kept = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in _NOT_KEPT and not name.startswith(CHOOSE)
    ]
    return page(
        "section/conflict.html",
        409,
        opened=opened,
        sentence=conflict.refusal,
        at=conflict.at,
        differing=differing,
        kept=kept,
        choose=CHOOSE,
    )


def _words(opened: SectionPage, answers: Mapping[str, Any]) -> dict[str, Any]:
    view, section = opened.view, opened.section
    whole = {**_without(view.answers, section), **answers}
    mistaken = {head_of(m.field) for m in mistakes_in(view.form, whole, view.parties)}
    return in_words(view.form, whole, view.parties, mistaken)


def _without(answers: Mapping[str, Any], section: Section) -> dict[str, Any]:
    own = {question.key for question in section.questions}
    return {key: value for key, value in answers.items() if key not in own}


def _whole(text: str) -> int:
    """The revision that a form carried; -1, which no section has, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
