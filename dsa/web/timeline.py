"""The timeline of one agreement, on the page and as a file. One rule: a time on the page is London's, and says so."""

from flask import Blueprint, Response, request

from dsa.services import timeline_page
from dsa.services.timeline_events import EventShown
from dsa.services.timeline_page import StageLine, TaskLine, TimelinePage
from dsa.web import outlook_links, page_charts
from dsa.web.access import signed_in
from dsa.web.acting import actor, context
from dsa.web.csv_answer import csv_answer
from dsa.web.outcome_words import decided
from dsa.web.page import day, local, page
from dsa.web.page_dates import told
from dsa.web.record import note_look
from dsa.web.time_words import days, finish_words, hold_words, slips_words, state_words
from dsa.web.wording import gettext, ngettext

blueprint = Blueprint("timeline", __name__)


@blueprint.get("/agreements/<reference>/timeline")
@signed_in
def show(reference: str) -> tuple[str, int]:
    """Elapsed against target, who had it, what happened, what is to come."""
    note_look(reference, "timeline")
    found = timeline_page.timeline(context(), actor(), reference)
    return page(
        "timeline/timeline.html",
        wide=True,
        found=found,
        agreement=found.header,
        progress=told(found.with_progress) if found.with_progress is not None else "",
        lines=[(line, words_of(line), _pause(line), _kind(line)) for line in found.stages],
        task_words=words_of,
        task_outcome=_outcome,
        chart=_chart(found),
        days=days,
        finish_words=finish_words,
        outlook=outlook_links.shown(found.outlook, reference),
        hold_words=hold_words,
        timetable_words=state_words(found.timetable),
        slips=slips_words(found.timetable),
        events=[(event, sentence(event)) for event in found.events],
        done=request.args.get("done") == "contested",
    )


@blueprint.get("/agreements/<reference>/timeline.csv")
@signed_in
def as_file(reference: str) -> Response:
    """The ledger as a CSV file, parallel time along the critical path: nothing private is in it."""
    note_look(reference, "timeline file")
    found = timeline_page.timeline(context(), actor(), reference)
    columns = (
        "Entry",
        "From",
        "To",
        "Who had it",
        "Role",
        "Stage",
        "Reason",
        "Waiting",
        "Working minutes",
        "Contested",
        "Recorded then",
    )
    rows = (
        (
            line.seq,
            local(line.began_at).isoformat(timespec="minutes"),
            local(line.ended_at).isoformat(timespec="minutes") if line.ended_at is not None else "",
            line.who,
            line.role,
            line.stage,
            line.reason,
            gettext("yes") if line.waiting else gettext("no"),
            line.minutes,
            " / ".join(line.contested),
            line.recorded,
        )
        for line in found.ledger
    )
    return csv_answer(f"{found.header.reference}-ledger.csv", columns, rows)


@blueprint.get("/agreements/<reference>/history.csv")
@signed_in
def history_file(reference: str) -> Response:
    """What happened as a CSV file, oldest first, as far as the reader's side may see it: both times of each event."""
    note_look(reference, "history file")
    found = timeline_page.timeline(context(), actor(), reference)
    columns = ("Event", "Happened", "Recorded", "What", "Post", "Organisation", "Told", "Only your side", "Hash")
    rows = (
        (
            event.seq,
            local(event.happened_at or event.recorded_at).isoformat(timespec="minutes"),
            local(event.recorded_at).isoformat(timespec="minutes"),
            sentence(event),
            event.post,
            event.organisation,
            " / ".join(f"{gettext(label)}: {text}" for label, text in event.told),
            gettext("yes") if event.own_side else gettext("no"),
            event.digest,
        )
        for event in reversed(found.events)
    )
    return csv_answer(f"{found.header.reference}-history.csv", columns, rows)


def words_of(line: StageLine | TaskLine) -> str:
    """Elapsed against target in words."""
    return told(line.words)


def _pause(line: StageLine) -> str:
    return told(line.paused) if line.paused is not None else ""


def _kind(line: StageLine) -> str:
    if line.progress.state == "not_started":
        return "ahead"
    return "late" if line.progress.days_over or line.progress.state == "late" else ""


def _outcome(line: TaskLine) -> str:
    if line.status == "lapsed":
        return gettext("no longer needed")
    return decided(line.outcome, line.kind)


def sentence(event: EventShown) -> str:
    """What happened, as a sentence: "Legal adviser, HM Revenue and Customs: approved ..."."""
    params = dict(event.params)
    if event.outcome is not None:
        params["outcome"] = decided(event.outcome, event.task_kind)
    words = gettext(event.message) % params
    return words[:1].upper() + words[1:]


def _chart(found: TimelinePage) -> page_charts.Stacked | None:
    if not found.ledger:
        return None
    spells = [
        (line.who, float(line.minutes), line.waiting, f"{line.who}, {day(line.began_at)}")
        for line in found.ledger
        if line.began_at < found.counted_until
    ]
    total = days(found.figures.elapsed)
    title = gettext("Where the %(total)s went", total=total)
    owners = "; ".join(
        gettext("%(who)s: %(days)s", who=who, days=days(amount)) for who, amount in found.figures.by_owner
    )
    count = ngettext("%(num)d entry", "%(num)d entries", len(spells))
    return page_charts.stacked(title, f"{owners} ({count}).", spells)
