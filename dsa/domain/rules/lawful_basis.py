"""Checks on lawful basis and conditions (R01-R08, R19-R22).

One rule: each party that decides for itself needs its own basis; nobody borrows another's.
"""

from __future__ import annotations

from collections.abc import Iterator

from dsa.domain.answered import own_part, words
from dsa.domain.catalogue import COMPETENT_AUTHORITY_TYPES
from dsa.domain.conditions import answered
from dsa.domain.parties import names_of
from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule

NEED_SCHEDULE_1 = frozenset({
    "b_employment_social", "g_substantial_public_interest", "h_health_social_care", "i_public_health",
    "j_archiving_research",
})  # fmt: skip


def needs_policy_document(condition: str) -> bool:
    """Whether a Schedule 1 condition needs an appropriate policy document (journalism is exempt as a whole)."""
    return condition == "pt1_1" or (condition.startswith("pt2_") and condition != "pt2_13")


@rule("R01", BLOCK, "art9", cites=("UK GDPR Article 9",))
def special_category_has_a_condition(case: Case) -> Iterator[Hit]:
    """Every controller that uses special category data has an Article 9 condition."""
    if "special_category" in case.words("data_kind"):
        for party in case.controllers:
            if not answered(case.own("art9", party)):
                yield Hit(f"{party.name} has no Article 9 condition. Choose one for it.", (f"art9.{party.key}",))


@rule("R02", BLOCK, "sch1", "art9", cites=("Data Protection Act 2018 section 10 and Schedule 1",))
def condition_has_a_schedule_1_paragraph(case: Case) -> Iterator[Hit]:
    """Article 9 (b), (g), (h), (i) and (j) come with a paragraph of Schedule 1."""
    for party in case.controllers:
        if NEED_SCHEDULE_1.intersection(words(case.own("art9", party))) and not answered(case.own("sch1", party)):
            yield Hit(
                f"{party.name}'s Article 9 condition needs a paragraph of Schedule 1 as well. Choose it.",
                (f"sch1.{party.key}",),
            )


@rule("R03", BLOCK, "apd_ref", "sch1", cites=("Data Protection Act 2018 Schedule 1 Part 4",))
def policy_document_is_named(case: Case) -> Iterator[Hit]:
    """A condition that needs an appropriate policy document has one."""
    for party in case.parties:
        needing = [one for one in words(case.own("sch1", party)) if needs_policy_document(one)]
        sensitive = answered(case.own("p3_sensitive_sch8", party))
        if (needing or sensitive) and not answered(case.own("apd_ref", party)):
            yield Hit(
                f"{party.name}'s condition needs an appropriate policy document. Give its reference, or say which "
                "exemption applies.",
                (f"apd_ref.{party.key}",),
            )


@rule("R04", BLOCK, "consent_evidence", "art9", cites=("UK GDPR Articles 7 and 9(2)(a)",))
def explicit_consent_can_be_withdrawn(case: Case) -> Iterator[Hit]:
    """A public authority that relies on explicit consent says how people withdraw it."""
    for party in case.parties:
        if not party.is_public or "a_explicit_consent" not in words(case.own("art9", party)):
            continue
        if not answered(own_part(case.answers, "consent_evidence", party, "withdrawal")):
            message = f"{party.name} relies on explicit consent. Say how people withdraw it."
            yield Hit(message, (f"consent_evidence.{party.key}.withdrawal",))
        yield Hit(
            f"{party.name} is a public authority, so consent may not be free. Consider another condition.",
            (f"art9.{party.key}",), WARN,
        )  # fmt: skip


@rule("R05", BLOCK, "art10_basis", cites=("UK GDPR Article 10", "Data Protection Act 2018 section 10(5)"))
def offence_data_has_a_route(case: Case) -> Iterator[Hit]:
    """Criminal offence data under UK GDPR has an Article 10 route for each controller."""
    if "criminal_offence" in case.words("data_kind"):
        for party in case.controllers:
            if not answered(own_part(case.answers, "art10_basis", party, "route")):
                message = f"Say what allows {party.name} to use criminal offence data."
                yield Hit(message, (f"art10_basis.{party.key}",))


