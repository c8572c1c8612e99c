"""Whether a signed agreement is in force on a day. One rule: one of six states, each with one plain sentence.

The stage says what people decided; the text says from when until when. Where the two differ, the later event counts: an
agreement whose term is over has ended, though nobody has recorded it yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

YES, NOT_YET, SUSPENDED, VARIED, ENDED, NEVER = "yes", "not_yet", "suspended", "varied", "ended", "never"


@dataclass(frozen=True, slots=True)
class InForce:
    """``state``: yes, not_yet, suspended, varied, ended, never; or unknown, where the service cannot say."""

    state: str
    says: str


_PREPARING = "Not yet: everybody has signed, and the parties are preparing. No data is shared yet."
_BY_STAGE: Mapping[str, InForce] = {
    "sign_off": InForce(NOT_YET, "Not yet: not everybody has signed."),
    "signed": InForce(NOT_YET, _PREPARING),
    "preparing": InForce(
        NOT_YET, "Not yet: everybody has signed, and the parties are preparing. No data is shared yet."
    ),
    "in_use": InForce(YES, "Yes, it is in force today."),
    "review_due": InForce(YES, "Yes, it is in force today; the parties are reviewing it."),
    "suspended": InForce(SUSPENDED, "No: it is suspended. No data is shared until somebody resumes it."),
    "superseded": InForce(VARIED, "No: it was varied. Another agreement stands in its place."),
    "ended": InForce(ENDED, "No: it has ended."),
    "data_destroyed": InForce(ENDED, "No: it has ended and the data was destroyed."),
    "closed": InForce(ENDED, "No: it has ended and its record is closed."),
    "withdrawn": InForce(NEVER, "No: it was withdrawn before it came into force."),
    "rejected": InForce(NEVER, "No: it was rejected."),
}
_NOT_LOCKED = InForce(NOT_YET, "Not yet: this text is not locked for signature.")
_OLDER_TEXT = InForce(VARIED, "No: this text was varied. A later version of the agreement stands in its place.")
_NOT_STARTED = InForce(NOT_YET, "Not yet: everybody has signed, and it takes effect on a later day.")
_TERM_OVER = InForce(ENDED, "No: its term is over.")


def in_force(stage: str, *, locked: bool, newest: bool, start: date | None, end: date | None, today: date) -> InForce:
    """The state on ``today`` of a text: ``locked`` for signature, and the ``newest`` that was.

    ``start`` and ``end`` are the first and the last day of the term where the text fixes them.
    """
    if not locked:
        return _NOT_LOCKED
    if not newest:
        return _OLDER_TEXT
    found = _BY_STAGE.get(stage, _NOT_LOCKED)
    signed = found.state in (YES, SUSPENDED) or stage in ("signed", "preparing")
    if signed and end is not None and today > end:
        return _TERM_OVER
    if found.state == YES and start is not None and today < start:
        return _NOT_STARTED
    return found
