"""Checkpoints by mail, to one person of each party. One rule: what is sent says what it is good for, and nothing else.

It goes to the organisation's contact address, or else to whoever answers for information governance there.
"""

from typing import Any

from sqlalchemy.orm import Session

from dsa.persistence import audit_log as stored
from dsa.persistence import outbox, people
from dsa.services.context import Context
from dsa.timekeeping.instants import local_day

_KEEPERS = ("information_governance", "data_protection", "accountable", "drafter")


def write(ctx: Context, row: Any) -> None:
    """Write the mails of one outbox row: to each party of its agreement, or of any agreement where it names none."""
    with ctx.database.writing() as session:
        kept = stored.checkpoint(session, int(row.payload["checkpoint"]))
        if kept is None or outbox.mail_of(session, row.id):
            return
        subject = f"Keep this checkpoint of the audit log: {row.reference or 'this week'}"
        link = f"/checkpoints/{kept.id}"
        mail = {"outbox_id": row.id, "subject": subject, "body": _body(ctx, kept, link), "link": link}
        for person, address in _keepers(ctx, session, row.reference):
            outbox.add_mail(session, mail | {"person_id": person, "address": address, "made_at": ctx.clock.now()})


def _body(ctx: Context, kept: Any, link: str) -> str:
    return (
        f"Keep this message. It says what the record of all agreements held at one moment: {kept.size} events. Whoever "
        "has it can find out later whether anything in that record was changed, taken out or put in before that "
        "moment, even by those who run the service.\n\n"
        "To check: save the lines between the rules as a file and run\n"
        "  dsa verify AGREEMENT.pdf --log LOG.jsonl --checkpoint FILE\n"
        f"or compare them with {ctx.base_url}{link}\n\n"
        f"----\n{kept.note}----\n\n"
        f"This message comes from {ctx.service_name}. It holds nothing of an agreement's content.\n"
    )


def _keepers(ctx: Context, session: Session, reference: str | None) -> list[tuple[int, str]]:
    """(person, address) for each party: one of each organisation, and nobody twice."""
    bodies = {body.id: body.contact_email for body in people.organisations(session)}
    on, found = local_day(ctx.clock.now()), dict[int, str]()
    for organisation in stored.party_organisations(session, reference):
        able = (people.holders(session, organisation, role, on=on) for role in _KEEPERS)
        keeper = next((some[0] for some in able if some), None)
        if keeper is not None:
            found.setdefault(keeper.id, bodies[organisation] or keeper.email)
    return list(found.items())
