"""Whether a signed agreement is in force on a day. One rule: one of seven states, each with one plain sentence.

The stage says what people decided; the text says who is bound by whose signature, and from when until when. Where they
differ, the later event counts: an agreement whose term is over has ended, though nobody has recorded it yet. That the
parties are still preparing does not put off what they signed: they are bound, and no data is shared yet.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

YES, NOT_YET, SUSPENDED, VARIED, ENDED, NEVER = "yes", "not_yet", "suspended", "varied", "ended", "never"
PARTLY = "partly"


@dataclass(frozen=True, slots=True)
class InForce:
    """``state``: yes, partly, not_yet, suspended, varied, ended, never; or unknown, where the service cannot say.

    ``says`` may name ``bound`` and ``parties``: how many parties are bound, of how many that sign.
    """

    state: str
    says: str
    bound: int = 0
    parties: int = 0


_PREPARING = InForce(YES, "Yes, it is in force today; no data is shared until the preparations are done.")
_BY_STAGE: Mapping[str, InForce] = {
    "sign_off": InForce(NOT_YET, "Not yet: not everybody has signed."),
    "signed": _PREPARING,
    "preparing": _PREPARING,
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
_NOT_STARTED_FOR_SOME = InForce(NOT_YET, "Not yet: it takes effect on a later day, for the parties that have signed.")
_TERM_OVER = InForce(ENDED, "No: its term is over.")


_PARTLY = "In force for %(bound)s of %(parties)s parties: for each that has signed, once the lead parties have too."
_NOT_THE_LEADS = InForce(NOT_YET, "Not yet: it takes effect for each party once the lead parties have signed.")


def bound_parties(
    asked: Collection[tuple[str, int]], signed: Collection[tuple[str, int]], leads: Collection[str]
) -> tuple[int, int]:
    """(how many parties are bound, how many sign) where each is bound once it and the ``leads`` have signed.

    ``asked`` and ``signed`` are (party, which of its signatures); a party has signed when all of its own are there.
    """
    parties = {party for party, _ in asked}
    ready = parties - {party for party, slot in asked if (party, slot) not in signed}
    return (len(ready) if ready >= set(leads) & parties else 0), len(parties)


def in_force(
    stage: str,
    *,
    locked: bool,
    newest: bool,
    start: date | None,
    end: date | None,
    today: date,
    by_party: tuple[int, int] | None = None,
) -> InForce:
    """The state on ``today`` of a text: ``locked`` for signature, and the ``newest`` that was.

    ``start`` and ``end`` are the first and the last day of the term where the text fixes them. ``by_party``: the text
    takes effect for each party by itself, and so many are bound of so many (``bound_parties``).
    """
    if not locked:
        return _NOT_LOCKED
    if not newest:
        return _OLDER_TEXT
    found = _BY_STAGE.get(stage, _NOT_LOCKED)
    if stage == "sign_off" and by_party is not None:
        found = InForce(PARTLY, _PARTLY, *by_party) if by_party[0] else _NOT_THE_LEADS
    if found.state in (YES, PARTLY, SUSPENDED) and end is not None and today > end:
        return _TERM_OVER
    if found.state in (YES, PARTLY) and start is not None and today < start:
        return _NOT_STARTED if found.state == YES else _NOT_STARTED_FOR_SOME
    return found
