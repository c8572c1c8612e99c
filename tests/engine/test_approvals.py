"""Invariant 3: an approval covers hashes; changing one section lapses exactly the approvals that cover it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsa.domain.approvals import OUTCOMES_THAT_STAND, Covered, covered_hashes, standing
from dsa.domain.errors import NotAllowed, Refused
from dsa.domain.integrity import section_hash
from dsa.persistence import drafts, work
from dsa.services import directory, drafting, reviewing, signing
from tests.engine.town import Town

SECTIONS = ("purpose", "data", "security", "retention", "legal_power")
hashes = st.fixed_dictionaries({key: st.sampled_from(["a", "b"]) for key in SECTIONS})


@given(before=hashes, after=hashes, covers=st.lists(st.lists(st.sampled_from(SECTIONS), unique=True), min_size=1))
def test_exactly_the_approvals_that_cover_a_changed_section_lapse(
    before: dict[str, str], after: dict[str, str], covers: list[list[str]]
) -> None:
    approvals = [
        Covered(number, "legal", None, "approved", covered_hashes(sections, before))
        for number, sections in enumerate(covers)
    ]
    changed = {key for key in SECTIONS if before[key] != after[key]}
    stands, lapses = standing(approvals, after)
    assert lapses == {n for n, sections in enumerate(covers) if changed & set(sections or SECTIONS)}
    assert stands == set(range(len(covers))) - lapses


@given(
    answers=st.dictionaries(st.sampled_from(["aims", "nature", "title"]), st.text(max_size=5)),
    key=st.sampled_from(SECTIONS),
)
def test_the_hash_of_a_section_is_bound_to_its_key_and_its_answers(answers: dict[str, str], key: str) -> None:
    own = section_hash(key, answers)
    assert own == section_hash(key, dict(reversed(answers.items())))
    assert own != section_hash(key, answers | {"more": "x"})
    assert own != section_hash(key + "_", answers)


def live(town: Town, reference: str) -> set[tuple[str, str | None]]:
    with town.ctx.database.reading() as session:
        return {(a.rule, a.party_key) for a in work.live_approvals(session, town.loaded(reference).head.id)}


def save(town: Town, reference: str, section: str, answers: dict[str, Any]) -> None:
    with town.ctx.database.reading() as session:
        saved = drafts.sections_of(session, town.loaded(reference).head.id)
    revision = saved[section].revision if section in saved else 0
    drafter = town.actor("AAA", "drafter")
    drafting.save_section(town.ctx, drafter, reference, section, answers, seen_revision=revision)


def sent_back(town: Town) -> str:
    """An agreement that everybody approved and one signatory declined: in drafting, round 2."""
    reference = town.bring_to(town.start(), "sign_off")
    town.carry_out()
    town.decide(reference, "sign:aab", "declined")
    assert town.stage(reference) == "drafting"
    return reference


EVERYTHING = {
    (rule, party)
    for rule in ("legal", "security", "data_protection_advice", "data_protection")
    for party in ("aaa", "aab")
} | {("supply", "aab")}
COVERING = {
    "purpose": {"legal", "data_protection_advice", "data_protection"},
    "security": {"security", "data_protection_advice", "data_protection", "supply"},
    "retention": {"security", "data_protection_advice", "data_protection"},
}
CHANGE = {"purpose": {"aims": "To count"}, "security": {"method": ["api"]}}


@pytest.mark.parametrize("section", ["purpose", "security"])
def test_changing_one_section_asks_again_exactly_those_who_cover_it(town: Town, section: str) -> None:
    reference = sent_back(town)
    assert live(town, reference) == EVERYTHING
    save(town, reference, section, CHANGE[section])
    town.bring_to(reference, "review")
    expected = {(rule, party) for rule, party in EVERYTHING if rule in COVERING[section]}
    assert live(town, reference) == EVERYTHING - expected
    second = [t for t in town.every_task(reference) if t.round == 2 and t.stage == "review"]
    assert {(t.rule, t.party_key) for t in second if t.status == "standing"} == EVERYTHING - expected
    # a decision on advice is asked for when the new advice is there
    asked = {(t.rule, t.party_key) for t in second if t.status == "open"}
    assert asked == {(rule, party) for rule, party in expected if rule != "data_protection"}
    assert town.bring_to(reference, "text_agreed")
    assert live(town, reference) == EVERYTHING
    assert town.problems(reference) == ()


def test_where_nothing_changed_everything_stands_and_nobody_is_asked_again(town: Town) -> None:
    reference = sent_back(town)
    town.move(reference, "submit")
    town.decide(reference, "check_text:aab")
    assert town.stage(reference) == "text_agreed"
    assert live(town, reference) == EVERYTHING


def test_an_approval_that_stood_can_be_taken_back_for_good(town: Town) -> None:
    reference = sent_back(town)
    town.bring_to(reference, "text_agreed")
    actor = town.actor("AAA", "legal")
    reviewing.take_approval_back(town.ctx, actor, reference, "legal:aaa", "I read it again.", seen=town.seen(reference))
    assert town.stage(reference) == "review"
    assert ("legal", "aaa") not in live(town, reference)
    town.decide(reference, "legal:aaa")
    assert live(town, reference) == EVERYTHING
    assert town.problems(reference) == ()


def test_new_advice_takes_the_decision_on_the_old_advice_away(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    town.decide(reference, "data_protection_advice:aaa")
    town.decide(reference, "data_protection:aaa")
    officer = town.actor("AAA", "data_protection")
    key = "data_protection_advice:aaa"
    reviewing.take_approval_back(town.ctx, officer, reference, key, "I was wrong.", seen=town.seen(reference))
    town.decide(reference, key, "against")
    assert ("data_protection", "aaa") not in live(town, reference)
    assert "data_protection:aaa" in town.open_tasks(reference)


def test_a_request_for_changes_that_is_taken_back_asks_for_no_response(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    town.decide(reference, "legal:aaa", "changes")
    actor = town.actor("AAA", "legal")
    reviewing.take_approval_back(town.ctx, actor, reference, "legal:aaa", "Misread.", seen=town.seen(reference))
    with town.ctx.database.reading() as session:
        requests = work.change_requests(session, town.loaded(reference).head.id)
    assert [request.status for request in requests] == ["withdrawn"]
    town.bring_to(reference, "text_agreed")


def test_nothing_can_be_taken_back_after_the_lock(town: Town) -> None:
    reference = town.bring_to(town.start(), "sign_off")
    actor = town.actor("AAA", "legal")
    with pytest.raises(Refused):
        reviewing.take_approval_back(town.ctx, actor, reference, "legal:aaa", "Too late.", seen=town.seen(reference))


@pytest.mark.parametrize(
    "given_",
    [
        {"ends_on": "2026-11-01"},
        {"starts_on": "2026-12-01"},
        {"routes": ("fast",)},
        {"limit_subjects": 10},
    ],
)
def test_an_authority_out_of_date_or_out_of_scope_cannot_sign(town: Town, given_: dict[str, Any]) -> None:
    from datetime import date

    reference = town.bring_to(town.start(), "sign_off")
    town.carry_out()
    dates = {"starts_on": date(2026, 1, 1), "ends_on": date(2027, 12, 31)}
    given_ = {k: date.fromisoformat(v) if isinstance(v, str) else v for k, v in given_.items()}
    with town.ctx.database.writing() as session:
        directory.delegate(session, post_id=town.posts["AAA", "signatory"], reference="D1", **{**dates, **given_})
    signatory = town.actor("AAA", "signatory")
    with pytest.raises(NotAllowed, match="does not cover this agreement today"):
        signing.to_sign(town.ctx, signatory, reference, "sign:aaa")
    assert town.stage(reference) == "sign_off"


def test_against_is_advice_that_stands_and_changes_are_not() -> None:
    assert "against" in OUTCOMES_THAT_STAND
    assert not {"changes", "blocker"} & OUTCOMES_THAT_STAND
