"""Reading answers: a draft always saves, and every mistake is a sentence with its place."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.domain.answers import content_answers, missing, mistakes_in, read_answer, read_answers, stopped
from dsa.domain.form_fields import field_name, raw_from_fields, was_sent
from dsa.domain.integrity import canonical
from dsa.domain.parties import parties_of
from dsa.domain.starting import Organisation, prefill
from dsa.domain.values import date_text, duration_days, duration_text
from tests.form.samples import both, complete, form, party, start_form
from tests.form.test_rules import JSON

PARTIES = parties_of(complete())


def read(key: str, raw: object) -> tuple[Any, str]:
    question = form().question(key)
    assert question is not None
    value, mistake = read_answer(question, raw, parties=PARTIES)
    return value, mistake.message if mistake else ""


@pytest.mark.parametrize(
    ("key", "raw", "value"),
    [
        ("title", "  A\r\n title ", "A title"),
        ("aims", "one\r\ntwo\x00", "one\ntwo"),
        ("title", "", None),
        ("title", None, None),
        ("doc_type", "Data usage agreement (one-off)", "data_usage_agreement"),
        ("classification", "OFFICIAL-SENSITIVE", "official_sensitive"),
        ("power_known", True, "yes"),
        ("nations", ["Scotland", "ENG", "ENG"], ["ENG", "SCT"]),
        ("nations", "England", ["ENG"]),
        ("date_needed", {"day": "2", "month": "11", "year": "2026"}, "2026-11-02"),
        ("date_needed", {"day": "", "month": "", "year": ""}, None),
        ("start", {"after": "last_signature", "months": "12"}, {"after": "last_signature", "months": 12}),
        ("named_user_count", "1,200", 1200),
        ("named_user_count", 6.0, 6),
        ("leaves_uk", "no", False),
        ("review_cycle", "6 months", "P6M"),
        ("review_cycle", {"number": "2", "unit": "years"}, "P2Y"),
        ("business_case", "BC 4", {"reference": "BC 4"}),
        ("business_case", {"reference": "BC 4", "date": "2026-01-31"}, {"reference": "BC 4", "date": "2026-01-31"}),
        ("parent_agreement", "DSA-2026-0001", "DSA-2026-0001"),
        ("parent_agreement", "https://example.org/a", "https://example.org/a"),
        ("dpia", "complete", {"outcome": "complete"}),
        ("art6", both(["(e) public task"]), both(["e_public_task"])),
        ("lead_parties", "hmrc", ["hmrc"]),
        ("people", {"hmrc": {"dpo": "None: a company"}}, {"hmrc": {"dpo": "None: a company"}}),
        ("external_refs", [{"party": "hmrc", "reference": "U-83"}, {}], [{"party": "hmrc", "reference": "U-83"}]),
        ("external_refs", {"party": "hmrc", "reference": "U-83"}, [{"party": "hmrc", "reference": "U-83"}]),
    ],
)
def test_an_answer_is_read_from_json_and_from_fields_alike(key: str, raw: object, value: object) -> None:
    assert read(key, raw) == (value, "")


@pytest.mark.parametrize(
    ("key", "raw", "says"),
    [
        ("title", 5, "should be text"),
        ("title", "x" * 151, "the most is 150"),
        ("public_summary", "word " * 151, "151 words long"),
        ("doc_type", "letter", "Choose one of"),
        ("nations", ["Mars"], 'cannot be "Mars"'),
        ("date_needed", "31/02/2026", "should be a date such as"),
        ("date_needed", "2026-02-31", "cannot be 31 February 2026: there is no such day"),
        ("date_needed", {"day": "3", "month": "", "year": "2026"}, "must include a month"),
        ("date_needed", {"day": "3", "month": "May", "year": "2026"}, "in numbers"),
        ("date_needed", "0026-01-01", "between 1900 and 2200"),
        ("date_needed", {"after": "last_signature"}, "fixed date"),
        ("start", {"after": "Christmas"}, "counted only from"),
        ("start", {"after": "start", "weeks": 2}, '"weeks"'),
        ("named_user_count", "many", "whole number"),
        ("named_user_count", 0, "between 1 and"),
        ("named_user_count", True, "whole number"),
        ("leaves_uk", "maybe", "yes or no"),
        ("review_cycle", "often", "length of time"),
        ("parent_agreement", "javascript:alert(1)", "begins with https"),
        ("art6", ["e_public_task"], "one answer for each party"),
        ("art6", {"dvla": ["e_public_task"]}, "which is not a party"),
        ("lead_accountable", {"party": "dvla"}, "not a short name"),
        ("dpia", {"state": "complete"}, '"state", which is not known'),
        ("people", {"hmrc": {"boss": "A"}}, "not known"),
        ("parties", [party("a"), party("a")], "twice"),
        ("parties", [party("Big Body")], "small letters"),
        ("parties", [party(f"p{n}") for n in range(61)], "the most is 60"),
        ("parties", "HMRC", "list of rows"),
        ("parties", [3], "row 1"),
        ("powers", [{"intsrument": "Act"}], 'did you mean "instrument"'),
    ],
)
def test_a_mistake_is_kept_and_told(key: str, raw: object, says: str) -> None:
    value, message = read(key, raw)
    assert says in message
    assert message.endswith(".")
    canonical(value)


def test_a_mistaken_date_stays_as_it_was_written_and_is_found_again() -> None:
    value, _ = read("date_needed", "31 Febuary")
    assert value == "31 Febuary"
    assert [one.field for one in mistakes_in(form(), complete(date_needed=value), PARTIES)] == ["date_needed"]


def test_an_unknown_question_is_named_with_the_nearest_known() -> None:
    found, mistakes = read_answers(form(), {"titel": "x"})
    assert found == {}
    assert 'Did you mean "title"?' in mistakes[0].message


QUESTIONS = list(form().questions())
NASTY = JSON | st.sampled_from(["\ud800", "x" * 30_000, 10**5000, -(10**30), {"day": 10**5000}, [[[[[[[[1]]]]]]]]])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(QUESTIONS), NASTY | st.dictionaries(st.sampled_from(["hmrc", "slc", "day", "after"]), NASTY))
def test_reading_never_fails_and_what_is_kept_can_be_stored(question: Any, raw: object) -> None:
    value, _mistake = read_answer(question, raw, parties=PARTIES)
    canonical(value)
    again, _ = read_answer(question, value, parties=PARTIES)
    canonical(again)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([question.key for question in QUESTIONS]), NASTY, max_size=10))
def test_counting_what_is_missing_never_fails(changes: dict[str, Any]) -> None:
    answers = {**complete(), **changes}
    parties = parties_of(answers)
    assert isinstance(missing(form(), answers, parties), list)
    assert isinstance(mistakes_in(form(), answers, parties), tuple)
    content_answers(form(), answers, parties)


# ------------------------------------------------------------------------------------------ missing


def lacking(**changes: Any) -> dict[str, str | None]:
    answers = complete(**changes)
    return {one.field: one.party for one in missing(form(), answers, parties_of(answers))}


def test_the_complete_agreement_lacks_nothing() -> None:
    assert lacking() == {}


def test_what_is_missing_is_named_by_its_path() -> None:
    assert lacking(title=None) == {"title": None}
    assert lacking(art6={"hmrc": ["e_public_task"]})["art6.slc"] == "slc"
    posts = complete()["people"]
    del posts["slc"]["dpo"]
    assert lacking(people=posts) == {"people.slc.dpo": "slc"}
    assert lacking(dpia={"outcome": "complete", "reference": "D"}) == {
        "dpia.date": None, "dpia.dpo_advice": None, "dpia.residual_risk": None,
    }  # fmt: skip
    assert lacking(retention=[{"dataset": "Income", "period": "P6M"}]) == {"retention[0].trigger": None}


def test_an_empty_form_asks_for_everything_that_is_always_needed() -> None:
    found = {one.field for one in missing(form(), {}, ())}
    assert {"title", "parties", "classification", "datasets", "signatories", "retention"} <= found
    assert "art6" not in found


def test_there_is_a_party_that_gives_and_one_that_gets() -> None:
    rows = [party("hmrc", role="discloser"), party("slc", role="discloser")]
    wanted = [one.question for one in missing(form(), complete(parties=rows), parties_of({"parties": rows}))]
    assert any("Say which party gets the data." in question for question in wanted)


def test_an_agreement_has_at_least_two_parties() -> None:
    answers = complete(parties=[party("hmrc", role="both")])
    wanted = [one.question for one in missing(form(), answers, parties_of(answers)) if one.field == "parties"]
    assert wanted == ["Who are the parties? (at least 2 rows)"]


def test_a_group_that_has_not_answered_is_named_once() -> None:
    councils = [party(f"council-{n:02d}", group="councils") for n in range(1, 42)]
    answers = complete(parties=[complete()["parties"][0], *councils], complaints={"hmrc": "Desk"})
    fields = [one.field for one in missing(form(), answers, parties_of(answers)) if one.field.startswith("complaints")]
    assert fields == ["complaints.councils"]
    answers["complaints"]["councils"] = "Each council's website"
    assert not [one for one in missing(form(), answers, parties_of(answers)) if one.field.startswith("complaints")]


def test_nothing_above_official_sensitive_goes_further() -> None:
    assert stopped(form(), {"classification": "secret"})
    assert stopped(form(), {"classification": "official_sensitive"}) is None
    assert stopped(start_form(), {"classification_above": True})


def test_a_version_leaves_out_what_is_not_asked_and_what_is_private() -> None:
    answers = complete(legal_advice={"reference": "LA 1"}, small_numbers="An old answer")
    answers["signatories"][0]["name"] = "Somebody"
    kept = content_answers(form(), answers, parties_of(answers))
    assert "legal_advice" not in kept["legal_power"]
    assert "small_numbers" not in kept["data"]
    assert "name" not in kept["evidence"]["signatories"][0]
    assert kept["overview"]["title"] == answers["title"]


# ------------------------------------------------------------------------------------------ fields and start


def from_fields(key: str, **fields: list[str]) -> Any:
    question = form().question(key)
    assert question is not None
    sent = {name.replace("__", "-"): values for name, values in fields.items()}
    return read_answer(question, raw_from_fields(question, sent, parties=PARTIES), parties=PARTIES)[0]


def test_fields_of_a_page_become_one_answer() -> None:
    assert from_fields("nations", nations=["SCT", "ENG"]) == ["ENG", "SCT"]
    assert from_fields("date_needed", date_needed__day=["2"], date_needed__month=["11"],
                       date_needed__year=["2026"]) == "2026-11-02"  # fmt: skip
    assert from_fields("end", end__when=["after"], end__after=["last_signature"], end__number=["12"],
                       end__unit=["months"]) == {"after": "last_signature", "months": 12}  # fmt: skip
    assert from_fields("art6", art6__hmrc=["e_public_task"]) == {"hmrc": ["e_public_task"]}
    assert from_fields("people", people__slc__dpo=["Head of Data Protection"]) == {
        "slc": {"dpo": "Head of Data Protection"}
    }
    assert from_fields("retention", retention__0__dataset=["Income"], retention__0__period=["P6M"],
                       retention__2__dataset=["Names"], retention__2__period__number=["2"],
                       retention__2__period__unit=["years"]) == [
        {"dataset": "Income", "period": "P6M"}, {"dataset": "Names", "period": "P2Y"}]  # fmt: skip
    assert from_fields("dpia", dpia__outcome=["complete"], dpia__date__day=["1"], dpia__date__month=["9"],
                       dpia__date__year=["2026"]) == {"outcome": "complete", "date": "2026-09-01"}  # fmt: skip
    assert from_fields("business_case", business_case=["BC 4"]) == {"reference": "BC 4"}
    assert from_fields("title", title=[""]) is None


def test_only_fields_that_were_on_the_page_are_read() -> None:
    question = form().question("end")
    assert question is not None
    assert was_sent(question, {"end-day": ["1"]})
    assert not was_sent(question, {"ending": ["1"]})
    assert field_name("people", "slc", "dpo") == "people-slc-dpo"


def test_the_start_questions_fill_the_first_answers() -> None:
    known = [Organisation("HMRC", "HM Revenue and Customs", "ENG", "non_ministerial_department"),
             Organisation("SLC", "Student Loans Company", "ENG", "executive_ndpb")]  # fmt: skip
    given = {"what_people_can_do": "Check income.", "who_holds": ["HMRC"], "who_needs": ["SLC", "Thames Valley Trust"],
             "about_people": "sensitive", "once_or_regularly": "once", "date_needed": "2027-03-01",
             "consequence_if_not": "Late.", "accountable": "Deputy Director"}  # fmt: skip
    found = prefill(start_form(), given, organisations=known, ours="SLC")
    assert found["aims"] == "Check income."
    assert found["data_kind"] == ["personal", "special_category"]
    assert found["nature"] == "one_off"
    assert found["people"] == {"slc": {"sro": "Deputy Director"}}
    assert [(row["id"], row["role"]) for row in found["parties"]] == [
        ("hmrc", "discloser"), ("slc", "recipient"), ("thames-valley-trust", "recipient"),
    ]  # fmt: skip
    assert "HM Revenue and Customs" in found["title"]
    assert read_answers(form(), found, parties=parties_of(found))[1] == ()


def test_an_organisation_that_holds_and_needs_does_both() -> None:
    found = prefill(start_form(), {"who_holds": ["A"], "who_needs": ["A", "B"]}, organisations=[], ours="A")
    assert {row["id"]: row["role"] for row in found["parties"]} == {"a": "both", "b": "recipient"}


@pytest.mark.parametrize(
    ("value", "says"),
    [("P6M", "6 months"), ("P1Y", "1 year"), ("P1Y6M", "1 year and 6 months"), ("P30D", "30 days"), ("soon", "soon")],
)
def test_a_length_of_time_reads_as_words(value: str, says: str) -> None:
    assert duration_text(value) == says


def test_dates_read_as_words() -> None:
    assert date_text("2026-11-02") == "2 November 2026"
    assert date_text({"after": "last_signature", "months": 12}) == "12 months after the last party signs"
    assert date_text({"after": "last_signature"}) == "the day the last party signs"
    assert duration_days("P1Y") == 365
    assert duration_days("x") is None
