"""Complete, believable answers for the agreements of the demonstration.

One rule: what comes out has nothing missing and nothing that blocks; a test holds every theme against the form.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from dsa.demo.bodies import DemoBody
from dsa.demo.themes import Theme

Answers = dict[str, Any]
_PEOPLE = {
    "owner": "Deputy director, service policy", "iao": "Data owner", "dpo": "Data protection officer",
    "breach": "Security operations desk", "foi": "Head of information rights", "sar": "Head of information rights",
    "complaints": "Data protection complaints team",
}  # fmt: skip


def whole(theme: Theme, giver: DemoBody, taker: DemoBody, *, lead: DemoBody, needed: date, made: date,
          more: Sequence[DemoBody] = ()) -> Answers:  # fmt: skip
    """All answers of an agreement on ``theme``: ``giver`` sends data to ``taker`` (and to ``more``).

    ``needed`` is when the data is needed; ``made`` dates the assessments.
    """
    bodies = (giver, taker, *more)
    answers = {**_overview(theme, giver, taker, needed), **_parties(theme, bodies, lead), **_purpose(theme)}
    answers |= {**_data(theme, giver), **_power(theme, bodies), **_open(theme, bodies, made), **_sending(theme, bodies)}
    answers |= {**_life(theme, bodies), **_signing(theme, bodies, made)}
    if theme.personal:
        answers |= _personal(theme, bodies, made)
    if theme.board:
        answers |= _board(bodies, made)
    return answers


def _each(bodies: Sequence[DemoBody], value: Any) -> Answers:
    return {body.key: value for body in bodies}


def _overview(theme: Theme, giver: DemoBody, taker: DemoBody, needed: date) -> Answers:
    return {
        "title": f"{theme.title} - {giver.code} data for {taker.code}",
        "doc_type": theme.doc_type, "binding_status": "not_binding",
        "nature": "one_off" if theme.frequency == "once" else "recurring_bulk",
        "direction": "one_way", "classification": "official_sensitive" if theme.sensitive else "official",
        "urgency": "routine", "date_needed": needed.isoformat(), "consequence_if_not": theme.consequence,
        "nations": sorted({giver.nation, taker.nation}), "novel_contentious": False,
    }  # fmt: skip


def _parties(theme: Theme, bodies: Sequence[DemoBody], lead: DemoBody) -> Answers:
    roles = ["discloser", *["recipient"] * (len(bodies) - 1)]
    status = "independent_controller" if theme.personal else "non_personal_recipient"
    answers: Answers = {
        "parties": [body.party(role) for body, role in zip(bodies, roles, strict=True)],
        "lead_accountable": {"party": lead.key, "post": "Permanent Secretary or chief executive"},
        "controller_status": _each(bodies, status),
        "regime": _each(bodies, "uk_gdpr" if theme.personal else "not_personal"),
        "people": _each(bodies, _PEOPLE), "other_access": False,
    }  # fmt: skip
    return answers | ({"accession": "by_variation"} if len(bodies) > 2 else {})


def _purpose(theme: Theme) -> Answers:
    made_up = sum(map(ord, theme.title))  # one theme in three has nobody who can say what it is worth
    worth = {} if made_up % 3 == 0 else {"monthly_benefit": 4_000 * (1 + made_up % 23)}
    return worth | {
        "aims": theme.aims, "how_data_helps": theme.how, "public_function": theme.function,
        "purpose_type": list(theme.purposes), "benefits": list(theme.benefits), "benefits_explained": theme.gain,
        "benefit_measures": [{"measure": theme.measure, "baseline": "Not measured today", "target": "Half as many",
                              "date": {"after": "last_signature", "months": 12}, "owner": "Data sharing policy lead"}],
        "decisions_about_people": "human" if theme.decides else "no", "matched": theme.personal,
        "pilot": False,
        "prohibited_uses": "Marketing, immigration enforcement, training any model, and identifying people again.",
    }  # fmt: skip


def _data(theme: Theme, giver: DemoBody) -> Answers:
    answers: Answers = {
        "data_kind": ["personal"] if theme.personal else ["aggregate"],
        "datasets": [{"name": theme.dataset, "controller": giver.key, "period": "The last 12 months",
                      "records": theme.records, "refresh": theme.frequency.replace("_", " ")}],
        "volume_band": theme.band,
        "data_quality": "About 2% of the records are incomplete. Errors that are found go back to the data owner each "
                        "month, who corrects the source.",
    }  # fmt: skip
    if not theme.personal:
        return answers | {"small_numbers": "Counts under 10 are suppressed, and other counts are rounded to 5."}
    return answers


def _power(theme: Theme, bodies: Sequence[DemoBody]) -> Answers:
    giver = bodies[0]
    rows = []
    for body in bodies:
        permits = "Disclosing this data for the purpose stated" if body is giver else "Receiving and using it"
        row = {"party": body.key, "instrument": body.instrument, "section": body.section}
        row |= {"power_type": body.power_type, "permits": permits, "limits": "Only for the purpose of this agreement"}
        rows.append({key: value for key, value in row.items() if value})
    answers: Answers = {"power_known": "yes", "powers": rows, "power_tested": True}
    answers["equality_psed"] = {"outcome": "no_impact", "summary": "No group is affected more than another."}
    return answers


def _open(theme: Theme, bodies: Sequence[DemoBody], made: date) -> Answers:
    welsh = any(body.nation == "WLS" for body in bodies)
    answers: Answers = {
        "complaints": _each(bodies, "The data protection complaints page of the organisation"),
        "foi": {"lead": [bodies[1].key], "consult_days": 5, "exemptions": ["s40_2"]},
        "publish": {"decision": "in_full"}, "public_summary": theme.summary,
    }  # fmt: skip
    if theme.decides:
        answers["atrs"] = False
    return answers | ({"welsh": True} if welsh else {})


def _sending(theme: Theme, bodies: Sequence[DemoBody]) -> Answers:
    return {
        "method": theme.method, "frequency": theme.frequency,
        "first_transfer": {"after": "last_signature", "days": 20}, "format": "csv",
        "hosting_location": _each(bodies, ["GB"]), "leaves_uk": False, "ai_use": "none",
        "assurance": _each(bodies[1:], {"kinds": ["secure_by_design", "cyber_essentials_plus"],
                                        "evidence": "Assurance record held by the security adviser"}),
    } | ({} if theme.frequency == "once" else {"last_transfer": {"after": "last_signature", "months": 23}})  # fmt: skip


def _life(theme: Theme, bodies: Sequence[DemoBody]) -> Answers:
    takers = [body.key for body in bodies[1:]]
    return {
        "retention": [{"dataset": theme.dataset, "party": takers, "period": theme.kept, "trigger": "receipt",
                       "legal_reason": "Long enough to use it once and to answer complaints"}],
        "disposal": "secure_deletion", "destruction_certificate": True, "onward_sharing": "prohibited",
        "breach": {"notify_hours": 24, "contact": "Security operations desk", "reporter": takers},
        "takes_effect": "all_signed", "start": {"after": "last_signature"},
        "end": {"after": "last_signature", "months": 24}, "review": {"after": "last_signature", "months": 12},
        "review_cycle": "P12M",
        "variation": "In writing, signed by every party. Only the sections that change are reviewed again.",
        "suspension": "Either party may suspend it at once, in writing, on a breach or a doubt about its lawfulness.",
        "termination": {"notice_days": 60, "immediate": True},
        "exit_plan": "The data is securely deleted and a certificate of destruction is sent.",
        "dispute": "First the operational leads; after 10 working days the senior responsible owners; then the "
                   "accounting officers.",
        "costs": {"basis": "own"}, "liability": "Each party is liable for its own acts and omissions.",
        "ip_licence": "The party that gives the data keeps its rights; results belong to the party that made them.",
        "audit_right": "Once a year, with 20 working days' notice.", "records": "life_plus_6",
    }  # fmt: skip


def _signing(theme: Theme, bodies: Sequence[DemoBody], made: date) -> Answers:
    return {
        "specialist_review": {"legal": True, "legal_post": "Legal adviser", "legal_date": made.isoformat(),
                              "data_protection": True, "data_protection_post": "Data protection officer",
                              "security": True, "security_post": "Security adviser"},
        "signatories": [{"party": body.key, "post": "Deputy director for data", "role": "deputy_director",
                         "authority": f"Scheme of delegation of {body.name}, data sharing", "order": 1}
                        for body in bodies],
        "signature_level": "in_app",
    }  # fmt: skip


def _personal(theme: Theme, bodies: Sequence[DemoBody], made: date) -> Answers:
    takers = bodies[1:]
    notice = {"link": "https://example.org/privacy", "published": True, "date": made.isoformat(),
              "recipients": "Public bodies that need it for their functions"}  # fmt: skip
    return {
        "beneficiaries_and_losers": "People who are wrongly matched could be asked for papers that they need not give.",
        "necessity": theme.necessity, "data_items": [_item(theme, row) for row in theme.items],
        "linkage": "On the identifiers listed, with an expected match rate of 90%. A person looks at every match "
                   "before anything is done.",
        "data_categories": list(theme.categories), "inferred_special": False, "subjects": list(theme.subjects),
        "subjects_desc": theme.people, "children": "none",
        "provenance_notice": "The privacy notice says that data is shared with public bodies that need it.",
        "hra_article8": "The aim is legitimate, and only the items that the aim needs are shared.",
        "art6": _each(bodies, ["e_public_task"]),
        "art6_law": {body.key: f"{body.instrument} {body.section}".strip() for body in bodies},
        "compatibility": {"outcome": "compatible", "reason": "People would expect it, and safeguards are in place."},
        "privacy_notice": _each(bodies, notice), "art14_plan": _each(takers, {"plan": "already_informed"}),
        "rights_lead": [{"right": "all", "party": [body.key for body in bodies], "days": 20}],
        "rectification_flow": "Corrections are sent with the next transfer and at least once a month.",
        "encryption_transit": "TLS 1.3 between the two transfer servers", "encryption_rest": "AES 256",
        "key_mgmt": "The security team of the party that gets the data",
        "pseudonymisation_method": "Not used: the identifiers are needed to match, and are deleted after it",
        "access_roles": "Named analysts and their managers", "named_user_count": theme.users,
        "audit_logging": "Every look is logged; the security adviser reads the log each month",
        "dlp": "Export from the store is blocked", "segregation": "A store of its own",
        "backup_deletion": "Within 30 days of the end", "clearance": "bpss",
        "staff": "Yearly training, screening before access, and a warning that misuse is an offence.",
        "dpia": {"outcome": "complete", "reference": "Assessment held by the lead party", "date": made.isoformat(),
                 "dpo_advice": "support", "residual_risk": "low"},
    }  # fmt: skip


def _item(theme: Theme, row: tuple[str, str, str]) -> Mapping[str, Any]:
    field, identifies, why = row
    return {"dataset": theme.dataset, "field": field, "identifiability": identifies, "why": why, "mandatory": True,
            "supply": "confirmed"}  # fmt: skip


def _board(bodies: Sequence[DemoBody], made: date) -> Answers:
    power = {"instrument": "Digital Economy Act 2017", "section": "56", "power_type": "dea_chapter"}
    rows = [{"party": body.key, **power, "permits": "Sharing to prevent fraud against a public authority"}
            for body in bodies]  # fmt: skip
    return {
        "powers": rows, "dea_power": ["s56_fraud"], "dea_schedule_ref": _each(bodies, "Schedule 8"),
        "review_board": "debt_fraud_england",
        "minister_approval": {"reference": "Approval to be given through the review board's secretariat"},
        "business_case": {"reference": "Joint business case"}, "security_plan": {"reference": "Security plan"},
        "public_engagement": "The code of practice was consulted on; there was no consultation of its own.",
        "pilot": True, "success_criteria": "Half of the false claims in the sample are found.",
        "failure_criteria": "Fewer than one in ten is found, or people are wrongly matched.",
        "evaluation_date": {"after": "last_signature", "months": 12},
    }  # fmt: skip