@rule("R06", BLOCK, "regime", cites=("Data Protection Act 2018 section 30 and Schedule 7",))
def part_3_is_for_competent_authorities(case: Case) -> Iterator[Hit]:
    """Only a competent authority is under Part 3."""
    for party in case.parties:
        if party.regime == "part_3" and party.body_type not in COMPETENT_AUTHORITY_TYPES:
            yield Hit(
                f"{party.name} is not a kind of body that can be a competent authority. Choose UK GDPR for it.",
                (f"regime.{party.key}",),
            )


@rule("R07", WARN, "powers", "art6", cites=("Data Protection Act 2018 section 36(4)",))
def leaving_law_enforcement_is_authorised(case: Case) -> Iterator[Hit]:
    """Data that leaves the law enforcement regime is authorised by law, and the recipient has its own basis."""
    givers = [party for party in case.parties if party.discloses and party.regime == "part_3"]
    takers = [party for party in case.parties if party.receives and party.regime == "uk_gdpr"]
    if not givers or not takers:
        return
    said = " ".join(str(row.get("permits") or "") for giver in givers for row in case.rows_about("powers", giver))
    if "authorised by" not in said.lower():
        yield Hit(
            f"{names_of(givers)} shares law enforcement data for another purpose. Say in its power which law it is "
            "authorised by.",
            ("powers",),
        )
    for party in takers:
        lacks_offence = "criminal_offence" in case.words("data_kind") and not answered(case.own("art10_basis", party))
        if not answered(case.own("art6", party)) or lacks_offence:
            message = f"{party.name} gets law enforcement data under UK GDPR. Give its Article 6 and Article 10 basis."
            yield Hit(message, (f"art6.{party.key}",))


@rule("R08", BLOCK, "rights_lead", "regime", cites=("Data Protection Act 2018 sections 44 to 48",))
def rights_differ_by_regime(case: Case) -> Iterator[Hit]:
    """Where regimes are mixed, the rights table answers for each of them."""
    regimes = {party.regime for party in case.parties if party.regime in ("uk_gdpr", "part_3")}
    told = {row.get("regime") for row in case.rows("rights_lead") if isinstance(row.get("regime"), str)}
    if len(regimes) > 1 and case.rows("rights_lead") and not regimes <= told:
        yield Hit(
            "The parties are under different laws, but the rights table does not say which row is for which. Add rows "
            "for UK GDPR and for Part 3.",
            ("rights_lead",),
        )


@rule("R19", BLOCK, "art6", cites=("ICO guidance on recognised legitimate interest, 23 March 2026",))
def public_authorities_use_public_task(case: Case) -> Iterator[Hit]:
    """A public authority does not use legitimate interests for its own task."""
    for party in case.parties:
        chosen = {"f_legitimate_interests", "ea_recognised_interest"}.intersection(words(case.own("art6", party)))
        if party.is_public and chosen:
            yield Hit(
                f"{party.name} is a public authority. For its own task choose (e) public task.", (f"art6.{party.key}",)
            )


@rule("R20", BLOCK, "rli_request", cites=("UK GDPR Annex 1", "ICO guidance on recognised legitimate interest"))
def request_for_a_public_task_is_kept(case: Case) -> Iterator[Hit]:
    """A disclosure on request for a public task rests on a request that is on file."""
    for party in case.parties:
        asked = case.own("rli_condition", party) == "public_task_request"
        if asked and not answered(case.own("rli_request", party)):
            yield Hit(
                f"{party.name} discloses because of a request. Give the reference of the letter that says the data is "
                "needed for a public task.",
                (f"rli_request.{party.key}",),
            )


@rule("R21", WARN, "art6", cites=("ICO guidance on lawful basis",))
def few_bases_for_one_purpose(case: Case) -> Iterator[Hit]:
    """One purpose does not rest on more than two bases."""
    for party in case.parties:
        count = len(words(case.own("art6", party)))
        if count > 2:
            message = f"{party.name} names {count} lawful bases for one purpose. Keep the one or two that apply."
            yield Hit(message, (f"art6.{party.key}",))


@rule("R22", BLOCK, "art6_law", "art6", cites=("UK GDPR Article 6(3)",))
def legal_basis_names_its_law(case: Case) -> Iterator[Hit]:
    """Legal obligation and public task name the law or function they rest on."""
    for party in case.parties:
        chosen = {"c_legal_obligation", "e_public_task"}.intersection(words(case.own("art6", party)))
        if chosen and not answered(case.own("art6_law", party)):
            message = f"Name the law or function on which {party.name} bases its processing."
            yield Hit(message, (f"art6_law.{party.key}",))
