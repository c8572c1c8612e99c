"""The machine: what follows what, for any number of parties. ``decide`` is pure, and refuses in sentences."""

import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsa.adapters.definitions import load_yaml
from dsa.domain.errors import Refused
from dsa.domain.machine import Decision, Flow, PartyFact, Recorded, Reopened, Snapshot, TaskFact, decide
from dsa.domain.workflow_reading import read_workflow
from tests.domain.test_workflow_files import SMALL, read

STANDARD, FAST = Flow(read("standard")), Flow(read("fast-track"))
FORM = frozenset({"start_answered", "form_complete", "requests_answered", "route_matches", "no_questions"})


def parties(count: int) -> tuple[PartyFact, ...]:
    return tuple(PartyFact(f"p{n}", f"O{n}", True, n == 1, n == 0) for n in range(count))


def snapshot(count: int = 3, **more: Any) -> Snapshot:
    everybody = parties(count)
    signs = tuple((party.key, 1) for party in everybody)
    given_ = {"facts": FORM, "signatories": signs, **more}
    return Snapshot("start", 1, "standard", everybody, (), **given_)


def take(flow: Flow, at: Snapshot, *actions: Any) -> Snapshot:
    for action in actions:
        at = at.after(decide(flow, at, action))
    return at


def waiting(at: Snapshot) -> list[TaskFact]:
    return [task for task in at.tasks if task.status == "open" and task.stage == at.stage and task.round == at.round]


GOOD = {"in_principle": "yes", "check": "agreed", "advice": "support", "decision": "approved", "signature": "signed",
        "record": "done", "early_view": "no_blocker"}  # fmt: skip


def all_agree(flow: Flow, at: Snapshot) -> Snapshot:
    """Everybody who is asked in this stage says yes."""
    stage, number = at.stage, at.round
    while (at.stage, at.round) == (stage, number) and any(task.required for task in waiting(at)):
        task = next(task for task in waiting(at) if task.required)
        at = take(flow, at, Recorded(task.key, GOOD[task.kind]))
    return at


def in_review(count: int = 3, **more: Any) -> Snapshot:
    at = all_agree(STANDARD, take(STANDARD, snapshot(count, **more), "ask_first_look"))
    return all_agree(STANDARD, take(STANDARD, at, "submit"))


@settings(deadline=None, max_examples=20)
@given(count=st.integers(2, 50), route=st.sampled_from([STANDARD, FAST]))
def test_two_parties_and_fifty_take_the_same_path(count: int, route: Flow) -> None:
    at = take(route, snapshot(count), "ask_first_look")
    assert sum(task.kind == "in_principle" for task in waiting(at)) == count - 1
    at = all_agree(route, at)
    at = all_agree(route, take(route, at, "submit"))
    at = all_agree(route, at)
    assert at.stage == "text_agreed"
    at = take(route, at, "lock_text")
    assert len(waiting(at)) == count
    assert all_agree(route, at).stage == "signed"


@settings(deadline=None, max_examples=30)
@given(data=st.data(), count=st.integers(2, 6))
def test_the_stage_is_left_by_the_last_answer_and_by_no_other_whatever_the_order(
    data: st.DataObject, count: int
) -> None:
    at = in_review(count)
    while at.stage == "review":
        left = [task for task in waiting(at) if task.required]
        key = data.draw(st.sampled_from(sorted(task.key for task in left)))
        kind = next(task.kind for task in left if task.key == key)
        at = take(STANDARD, at, Recorded(key, GOOD[kind]))
        assert (at.stage == "review") == any(task.required for task in waiting(at) if at.stage == "review")
    assert at.stage == "text_agreed"


def test_decide_changes_nothing_of_what_it_is_given() -> None:
    at = in_review()
    before = copy.deepcopy(at)
    first = decide(STANDARD, at, Recorded("legal:p0", "approved"))
    assert at == before
    assert decide(STANDARD, at, Recorded("legal:p0", "approved")) == first
    with pytest.raises(Refused):
        decide(STANDARD, at, "lock_text")
    assert at == before


def test_changes_go_back_once_when_every_review_is_in() -> None:
    at = take(STANDARD, in_review(2), Recorded("legal:p0", "changes"))
    assert at.stage == "review"
    at = all_agree(STANDARD, at)
    assert (at.stage, at.round) == ("drafting", 2)


