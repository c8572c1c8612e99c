"""Starting an agreement. One rule: what was typed comes back after every mistake, and nothing is stored before the
proposal has been seen; an answer that stops leaves nothing behind at all.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from dsa.domain.errors import BadInput
from dsa.domain.form import Form, Question
from dsa.domain.form_fields import raw_from_fields
from dsa.services.start_page import Read, StartForm, copied, create, demand_ours, propose_start, read_start, start_form
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.answers_form import errors_of, question_views, units
from dsa.web.forms import FieldError
from dsa.web.page import page, say
from dsa.web.wording import gettext

blueprint = Blueprint("starting", __name__)
Answer = Response | tuple[str, int]
_UNLISTED = "-unlisted"
_MOST = 60
_NOT_KEPT = frozenset({"csrf_token", "do"})


@blueprint.get("/start")
@signed_in
def start() -> Answer:
    """The questions; with ``?copy=`` of an agreement that one may see, its answers to begin with."""
    ctx, who = context(), actor()
    opened = start_form(ctx, who)
    reference = request.args.get("copy", "")
    given = copied(ctx, who, opened.form, reference) if reference else {"who_needs": [opened.ours[0][0]]}
    return _asked(opened, given, copy_of=reference)


@blueprint.post("/start")
@signed_in
def onward() -> Answer:
    """Propose, create, or show the questions again."""
    ctx, who = context(), actor()
    opened = start_form(ctx, who)
    raw, do = _sent(opened.form), request.form.get("do", "propose")
    if do.startswith("more:") or do == "change":
        return _asked(opened, raw, more=do.removeprefix("more:"))
    try:
        ours = demand_ours(opened, request.form.get("lead", ""))
    except BadInput as problem:
        return _asked(opened, raw, [FieldError("lead", say(problem.refusal))])
    read = read_start(opened.form, raw, ours=ours)
    if read.stop:
        return page("start/stop.html", sentence=read.stop)
    if not read.good:
        return _asked(opened, raw, wrong=_messages(read))
    if do == "create":
        try:
            reference = create(ctx, who, read.answers, ours=ours)
        except BadInput as problem:
            return _asked(opened, raw, [FieldError("who_holds", say(problem.refusal))])
        return redirect(url_for("drafting.draft", reference=reference), 303)
    kept = [(name, value) for name, value in request.form.items(multi=True) if name not in _NOT_KEPT]
    return page("start/proposal.html", found=propose_start(ctx, who, read.answers, ours=ours), kept=kept)


def _sent(form: Form) -> dict[str, Any]:
    """What was sent for each question; names typed for organisations that are not listed stand beside the codes."""
    fields = dict(request.form.lists())
    raw = {question.key: raw_from_fields(question, fields) for question in form.questions()}
    for question in form.questions():
        if question.type == "organisation":
            names = [name.strip()[:120] for name in request.form.get(question.key + _UNLISTED, "").splitlines()]
            raw[question.key] = list(dict.fromkeys([*(raw[question.key] or []), *filter(None, names)]))[:_MOST]
    return {key: value for key, value in raw.items() if value not in (None, "", [])}


def _messages(read: Read) -> dict[str, str]:
    found = {mistake.field: mistake.message for mistake in read.mistakes}
    for one in read.missing:
        found.setdefault(one.field, gettext("Answer: %(question)s", question=one.question))
    return found


def _asked(
    opened: StartForm,
    given: Mapping[str, Any],
    errors: Iterable[FieldError] = (),
    *,
    wrong: Mapping[str, str] | None = None,
    more: str = "",
    copy_of: str = "",
) -> Answer:
    form = opened.form
    questions = tuple(form.questions())
    views = question_views(questions, form.situation(given, ()), given, wrong or {})
    return page(
        "start/start.html",
        opened=opened,
        views=views,
        chosen={q.key: _chosen(opened, q, given, more) for q in questions if q.type == "organisation"},
        errors=[*errors, *errors_of(views)],
        units=units,
        lead=request.form.get("lead", opened.ours[0][0]),
        copy_of=copy_of,
    )


def _chosen(opened: StartForm, question: Question, given: Mapping[str, Any], more: str) -> tuple[list[str], str]:
    """The codes chosen, with an empty place or more, and the names that are not in the directory."""
    known = {one.code for one in opened.organisations}
    value = given.get(question.key) or []
    named = [str(one) for one in (value if isinstance(value, list) else [value])]
    codes = [one for one in named if one in known]
    spare = 1 if not codes or more == question.key else 0
    return [*codes, *[""] * spare], "\n".join(one for one in named if one not in known)
