"""Signatures made outside the service, in a file that is checked. One rule: a seal that stands for one never passes
for the signature of a person."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dsa.adapters.signature_reasons import read_outside_reason
from dsa.adapters.signatures import OUTSIDE_NAME
from dsa.adapters.verification_trust import Signed

OUTSIDE = "outside"
AUTHENTICATION = "signed outside this service"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose signature belongs into a field, and on which authority, as the text says."""

    post: str
    organisation: str
    authority: str


def outside_told(signed: Iterable[Signed], places: Mapping[str, Place]) -> list[Signed]:
    """The signatures, with each seal that stands for a signature made outside told as such.

    ``places``: everybody who has to sign, by field. Only the service's own seal made for this purpose, in the place of
    the very post that it names, is taken for one.
    """
    return [_told(each, places.get(each.field)) for each in signed]


def _told(one: Signed, place: Place | None) -> Signed:
    if place is None or one.kind != "seal" or one.post != OUTSIDE_NAME:
        return one
    said = read_outside_reason(one.reason, place.post, place.organisation)
    if said is None:
        return one
    return replace(
        one,
        kind=OUTSIDE,
        post=place.post,
        organisation=place.organisation,
        authentication=AUTHENTICATION,
        authority=place.authority,
        signed_when=said.when,
        confirmed_by=said.confirmed_by,
    )


def number_said(signed: Iterable[Signed], number: int) -> str:
    """How many of the required signatures are there, and how many of them were made outside."""
    people = [each for each in signed if each.kind in ("person", OUTSIDE)]
    if not all(each.trusted for each in people):
        there = "The one required signature is" if number == 1 else f"All {number} required signatures are"
        return f"{there} there, but not every one could be confirmed."
    outside = sum(1 for each in people if each.kind == OUTSIDE)
    if not outside:
        if number == 1:
            return "The one required signatory has signed."
        return f"All {number} required signatories have signed."
    recorded = "for this one" if outside == 1 else "for these"
    rest = f"and confirmed by a second person: {recorded} the file proves only that the service recorded it."
    if number == 1:
        return f"The one required signature is there; it was made outside this service {rest}"
    were = "1 of them was" if outside == 1 else f"{outside} of them were"
    return f"All {number} required signatures are there; {were} made outside this service {rest}"


def outside_words(signed: Iterable[Signed]) -> str:
    """How many signatures were made outside, as a sentence; empty where there are none."""
    number = sum(1 for each in signed if each.kind == OUTSIDE and each.trusted)
    if not number:
        return ""
    return f" {number} more signed outside this service, as the service recorded."
