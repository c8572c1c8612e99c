"""Telling people, and carrying out what waits in the outbox.

One rule: a mail has a verb, a reference, a due date and a link, and nothing of the agreement's content.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.errors import Problem
from dsa.persistence import heads, outbox, people
from dsa.persistence.heads import Loaded
from dsa.services import checkpoint_mail, exporting, redating, renewing, sealing
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.timekeeping.instants import local_day_text

_RETRY_MINUTES = (1, 2, 5, 15, 60, 240)
_SOON_MINUTES = (1, 2, 5)  # people look at the page of a document and wait for it
_FOR_PEOPLE_WHO_WAIT = ("issue_document", "seal_document")


def carry_out(ctx: Context, *, limit: int = 100) -> int:
    """Carry out what waits; returns how many rows were done. What fails is tried again later, with the reason kept."""
    with ctx.database.reading() as session:
        waiting = outbox.waiting(session, now=ctx.clock.now(), limit=limit)
    done = 0
    for row in waiting:
        try:
            KINDS[row.kind](ctx, row)
        except (OSError, Problem, ValueError) as error:
            _later(ctx, row, str(error))
            continue
        with ctx.database.writing() as session:
            done += outbox.done(session, row.id, at=ctx.clock.now())
    return done


def _later(ctx: Context, row: Any, problem: str) -> None:
    minutes = _SOON_MINUTES if row.kind in _FOR_PEOPLE_WHO_WAIT else _RETRY_MINUTES
    wait = minutes[min(row.attempts, len(minutes) - 1)]
    with ctx.database.writing() as session:
        again = ctx.clock.now() + timedelta(minutes=wait)
        outbox.failed(session, row.id, attempts=row.attempts + 1, again_at=again, problem=problem)
    if row.kind in _FOR_PEOPLE_WHO_WAIT:
        sealing.note_problem(ctx, row.reference, problem)
    elif row.kind == "renew_document":
        renewing.note_problem(ctx, int(row.payload["document"]), problem)


def send_mail(ctx: Context) -> int:
    """Hand over the mails that wait, where a mail server is set; returns how many were handed over."""
    if ctx.post is None:
        return 0
    with ctx.database.reading() as session:
        waiting = outbox.unsent(session)
    sent = 0
    for mail in waiting:
        try:
            ctx.post.send(to=mail.address, subject=mail.subject, body=mail.body)
        except OSError:
            break
        with ctx.database.writing() as session:
            outbox.mark_sent(session, mail.id, at=ctx.clock.now())
        sent += 1
    return sent


def _issue(ctx: Context, row: Any) -> None:
    sealing.issue_document(ctx, row.reference)


def _seal(ctx: Context, row: Any) -> None:
    sealing.seal_document(ctx, row.reference)


def _mail(ctx: Context, row: Any) -> None:
    """Write the mails of one row: to everybody who can do the task, or to the drafters of the lead party."""
    with ctx.database.writing() as session:
        loaded = heads.load(session, row.reference)
        if loaded is None:
            return
        for number, (person, subject, path) in enumerate(_letters(ctx, session, loaded, row.payload)):
            link = f"{ctx.base_url}{path}"
            body = (
                f"{subject}.\n\nOpen it here (you may have to sign in first):\n{link}\n\n"
                f"This message comes from {ctx.service_name}. It holds nothing of the agreement's content.\n"
            )
            if number == 0 and outbox.mail_of(session, row.id):
                return
            outbox.add_mail(
                session,
                {
                    "outbox_id": row.id,
                    "person_id": person.id,
                    "address": person.email,
                    "subject": subject,
                    "body": body,
                    "link": path,
                    "made_at": ctx.clock.now(),
                },
            )


def _letters(ctx: Context, session: Session, loaded: Loaded, payload: Mapping[str, Any]) -> list[tuple[Any, str, str]]:
    """(person, subject, path) of each letter that an outbox row asks for; none where it is no longer needed."""
    if payload["what"] in _TO_THE_LEAD:
        return _to_the_lead(ctx, session, loaded, payload["what"])
    task = loaded.task(payload["task"])
    if task is None or task.status != "open":
        return []
    reference, on, workflow = loaded.head.reference, ctx.clock.now().date(), flow_of(ctx, session, loaded).workflow
    able = people.holders(session, task.organisation_id, task.role, on=on)
    if payload.get("person") is not None:
        able = [person for person in able if person.id == payload["person"]]
    elif payload["what"] == "answered":
        able = [person for person in able if task.assignee_id in (None, person.id)]
    elif payload["what"] == "escalated":
        able = people.holders(session, task.organisation_id, str(workflow.escalation.get("to")), on=on)
    begins = _BEGINS.get(payload["what"], "")
    subject = f"{begins}{workflow.rule(task.rule).title}: {reference}, due {local_day_text(task.due_at)}"
    path = f"/agreements/{reference}" if payload["what"] == "escalated" else f"/agreements/{reference}/tasks/{task.key}"
    return [(person, subject, path) for person in able]


_BEGINS = {
    "reminder": "Reminder: ",
    "overdue": "Overdue: ",
    "escalated": "Overdue with your organisation: ",
    "answered": "Your question is answered: ",
    "moved": "The due date moved: ",
}
_TO_THE_LEAD = {
    "returned": ("Respond to the changes asked for in", "/changes"),
    "sealed": ("The signed document is ready:", "/document"),
    "asked": ("Answer a reviewer's question about", "/draft"),
    "turn": ("It is your turn:", ""),
}


def _to_the_lead(ctx: Context, session: Session, loaded: Loaded, what: str) -> list[tuple[Any, str, str]]:
    says, path = _TO_THE_LEAD[what]
    reference, role = loaded.head.reference, "drafter"
    due = f", due {local_day_text(loaded.head.stage_due_at)}" if loaded.head.stage_due_at and what == "turn" else ""
    able = people.holders(session, loaded.head.lead_organisation_id, role, on=ctx.clock.now().date())
    return [(person, f"{says} {reference}{due}", f"/agreements/{reference}{path}") for person in able]


def _renew(ctx: Context, row: Any) -> None:
    renewing.renew_document(ctx, row.reference, int(row.payload["document"]))


def _export(ctx: Context, row: Any) -> None:
    exporting.make(ctx, int(row.payload["export"]))


def _redate(ctx: Context, _row: Any) -> None:
    redating.redate(ctx)


KINDS: Mapping[str, Callable[[Context, Any], None]] = {
    "mail": _mail,
    "issue_document": _issue,
    "seal_document": _seal,
    "renew_document": _renew,
    "export": _export,
    "checkpoint": checkpoint_mail.write,
    "redate": _redate,
}
