"""Whole agreements as flat answers: nothing is missing, nothing mistaken, and no check stops them.

One rule: ``complete_answers(route)`` gives a fresh copy each time, so that a test may spoil it.
"""

from typing import Any

from tests.form import samples

FAST_CODES = ("DFT", "ONS")


def complete_answers(route: str = "standard", *, lead: str = "", other: str = "") -> dict[str, Any]:
    """Flat answers of an agreement of two parties that takes the route: "standard" or "fast".

    ``lead`` (who gives the data) and ``other`` (who gets it) are organisation codes of the fast agreement's parties.
    """
    if route == "standard":
        return samples.complete()
    if route != "fast":
        raise ValueError(f"there are no answers for the route {route}")
    return _fast(lead or FAST_CODES[0], other or FAST_CODES[1])


def _fast(lead: str, other: str) -> dict[str, Any]:
    """Statistics, marked OFFICIAL, kept in the United Kingdom, with a small-number rule and the usual terms."""
    giver, taker = lead.lower(), other.lower()
    changes: dict[str, Any] = {
        "title": "Monthly totals of journeys by area",
        "doc_type": "non_personal_data_letter",
        "aims": "Compare how many journeys begin in each area with the number of people who live there.",
        "how_data_helps": "The monthly totals are set beside the published population of each area.",
        "public_function": "Producing statistics that serve the public good.",
        "consequence_if_not": "The comparison for the spring would be left out.",
        "parties": [
            samples.party(giver, name=_NAMES.get(lead, f"Body {lead}"), code=lead, role="discloser",
                          body_type="ministerial_department"),
            samples.party(taker, name=_NAMES.get(other, f"Body {other}"), code=other, role="recipient",
                          body_type="non_ministerial_department"),
        ],
        "lead_accountable": {"party": giver, "post": "Permanent Secretary"},
        "controller_status": {giver: "non_personal_recipient", taker: "non_personal_recipient"},
        "regime": {giver: "not_personal", taker: "not_personal"},
        "people": _each(giver, taker, samples.complete()["people"]["hmrc"]),
        "purpose_type": ["statistics"], "benefits": ["better_statistics"],
        "benefits_explained": "Planners see where travel and population do not agree.",
        "benefit_measures": None, "beneficiaries_and_losers": None, "necessity": None,
        "decisions_about_people": "no", "matched": False, "linkage": None,
        "success_criteria": None, "failure_criteria": None, "evaluation_date": None,
        "data_kind": ["aggregate"],
        "datasets": [{"name": "Journey totals", "controller": giver, "period": "2026", "records": 4000}],
        "data_items": [{"dataset": "Journey totals", "field": "Total of journeys",
                        "why": "To compare it with the number of people who live in the area", "supply": "confirmed"}],
        "data_categories": None, "inferred_special": None, "subjects": None, "subjects_desc": None,
        "volume_band": "1000_9999", "children": None, "provenance_notice": None,
        "data_quality": "About 1% of journeys have no area and are left out.",
        "small_numbers": "Counts under 10 are suppressed, and other counts are rounded to the nearest 5.",
        "powers": [
            {"party": giver, "instrument": "Statistics and Registration Service Act 2007", "section": "45A",
             "power_type": "express_statutory", "permits": "Giving totals to the statistics authority"},
            {"party": taker, "instrument": "Statistics and Registration Service Act 2007", "section": "45A",
             "power_type": "express_statutory", "permits": "Using totals to make statistics"},
        ],
        "dea_power": None, "dea_schedule_ref": None, "review_board": None, "minister_approval": None,
        "hra_article8": None, "art6": None, "art6_law": None, "compatibility": None,
        "privacy_notice": None, "art14_plan": None, "rights_lead": None, "rectification_flow": None,
        "complaints": _each(giver, taker, "Complaints team"),
        "foi": {"lead": [taker], "consult_days": 5},
        "public_summary": "Totals of journeys are compared with the number of people who live in each area.",
        "atrs": None,
        "encryption_transit": None, "encryption_rest": None, "key_mgmt": None, "pseudonymisation_method": None,
        "access_roles": None, "named_user_count": None, "audit_logging": None, "dlp": None, "segregation": None,
        "backup_deletion": None, "clearance": None, "staff": None,
        "hosting_location": _each(giver, taker, ["GB"]),
        "assurance": {taker: {"kinds": ["cyber_essentials_plus"], "evidence": "Certificate 12", "date": "2026-06-01"}},
        "retention": [{"dataset": "Journey totals", "party": [taker], "period": "P12M", "trigger": "receipt"}],
        "breach": {"notify_hours": 24, "contact": "Security operations desk", "reporter": [taker]},
        "ip_licence": "Each party keeps its rights in what it makes.",
        "dpia": None, "security_plan": None, "business_case": None, "public_engagement": None,
        "signatories": [
            {"party": giver, "post": "Director, Data", "role": "director", "authority": "Scheme of delegation 2",
             "order": 1},
            {"party": taker, "post": "Director, Statistics", "role": "director", "authority": "Scheme of delegation 7",
             "order": 1},
        ],
    }  # fmt: skip
    return samples.complete(**changes)


_NAMES = {"DFT": "Department for Transport", "ONS": "Office for National Statistics",
          "HMRC": "HM Revenue and Customs", "SLC": "Student Loans Company"}  # fmt: skip


def _each(giver: str, taker: str, value: Any) -> dict[str, Any]:
    return {giver: value, taker: value}
