"""The grammar of forms and the catalogue: what is asked when, and how a wrong file is told so."""

from typing import Any

import pytest

from dsa.adapters.definitions import load_bodies, load_form, load_yaml, parse_yaml
from dsa.domain import catalogue
from dsa.domain.conditions import Situation
from dsa.domain.definition import DefinitionError
from dsa.domain.form import Form, Question, Shape, is_asked, is_required
from dsa.domain.form_reading import build_form, read_form
from dsa.domain.gates import ALL_SECTIONS, SECTIONS_OF_GATE
from dsa.domain.parties import parties_of
from dsa.domain.presentation import AT_THE_END, HOW_MANY, OFTEN
from dsa.domain.rules import RULES
from tests.form.samples import BODIES_FILE, FORM_FILE, both, complete, form, party, start_form

HMRC = party("hmrc", body_type="non_ministerial_department", role="discloser")
SLC = party("slc")
COMPANY = party("slc", body_type="company")
SPECIAL = {"data_kind": ["special_category"]}
PART_3 = {"regime": {"hmrc": "part_3", "slc": "uk_gdpr"}}
NOT_PERSONAL = {"data_kind": ["business"], "classification": "official"}
NO_DEA = {"dea_power": None, "powers": None}

# question -> (answers under which it must be given, answers under which it need not)
WHEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "lead_accountable": ({}, {"parties": [HMRC, COMPANY]}),
    "jc_arrangement": ({"controller_status": both("joint_controller")}, {}),
    "processor_contract": ({"controller_status": {"slc": "processor"}}, {}),
    "other_access_orgs": ({"other_access": True}, {"other_access": False}),
    "accession": ({"parties": [HMRC, SLC, party("third")]}, {}),
    "benefit_measures": ({"pilot": True, **NO_DEA}, {**NO_DEA}),
    "beneficiaries_and_losers": ({}, NOT_PERSONAL), "necessity": ({}, NOT_PERSONAL),
    "linkage": ({"matched": True}, {"matched": False}),
    "success_criteria": ({}, NO_DEA), "failure_criteria": ({"dea_power": ["s48_debt"]}, NO_DEA),
    "evaluation_date": ({"pilot": True, **NO_DEA}, NO_DEA),
    "data_items": ({}, NOT_PERSONAL), "data_categories": ({}, NOT_PERSONAL), "special_categories": (SPECIAL, {}),
    "inferred_special": ({}, NOT_PERSONAL), "criminal": ({"data_kind": ["criminal_offence"]}, {}),
    "subjects": ({"data_kind": ["pseudonymised"]}, NOT_PERSONAL), "subjects_desc": ({}, NOT_PERSONAL),
    "children": ({}, NOT_PERSONAL),
    "children_best_interests": ({"children": "incidental"}, {"children": "none"}),
    "provenance_notice": ({}, NOT_PERSONAL), "small_numbers": ({"data_kind": ["aggregate"]}, {}),
    "powers": ({"power_known": "yes"}, {"power_known": "not_yet"}),
    "dea_power": ({}, {**NO_DEA}), "dea_objective": ({"dea_power": ["s35_psd"]}, {}),
    "dea_schedule_ref": ({}, NO_DEA), "review_board": ({}, {"dea_power": ["s74_hmrc"]}),
    "duty_of_confidence": ({"data_categories": ["health"]}, {}),
    "national_data_opt_out": ({"data_categories": ["nhs_number"]}, {"data_categories": ["health"], "nations": ["SCT"]}),
    "hra_article8": ({}, NOT_PERSONAL),
    "equality_psed": ({}, {"parties": [party("hmrc", body_type="company"), COMPANY]}),
    "art6": ({}, {"regime": both("part_3")}),
    "rli_condition": ({"art6": both(["ea_recognised_interest"])}, {}),
    "art6_law": ({}, {"art6": both(["a_consent"])}), "lia": ({"art6": both(["f_legitimate_interests"])}, {}),
    "consent_evidence": ({"art6": both(["a_consent"])}, {}), "art9": (SPECIAL, {}),
    "sch1": ({**SPECIAL, "art9": both(["j_archiving_research"])}, {**SPECIAL, "art9": both(["f_legal_claims"])}),
    "art10_basis": ({"data_kind": ["criminal_offence"]}, {"data_kind": ["criminal_offence"], "regime": both("part_3")}),
    "p3_purpose": (PART_3, {}), "p3_sensitive_sch8": ({**PART_3, **SPECIAL}, PART_3),
    "apd_ref": ({"sch1": both(["pt2_14"])}, {"sch1": both(["pt1_2"])}), "compatibility": ({}, NOT_PERSONAL),
    "privacy_notice": ({}, NOT_PERSONAL), "art14_plan": ({}, {"parties": [HMRC]}), "rights_lead": ({}, NOT_PERSONAL),
    "rectification_flow": ({}, NOT_PERSONAL), "foi": ({}, {"parties": [party("hmrc", body_type="charity"), COMPANY]}),
    "public_summary": ({}, {"publish": {"decision": "withhold"}}),
    "welsh": ({"nations": ["WLS"]}, {}), "atrs": ({}, {"decisions_about_people": "no"}),
    "method_detail": ({"method": "other"}, {}), "last_transfer": ({"nature": "real_time"}, {"nature": "one_off"}),
    **{key: ({"data_kind": ["business"], "classification": "official_sensitive"}, NOT_PERSONAL) for key in (
        "encryption_transit", "encryption_rest", "key_mgmt", "pseudonymisation_method", "access_roles",
        "named_user_count", "audit_logging", "dlp", "segregation", "backup_deletion", "clearance")},
    "transfer_table": ({"leaves_uk": True}, {"leaves_uk": True, **NOT_PERSONAL}),
    "assurance": ({}, {"parties": [HMRC]}), "supplier_chain": ({"controller_status": {"slc": "sub_processor"}}, {}),
    "staff": ({}, NOT_PERSONAL), "onward_recipients": ({"onward_sharing": "listed"}, {}),
    "lead_parties": ({"takes_effect": "with_leads"}, {}), "dpia": ({}, NOT_PERSONAL),
    "art36": ({"dpia": {"residual_risk": "high"}}, {}), "security_plan": ({}, NO_DEA),
    "business_case": ({"dea_power": ["s56_fraud"]}, {"dea_power": ["s74_hmrc"]}),
    "eqia": ({"equality_psed": {"outcome": "assessed"}}, {}), "ethics": ({"ai_use": "generative"}, {}),
    "commercial_advice": ({"costs": {"basis": "recovered"}}, {}), "public_engagement": ({}, NO_DEA),
}  # fmt: skip
# Asked only sometimes, and never required.
NEVER_REQUIRED: dict[str, dict[str, Any]] = {
    "automated_safeguards": {"decisions_about_people": "solely_automated"},
    "minister_approval": {}, "rli_request": {"rli_condition": both("public_task_request")},
    "atrs_record": {"atrs": True}, "onward_terms": {"onward_sharing": "as_law_requires"},
}  # fmt: skip


