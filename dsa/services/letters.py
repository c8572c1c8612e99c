"""What a mail about an agreement says, and to whom. One rule: what is no longer needed is told to nobody.

A letter has a verb, a reference, a due date and a link, and nothing of the agreement's content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.permissions import TIMETABLE_ROLES
from dsa.persistence import heads, outbox, people, timetables
from dsa.persistence.heads import Loaded
from dsa.persistence.people import Holder
from dsa.services.context import Context
from dsa.services.moving import flow_of
from dsa.timekeeping.instants import local_day, local_day_text


@dataclass(frozen=True, slots=True)
class Letter:
    """One person is told something. ``kind`` is that of ``noticing``; ``path`` is where it is done."""

    person: Holder
    subject: str
    path: str
    kind: str


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
_KIND_OF = {
    "reminder": "reminders",
    "overdue": "overdue",
    "escalated": "escalation",
    "answered": "questions",
    "asked": "questions",
    "moved": "dates",
    "sealed": "documents",
    "chased": "chases",
}


def letters_of(ctx: Context, session: Session, reference: str | None, payload: Mapping[str, Any]) -> list[Letter]:
    """The letters that an outbox row asks for, one for each person; none where it is no longer needed."""
    loaded = heads.load(session, reference) if reference is not None else None
    if loaded is None:
        return []
    what = payload["what"]
    if what == "chased":
        found = _chased(ctx, session, loaded, payload)
    elif what == "timetable":
        found = _timetable(ctx, session, loaded, payload)
    elif what in _TO_THE_LEAD:
        found = _to_the_lead(ctx, session, loaded, what)
    else:
        found = _about_a_task(ctx, session, loaded, payload)
    return list({letter.person.id: letter for letter in reversed(found)}.values())[::-1]


def write(ctx: Context, session: Session, letter: Letter, *, outbox_id: int) -> None:
    """Write the mail of a letter, to be handed over by a job."""
    opens = f"Open it here (you may have to sign in first):\n{ctx.base_url}{letter.path}"
    write_mail(ctx, session, letter.person, letter.subject, opens, letter.path, outbox_id=outbox_id)


def write_mail(
    ctx: Context, session: Session, person: Any, subject: str, text: str, path: str, *, outbox_id: int
) -> None:
    """Write a mail with a subject and a text; every mail says where it comes from and how to get fewer."""
    body = (
        f"{subject}.\n\n{text}\n\n"
        f"This message comes from {ctx.service_name}. It holds nothing of the agreement's content.\n"
        f"Choose what you are told, and how often: {ctx.base_url}/notices\n"
    )
    mail = {"outbox_id": outbox_id, "person_id": person.id, "address": person.email, "subject": subject}
    outbox.add_mail(session, mail | {"body": body, "link": path, "made_at": ctx.clock.now()})


def _about_a_task(ctx: Context, session: Session, loaded: Loaded, payload: Mapping[str, Any]) -> list[Letter]:
    what, task = payload["what"], loaded.task(payload["task"])
    if task is None or task.status != "open":
        return []
    reference, on, workflow = loaded.head.reference, local_day(ctx.clock.now()), flow_of(ctx, session, loaded).workflow
    able = people.holders(session, task.organisation_id, task.role, on=on)
    if payload.get("person") is not None:
        able = [person for person in able if person.id == payload["person"]]
    elif what == "answered":
        able = [person for person in able if task.assignee_id in (None, person.id)]
    elif what == "escalated":
        able = people.holders(session, task.organisation_id, str(workflow.escalation.get("to")), on=on)
    begins = _BEGINS.get(what, "")
    subject = f"{begins}{workflow.rule(task.rule).title}: {reference}, due {local_day_text(task.due_at)}"
    path = f"/agreements/{reference}" if what == "escalated" else f"/agreements/{reference}/tasks/{task.key}"
    kind = _KIND_OF.get(what, "tasks")
    if task.kind == "signature" and kind != "escalation":
        kind = "signing"
    return [Letter(person, subject, path, kind) for person in able]


def _to_the_lead(ctx: Context, session: Session, loaded: Loaded, what: str) -> list[Letter]:
    says, path = _TO_THE_LEAD[what]
    reference = loaded.head.reference
    due = f", due {local_day_text(loaded.head.stage_due_at)}" if loaded.head.stage_due_at and what == "turn" else ""
    able = people.holders(session, loaded.head.lead_organisation_id, "drafter", on=local_day(ctx.clock.now()))
    kind = _KIND_OF.get(what, "tasks")
    return [Letter(person, f"{says} {reference}{due}", f"/agreements/{reference}{path}", kind) for person in able]


def _chased(ctx: Context, session: Session, loaded: Loaded, payload: Mapping[str, Any]) -> list[Letter]:
    """To whoever had the agreement when it was chased, where they still have it."""
    owner, role = payload["owner"], payload["role"]
    if (loaded.head.holder_owner, loaded.head.holder_role) != (owner, role):
        return []
    organisation, reference = loaded.organisation_id(owner), loaded.head.reference
    waiting: Sequence[Any] = [
        task
        for task in loaded.tasks
        if task.status == "open" and (task.organisation_id, task.role) == (organisation, role)
    ]
    due = min((task.due_at for task in waiting), default=loaded.head.stage_due_at)
    path = f"/agreements/{reference}" + (f"/tasks/{waiting[0].key}" if len(waiting) == 1 else "")
    subject = f"Go on with {reference}: {payload['by']} asks you to"
    subject += f", due {local_day_text(due)}" if due is not None else ""
    able = people.holders(session, organisation, role, on=local_day(ctx.clock.now()))
    return [Letter(person, subject, path, "chases") for person in able]


def _timetable(ctx: Context, session: Session, loaded: Loaded, payload: Mapping[str, Any]) -> list[Letter]:
    """To each party that has not answered the proposal, where it is not asked in its first look."""
    pending = timetables.pending(session, loaded.head.id)
    if pending is None or pending.seq != payload["proposal"]:
        return []
    looking = {task.organisation_id for task in loaded.tasks if task.status == "open" and task.kind == "in_principle"}
    reference, on = loaded.head.reference, local_day(ctx.clock.now())
    names = {party.key: party.name for party in loaded.parties}
    subject = f"Answer the dates that {names.get(pending.party, pending.party)} proposes for {reference}"
    found = []
    for party in loaded.parties:
        if party.signs and party.key not in pending.accepted and party.organisation_id not in looking:
            able = (people.holders(session, party.organisation_id, role, on=on) for role in TIMETABLE_ROLES)
            some = next(filter(None, able), [])
            found += [Letter(person, subject, f"/agreements/{reference}/timetable", "tasks") for person in some]
    return found