def test_a_blocker_goes_back_at_once_and_the_other_reviews_lapse() -> None:
    at = in_review(2)
    decision = decide(STANDARD, at, Recorded("security:p1", "blocker"))
    assert (decision.dest, decision.round) == ("drafting", 2)
    assert set(decision.lapsed) == {task.key for task in waiting(at)} - {"security:p1"}


def test_a_party_that_says_no_in_principle_ends_it() -> None:
    at = take(STANDARD, snapshot(3), "ask_first_look")
    assert take(STANDARD, at, Recorded("in_principle:p2", "no")).stage == "rejected"


def test_approvals_that_stand_are_not_asked_for_again_and_the_rest_are() -> None:
    standing = frozenset({("legal", "p0"), ("data_protection_advice", "p0"), ("data_protection", "p0")})
    at = take(STANDARD, all_agree(STANDARD, in_review(2)), "lock_text", Recorded("sign:p0", "declined"))
    at = replace(at, standing=standing)
    at = all_agree(STANDARD, take(STANDARD, at, "submit"))
    assert at.round == 2
    stands = {task.key for task in at.tasks if task.round == 2 and task.status == "standing"}
    assert stands == {"legal:p0", "data_protection_advice:p0", "data_protection:p0"}
    assert {"legal:p1", "security:p0"} <= {task.key for task in waiting(at)}


def test_a_round_in_which_everything_stands_goes_through_the_review_and_still_stops_at_the_board() -> None:
    at = take(STANDARD, all_agree(STANDARD, in_review(2)), "lock_text", Recorded("sign:p0", "declined"))
    rules = ("legal", "security", "data_protection_advice", "data_protection", "supply")
    standing = frozenset((rule, f"p{n}") for rule in rules for n in range(2))
    at = take(STANDARD, replace(at, standing=standing), "submit")
    over = take(STANDARD, at, Recorded("check_text:p1", "agreed"))
    assert over.stage == "text_agreed"
    at = replace(at, facts=FORM | {"board_needed"})
    assert take(STANDARD, at, Recorded("check_text:p1", "agreed")).stage == "board"


def test_the_board_is_asked_again_when_a_review_was_taken_back_before_it_decided() -> None:
    at = in_review(2, facts=FORM | {"board_needed"})
    at = all_agree(STANDARD, at)
    assert at.stage == "board"
    at = take(STANDARD, at, Reopened("legal:p0"))
    assert at.stage == "review"
    at = take(STANDARD, at, Recorded("legal:p0", "approved"))
    assert at.stage == "board"
    assert [task.key for task in waiting(at)] == ["board_decision"]
    assert take(STANDARD, at, Recorded("board_decision", "done")).stage == "text_agreed"


def test_an_approval_taken_back_reopens_the_review_and_leaves_the_others_in_place() -> None:
    at = all_agree(STANDARD, in_review(2))
    decision = decide(STANDARD, at, Reopened("legal:p0"))
    assert (decision.source, decision.dest, decision.round) == ("text_agreed", "review", 1)
    assert [task.key for task in decision.opened] == ["legal:p0"]
    assert decision.lapsed == ()


@pytest.mark.parametrize("key", ["in_principle:p1", "check_text:p1", "sign:p0", "nothing"])
def test_only_an_approval_can_be_taken_back(key: str) -> None:
    at = all_agree(STANDARD, in_review(2))
    with pytest.raises(Refused):
        decide(STANDARD, at, Reopened(key))


def test_nothing_can_be_taken_back_once_the_text_is_locked() -> None:
    at = take(STANDARD, all_agree(STANDARD, in_review(2)), "lock_text")
    with pytest.raises(Refused):
        decide(STANDARD, at, Reopened("legal:p0"))


def test_new_advice_asks_for_a_new_decision_even_where_an_old_one_was_made() -> None:
    at = in_review(2)
    at = take(
        STANDARD, at, Recorded("data_protection_advice:p0", "support"), Recorded("data_protection:p0", "approved")
    )
    at = take(STANDARD, at, Reopened("data_protection_advice:p0"))
    decision = decide(STANDARD, at, Recorded("data_protection_advice:p0", "against"))
    assert [task.key for task in decision.opened] == ["data_protection:p0"]
    assert sum(task.key == "data_protection:p0" for task in decision.tasks) == 1