FIELDS = """
    title ref external_refs doc_type binding_status nature direction classification descriptor urgency
    date_needed consequence_if_not nations parent_agreement replaces parties body_type controller_status
    jc_arrangement processor_contract regime people other_access_orgs accession aims how_data_helps
    public_function purpose_type benefits benefit_measures beneficiaries_and_losers necessity
    decisions_about_people linkage pilot success_criteria failure_criteria evaluation_date prohibited_uses
    data_kind datasets data_items data_categories special_categories inferred_special criminal subjects
    subjects_desc volume_band children children_best_interests data_quality provenance_notice small_numbers
    power_known powers dea_power dea_objective dea_schedule_ref review_board minister_approval
    duty_of_confidence hra_article8 equality_psed legal_advice art6 rli_condition art6_law lia
    consent_evidence art9 sch1 art10_basis p3_purpose p3_sensitive_sch8 apd_ref compatibility privacy_notice
    art14_plan rights_lead rectification_flow complaints foi publish public_summary dea_register_fields welsh
    atrs method frequency first_transfer last_transfer format encryption_transit encryption_rest key_mgmt
    pseudonymisation_method access_roles named_user_count audit_logging dlp segregation backup_deletion
    clearance hosting_location leaves_uk transfer_table assurance supplier_chain staff ai_use retention
    disposal destruction_certificate onward_sharing breach start end review review_cycle variation suspension
    termination exit_plan dispute costs liability ip_licence audit_right records dpia art36 security_plan
    data_flow_diagram data_dictionary business_case eqia ethics commercial_advice public_engagement
    specialist_review signatories signature_level lead_accountable
"""


def situation(changes: dict[str, Any]) -> Situation:
    answers = complete(**changes)
    return form().situation(answers, parties_of(answers))


def the(key: str) -> Question:
    question = form().question(key)
    assert question is not None
    return question


@pytest.mark.parametrize("key", WHEN)
def test_a_conditional_question_is_required_exactly_when_it_should_be(key: str) -> None:
    needed, not_needed = WHEN[key]
    assert is_required(the(key), situation(needed))
    assert not is_required(the(key), situation(not_needed))


