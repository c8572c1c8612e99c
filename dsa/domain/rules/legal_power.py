"""Checks on the legal power (R09-R18).

One rule: an agreement is not a power, and data protection law is not one either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from dsa.domain.catalogue import DEA_DEBT_FRAUD, HEALTH_TYPES
from dsa.domain.conditions import answered
from dsa.domain.parties import Party
from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule

DATA_PROTECTION_LAW = re.compile(r"\bGDPR\b|data protection act|\bDPA( 2018| 1998)?\b|general data protection", re.I)
AN_AGREEMENT = re.compile(
    r"\bmo[ua]\b|memorandum|\bthis agreement\b|(sharing|usage|disclosure|processing) agreement|\bprotocol\b", re.I
)
HMRC_LAW = re.compile(r"commissioners for revenue|\bCRCA\b|\bs(ection)?s? ?(17|18|20)\b", re.I)
DWP_LAW = re.compile(r"social security administration|\bSSAA\b|welfare reform|\bWRA\b|digital economy|\bDEA\b", re.I)
AN_ACT = re.compile(r"\bact\b|\bregulations\b|\border\b|\bmeasure\b", re.I)


def _is(party: Party, code: str, name: str) -> bool:
    return party.code.upper() == code or party.name.lower() in (name.lower(), code.lower())


def _instrument(row: object) -> str:
    return f"{row.get('instrument') or ''} {row.get('section') or ''}" if hasattr(row, "get") else ""


@rule("R09", BLOCK, "powers", cites=("HMRC Information Disclosure Guide", "ICO data sharing code, lawfulness"))
def every_discloser_has_a_power(case: Case) -> Iterator[Hit]:
    """Each party that gives data has a power to do so."""
    for party in case.parties:
        if party.discloses and not case.rows_about("powers", party):
            yield Hit(f"{party.name} gives data but has no legal power. Add the Act and section that lets it.")


@rule("R10", WARN, "powers", cites=("ICO data sharing code, lawfulness",))
def data_protection_law_is_not_a_power(case: Case) -> Iterator[Hit]:
    """Data protection law is not cited as the only power."""
    for party in case.parties:
        rows = case.rows_about("powers", party)
        if rows and all(DATA_PROTECTION_LAW.search(_instrument(row)) for row in rows):
            yield Hit(
                f"{party.name} cites only data protection law, which is not a power to share. Add the Act that lets it."
            )


@rule("R11", BLOCK, "powers", cites=("HMRC Information Disclosure Guide IDG42400",))
def an_agreement_is_not_a_power(case: Case) -> Iterator[Hit]:
    """No agreement or memorandum is cited as the power."""
    for number, row in enumerate(case.rows("powers")):
        name = str(row.get("instrument") or "")
        if AN_AGREEMENT.search(name) and row.get("power_type") != "international" and not AN_ACT.search(name):
            yield Hit(
                f'"{name[:80]}" is an agreement, not a power. Name the law that lets the party share.',
                (f"powers[{number}].instrument",),
            )


@rule("R12", BLOCK, "powers", cites=("Commissioners for Revenue and Customs Act 2005 sections 17, 18 and 20",))
def hmrc_names_its_authority(case: Case) -> Iterator[Hit]:
    """HMRC as discloser names section 17, 18 or 20 of its Act, or a statutory gateway."""
    for party in case.parties:
        if not party.discloses or not _is(party, "HMRC", "HM Revenue and Customs"):
            continue
        rows = [row for row in case.rows_about("powers", party) if not DATA_PROTECTION_LAW.search(_instrument(row))]
        gateway = [row for row in rows if row.get("power_type") in ("express_statutory", "dea_chapter", "court_order")]
        if not gateway and not any(HMRC_LAW.search(_instrument(row)) for row in rows):
            yield Hit(
                f"{party.name} may not disclose without lawful authority. Add section 17, 18 or 20 of the "
                "Commissioners for Revenue and Customs Act 2005, or the gateway it uses."
            )


@rule("R13", BLOCK, "powers", cites=("Social Security Administration Act 1992", "Welfare Reform Act 2012 ss130-132"))
def dwp_names_its_authority(case: Case) -> Iterator[Hit]:
    """DWP as discloser names social security law or the Digital Economy Act."""
    for party in case.parties:
        if not party.discloses or not _is(party, "DWP", "Department for Work and Pensions"):
            continue
        if not any(DWP_LAW.search(_instrument(row)) for row in case.rows_about("powers", party)):
            yield Hit(
                f"{party.name} may not disclose social security information without authority. Add the section of the "
                "Social Security Administration Act 1992, the Welfare Reform Act 2012 or the Digital Economy Act 2017."
            )


def uses_dea(case: Case) -> bool:
    """Whether the sharing rests on Part 5 of the Digital Economy Act."""
    return bool(case.words("dea_power")) or any(row.get("power_type") == "dea_chapter" for row in case.rows("powers"))


@rule("R14", BLOCK, "dea_schedule_ref", cites=("Digital Economy Act 2017 Schedules 4 to 8",))
def every_party_is_listed_in_a_schedule(case: Case) -> Iterator[Hit]:
    """Under the Digital Economy Act each party is listed in a schedule."""
    if uses_dea(case):
        for party in case.parties:
            if not party.processes_for_others and not answered(case.own("dea_schedule_ref", party)):
                yield Hit(
                    f"Give the paragraph of the schedule that lists {party.name}, or its department.",
                    (f"dea_schedule_ref.{party.key}",),
                )


@rule("R15", BLOCK, "dea_objective", cites=("Digital Economy Act 2017 section 35",))
def public_service_delivery_has_an_objective(case: Case) -> Iterator[Hit]:
    """Section 35 serves an objective set in regulations."""
    if "s35_psd" in case.words("dea_power") and not case.word("dea_objective"):
        yield Hit("Section 35 allows sharing only for an objective in regulations. Choose the objective.")


@rule("R16", BLOCK, "business_case", "dpia", "review_board", "minister_approval",
      cites=("Digital Economy Act 2017 Part 5 code of practice (debt and fraud)",))  # fmt: skip
def debt_and_fraud_have_their_papers(case: Case) -> Iterator[Hit]:
    """Debt and fraud sharing has a business case, an impact assessment, a review board and a minister."""
    if not DEA_DEBT_FRAUD.intersection(case.words("dea_power")):
        return
    if not answered(case.answers.get("business_case")):
        yield Hit("Debt and fraud sharing needs a joint business case. Give its reference.", ("business_case",))
    if case.part("dpia", "outcome") != "complete":
        yield Hit("Debt and fraud sharing needs a complete data protection impact assessment.", ("dpia",))
    if not case.word("review_board"):
        yield Hit("Say which review board looks at it.", ("review_board",))
    if not answered(case.answers.get("minister_approval")):
        message = "No data may move before the minister approves. Give the date and reference when you have them."
        yield Hit(message, ("minister_approval",), WARN)


@rule("R17", BLOCK, "nations", "dea_power", cites=("SI 2018/912", "Review of the debt and fraud powers, 2024"))
def power_reaches_northern_ireland(case: Case) -> Iterator[Hit]:
    """A Digital Economy Act power is used with Northern Ireland only where it is in force there."""
    not_there = {"s35_psd", "s36_fuel", "s37_39_water", "s48_debt", "s56_fraud"}.intersection(case.words("dea_power"))
    northern = [party for party in case.parties if party.nation == "NIR" and not party.processes_for_others]
    if not_there and ("NIR" in case.words("nations") or northern):
        yield Hit(
            "This Digital Economy Act power is not in force for Northern Ireland. Take Northern Ireland out of it, or "
            "name another power."
        )


@rule("R18", BLOCK, "dea_power", "data_items", cites=("Digital Economy Act 2017 section 64",))
def research_power_is_kept_to_its_limits(case: Case) -> Iterator[Hit]:
    """Section 64 covers de-identified data, and not that of health and care bodies."""
    if "s64_research" not in case.words("dea_power"):
        return
    identifying = [row for row in case.rows("data_items") if row.get("identifiability") == "direct"]
    if identifying:
        items = ", ".join(str(row.get("field") or "?") for row in identifying[:3])
        yield Hit(f"Section 64 allows only de-identified data. Take out what identifies people: {items}.")
    for party in case.parties:
        if party.discloses and party.body_type in HEALTH_TYPES:
            yield Hit(
                f"Section 64 does not cover the data of health and care bodies such as {party.name}.", ("powers",)
            )
