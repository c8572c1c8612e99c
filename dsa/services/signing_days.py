"""On which day each signature was made. One rule: of one made outside it is the day on the paper, not that of the seal.

The days are those in London: what people date and what the text counts from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.values import date_text
from dsa.persistence import outside
from dsa.services.signing import field_of
from dsa.timekeeping.instants import local_day

WAYS = {"paper": "on paper", "other": "in another product"}


@dataclass(frozen=True, slots=True)
class Outside:
    """What the record says of a signature made outside: its day, how, when it was recorded (UTC), and by which post."""

    signed_on: date
    how: str
    recorded_at: datetime
    confirmed_by: str

    @property
    def told(self) -> str:
        """Its day and how it was made, as the document itself says it."""
        return f"{date_text(self.signed_on.isoformat())}, {self.how}"


def made_outside(session: Session, agreement_id: int, version_id: int | None) -> dict[str, Outside]:
    """The confirmed signatures under a version that were made outside, by the field that each has in the document."""
    return {
        field_of(row.party_key, row.task_key): Outside(
            row.signed_on, WAYS[row.how], row.decided_at, row.decided_by or ""
        )
        for row in outside.every(session, agreement_id, version_id)
        if row.status == "confirmed" and row.decided_at is not None
    }


def signing_day(signature: Any, elsewhere: Mapping[str, Outside]) -> date:
    """The day of a signature (with ``field`` and ``signed_at``), given those that were made outside."""
    one = elsewhere.get(signature.field)
    return one.signed_on if one is not None else local_day(signature.signed_at)


def last_signing_day(session: Session, agreement_id: int, version_id: int | None, signed: Iterable[Any]) -> date:
    """The day on which the last of these signatures was made. ``signed`` holds one at least."""
    elsewhere = made_outside(session, agreement_id, version_id)
    return max(signing_day(each, elsewhere) for each in signed)