@pytest.mark.parametrize("key", NEVER_REQUIRED)
def test_a_question_may_be_asked_without_being_required(key: str) -> None:
    at = situation(NEVER_REQUIRED[key])
    assert is_asked(the(key), at)
    assert not is_required(the(key), at)


def test_every_conditional_question_has_an_example() -> None:
    empty = Situation({})
    conditional = {
        question.key
        for question in form().questions()
        if not question.system and not question.held_in
        and (question.required != is_required(question, empty) or not is_asked(question, empty))
    }  # fmt: skip
    per_party_always = {"controller_status", "regime", "people", "complaints", "hosting_location"}
    assert conditional - per_party_always <= set(WHEN) | set(NEVER_REQUIRED)


def test_the_catalogue_has_every_section_and_field() -> None:
    assert [section.letter for section in form().sections] == list("ABCDEFGHIJ")
    assert tuple(section.key for section in form().sections) == ALL_SECTIONS
    assert [key for key in FIELDS.split() if form().question(key) is None] == []


def test_every_question_is_worded_for_people() -> None:
    for question in form().questions():
        assert question.wording[0].isupper(), question.key
        assert "triage" not in question.wording.lower(), question.key
        assert question.wording.endswith("?") or question.key in ("ref", "dea_register_fields", "subjects_desc",
                                                                  "method_detail")  # fmt: skip


def options(key: str, column: str = "") -> set[str]:
    shape: Shape = the(key).shape
    if column:
        found = shape.column(column)
        assert found is not None
        shape = found.shape
    return {option.value for option in shape.options}


def test_values_that_code_knows_are_options_of_the_form() -> None:
    kinds = options("parties", "body_type")
    known = (
        catalogue.PUBLIC_AUTHORITY_TYPES, catalogue.CROWN_TYPES, catalogue.COMPETENT_AUTHORITY_TYPES,
        catalogue.HEALTH_TYPES,
    )  # fmt: skip
    for values in known:
        assert values <= kinds
    private = {"utility", "charity", "company", "international_body", "university"}
    assert kinds == catalogue.PUBLIC_AUTHORITY_TYPES | private
    assert options("data_kind") >= catalogue.PERSONAL_KINDS
    assert options("dea_power") >= catalogue.DEA_DEBT_FRAUD
    assert options("classification") == set(catalogue.STANDING_CLASSIFICATIONS)
    assert options("frequency") | options("nature") == set(OFTEN)
    assert options("volume_band") == set(HOW_MANY)
    assert options("disposal") == set(AT_THE_END)


def test_every_gate_covers_sections_that_exist() -> None:
    assert set(SECTIONS_OF_GATE) == {f"G{number}" for number in range(11)}
    assert set().union(*SECTIONS_OF_GATE.values()) == {section.key for section in form().sections}


def test_start_questions_fill_questions_of_the_agreement() -> None:
    for question in start_form().questions():
        if question.fills:
            target = the(question.fills.question)
            for value in question.fills.values.values():
                for one in value if isinstance(value, list) else [value]:
                    assert target.shape.option(one), f"{question.key} fills {one}"
            assert not question.options or {option.value for option in question.options} == set(question.fills.values)


# ------------------------------------------------------------------------------------------ wrong files

GOOD = """
form: small
version: 1
title: Small
conditions:
  grown: {question: age, at_least: 18}
sections:
  - section: one
    letter: A
    title: One
    questions:
      - {key: age, wording: "How old?", type: number}
      - key: colour
        wording: Which colour?
        type: choice
        asked_when: grown
        options: {red: Red, blue: Blue}
"""


def small(text: str) -> Form:
    data, lines = parse_yaml(text.encode())
    return build_form(data, lines=lines)


def test_a_small_form_can_be_read() -> None:
    found = small(GOOD)
    assert [question.key for question in found.questions()] == ["age", "colour"]


