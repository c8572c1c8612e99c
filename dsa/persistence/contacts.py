"""People beside the text. One rule: a contact is ended and followed, never overwritten."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dsa.persistence import rows
from dsa.persistence.models import Contact


def replace(
    session: Session, agreement_id: int, *, party: str, duty: str, post: str, name: str, details: str, at: datetime
) -> None:
    """End the present contact of a party for a duty, and add the one that follows."""
    session.execute(
        update(Contact)
        .where(
            Contact.agreement_id == agreement_id,
            Contact.party_key == party,
            Contact.duty == duty,
            Contact.until_at.is_(None),
        )
        .values(until_at=at)
    )
    row = {"agreement_id": agreement_id, "party_key": party, "duty": duty, "post": post, "name": name}
    rows.add(session, "contacts", row | {"details": details, "from_at": at})


def every(session: Session, agreement_id: int) -> list[Contact]:
    """Every contact there ever was, the newest first: of each party and duty, the first is the one of today."""
    return list(
        session.scalars(select(Contact).where(Contact.agreement_id == agreement_id).order_by(Contact.id.desc()))
    )
