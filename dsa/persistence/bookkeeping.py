"""Notes that looking leaves: who read without taking part. One rule: nothing of the agreement is changed here."""

from datetime import datetime

from sqlalchemy.orm import Session

from dsa.persistence import rows


def note_access(session: Session, *, person_id: int, agreement_id: int | None, what: str, at: datetime) -> None:
    """Record that an auditor looked at an agreement, or (None) at all of them."""
    rows.add(session, "access_records", {"person_id": person_id, "agreement_id": agreement_id, "what": what, "at": at})
