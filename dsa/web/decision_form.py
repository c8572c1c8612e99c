"""The decision as typed: from a form to a verdict, with a sentence beside each mistake.

One rule: only what belongs to the chosen answer is read; what was typed for another answer is kept on the page.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from dsa.domain.reasons import DELAYS, EXTRA_DELAYS, is_delay
from dsa.services.first_look import ACCOUNTABLE, SIGNS
from dsa.services.obligations import Named
from dsa.services.reviewing import Change, Condition, Verdict
from dsa.services.task_page import TaskPage
from dsa.services.timetabling import Answer
from dsa.timekeeping.calendar import LONDON
from dsa.web.forms import Submitted
from dsa.web.outcome_words import ASK, PASS_ON
from dsa.web.timetable import read_dates
from dsa.web.wording import gettext

CONDITION_ROWS = 3
CHANGE_LIMIT = 4_000
_NEEDS_REASON = frozenset({"no", "against", "not_us", "needs", "blocker"})
_TEAM = "team"


@dataclass(frozen=True, slots=True)
class Choice:
    """What the person chose: a verdict, a question, or somebody to pass the task on to (None: the whole role)."""

    outcome: str
    verdict: Verdict | None = None
    question: str = ""
    to_person: int | None = None


def codes() -> list[tuple[str, str]]:
    """The reasons for sending back, in words."""
    return [(reason.code, gettext(reason.label[:1].upper() + reason.label[1:])) for reason in (*DELAYS, *EXTRA_DELAYS)]


def colleagues(page: TaskPage) -> list[tuple[str, str]]:
    """To whom the task can be passed."""
    return [(_TEAM, gettext("Anybody in the team")), *((str(id_), name) for id_, name in page.colleagues)]


def read(form: Submitted, page: TaskPage, *, today: date) -> Choice | None:
    """The choice, or None with its mistakes noted in the form."""
    allowed = [*page.outcomes, *([ASK] if page.may_ask else []), *([PASS_ON] if page.may_pass_on else [])]
    outcome = form.choice("outcome", allowed, required=gettext("Choose what you decide"))
    if outcome is None:
        return None
    if outcome == ASK:
        required = gettext("Write your question")
        return Choice(ASK, question=form.text("question", label=gettext("Your question"), required=required))
    if outcome == PASS_ON:
        return _passed(form, page)
    return _verdict(form, page, outcome, today)


def _passed(form: Submitted, page: TaskPage) -> Choice:
    names = [value for value, _ in colleagues(page)]
    chosen = form.choice("pass_to", names, required=gettext("Choose to whom you pass this on"))
    return Choice(PASS_ON, to_person=int(chosen) if chosen and chosen != _TEAM else None)


def _verdict(form: Submitted, page: TaskPage, outcome: str, today: date) -> Choice:
    changes = _changes(form, page) if outcome == "changes" else ()
    conditions = _conditions(form) if outcome.endswith("_with_conditions") else ()
    summary = form.text("summary", label=gettext("Your reason"), limit=CHANGE_LIMIT)
    if not summary and outcome in _NEEDS_REASON:
        form.wrong("summary", gettext("Say why: every party sees the reason"))
    if not summary and page.advised_against and outcome.startswith("approved"):
        form.wrong("summary", gettext("The advice is against this. Say why you go against it"))
    if outcome == "changes" and page.kind == "decision" and form.form.get("blocker") == "yes":
        outcome = "blocker"
    relied = [str(id_) for id_, _, _ in page.reliable]
    relies_on = form.form.get("relies_on", "")
    return Choice(
        outcome,
        Verdict(
            outcome,
            summary,
            form.text("note", label=gettext("Your private note"), limit=CHANGE_LIMIT),
            conditions,
            changes,
            int(relies_on) if relies_on in relied and outcome.startswith("approved") else None,
            page.role == "legal" and form.form.get("privileged") == "yes",
            _happened(form, today),
            _timetable(form, page) if outcome == "yes" else None,
            _named(form, page) if outcome == "yes" else (),
        ),
    )


def _timetable(form: Submitted, page: TaskPage) -> Answer | None:
    """The answer to the proposed timetable, which goes with a yes in principle."""
    asked = page.in_principle.timetable if page.in_principle is not None else None
    if asked is None:
        return None
    chosen = form.choice("timetable", ("accept", "instead"), required=gettext("Say whether you accept the dates"))
    if chosen is None:
        return None
    if chosen == "accept":
        return Answer(asked.seq)
    return Answer(asked.seq, read_dates(form, [(stage, title) for stage, title, _ in asked.dates]))


def _named(form: Submitted, page: TaskPage) -> tuple[Named, ...]:
    """Who answers for it on this side and which post will sign, which go with a yes in principle."""
    asked = page.in_principle
    if asked is None:
        return ()
    accountable = form.text(
        "accountable-post", label=gettext("Post"), required=gettext("Enter the post that answers for this"), limit=200
    )
    name = form.text("accountable-name", label=gettext("Name"), limit=200)
    signs = form.text("signs-post", label=gettext("Post"), required=gettext("Enter the post that will sign"), limit=200)
    return Named(asked.party, ACCOUNTABLE, accountable, name), Named(asked.party, SIGNS, signs)


def _changes(form: Submitted, page: TaskPage) -> tuple[Change, ...]:
    keys = [key for key, _, _ in page.sections]
    chosen = form.choices("sections", keys, required=gettext("Choose the sections that should change"))
    found = []
    for key in chosen:
        title = next(title for each, title, _ in page.sections if each == key)
        required = gettext("Say what should change in “%(section)s”", section=title)
        text = form.text(f"change-{key}", label=title, required=required, limit=CHANGE_LIMIT)
        code = form.form.get(f"code-{key}", "")
        if not is_delay(code):
            form.wrong(f"code-{key}", gettext("Choose a reason for the change in “%(section)s”", section=title))
            code = "QUALITY"
        found.append(Change(key, text, code))
    return tuple(found)


def _conditions(form: Submitted) -> tuple[Condition, ...]:
    found = []
    for number in range(1, CONDITION_ROWS + 1):
        text = form.text(f"condition-{number}", label=gettext("Condition %(number)s", number=number), limit=2_000)
        by = form.date(f"condition-{number}-by", label=gettext("The date of condition %(number)s", number=number))
        if text:
            found.append(Condition(text, by.value.isoformat() if by.value else None))
        elif by.value:
            form.wrong(f"condition-{number}", gettext("Write the condition that has this date"))
    if not found:
        form.wrong("condition-1", gettext("Write at least one condition, or approve without conditions"))
    return tuple(found)


def _happened(form: Submitted, today: date) -> datetime | None:
    """Noon of the day on which it was decided elsewhere; None for a decision taken now."""
    day = form.date("happened", label=gettext("The day of the decision")).value
    if day is None:
        return None
    if day >= today:
        form.wrong("happened-day", gettext("The day of the decision must be in the past"))
        return None
    if day < today - timedelta(days=3_660):
        form.wrong("happened-year", gettext("The day of the decision must be within the last ten years"))
        return None
    return datetime.combine(day, time(12), LONDON)
