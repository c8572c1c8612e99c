"""Route, proposal, reviews, the document in words, agreement files and `dsa check`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.cli.check import command
from dsa.domain.agreement_file import Correction, apply_corrections, read_agreement_file
from dsa.domain.answers import content_answers
from dsa.domain.checking import judge
from dsa.domain.errors import BadInput
from dsa.domain.file_schema import agreement_file_schema
from dsa.domain.gates import gates
from dsa.domain.integrity import canonical
from dsa.domain.json_reading import read_json
from dsa.domain.parties import parties_of
from dsa.domain.presentation import PresentedAnswer, data_line, power_line, present
from dsa.domain.tier import ADEQUATE, Tier, propose, tier
from tests.form.samples import ROOT, bodies, both, complete, form, party, statistics
from tests.form.test_rules import JSON, KEYS

SCHEMA_FILE = ROOT / "docs" / "agreement-file.schema.json"


def routed(answers: dict[str, Any], **more: Any) -> Tier:
    return tier(answers, parties_of(answers), **more)


# ------------------------------------------------------------------------------------------ route


def test_statistics_with_a_small_number_rule_take_the_fast_route() -> None:
    found = routed(statistics())
    assert (found.route, found.level) == ("fast", "fast")
    assert found.reasons == (
        "It uses no personal data.",
        "The statistics have a small-number rule.",
        "The data is marked OFFICIAL and stays in the UK.",
        "It uses the usual terms, brings in no new supplier and needs no board.",
    )


def test_the_fast_route_of_data_that_is_no_statistics_speaks_of_no_statistics() -> None:
    found = routed(statistics(data_kind=["business"], small_numbers=None))
    assert found.route == "fast"
    assert not any("statistics" in reason for reason in found.reasons)
    assert "The data is marked OFFICIAL and stays in the UK." in found.reasons


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"data_kind": None}, "not known yet"),
        ({"data_kind": ["personal"]}, "uses personal data"),
        ({"data_kind": ["pseudonymised"]}, "uses personal data"),
        ({"small_numbers": None}, "no small-number rule"),
        ({"classification": "official_sensitive"}, "above OFFICIAL"),
        ({"classification": None}, "classification is not known"),
        ({"leaves_uk": None}, "not known yet whether data leaves"),
        ({"leaves_uk": True}, "Data leaves the UK"),
        ({"hosting_location": {"lcc": ["IE"]}}, "Data leaves the UK"),
        ({"supplier_chain": [{"supplier": "A", "service": "B", "new_supplier": True}]}, "new to a party"),
        ({"special_terms": "An indemnity"}, "beyond the usual"),
        ({"dea_power": ["s48_debt"]}, "review board"),
        ({"ai_use": "model_training"}, "Artificial intelligence"),
        ({"novel_contentious": True}, "novel"),
        ({"urgency": "emergency"}, "emergency"),
    ],
)
def test_each_condition_of_the_fast_route_that_fails_is_a_reason(changes: dict[str, Any], says: str) -> None:
    found = routed(statistics(**changes))
    assert found.route == "standard"
    assert any(says in reason for reason in found.reasons), found.reasons


@pytest.mark.parametrize(
    ("changes", "level"),
    [
        ({"data_kind": ["personal"], "small_numbers": None}, "standard"),
        ({"data_kind": ["special_category"]}, "high"),
        ({"data_kind": ["personal"], "volume_band": "1m_plus"}, "high"),
        ({"children": "targeted"}, "high"),
        ({"hosting_location": {"lcc": ["IN"]}}, "high"),
        ({"power_tested": False}, "high"),
        ({"urgency": "emergency"}, "emergency"),
    ],
)
def test_a_level_above_the_routes_there_are_is_recorded(changes: dict[str, Any], level: str) -> None:
    found = routed(statistics(**changes))
    assert (found.route, found.level) == ("standard", level)


def test_a_route_is_raised_by_hand_and_never_lowered() -> None:
    assert routed(statistics(), raised_to="standard").route == "standard"
    assert "raised it by hand" in routed(statistics(), raised_to="standard").reasons[0]
    assert routed(complete(), raised_to="fast").route == "standard"
    assert routed(statistics(), raised_to="high").level == "high"
    assert routed(statistics(), raised_to="unknown").route == "fast"


def test_adequate_countries_are_countries_of_the_form() -> None:
    hosting = form().question("hosting_location")
    assert hosting is not None
    known = {option.value for option in hosting.options}
    assert known >= ADEQUATE


@pytest.mark.parametrize(
    ("answers", "document", "binding"),
    [
        (complete(), "data_usage_agreement", "not_binding"),
        (complete(nature="recurring_bulk"), "memorandum_of_understanding", "not_binding"),
        (complete(controller_status=both("joint_controller")), "joint_controller_arrangement", "not_binding"),
        (complete(controller_status={"slc": "processor"}), "data_processing_agreement", "binding_contract"),
        (complete(parties=[party("hmrc", role="discloser"), party("slc", body_type="company")]),
         "data_sharing_agreement", "binding_contract"),
        (statistics(), "non_personal_data_letter", "not_binding"),
        (complete(dea_power=["s64_research"]), "research_access_agreement", "not_binding"),
        (complete(nature="ad_hoc", parties=[party(f"p{n}", role="both") for n in range(7)]),
         "information_sharing_protocol", "not_binding"),
    ],
)  # fmt: skip
def test_a_document_is_proposed_with_its_reasons(answers: dict[str, Any], document: str, binding: str) -> None:
    found = propose(answers, parties_of(answers))
    assert (found.doc_type, found.binding_status) == (document, binding)
    assert len(found.reasons) >= 3


# ------------------------------------------------------------------------------------------ reviews


def needs(answers: dict[str, Any]) -> set[tuple[str, str | None]]:
    parties = parties_of(answers)
    return {(need.id, need.party) for need in gates(answers, parties, tier(answers, parties))}


def test_a_personal_sharing_is_reviewed_by_each_party_and_supplied_by_the_discloser() -> None:
    found = needs(complete())
    assert {("G2", "hmrc"), ("G2", "slc"), ("G3", "slc"), ("G4", "hmrc"), ("G5", "hmrc"), ("G7", None)} <= found
    assert ("G5", "slc") not in found


def test_the_fast_route_needs_no_lawyer() -> None:
    found = needs(statistics())
    assert {gate for gate, _ in found} == {"G0", "G1", "G3", "G5", "G9", "G10"}


def test_guardians_and_finance_are_asked_only_where_they_have_to_be() -> None:
    rows = [party("hmrc", role="discloser", body_type="nhs_trust"), party("slc")]
    found = needs(complete(parties=rows, data_categories=["nhs_number"], costs={"basis": "recovered"}))
    assert {("G6", "hmrc"), ("G8", "hmrc"), ("G8", "slc")} <= found
    assert not {gate for gate, _ in needs(complete())} & {"G6", "G8"}


def test_a_processor_joins_without_reviews_or_signature() -> None:
    rows = [*complete()["parties"], party("co", name="Cabinet Office", role="processor")]
    found = needs(complete(parties=rows))
    assert {gate for gate, who in found if who == "co"} == {"G10"}


# ------------------------------------------------------------------------------------------ in words


def content(answers: dict[str, Any], **more: Any) -> dict[str, Any]:
    parties = parties_of(answers)
    return {"answers": content_answers(form(), answers, parties), "parties": [one.content() for one in parties], **more}


def shown(answers: dict[str, Any], **more: Any) -> dict[str, PresentedAnswer]:
    return {one.key: one for section in present(form(), content(answers, **more)) for one in section.answers}


def test_a_version_reads_in_words() -> None:
    found = shown(complete(), assumed=["powers[0].section", "dea_schedule_ref"])
    assert found["doc_type"].text == "Data usage agreement (one-off)"
    assert found["date_needed"].text == "1 March 2027"
    assert found["end"].text == "12 months after the last party signs"
    assert found["nations"].items == ("England",)
    assert found["art6"].rows[0] == ("HM Revenue and Customs", "(e) public task")
    assert found["retention"].columns == ("Data set", "Kept by", "Kept for", "Counted from")
    assert found["retention"].rows == (("Income", "Student Loans Company", "6 months", "receipt"),)
    assert "State: Complete" in found["dpia"].items
    assert found["powers"].assumed
    assert not found["title"].assumed
    assert {one.kind for one in found.values()} == {"text", "long", "list", "table", "party"}


def test_unanswered_and_private_questions_are_left_out() -> None:
    found = shown(complete(legal_advice={"reference": "LA"}, welsh=None))
    assert "legal_advice" not in found
    assert "welsh" not in found


def test_a_group_is_shown_with_its_size() -> None:
    rows = [complete()["parties"][0], *(party(f"council-{n}", group="councils") for n in range(1, 42))]
    found = shown(complete(parties=rows, complaints={"hmrc": "Desk", "councils": "Website"}))
    assert found["complaints"].rows == (("HM Revenue and Customs", "Desk"), ("Councils (41 parties)", "Website"))


def test_the_data_and_the_power_fit_on_a_line() -> None:
    message, params = data_line(content(complete()))
    assert message % params == "2 fields about 40,000 people, once, deleted after 6 months"
    message, params = power_line(content(complete()))
    assert message % params == "Digital Economy Act 2017, section 56"


def test_the_lines_say_what_is_not_known_yet() -> None:
    message, params = data_line(content({}))
    assert message % params == (
        "data not listed yet about an unknown number of records, how often is not said, no time for deletion yet"
    )
    assert power_line(content({}))[0] == "The legal power is not known yet"
    line, params = data_line(content(statistics(datasets=[{"name": "Counts"}], volume_band="under_100")))
    assert (line % params).startswith("1 data set about fewer than 100 records, once")


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=10))
def test_no_answers_make_the_judgement_or_the_words_fail(changes: dict[str, Any]) -> None:
    answers = {**complete(), **changes}
    found = judge(form(), answers, bodies=bodies())
    json.dumps(found.as_json())
    present(form(), content(answers))
    data_line(content(answers))
    power_line(content(answers))


# ------------------------------------------------------------------------------------------ agreement files


def described(**changes: Any) -> dict[str, Any]:
    return {"title": "Income check", "sources": ["https://example.org"], "answers": complete(), **changes}


def test_the_schema_of_agreement_files_is_the_one_made_from_the_form() -> None:
    written = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    assert written == agreement_file_schema(form()), (
        "make it again: dsa check --schema > docs/agreement-file.schema.json"
    )
    jsonschema.Draft202012Validator.check_schema(written)
    jsonschema.validate(described(), written)


def test_a_good_file_is_read_whole() -> None:
    found = read_agreement_file(form(), described(assumed=["dpia.date"], facts={"today": "2026-11-02"}))
    assert found.answers == complete()
    assert found.mistakes == ()
    assert [party.key for party in found.parties] == ["hmrc", "slc"]
    canonical(found.answers)


def test_a_kind_of_body_given_apart_is_put_into_the_table() -> None:
    answers = complete()
    kinds = {row["id"]: row.pop("body_type") for row in answers["parties"]}
    found = read_agreement_file(form(), described(answers={**answers, "body_type": kinds}))
    assert found.answers == complete()
    assert found.mistakes == ()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"answer": {}}, 'Did you mean "answers"?'),
        ({"answers": []}, '"answers" is missing'),
        ({"title": 3}, '"title" is missing'),
        ({"sources": "x"}, '"sources" should be a list'),
        ({"corrections": {}}, '"corrections" should be a list'),
        ({"corrections": [{"path": "..", "value": 1, "reason": "x"}]}, "corrections[0] needs a"),
        ({"corrections": [{"path": "title", "reason": "x"}]}, 'needs a "value"'),
        ({"corrections": [{"path": "title", "value": 1}]}, 'needs a "reason"'),
        ({"corrections": [{"path": "title", "value": 1, "reason": "x", "rule": "R99"}]}, "R99"),
        ({"corrections": [3]}, "corrections[0] should have"),
        ({"facts": {"tody": "2026-01-01"}}, 'Did you mean "today"?'),
        ({"facts": {"today": "soon"}}, "facts.today should be a date"),
        ({"facts": {"agreements": [1]}}, "list of records"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadInput) as error:
        read_agreement_file(form(), described(**changes))
    assert says in str(error.value)


def test_an_unknown_question_or_assumption_is_a_mistake_and_not_a_refusal() -> None:
    answers = {**complete(), "retension": []}
    found = read_agreement_file(form(), described(answers=answers, assumed=["startt"]))
    assert {one.field for one in found.mistakes} == {"retension", "assumed"}


@pytest.mark.parametrize(
    ("path", "value", "check"),
    [
        ("title", "New", lambda a: a["title"] == "New"),
        ("dpia.outcome", "in_progress", lambda a: a["dpia"]["outcome"] == "in_progress"),
        ("art6_law.hmrc", "Act", lambda a: a["art6_law"]["hmrc"] == "Act"),
        ("data_items[1].why", "Because", lambda a: a["data_items"][1]["why"] == "Because"),
        ("parties[id=slc].name", "SLC", lambda a: a["parties"][1]["name"] == "SLC"),
        ("powers[2]", {"party": "slc"}, lambda a: len(a["powers"]) == 3),
        ("powers[0]", None, lambda a: len(a["powers"]) == 1),
        ("purpose_type[0]", "debt", lambda a: a["purpose_type"] == ["debt"]),
        ("prohibited_uses", None, lambda a: "prohibited_uses" not in a),
        ("art36.consulted", True, lambda a: a["art36"] == {"consulted": True}),
    ],
)
def test_a_correction_changes_the_place_that_it_names(path: str, value: Any, check: Any) -> None:
    before = complete()
    after = apply_corrections(before, [Correction(path, value, "It was wrong")])
    assert check(after)
    assert before == complete()
    untouched = path.replace("[", ".").split(".")[0]
    assert {k: v for k, v in after.items() if k != untouched} == {k: v for k, v in before.items() if k != untouched}


@pytest.mark.parametrize("path", ["powers[9].section", "title.x.y", "parties[id=dvla].name", "none[0].x", "", "a..b"])
def test_a_correction_that_leads_nowhere_says_so(path: str) -> None:
    with pytest.raises(BadInput, match=r"leads nowhere|is not a path"):
        apply_corrections(complete(), [Correction(path, "x", "y")])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"{", "Line 1, column 2"),
        (b'{"a": 1,\n "a": 2}', "stands twice"),
        (b"[" * 31 + b"]" * 31, "nested more than 30"),
        (b"[" * 200_000, "nested more than 30"),
        (b"\n\xff", "Line 2: this is not UTF-8"),
        (b"NaN", "not a value in JSON"),
        (b"1" * 5000, "too large"),
        (b" " * 1_000_001, "larger than"),
    ],
)
def test_json_that_cannot_be_read_is_a_sentence(text: bytes, says: str) -> None:
    with pytest.raises(BadInput) as error:
        read_json(text)
    assert says in str(error.value)


def test_brackets_inside_text_are_not_depth() -> None:
    assert read_json(json.dumps("[" * 100 + '\\"' + "]")) == "[" * 100 + '\\"' + "]"


# ------------------------------------------------------------------------------------------ dsa check


def checked(path: Path, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(command, [str(path), *options])
    return result.exit_code, result.stdout, result.stderr


def written(folder: Path, data: object) -> Path:
    path = folder / "agreement.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return path


def test_a_complete_agreement_may_go_forward(tmp_path: Path) -> None:
    code, out, _ = checked(written(tmp_path, described()))
    assert code == 0
    assert "It can go forward." in out
    assert "Route: standard" in out


def test_the_json_has_the_shape_that_others_rely_on(tmp_path: Path) -> None:
    answers = complete(staff="Skills Development Scotland may use it.", title=None, exit_plan=None)
    code, out, _ = checked(written(tmp_path, described(answers=answers)), "--json")
    found = json.loads(out)
    assert code == 1
    assert found["tier"] == "standard"
    assert found["workflow"] == "standard"
    assert found["document_type"] == "data_usage_agreement"
    assert found["missing"][0]["field"] == "exit_plan"
    assert set(found["missing"][0]) >= {"field", "section", "question"}
    hit = next(one for one in found["findings"] if one["rule"] == "R52")
    assert set(hit) == {"rule", "severity", "fields", "message", "cites"}
    assert hit["severity"] == "block"
    assert {"rule", "because"} == set(found["not_run"][0])
    assert {"id", "role", "party", "because"} == set(found["gates"][0])


@pytest.mark.parametrize("data", ["{", "[]", '{"title": 1}', "[" * 5000, ""])
def test_a_bad_file_is_a_sentence_and_exit_1(tmp_path: Path, data: str) -> None:
    code, out, err = checked(written(tmp_path, data), "--json")
    assert code == 1
    assert err.startswith("agreement.json: ")
    assert json.loads(out)["error"]
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_a_sentence_and_exit_1(tmp_path: Path) -> None:
    code, _, err = checked(tmp_path / "none.json")
    assert code == 1
    assert "cannot be read" in err


def test_the_schema_can_be_printed() -> None:
    result = CliRunner().invoke(command, ["--schema"])
    assert result.stdout == SCHEMA_FILE.read_text(encoding="utf-8")
    assert CliRunner().invoke(command, []).exit_code == 1


def test_a_broken_form_is_exit_2_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "agreement.yaml").write_text("form: agreement\nversion: x\n")
    monkeypatch.setenv("DSA_WORKFLOWS_DIR", str(tmp_path))
    code, _, err = checked(written(tmp_path, described()))
    assert code == 2
    assert "line 2" in err


def test_the_command_runs_from_the_command_line(tmp_path: Path) -> None:
    path = written(tmp_path, described())
    done = subprocess.run(
        [sys.executable, "-m", "dsa", "check", str(path), "--json"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["tier"] == "standard"
