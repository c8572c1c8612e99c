"""Packs made for requests for information, and the names that must not be in them. One rule: of one side only."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dsa.persistence.models import Appointment, Contact, Party, Person, Post, StoredFile

MEDIA_TYPE = "application/zip"


def packs(session: Session, agreement_id: int) -> list[Any]:
    """The packs of an agreement, newest first (sha256, size, facts, stored_at)."""
    return list(
        session.execute(
            select(StoredFile.sha256, StoredFile.size, StoredFile.facts, StoredFile.stored_at)
            .where(StoredFile.agreement_id == agreement_id, StoredFile.media_type == MEDIA_TYPE)
            .order_by(StoredFile.stored_at.desc(), StoredFile.sha256)
        )
    )


def names_of_staff(session: Session, agreement_id: int) -> list[str]:
    """Names of people of the parties' organisations, and of every contact there ever was.

    People of a demonstration are left out: what stands as their name is a post.
    """
    people = (
        select(Person.name)
        .join(Appointment, Appointment.person_id == Person.id)
        .join(Post, Post.id == Appointment.post_id)
        .join(Party, Party.organisation_id == Post.organisation_id)
        .where(Party.agreement_id == agreement_id, Person.is_demo.is_(False))
    )
    contacts = select(Contact.name).where(Contact.agreement_id == agreement_id, Contact.name != "")
    return sorted({*session.scalars(people), *session.scalars(contacts)})
