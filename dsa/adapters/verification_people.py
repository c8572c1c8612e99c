"""Who should have signed a document, and did. One rule: a copy is complete only with the stamp that closes it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from dsa.adapters.certificates import shortened
from dsa.adapters.pdf_layout import moment, signature_fields
from dsa.adapters.signatures import COMPLETION_FIELD, ISSUE_FIELD
from dsa.adapters.verification_outside import OUTSIDE, Place, number_said, outside_told, outside_words
from dsa.adapters.verification_trust import Signed
from dsa.adapters.verification_verdict import Check

# Checks that fail on an honest copy which was taken, or cut, before the document was closed.
NOT_CLOSED = frozenset({"signatories", "completion-seal", "closing-stamp"})


def people_told(
    found: Sequence[Signed], content: Mapping[str, Any], *, whole: bool
) -> tuple[list[Signed], list[Check], bool]:
    """(the signatures, told by whom; the checks; whether all who should have signed did and the document is closed).

    ``found`` in the order of the revisions; ``content`` names who has to sign, if it is ``whole``.
    """
    names = {str(p.get("key")): str(p.get("name")) for p in content.get("parties", ()) if isinstance(p, Mapping)}
    signatories = signature_fields(content) if whole else []
    places = {
        name: Place(str(one.get("post")), names.get(str(one["party"]), ""), str(one.get("authority") or ""))
        for name, one in signatories
    }
    signed = outside_told(found, places)
    by_field = {each.field: each for each in signed}
    missing = [f"{each.post}, {each.organisation}" for name, each in places.items() if name not in by_field]
    number = len(signatories)
    checks = [
        Check(
            "signatories",
            bool(signatories) and not missing,
            number_said(signed, number)
            if signatories and not missing
            else listed(
                f"{len(missing)} of {number} required signatures {'is' if len(missing) == 1 else 'are'} missing",
                missing[:6],
            ),
        ),
        _posts(signed, places, by_field),
        *_closed(signed, by_field, everybody=bool(signatories) and not missing),
    ]
    complete = all(check.ok for check in checks if check.check in NOT_CLOSED)
    return signed, checks, complete


def _posts(signed: Sequence[Signed], places: Mapping[str, Place], by_field: Mapping[str, Signed]) -> Check:
    wrong = [
        f"{name} is signed by {by_field[name].post}, {by_field[name].organisation}"
        for name, place in places.items()
        if name in by_field and not _is_of(by_field[name], place)
    ]
    expected = {ISSUE_FIELD, COMPLETION_FIELD, *places}
    for each in signed:
        if each.kind != "timestamp" and each.field not in expected:
            wrong.append(f"{each.field} was not asked for")
        if each.field in (ISSUE_FIELD, COMPLETION_FIELD) and each.kind != "seal":
            wrong.append(f"{each.field} is not a seal of the service")
    if wrong:
        return Check("posts", False, listed("Wrong", wrong))
    if all(each.trusted for each in signed):
        return Check("posts", True, "Each signature is that of the post named in the text.")
    unsure = "Each signature names the post that the text asks for; not every one could be confirmed."
    return Check("posts", True, unsure)


def _is_of(one: Signed, place: Place) -> bool:
    if one.kind == OUTSIDE:
        return (one.post, one.organisation) == (place.post, place.organisation)
    return one.kind == "person" and (one.post, one.organisation) == (
        shortened(place.post),
        shortened(place.organisation),
    )


def _closed(signed: Sequence[Signed], by_field: Mapping[str, Signed], *, everybody: bool) -> list[Check]:
    """The closing seal, and the time stamp after it: the service makes both at once, so neither stands alone."""
    if COMPLETION_FIELD not in by_field:
        why = "everybody has signed, but the document was not closed yet" if everybody else "not everybody had signed"
        says = (
            f"The seal at completion is missing: {why} when this copy was taken, or the end of the file was cut away."
        )
        return [Check("completion-seal", False, says)]
    after = signed[signed.index(by_field[COMPLETION_FIELD]) + 1 :]
    stamped = any(each.kind == "timestamp" for each in after)
    return [
        Check(
            "completion-seal",
            True,
            "The service closed the document after the last signature."
            if by_field[COMPLETION_FIELD].trusted
            else "A closing seal stands after the last signature; that it is the service's could not be confirmed.",
        ),
        Check(
            "closing-stamp",
            stamped,
            "The closing seal stands under a time stamp over the whole document."
            if stamped
            else "The time stamp after the closing seal is missing: the end of this copy was cut away.",
        ),
    ]


def who_said(signed: Sequence[Signed], level: str | None) -> str:
    """How many people signed, and when, as sentences."""
    people = [each for each in signed if each.kind == "person"]
    trusted = [each for each in people if each.trusted]
    outside = outside_words(signed)
    if not trusted:
        nobody = "Nobody's signature could be confirmed." if people else "" if outside else "Nobody has signed yet."
        return f"{nobody}{outside}".strip()
    number = f"{len(trusted)} people" if len(trusted) > 1 else "One person"
    told = f"each is listed with post, organisation and time. Level: {level or 'none'}."
    return f"{number} signed{_when([each.at for each in trusted if each.at is not None])}; {told}{outside}"


def _when(moments: Sequence[dt.datetime]) -> str:
    if not moments:
        return ""
    first, last = (moment(at.isoformat()) for at in (min(moments), max(moments)))
    return f", {first}" if first == last else f" between {first} and {last}"


def listed(title: str, items: Sequence[str]) -> str:
    """A title with what stands under it, as one sentence."""
    return f"{title}: {'; '.join(items)}." if items else f"{title}."
