"""Each reviewer's check, R01 to R70: one case that it finds and one that it does not."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.domain.parties import parties_of
from dsa.domain.rules import FACTS, RULES, Body, RuleReport, run_rules
from tests.form.samples import bodies, both, complete, form, party

HMRC = party(
    "hmrc", name="HM Revenue and Customs", code="HMRC", body_type="non_ministerial_department", role="discloser"
)
SLC = party("slc", name="Student Loans Company", code="SLC", role="recipient")
DWP = party("hmrc", name="Department for Work and Pensions", code="DWP", body_type="ministerial_department",
            role="discloser")  # fmt: skip
SPECIAL = {"data_kind": ["personal", "special_category"], "special_categories": ["health"]}
CRIMINAL = {"data_kind": ["personal", "criminal_offence"]}
ABROAD = {"leaves_uk": True}
AUTOMATED = {"decisions_about_people": "solely_automated"}
WHY = "To find the record of the same person without using a name"


def power(key: str, instrument: str, section: str = "", kind: str = "express_statutory", **more: Any) -> dict[str, Any]:
    return {
        "party": key,
        "instrument": instrument,
        "section": section,
        "power_type": kind,
        "permits": "Sharing",
        **more,
    }


def powers(instrument: str, **more: Any) -> list[dict[str, Any]]:
    return [power("hmrc", instrument, **more), power("slc", "Education Act 1996", "1")]


def item(name: str, **more: Any) -> dict[str, Any]:
    return {"dataset": "Income", "field": name, "why": WHY, **more}


def abroad(country: str, mechanism: str | None, **more: Any) -> dict[str, Any]:
    row = {"country": country, "recipient": "A host", "mechanism": mechanism, **more}
    return {**ABROAD, "transfer_table": [{k: v for k, v in row.items() if v is not None}]}


@dataclass(frozen=True)
class Example:
    rule: str
    fails: dict[str, Any]
    passes: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    good_facts: dict[str, Any] | None = None


SAFE = {"told": "By letter", "representations": "By reply", "human": "On request", "contest": "By appeal"}
EXAMPLES = [
    Example("R01", SPECIAL, {**SPECIAL, "art9": both(["f_legal_claims"])}),
    Example("R02", {**SPECIAL, "art9": both(["h_health_social_care"])},
            {**SPECIAL, "art9": both(["h_health_social_care"]), "sch1": both(["pt1_2"])}),
    Example("R03", {"sch1": both(["pt2_14"])}, {"sch1": both(["pt2_14"]), "apd_ref": both({"reference": "APD 1"})}),
    Example("R04", {"art9": {"hmrc": ["a_explicit_consent"]}}, {"art9": {"hmrc": ["f_legal_claims"]}}),
    Example("R05", CRIMINAL, {**CRIMINAL, "art10_basis": both({"route": "official_authority"})}),
    Example("R06", {"regime": {"hmrc": "uk_gdpr", "slc": "part_3"}}, {"regime": {"hmrc": "part_3", "slc": "uk_gdpr"}}),
    Example("R07", {"regime": {"hmrc": "part_3", "slc": "uk_gdpr"}},
            {"regime": {"hmrc": "part_3", "slc": "uk_gdpr"},
             "powers": powers("Finance Act 2020", permits="Sharing authorised by section 3")}),
    Example("R08", {"regime": {"hmrc": "part_3", "slc": "uk_gdpr"}},
            {"regime": {"hmrc": "part_3", "slc": "uk_gdpr"},
             "rights_lead": [{"right": "all", "party": ["hmrc"], "regime": "part_3"},
                             {"right": "all", "party": ["slc"], "regime": "uk_gdpr"}]}),
    Example("R09", {"powers": [power("slc", "Education Act 1996")]}),
    Example("R10", {"powers": powers("Data Protection Act 2018", section="8")}),
    Example("R11", {"powers": powers("Memorandum of understanding between the parties")}),
    Example("R12", {"powers": powers("Data Protection Act 2018", kind="common_law")},
            {"powers": powers("Commissioners for Revenue and Customs Act 2005", section="18", kind="common_law")}),
    Example("R13", {"parties": [DWP, SLC], "powers": powers("Education Act 1996")},
            {"parties": [DWP, SLC], "powers": powers("Social Security Administration Act 1992", section="122")}),
    Example("R14", {"dea_schedule_ref": {"hmrc": "Schedule 8 paragraph 8"}}),
    Example("R15", {"dea_power": ["s35_psd"]}, {"dea_power": ["s35_psd"], "dea_objective": "fuel_poverty"}),
    Example("R16", {"business_case": None}),
    Example("R17", {"nations": ["ENG", "NIR"]}, {"nations": ["ENG", "NIR"], "dea_power": ["s80_statistics"]}),
    Example("R18", {"dea_power": ["s64_research"]},
            {"dea_power": ["s64_research"], "data_items": [item("Income band", identifiability="none")]}),
    Example("R19", {"art6": both(["f_legitimate_interests"])}),
    Example("R20", {"rli_condition": {"slc": "public_task_request"}},
            {"rli_condition": {"slc": "public_task_request"}, "rli_request": {"slc": {"reference": "Letter 4"}}}),
    Example("R21", {"art6": both(["b_contract", "c_legal_obligation", "e_public_task"])}),
    Example("R22", {"art6_law": {"hmrc": "Section 56"}}),
    Example("R23", {"dpia": None}),
    Example("R24", {"dpia": {"outcome": "not_required"}}, {"dpia": {"outcome": "not_required"}, "matched": False}),
    Example("R25", {"dpia": {"outcome": "in_progress"}}, facts={"sign_off_requested": True}),
    Example("R26", {"dpia": {"outcome": "complete", "residual_risk": "high"}},
            {"dpia": {"outcome": "complete", "residual_risk": "high"},
             "art36": {"consulted": True, "answered": "2026-10-01"}}),
    Example("R27", {"dpia": {"outcome": "complete", "date": "2025-01-01"}},
            facts={"today": "2026-11-02", "last_data_change": "2026-01-01"}),
    Example("R28", ABROAD, abroad("FR", "adequacy")),
    Example("R29", abroad("IN", "idta"), abroad("IN", "idta", assessment="TRA 1")),
    Example("R30", {"hosting_location": both(["GB", "IE"])}),
    Example("R31", abroad("US", "adequacy"), abroad("US", "adequacy", detail="On the list of the data bridge")),
    Example("R32", {**SPECIAL, **AUTOMATED, "art9": both(["f_legal_claims"])},
            {**SPECIAL, **AUTOMATED, "art9": both(["a_explicit_consent"])}),
    Example("R33", {**AUTOMATED, "automated_safeguards": {"told": "By letter"}},
            {**AUTOMATED, "automated_safeguards": SAFE}),
    Example("R34", {"atrs": True}, {"atrs": True, "atrs_record": "https://example.org/record"}),
    Example("R35", {"children": "targeted"}, {"children": "targeted", "children_best_interests": "It is safer."}),
    Example("R36", {"data_items": [item("National Insurance number", why="To match")]}),
    Example("R37", {"data_items": [item("Diagnosis", special=True)]},
            {"data_items": [item("Diagnosis", special=True)], "special_categories": ["health"]}),
    Example("R38", {"data_items": [item("Case notes")]}),
    Example("R39", {"data_kind": ["aggregate"]}, {"data_kind": ["aggregate"], "small_numbers": "Under 10 suppressed"}),
    Example("R40", {"data_kind": ["aggregate"], "data_items": [item("Record identifier")]},
            {"data_kind": ["aggregate"], "data_items": [item("Count of claims")]}),
    Example("R41", {"controller_status": both("joint_controller")},
            {"controller_status": both("joint_controller"), "jc_arrangement": [{"duty": "rights", "party": "slc"}]}),
    Example("R42", {"controller_status": {"hmrc": "independent_controller", "slc": "processor"}},
            {"controller_status": {"hmrc": "independent_controller", "slc": "processor"},
             "processor_contract": [{"party": "slc", "reference": "C1", "art28_terms": True}]}),
    Example("R43", {"doc_type": "data_processing_agreement"}),
    Example("R44", {"doc_type": "memorandum_of_understanding", "parties": [HMRC, party("slc", body_type="company")]},
            {"doc_type": "memorandum_of_understanding"}),
    Example("R45", {}, facts={"author": "A", "approvers": [{"person": "A", "role": "legal"}]},
            good_facts={"author": "A", "approvers": [{"person": "B", "role": "legal"}]}),
    Example("R46", {}, facts={"role_holders": [{"person": "A", "party": "x", "role": "caldicott"},
                                               {"person": "A", "party": "x", "role": "siro"}]},
            good_facts={"role_holders": [{"person": "A", "party": "x", "role": "caldicott"},
                                         {"person": "A", "party": "x", "role": "dpo"}]}),
    Example("R47", {"review": {"after": "last_signature", "months": 13}}, facts={"today": "2026-11-02"}),
    Example("R48", {"start": "2028-06-01"}, {"start": "2027-06-01"}, facts={"issued": "2026-11-02"}),
    Example("R49", {"first_transfer": "2026-01-01"}, facts={"last_signature": "2026-10-01"}),
    Example("R50", {"retention": [{"dataset": "Income", "period": "P7Y"}]},
            {"retention": [{"dataset": "Income", "period": "P7Y", "legal_reason": "Limitation Act 1980"}]}),
    Example("R51", {"nature": "recurring_bulk", "frequency": "monthly"},
            {"nature": "recurring_bulk", "frequency": "monthly", "last_transfer": "2028-01-01"}),
    Example("R52", {"staff": "Staff of Skills Development Scotland are trained."}),
    Example("R53", {"exit_plan": "TBC"}),
    Example("R54", {"frequency": "monthly"}),
    Example("R55", {"staff": "Staff are trained by QZX every year."},
            {"staff": "Staff are trained by Quiet Zone Examiners (QZX) every year, and QZX reports."}),
    Example("R56", {}, facts={"attachments": [{"name": "Plan", "classification": "official_sensitive"}]},
            good_facts={"attachments": [{"name": "Plan", "classification": "official"}]}),
    Example("R57", {"classification": "official_sensitive"},
            facts={"permitted_methods": {"slc": ["api"]}},
            good_facts={"permitted_methods": {"slc": ["managed_file_transfer"]}},
            passes={"classification": "official_sensitive"}),
    Example("R58", {"method": "paper"}),
    Example("R59", {"data_items": [item("Sort code of the account", supply="cannot")]},
            facts={"supply_confirmed": []}),
    Example("R60", {"nations": ["ENG", "WLS"]}, {"nations": ["ENG", "WLS"], "welsh": True}),
    Example("R61", {"publish": {"decision": "withhold", "exemption": "Section 31"}},
            {"publish": {"decision": "withhold", "exemption": "Section 31", "reviewer": "Head of Information Rights"}}),
    Example("R62", {"privacy_notice": both({"link": "https://example.org", "published": False, "recipients": "x"})}),
    Example("R63", {"privacy_notice": both({"link": "https://example.org", "published": True})}),
    Example("R64", {"controller_status": {"hmrc": "joint_controller", "slc": "independent_controller"}}),
    Example("R65", {"people": {"hmrc": {"breach": "Desk"}, "slc": {"breach": "Desk"}}}),
    Example("R66", {"dpia": {"outcome": "complete", "dpo_advice": "against"}},
            {"dpia": {"outcome": "complete", "dpo_advice": "against", "advice_decision": "The risk is accepted."}}),
    Example("R67", {"purpose_type": ["policy"]}),
    Example("R68", {"onward_sharing": "as_law_requires"},
            {"onward_sharing": "as_law_requires", "onward_terms": "On a court's order."}),
    Example("R69", {}, facts={"absences": [{"person": "Legal adviser", "to": "2026-12-01"}]},
            good_facts={"absences": [{"person": "Legal adviser", "cover": "Deputy"}]}),
    Example("R70", {}, facts={"agreements": [{"reference": "DSA-1", "parties": ["HMRC", "SLC"],
                                              "data_items": ["National Insurance number"]}]},
            good_facts={"agreements": [{"reference": "DSA-1", "parties": ["HMRC", "DWP"],
                                        "data_items": ["National Insurance number"]}]}),
]  # fmt: skip


def judged(answers: dict[str, Any], facts: dict[str, Any] | None = None) -> RuleReport:
    return run_rules(answers, parties_of(answers), facts=facts, bodies=bodies())


def found(report: RuleReport) -> set[str]:
    return {finding.rule for finding in report.findings}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_a_check_finds_what_is_wrong(example: Example) -> None:
    report = judged(complete(**example.fails), example.facts)
    hits = [one for one in report.findings if one.rule == example.rule]
    assert hits, "the check found nothing"
    assert all(hit.message.endswith(".") and hit.cites for hit in hits)
    assert any(hit.severity == RULES[example.rule].severity for hit in hits)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.rule)
def test_a_check_is_silent_when_it_is_put_right(example: Example) -> None:
    facts = example.facts if example.good_facts is None else example.good_facts
    report = judged(complete(**example.passes), facts)
    assert example.rule not in found(report)
    assert example.rule not in {one.rule for one in report.not_run}, "the passing case was not judged as a whole"


def test_every_check_of_the_list_exists_and_has_an_example() -> None:
    wanted = {f"R{number:02d}" for number in range(1, 71)}
    assert set(RULES) == wanted
    assert {example.rule for example in EXAMPLES} == wanted


def test_the_complete_agreement_has_no_findings() -> None:
    assert judged(complete()).findings == ()


def test_a_check_that_needs_facts_is_reported_as_not_run_and_says_which() -> None:
    report = judged(complete())
    not_run = {one.rule: one.because for one in report.not_run}
    assert {"R25", "R27", "R45", "R46", "R48", "R56", "R57", "R69", "R70"} <= set(not_run)
    assert "today's date" in not_run["R27"]
    assert "A part of it" in not_run["R59"]


def test_every_fact_that_a_check_needs_is_described() -> None:
    used = {name for rule in RULES.values() for name in (*rule.needs, *rule.partly)}
    assert used == set(FACTS)


def test_every_field_that_a_check_reads_is_a_question() -> None:
    for rule in RULES.values():
        for name in rule.fields:
            assert form().question(name.split(".")[0]), f"{rule.id} reads {name}"


def test_the_real_mistake_of_a_published_agreement_is_found() -> None:
    answers = complete(prohibited_uses="The data may be used by Skills Development Scotland for no other purpose.")
    hit = next(one for one in judged(answers).findings if one.rule == "R52")
    assert "Skills Development Scotland" in hit.message
    assert hit.fields[0] == "prohibited_uses"


@pytest.mark.parametrize(
    "answers",
    [
        {"named_bodies": [{"organisation": "Skills Development Scotland", "why": "It approved the design"}]},
        {"other_access_orgs": [{"organisation": "Skills Development Scotland", "why": "It analyses the results"}]},
    ],
)
def test_a_body_that_has_a_place_in_the_agreement_may_be_named(answers: dict[str, Any]) -> None:
    text = {"staff": "Staff of Skills Development Scotland are trained."}
    assert "R52" not in found(judged(complete(**text, **answers)))


@pytest.mark.parametrize("text", ["HMRC tells the ICO.", "The National Archives keep it.", "hm revenue and  customs"])
def test_parties_and_overseers_may_be_named_anywhere(text: str) -> None:
    assert "R52" not in found(judged(complete(staff=text)))


def test_an_abbreviation_is_matched_only_as_it_is_written() -> None:
    assert "R52" in found(judged(complete(staff="Reported to the DVLA each week.")))
    assert "R52" not in found(judged(complete(staff="He was sad and mad; a moj of things.")))


def test_a_part_of_a_party_may_be_named() -> None:
    known = (Body("Home Office"), Body("Border Force", part_of="Home Office"))
    answers = complete(parties=[HMRC, party("slc", name="Home Office", code="HO")], staff="Border Force staff.")
    report = run_rules(answers, parties_of(answers), bodies=known)
    assert "R52" not in {one.rule for one in report.findings}


def test_a_party_that_nothing_is_about_is_found() -> None:
    answers = complete(parties=[HMRC, SLC, party("dvla", name="Driver and Vehicle Licensing Agency", code="DVLA")])
    assert any(one.rule == "R52" and "nothing in the agreement" in one.message for one in judged(answers).findings)


def test_a_group_answers_for_its_members() -> None:
    councils = [party(f"council-{n:02d}", name=f"Council {n:02d}", body_type="local_authority", group="councils")
                for n in range(1, 4)]  # fmt: skip
    answers = complete(parties=[HMRC, *councils], dea_schedule_ref={"hmrc": "1", "councils": "2"})
    assert "R14" not in found(judged(answers))


@pytest.mark.parametrize(
    ("power", "blocked"),
    [("Digital Economy Act 2017", False), ("This agreement", True), ("Data usage agreement 2023", True),
     ("Agreement on Social Security Act 1980", False), ("MoU-U-83", True)],
)  # fmt: skip
def test_an_agreement_is_told_from_a_law(power: str, blocked: bool) -> None:
    assert ("R11" in found(judged(complete(powers=powers(power))))) is blocked


def test_explicit_consent_to_a_public_authority_also_warns() -> None:
    answers = complete(
        art9={"hmrc": ["a_explicit_consent"]}, consent_evidence={"hmrc": {"evidence": "Form", "withdrawal": "By post"}}
    )
    assert [one.severity for one in judged(answers).findings if one.rule == "R04"] == ["warn"]


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        ("2027-05-01", "2027-04-01", True),
        ({"after": "last_signature", "months": 13}, {"after": "last_signature", "months": 12}, True),
        ({"after": "last_signature"}, "2026-01-01", False),
        ("2027-05-01", {"after": "start", "months": 1}, False),
    ],
)
def test_dates_are_compared_only_where_they_can_be(start: Any, end: Any, wrong: bool) -> None:
    answers = complete(start=start, end=end, review="2020-01-01")
    hits = [one for one in judged(answers).findings if one.rule == "R47" and "ends before" in one.message]
    assert bool(hits) is wrong


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("Data is kept for 6 months.", False), ("Copies are deleted after 2 years.", True), ("It took 3 years.", False)],
)
def test_a_different_retention_in_the_text_is_found(text: str, wrong: bool) -> None:
    assert ("R54" in found(judged(complete(exit_plan=text)))) is wrong


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
KEYS = [question.key for question in form().questions()]


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=12))
def test_no_answers_make_a_check_fail(changes: dict[str, Any]) -> None:
    answers = {**complete(), **changes}
    report = judged(answers, {"today": "2026-11-02", "last_signature": "2026-10-01"})
    assert isinstance(report.blocks, bool)
