"""A whole agreement as answers, complete and without findings, for tests to spoil one thing at a time."""

import copy
from functools import cache
from pathlib import Path
from typing import Any

from dsa.adapters.definitions import load_bodies, load_form
from dsa.domain.form import Form
from dsa.domain.rules import Body

ROOT = Path(__file__).resolve().parents[2]
FORM_FILE = ROOT / "workflows" / "forms" / "agreement.yaml"
START_FILE = ROOT / "workflows" / "forms" / "start.yaml"
BODIES_FILE = ROOT / "workflows" / "bodies.yaml"


@cache
def form() -> Form:
    return load_form(FORM_FILE)


@cache
def start_form() -> Form:
    return load_form(START_FILE)


@cache
def bodies() -> tuple[Body, ...]:
    return load_bodies(BODIES_FILE)


def complete(**changes: Any) -> dict[str, Any]:
    """The answers of a fraud sharing between HMRC and the Student Loans Company; `changes` replace whole answers.

    A change to None takes the answer away.
    """
    answers = copy.deepcopy(_COMPLETE)
    answers.update(changes)
    return {key: value for key, value in answers.items() if value is not None}


def party(key: str, **changes: Any) -> dict[str, Any]:
    """A row of the parties table."""
    return {
        "id": key, "name": f"Body {key}", "code": key.upper(), "body_type": "executive_ndpb", "nation": "ENG",
        "role": "recipient", **changes,
    }  # fmt: skip


def both(value: Any) -> dict[str, Any]:
    """The same answer for both parties."""
    return {"hmrc": copy.deepcopy(value), "slc": copy.deepcopy(value)}


_POSTS = {
    "owner": "Deputy Director, Counter Fraud", "iao": "Head of Data", "dpo": "Data Protection Officer",
    "breach": "Security operations desk", "foi": "Head of Information Rights", "sar": "Head of Information Rights",
    "complaints": "Complaints manager",
}  # fmt: skip
_NOTICE = {"link": "https://example.org/privacy", "published": True, "date": "2026-06-01",
           "recipients": "Public bodies that check for fraud"}  # fmt: skip

