"""People beside the text. One rule: a contact is ended and followed, never overwritten."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from dsa.persistence import rows
from dsa.persistence.models import Contact, table
from dsa.persistence.prepared import Prepared, PreparedUpdate

_C = table(Contact)
_EVERY = Prepared(select(_C).where(_C.c.agreement_id == bindparam("agreement")).order_by(_C.c.id.desc()))
_END = PreparedUpdate(
    _C, _C.c.agreement_id == bindparam("of_agreement"), _C.c.party_key == bindparam("of_party"),
    _C.c.duty == bindparam("of_duty"), _C.c.until_at.is_(None),
)  # fmt: skip


def replace(
    session: Session, agreement_id: int, *, party: str, duty: str, post: str, name: str, details: str, at: datetime
) -> None:
    """End the present contact of a party for a duty, and add the one that follows."""
    _END.run(session, {"of_agreement": agreement_id, "of_party": party, "of_duty": duty}, {"until_at": at})
    row = {"agreement_id": agreement_id, "party_key": party, "duty": duty, "post": post, "name": name}
    rows.add(session, "contacts", row | {"details": details, "from_at": at})


def every(session: Session, agreement_id: int) -> list[Any]:
    """Every contact there ever was, the newest first: of each party and duty, the first is the one of today."""
    return _EVERY.rows(session, {"agreement": agreement_id})