WRONG = [
    ("type: choice", "type: choyce", 15, 'Did you mean "choice"?'),
    ("wording: Which colour?", "wordign: Which colour?", 14, 'Did you mean "wording"?'),
    ("{red: Red, blue: Blue}", "[red, blue]", 17, "set of values with their labels"),
    ("asked_when: grown", "asked_when: grwon", 16, 'Did you mean "grown"?'),
    ("question: age, at_least: 18", "question: aeg, at_least: 18", 6, 'Did you mean "age"?'),
    ("question: age, at_least: 18", "question: age, atleast: 18", 6, 'Did you mean "at_least"?'),
    ("question: age, at_least: 18", "question: age, at_least: many", 6, "takes a whole number"),
    ("question: age, at_least: 18", "nobody: age", 6, "not part of a condition"),
    ("{question: age, at_least: 18}", "{all: []}", 6, "takes a list of conditions"),
    ("{question: age, at_least: 18}", "{question: colour, is: green}", 6, 'not an answer to "colour"'),
    ("{question: age, at_least: 18}", "{any_party: {rol: x}}", 6, 'no question "rol"'),
    ("{question: age, at_least: 18}", "{question: age, field: x, is: 1}", 6, 'no field "x"'),
    ("{question: age, at_least: 18}", "{parties_at_least: 0}", 6, "1 or more"),
    ("version: 1", "version: one", 3, "whole number"),
    ("title: Small", "title: [Small]", 4, "should be text, not a list"),
    ("key: colour", "key: age", 13, 'two questions with the key "age"'),
    ("key: colour", "key: Co-lour", 13, "lower-case"),
    ("letter: A", "letter: A\n    colour: red", 10, '"colour" is not a key'),
    ("options: {red: Red, blue: Blue}", "options_from: colours", 17, 'no list called "colours"'),
    ("type: number", "type: table", 12, "needs columns"),
    ("type: number", "type: number, options: {a: A}", 12, "takes no options"),
]


@pytest.mark.parametrize(("good", "wrong", "line", "says"), WRONG)
def test_a_wrong_form_is_told_the_line_and_what_to_do(good: str, wrong: str, line: int, says: str) -> None:
    assert good in GOOD
    with pytest.raises(DefinitionError) as error:
        small(GOOD.replace(good, wrong))
    assert any(problem.line == line and says in problem.sentence for problem in error.value.problems), [
        problem.sentence for problem in error.value.problems
    ]


@pytest.mark.parametrize("data", [None, [], "form", 5, {"form": 1, "sections": 3}, {"form": "x", "sections": [1]},
                                  {"form": "x", "sections": [{"questions": [None]}]}])  # fmt: skip
def test_anything_but_a_form_is_refused_without_a_crash(data: object) -> None:
    found, problems = read_form(data)
    assert found is None
    assert problems


YAML_WRONG = [
    (b"a: [1, 2", "not well-formed", 1),
    (b"a: 1\nb: 2\na: 3\n", "stands here twice", 3),
    (b"a: &x 1\nb: *x\n", "anchor", 1),
    (b"a: !!python/object:os.system 1\n", "tag", 1),
    (b"\xff\xfe", "not UTF-8", 1),
    (b"", "empty", 1),
    (b"a: 1\nb: \x07\n", "character", 2),
    (b"[" * 40 + b"]" * 40, "nested more than", 1),
    (b"{1: 2}: 3\n", "key should be one word", 1),
    (b"a: 1\nb: *missing\n", "anchor", 2),
]


@pytest.mark.parametrize(("raw", "says", "line"), YAML_WRONG)
def test_malformed_yaml_is_a_sentence_with_its_line(raw: bytes, says: str, line: int | None) -> None:
    with pytest.raises(DefinitionError) as error:
        parse_yaml(raw)
    assert says in error.value.problems[0].sentence
    assert error.value.problems[0].line == line


def test_yaml_reads_words_as_they_are_written() -> None:
    data, lines = parse_yaml(b"on: yes\nday: 2026-11-02\nsure: true\ncount: 3\nnothing: null\n")
    assert data == {"on": "yes", "day": "2026-11-02", "sure": True, "count": 3, "nothing": None}
    assert lines[("sure",)] == 3


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path: Any) -> None:
    with pytest.raises(DefinitionError, match="cannot be read"):
        load_yaml(tmp_path / "none.yaml")
    with pytest.raises(DefinitionError, match="larger than"):
        parse_yaml(b"#" * 1_000_001)


def test_the_shipped_files_are_well_formed(tmp_path: Any) -> None:
    assert load_form(FORM_FILE).id == "agreement"
    assert len(load_bodies(BODIES_FILE)) > 100
    wrong = tmp_path / "bodies.yaml"
    wrong.write_text("bodies:\n  - {name: Some Body, abbreviations: [SB]}\n")
    with pytest.raises(DefinitionError, match="line 2: an abbreviation needs at least 3 letters"):
        load_bodies(wrong)


def test_rules_speak_of_no_stage_by_its_old_name() -> None:
    assert all("triage" not in rule.title.lower() for rule in RULES.values())