_COMPLETE: dict[str, Any] = {
    # A
    "title": "Income check for student finance",
    "doc_type": "data_usage_agreement", "binding_status": "not_binding", "nature": "one_off", "direction": "one_way",
    "classification": "official", "urgency": "routine", "date_needed": "2027-03-01",
    "consequence_if_not": "False applications would be paid.", "nations": ["ENG"],
    # B
    "parties": [
        party("hmrc", name="HM Revenue and Customs", code="HMRC", body_type="non_ministerial_department",
              role="discloser"),
        party("slc", name="Student Loans Company", code="SLC", body_type="executive_ndpb", role="recipient"),
    ],
    "lead_accountable": {"party": "hmrc", "post": "Permanent Secretary"},
    "controller_status": both("independent_controller"), "regime": both("uk_gdpr"), "people": both(_POSTS),
    "other_access": False,
    # C
    "aims": "Check declared income before the first payment is made.",
    "how_data_helps": "Declared income is compared with recorded income.",
    "public_function": "Assessing eligibility for student finance.",
    "purpose_type": ["fraud"], "benefits": ["decisions_for_people"], "benefits_explained": "Students are paid right.",
    "benefit_measures": [{"measure": "Overpayments", "baseline": "4m", "target": "1m", "date": "2027-12-01"}],
    "beneficiaries_and_losers": "People who are wrongly matched.", "necessity": "Sampling misses nine in ten cases.",
    "decisions_about_people": "human", "matched": True, "linkage": "On National Insurance number, checked by a person.",
    "success_criteria": "Half of the false applications are found.", "failure_criteria": "Fewer than a tenth.",
    "evaluation_date": "2027-12-01",
    # D
    "data_kind": ["personal"],
    "datasets": [{"name": "Income", "controller": "hmrc", "period": "2025 to 2026", "records": 40000}],
    "data_items": [
        {"dataset": "Income", "field": "Income in the last 12 months", "identifiability": "quasi",
         "why": "To compare it with the income that was declared", "supply": "confirmed"},
        {"dataset": "Income", "field": "National Insurance number", "identifiability": "direct",
         "why": "To find the record of the same person without using a name", "supply": "confirmed"},
    ],
    "data_categories": ["nino", "income_tax"], "inferred_special": False, "subjects": ["taxpayers"],
    "subjects_desc": "People who applied from abroad in 2026.", "volume_band": "10000_99999", "children": "none",
    "data_quality": "About 2% of the numbers are missing.", "provenance_notice": "The tax notice says so.",
    # E
    "power_known": "yes",
    "powers": [
        {"party": "hmrc", "instrument": "Digital Economy Act 2017", "section": "56", "power_type": "dea_chapter",
         "permits": "Disclosure to prevent fraud against a public authority"},
        {"party": "slc", "instrument": "Digital Economy Act 2017", "section": "56", "power_type": "dea_chapter",
         "permits": "Receiving and using it to prevent fraud"},
    ],
    "dea_power": ["s56_fraud"], "dea_schedule_ref": both("Schedule 8 paragraph 8"),
    "review_board": "debt_fraud_england", "minister_approval": {"reference": "MIN-1", "date": "2026-10-01"},
    "hra_article8": "It is proportionate.", "equality_psed": {"outcome": "no_impact"},
    # F
    "art6": both(["e_public_task"]), "art6_law": both("Section 56 of the Digital Economy Act 2017"),
    "compatibility": {"outcome": "statute", "reason": "Section 56 allows it."},
    # G
    "privacy_notice": both(_NOTICE), "art14_plan": {"slc": {"plan": "within_a_month"}},
    "rights_lead": [{"right": "all", "party": ["hmrc", "slc"], "days": 20}],
    "rectification_flow": "Each month.", "complaints": both("Complaints team"),
    "foi": {"lead": ["slc"], "consult_days": 5}, "publish": {"decision": "redacted"},
    "public_summary": "HMRC says whether declared income agrees with its records.", "atrs": False,
    # H
    "method": "managed_file_transfer", "frequency": "once", "first_transfer": {"after": "last_signature", "days": 10},
    "format": "csv", "encryption_transit": "TLS 1.3", "encryption_rest": "AES 256", "key_mgmt": "HMRC",
    "pseudonymisation_method": "Not used, the number is needed to match", "access_roles": "Fraud analysts",
    "named_user_count": 6, "audit_logging": "Every look", "dlp": "Export is blocked", "segregation": "Own store",
    "backup_deletion": "Within 30 days of the end", "clearance": "bpss", "hosting_location": both(["GB"]),
    "leaves_uk": False, "assurance": {"slc": {"kinds": ["cyber_essentials_plus"]}}, "staff": "Yearly training.",
    "ai_use": "none",
    # I
    "retention": [{"dataset": "Income", "party": ["slc"], "period": "P6M", "trigger": "receipt"}],
    "disposal": "secure_deletion", "destruction_certificate": True, "onward_sharing": "prohibited",
    "breach": {"notify_hours": 24, "contact": "Security operations desk", "reporter": ["slc"]},
    "takes_effect": "all_signed", "start": {"after": "last_signature"},
    "end": {"after": "last_signature", "months": 12},
    "review": {"after": "last_signature", "months": 6}, "review_cycle": "P12M", "variation": "In writing.",
    "suspension": "At once on a breach.", "termination": {"notice_days": 30, "immediate": True},
    "exit_plan": "The data is destroyed.", "dispute": "By the accountable posts.", "costs": {"basis": "own"},
    "liability": "Each for its own acts.", "ip_licence": "HMRC keeps its rights.", "audit_right": "Once a year.",
    "records": "life_plus_6",
    # J
    "dpia": {"outcome": "complete", "reference": "DPIA-1", "date": "2026-09-01", "dpo_advice": "support",
             "residual_risk": "low"},
    "security_plan": {"reference": "SEC-1"}, "business_case": {"reference": "BC-1"},
    "public_engagement": "The code was consulted on.",
    "specialist_review": {"legal": True, "legal_post": "Legal adviser", "data_protection": False, "security": False},
    "signatories": [
        {"party": "hmrc", "post": "Director, Data", "role": "sro", "authority": "Scheme of delegation 4.2", "order": 1},
        {"party": "slc", "post": "Director, Operations", "role": "sro", "authority": "Board minute 12", "order": 1},
    ],
    "signature_level": "in_app",
}  # fmt: skip


def statistics(**changes: Any) -> dict[str, Any]:
    """The parts of a low-risk sharing of statistics that the route looks at."""
    answers = {
        "data_kind": ["aggregate"], "small_numbers": "Counts under 10 are suppressed.", "classification": "official",
        "leaves_uk": False, "urgency": "routine", "nature": "one_off",
        "parties": [party("ons", name="Office for National Statistics", role="discloser"), party("lcc", nation="ENG")],
    }  # fmt: skip
    answers.update(changes)
    return {key: value for key, value in answers.items() if value is not None}