def test_the_draft_is_taken_back_only_when_reviews_are_overdue_and_what_is_open_lapses() -> None:
    at = in_review(2)
    with pytest.raises(Refused, match="overdue"):
        decide(STANDARD, at, "take_back")
    decision = decide(STANDARD, replace(at, facts=at.facts | {"reviews_overdue"}), "take_back")
    assert (decision.dest, decision.round) == ("drafting", 2)
    assert len(decision.lapsed) == len(waiting(at))


@pytest.mark.parametrize("stage", ["start", "drafting", "review", "text_agreed", "sign_off"])
def test_an_agreement_can_be_withdrawn_until_it_is_signed(stage: str) -> None:
    at = snapshot(2)
    ways = {"start": at, "drafting": all_agree(STANDARD, take(STANDARD, at, "ask_first_look")), "review": in_review(2)}
    ways["text_agreed"] = all_agree(STANDARD, in_review(2))
    ways["sign_off"] = take(STANDARD, ways["text_agreed"], "lock_text")
    decision = decide(STANDARD, ways[stage], "withdraw")
    assert decision.dest == "withdrawn"
    assert not [task for task in decision.tasks if task.status == "open"]


def test_optional_early_views_stay_open_while_drafting_and_lapse_after() -> None:
    at = all_agree(STANDARD, take(STANDARD, snapshot(2), "ask_first_look"))
    assert at.stage == "drafting"
    assert {task.key for task in at.tasks if task.status == "open"} == {
        "early_legal:p0", "early_data_protection:p0", "early_security:p0",
    }  # fmt: skip
    assert set(decide(STANDARD, at, "submit").lapsed) == {
        "early_legal:p0", "early_data_protection:p0", "early_security:p0",
    }  # fmt: skip


def test_a_stage_that_asks_nobody_is_passed_at_once_and_leaves_no_task_behind() -> None:
    alone = (PartyFact("p0", "O0", True, False, True), PartyFact("p1", "O1", False, False, False))
    decision = decide(STANDARD, replace(snapshot(2), parties=alone), "ask_first_look")
    assert decision.path == ("start", "first_look", "drafting")
    at = replace(snapshot(2), parties=alone).after(decision)
    decision = decide(STANDARD, at, "submit")
    assert decision.path == ("drafting", "check_draft", "review")
    assert {task.stage for task in decision.tasks if task.status == "open"} == {"review"}


def test_a_party_may_have_several_signatories() -> None:
    at = all_agree(STANDARD, in_review(2))
    at = replace(at, signatories=(("p0", 1), ("p0", 2), ("p1", 1)))
    at = take(STANDARD, at, "lock_text")
    assert [task.key for task in waiting(at)] == ["sign:p0", "sign:p0:2", "sign:p1"]
    assert take(STANDARD, at, Recorded("sign:p0", "signed"), Recorded("sign:p0:2", "signed")).stage == "sign_off"


@pytest.mark.parametrize("action", ["to_signed", "nothing", "record", "initial", "__class__", ""])
def test_a_step_that_the_file_does_not_name_is_refused_in_words(action: str) -> None:
    with pytest.raises(Refused) as refused:
        decide(STANDARD, snapshot(2), action)
    assert str(refused.value).endswith(".")


def test_an_answer_that_is_not_offered_or_comes_twice_is_refused() -> None:
    at = in_review(2)
    with pytest.raises(Refused, match="Choose one of the answers"):
        decide(STANDARD, at, Recorded("legal:p0", "signed"))
    at = take(STANDARD, at, Recorded("legal:p0", "approved"))
    with pytest.raises(Refused, match="no longer open"):
        decide(STANDARD, at, Recorded("legal:p0", "approved"))


def test_one_machine_serves_many_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    def walk(count: int) -> str:
        at = all_agree(STANDARD, in_review(count))
        return all_agree(STANDARD, take(STANDARD, at, "lock_text")).stage

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(walk, [2, 3, 4, 5] * 10)) == {"signed"}


def test_a_small_file_makes_a_machine_of_its_own(tmp_path: Any) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    flow = Flow(read_workflow(load_yaml(path)[0]))
    decision: Decision = decide(flow, snapshot(2), "submit")
    assert decision.dest == "review"
