"""Checks on transfers abroad, hosting, marking and the way data is sent (R28-R31, R56-R58).

One rule: where data goes is said once, and everything else agrees with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dsa.domain.answered import words
from dsa.domain.catalogue import STANDING_CLASSIFICATIONS
from dsa.domain.conditions import answered
from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule

SAFEGUARD_MECHANISMS = ("idta", "addendum", "bcr", "art46_public")
# Countries whose UK adequacy regulations cover only some recipients or some data.
PARTLY_ADEQUATE = {"US": "the United States (listed recipients only)", "CA": "Canada (commercial organisations only)",
                   "JP": "Japan (private sector only)"}  # fmt: skip


def _abroad(case: Case) -> list[tuple[int, Mapping[str, Any]]]:
    if case.answers.get("leaves_uk") is not True or not case.personal:
        return []
    return list(enumerate(case.rows("transfer_table")))


@rule("R28", BLOCK, "transfer_table", "leaves_uk", cites=("UK GDPR Article 44",))
def every_country_has_a_mechanism(case: Case) -> Iterator[Hit]:
    """Each transfer out of the UK has a mechanism."""
    if case.answers.get("leaves_uk") is True and case.personal and not case.rows("transfer_table"):
        yield Hit("Personal data leaves the UK. Add each country with the mechanism that protects the transfer.")
    for number, row in _abroad(case):
        if not answered(row.get("mechanism")):
            where = row.get("country") or "a country"
            yield Hit(f"The transfer to {where} has no mechanism. Choose one.", (f"transfer_table[{number}]",))


@rule("R29", BLOCK, "transfer_table", cites=("UK GDPR Article 46", "ICO guidance on international transfers, 2026"))
def safeguards_come_with_an_assessment(case: Case) -> Iterator[Hit]:
    """A transfer under appropriate safeguards has a risk assessment."""
    for number, row in _abroad(case):
        if row.get("mechanism") in SAFEGUARD_MECHANISMS and not answered(row.get("assessment")):
            yield Hit(
                f"The transfer to {row.get('country')} needs a transfer risk assessment. Give its reference and date.",
                (f"transfer_table[{number}].assessment",),
            )


@rule("R30", WARN, "hosting_location", "leaves_uk", cites=("UK GDPR Article 44",))
def hosting_agrees_with_leaving_the_uk(case: Case) -> Iterator[Hit]:
    """Hosting abroad agrees with the answer on leaving the UK."""
    if case.answers.get("leaves_uk") is not False:
        return
    for party in case.parties:
        abroad = [country for country in words(case.own("hosting_location", party)) if country != "GB"]
        if abroad:
            yield Hit(
                f"{party.name} keeps data outside the UK ({', '.join(abroad)}), but the agreement says that none "
                "leaves the UK. Change one of the two.",
                (f"hosting_location.{party.key}", "leaves_uk"),
            )


@rule("R31", WARN, "transfer_table", cites=("UK adequacy regulations", "ICO guidance on international transfers, 2026"))
def partial_adequacy_is_looked_at(case: Case) -> Iterator[Hit]:
    """Adequacy that covers only some recipients is shown to cover this one."""
    for number, row in _abroad(case):
        country = str(row.get("country"))
        if row.get("mechanism") == "adequacy" and country in PARTLY_ADEQUATE and not answered(row.get("detail")):
            yield Hit(
                f"Adequacy is partial for {PARTLY_ADEQUATE[country]}. Say why it covers this recipient.",
                (f"transfer_table[{number}].detail",),
            )


@rule("R56", BLOCK, "classification", cites=("Government Security Classifications Policy",), needs=("attachments",))
def marking_covers_the_attachments(case: Case) -> Iterator[Hit]:
    """The agreement is marked at least as high as its highest attachment."""
    order = STANDING_CLASSIFICATIONS
    own = case.word("classification")
    for one in case.facts["attachments"]:
        marking = one.get("classification") if isinstance(one, Mapping) else None
        if marking in order and own in order and order.index(marking) > order.index(own):
            name = one.get("name") or "An attachment"
            yield Hit(f"{name} is marked higher than the agreement. Raise the agreement's marking, or take it out.")


@rule("R57", BLOCK, "method", "classification", cites=("Government Security Classifications Policy",),
      needs=("permitted_methods",))  # fmt: skip
def sensitive_data_goes_by_permitted_methods(case: Case) -> Iterator[Hit]:
    """OFFICIAL-SENSITIVE data goes only by a method that every party permits."""
    permitted = case.facts["permitted_methods"]
    if case.word("classification") != "official_sensitive" or not isinstance(permitted, Mapping):
        return
    for party in case.parties:
        allowed = permitted.get(party.key)
        if isinstance(allowed, list) and case.word("method") not in allowed:
            yield Hit(f"{party.name} does not permit this method for OFFICIAL-SENSITIVE data. Choose another.")


@rule("R58", WARN, "method", cites=("UK GDPR Article 32",))
def physical_media_are_avoided(case: Case) -> Iterator[Hit]:
    """Data does not travel on physical media where there is another way."""
    if case.word("method") in ("encrypted_media", "paper"):
        yield Hit("Physical media get lost. Use a managed file transfer, or say why there is no other way.")
