"""The mails as a page. One rule: a mail has nothing of an agreement's content, so the demonstration may show all."""

from dataclasses import dataclass
from datetime import datetime

from dsa.domain.actor import Actor
from dsa.persistence import outbox
from dsa.services.context import Context

PAGE = 25


@dataclass(frozen=True, slots=True)
class MailShown:
    """A mail: to whom (a post in the demonstration), its subject, its link, when it was made and handed over (UTC)."""

    to: str
    subject: str
    link: str
    made_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxPage:
    """A page of mails. ``everybody``: those of all people; ``before`` begins the next page, or None."""

    mails: tuple[MailShown, ...]
    everybody: bool
    before: int | None


def mails(ctx: Context, actor: Actor, *, before: int | None = None) -> OutboxPage:
    """Mails newest first: everybody's in a demonstration, else the actor's own."""
    with ctx.database.reading() as session:
        person = None if ctx.demo else actor.person_id
        rows = outbox.mails(session, person_id=person, before=before, limit=PAGE + 1)
    shown = tuple(MailShown(row.name, row.subject, row.link, row.made_at, row.sent_at) for row in rows[:PAGE])
    return OutboxPage(shown, ctx.demo, rows[PAGE - 1].id if len(rows) > PAGE else None)
