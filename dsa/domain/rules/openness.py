"""Checks on what the public and the people in the data are told (R34, R60-R63).

One rule: people hear of a sharing before it happens, not after.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsa.domain.answered import own_part
from dsa.domain.conditions import answered
from dsa.domain.parties import Party
from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule
from dsa.domain.values import fixed_date


def _informing(case: Case) -> list[Party]:
    """Parties that owe people privacy information."""
    return [party for party in case.parties if case.personal and party.is_controller]


@rule("R34", WARN, "atrs_record", "atrs", cites=("Algorithmic Transparency Recording Standard",))
def algorithmic_tools_are_recorded(case: Case) -> Iterator[Hit]:
    """A tool in scope of the standard has a published record."""
    if case.answers.get("atrs") is True and not answered(case.answers.get("atrs_record")):
        yield Hit("An algorithmic tool is in scope. Publish its transparency record and give the address.")


@rule("R60", WARN, "welsh", "nations", cites=("Welsh Language (Wales) Measure 2011",))
def wales_is_served_in_welsh(case: Case) -> Iterator[Hit]:
    """Where Welsh bodies or people in Wales are concerned, there is a Welsh version."""
    concerned = "WLS" in case.words("nations") or any(party.nation == "WLS" for party in case.parties)
    if concerned and case.answers.get("welsh") is not True:
        yield Hit("Wales is covered. Publish the summary in Welsh and English at the same time, or say why not.")


@rule("R61", BLOCK, "publish", cites=("Freedom of Information Act 2000 Part II", "ICO data sharing code, transparency"))
def withholding_is_decided_by_somebody(case: Case) -> Iterator[Hit]:
    """An agreement is withheld only under an exemption and by a named post."""
    if case.part("publish", "decision") != "withhold":
        return
    if not answered(case.part("publish", "exemption")):
        yield Hit("The agreement is withheld. Name the exemption that allows it.", ("publish.exemption",))
    if not answered(case.part("publish", "reviewer")):
        yield Hit("The agreement is withheld. Name the post that decided it.", ("publish.reviewer",))


@rule("R62", WARN, "privacy_notice", "first_transfer", cites=("UK GDPR Articles 13 and 14",))
def notices_are_ready_first(case: Case) -> Iterator[Hit]:
    """Each privacy notice is published before the first transfer."""
    first = fixed_date(case.answers.get("first_transfer"))
    for party in _informing(case):
        noticed = fixed_date(own_part(case.answers, "privacy_notice", party, "date"))
        place = (f"privacy_notice.{party.key}",)
        if not answered(case.own("privacy_notice", party)):
            continue
        if own_part(case.answers, "privacy_notice", party, "published") is not True:
            yield Hit(f"{party.name}'s privacy notice is not published. Publish it before data moves.", place)
        elif noticed and first and noticed > first:
            yield Hit(f"{party.name}'s privacy notice is dated after the first transfer. Move one date.", place)


@rule("R63", WARN, "privacy_notice", cites=("UK GDPR Articles 13(1)(e) and 14(1)(e)",))
def notices_name_the_recipients(case: Case) -> Iterator[Hit]:
    """Each privacy notice says what kind of body gets the data."""
    for party in _informing(case):
        notice = case.own("privacy_notice", party)
        if answered(notice) and not answered(own_part(case.answers, "privacy_notice", party, "recipients")):
            yield Hit(
                f"Quote how {party.name}'s privacy notice describes who gets the data. If it does not, change it.",
                (f"privacy_notice.{party.key}.recipients",),
            )
