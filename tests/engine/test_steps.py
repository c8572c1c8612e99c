"""Single steps where things go wrong: holds, questions, taking and passing on, clocks, odd text. All in plain words."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dsa.domain.errors import BadInput, Conflict, NotAllowed, Problem, Refused
from dsa.persistence import drafts, history, work
from dsa.services import directory, drafting, holding, moves, reviewing
from dsa.services.reviewing import Verdict
from tests.engine.town import Town, verdict_of

SOON = date(2026, 12, 1)


def hold(town: Town, reference: str, **more: Any) -> None:
    given_ = {"code": "LEGAL_POWER", "awaited": "AAB", "outside": False, "until": SOON, **more}
    drafter = town.actor("AAA", "drafter")
    holding.begin_hold(town.ctx, drafter, reference, seen=town.seen(reference), **given_)


def holder(town: Town, reference: str) -> tuple[str, str, str]:
    head = town.loaded(reference).head
    return (head.holder_owner, head.holder_role, head.holder_reason)


def test_a_hold_hands_the_agreement_to_whoever_is_awaited_and_back(town: Town) -> None:
    reference = town.bring_to(town.start(), "drafting")
    before = holder(town, reference)
    hold(town, reference)
    assert holder(town, reference) == ("AAB", "drafter", "LEGAL_POWER")
    with pytest.raises(Refused, match="on hold"):
        town.move(reference, "submit")
    with pytest.raises(Refused, match="on hold already"):
        hold(town, reference)
    holding.end_hold(town.ctx, town.actor("AAB", "accountable"), reference, seen=town.seen(reference))
    assert holder(town, reference) == before
    assert town.problems(reference) == ()


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"code": "drafting"}, "Choose a reason"),
        ({"code": "nonsense"}, "Choose a reason"),
        ({"awaited": " "}, "Say who is awaited"),
        ({"awaited": "System", "outside": True}, "Say who is awaited"),
        ({"awaited": "unknown", "outside": True}, "Say who is awaited"),
        ({"awaited": "AAC"}, "one of the organisations"),
        ({"until": date(2026, 11, 2)}, "must be in the future"),
        ({"code": "RESOURCE", "awaited": "AAB"}, "stays with the organisation that lacks it"),
    ],
)
def test_a_hold_that_would_hide_who_it_is_is_refused(small_town: Town, more: dict[str, Any], says: str) -> None:
    reference = small_town.bring_to(small_town.start(), "drafting")
    with pytest.raises(BadInput, match=says):
        hold(small_town, reference, **more)
    assert not small_town.loaded(reference).head.on_hold


def test_an_agreement_that_is_withdrawn_on_hold_is_on_hold_no_more(town: Town) -> None:
    reference = town.bring_to(town.start(), "drafting")
    hold(town, reference)
    town.move(reference, "withdraw", reason="Not needed.")
    assert not town.loaded(reference).head.on_hold
    with town.ctx.database.reading() as session:
        (kept,) = work.holds(session, town.loaded(reference).head.id)
    assert kept.ended_at is not None
    assert town.problems(reference) == ()


def test_a_question_puts_the_ball_with_the_drafter_and_the_answer_gives_it_back(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    for key in [key for key in town.open_tasks(reference) if key != "supply:aab"]:
        town.decide(reference, key)
    for key in [key for key in town.open_tasks(reference) if key != "supply:aab"]:
        town.decide(reference, key)
    assert holder(town, reference) == ("AAB", "data_owner", "reviewing")
    owner = town.actor("AAB", "data_owner")
    reviewing.ask_question(town.ctx, owner, reference, "supply:aab", "Which year?", seen=town.seen(reference))
    assert holder(town, reference) == ("AAA", "drafter", "answering")
    reviewing.answer_question(town.ctx, town.actor("AAA", "drafter"), reference, 1, "This one.")
    assert holder(town, reference) == ("AAB", "data_owner", "reviewing")
    with pytest.raises(Conflict, match="answered already"):
        reviewing.answer_question(town.ctx, town.actor("AAA", "drafter"), reference, 1, "Again.")
    assert town.problems(reference) == ()


def test_a_question_asked_before_a_task_was_opened_again_is_not_waited_for(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    legal = town.actor("AAA", "legal")
    reviewing.ask_question(town.ctx, legal, reference, "legal:aaa", "Why?", seen=town.seen(reference))
    town.decide(reference, "legal:aaa")
    reviewing.take_approval_back(town.ctx, legal, reference, "legal:aaa", "Hm.", seen=town.seen(reference))
    task = town.loaded(reference).task("legal:aaa")
    assert task is not None
    assert not task.question_open
    reviewing.answer_question(town.ctx, town.actor("AAA", "drafter"), reference, 1, "Because.")
    assert town.problems(reference) == ()


def test_a_task_that_was_taken_is_decided_by_whoever_took_it(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    with town.ctx.database.writing() as session:
        new = directory.NewPerson("Legal adviser, second", "second@aaa.example")
        second = directory.add_person(session, new, at=town.clock.now())
        directory.appoint(session, post_id=town.posts["AAA", "legal"], person_id=second, starts_on=date(2020, 1, 1))
    colleague = directory.actor_for(town.ctx, second, method="password")
    first = town.actor("AAA", "legal")
    reviewing.claim(town.ctx, first, reference, "legal:aaa")
    with pytest.raises(Conflict, match="taken this task already"):
        reviewing.claim(town.ctx, first, reference, "legal:aaa")
    with pytest.raises(NotAllowed, match="has taken this task"):
        reviewing.decide_task(town.ctx, colleague, reference, "legal:aaa", Verdict("approved"), seen=None)
    with pytest.raises(NotAllowed, match="has taken this task"):
        reviewing.claim(town.ctx, colleague, reference, "legal:aaa")
    with pytest.raises(BadInput, match="there already"):
        reviewing.pass_on(town.ctx, first, reference, "legal:aaa", first.person_id, seen=town.seen(reference))
    stranger = town.people["AAB", "legal"]
    with pytest.raises(BadInput, match="Choose a colleague"):
        reviewing.pass_on(town.ctx, first, reference, "legal:aaa", stranger, seen=town.seen(reference))
    reviewing.pass_on(town.ctx, first, reference, "legal:aaa", second, seen=town.seen(reference))
    with pytest.raises(NotAllowed):
        reviewing.decide_task(town.ctx, first, reference, "legal:aaa", Verdict("approved"), seen=None)
    reviewing.decide_task(town.ctx, colleague, reference, "legal:aaa", Verdict("approved"), seen=None)
    assert town.problems(reference) == ()


def test_a_clock_that_goes_back_never_makes_time_run_backwards(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    town.clock.advance(minutes=500)
    town.decide(reference, "legal:aaa")
    late = town.loaded(reference).head.updated_at
    town.clock._now -= timedelta(days=3)
    town.decide(reference, "security:aaa")
    assert town.loaded(reference).head.updated_at == late
    with town.ctx.database.reading() as session:
        recorded = [row.recorded_at for row in history.events(session, town.loaded(reference).head.id)]
    assert recorded == sorted(recorded)
    assert town.problems(reference) == ()


def test_a_decision_made_earlier_elsewhere_says_both_times_and_none_in_the_future(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    town.clock.advance(minutes=3000)
    earlier = town.clock.now() - timedelta(days=1)
    town.decide(reference, "legal:aaa", happened_at=earlier)
    with town.ctx.database.reading() as session:
        last = history.events(session, town.loaded(reference).head.id)[-1]
    assert last.happened_at == earlier
    assert last.recorded_at == town.clock.now()
    with pytest.raises(BadInput, match="cannot be in the future"):
        town.decide(reference, "security:aaa", happened_at=town.clock.now() + timedelta(minutes=5))


@pytest.mark.parametrize("odd", ["\ud800", "\x00", "a\x00b"])
@pytest.mark.parametrize(
    "act",
    [
        lambda t, r, odd: moves.move(t.ctx, t.actor("AAA", "drafter"), r, "withdraw", seen=None, reason=odd),
        lambda t, r, odd: t.decide(r, "legal:aaa", "approved", note=odd),
        lambda t, r, odd: t.decide(r, "legal:aaa", "approved", summary=odd),
        lambda t, r, odd: reviewing.ask_question(t.ctx, t.actor("AAA", "legal"), r, "legal:aaa", odd, seen=None),
        lambda t, r, odd: hold(t, r, awaited=odd, outside=True),
        lambda t, r, odd: hold(t, r, note=odd),
        lambda t, r, odd: holding.contest(t.ctx, t.actor("AAA", "drafter"), r, spell_seq=1, text=odd),
    ],
)
def test_text_that_cannot_be_kept_is_refused_or_kept_and_never_a_crash(town: Town, act: Any, odd: str) -> None:
    reference = town.bring_to(town.start(), "review")
    before = town.loaded(reference)
    try:
        act(town, reference, odd)
    except Problem as problem:
        assert str(problem).endswith(".")  # noqa: PT017 - either way is right, a crash is not
        assert town.loaded(reference) == before
    assert town.problems(reference) == ()


def test_a_party_that_left_stays_in_the_ledger_and_may_come_back(town: Town) -> None:
    reference = town.bring_to(town.start(*town.codes), "drafting")
    drafter = town.actor("AAA", "drafter")

    def parties(*codes: str) -> None:
        rows = [{"id": c.lower(), "name": f"Body {c}", "code": c, "role": "discloser"} for c in codes]
        with town.ctx.database.reading() as session:
            saved = drafts.sections_of(session, town.loaded(reference).head.id)
        drafting.save_section(
            town.ctx, drafter, reference, "parties", {"parties": rows}, seen_revision=saved["parties"].revision
        )

    parties("AAA", "AAC")
    assert [party.code for party in town.loaded(reference).parties] == ["AAA", "AAC"]
    assert town.problems(reference) == ()
    parties("AAA", "AAB", "AAC")
    assert [party.code for party in town.loaded(reference).parties] == ["AAA", "AAB", "AAC"]
    town.bring_to(reference, "text_agreed")
    assert town.problems(reference) == ()


def test_saving_sections_side_by_side_never_collides_and_leaves_the_version_alone(town: Town) -> None:
    reference = town.bring_to(town.start(), "drafting")
    drafter, version = town.actor("AAA", "drafter"), town.seen(reference)
    drafting.save_section(town.ctx, drafter, reference, "security", {"format": "CSV"}, seen_revision=0)
    drafting.save_section(town.ctx, drafter, reference, "retention", {"disposal": "destroy"}, seen_revision=0)
    assert town.seen(reference) == version
    with pytest.raises(Conflict):
        drafting.save_section(town.ctx, drafter, reference, "security", {"format": "XML"}, seen_revision=0)
    assert town.problems(reference) == ()


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(section=st.sampled_from(["purpose", "parties", "data", "security", "overview"]), data=st.data())
def test_a_draft_always_saves_whatever_is_typed(town: Town, section: str, data: st.DataObject) -> None:
    if not hasattr(town, "_draft"):
        town._draft = town.bring_to(town.start(), "drafting")  # type: ignore[attr-defined]
    reference: str = town._draft  # type: ignore[attr-defined]
    with town.ctx.database.reading() as session:
        head = town.loaded(reference).head
        saved = drafts.sections_of(session, head.id)
        form = town.ctx.definitions.form(session, head.form_id, head.form_version)
    page = form.section(section)
    assert page is not None
    keys = [question.key for question in page.questions]
    typed = data.draw(st.dictionaries(st.sampled_from(keys), anything, max_size=4))
    revision = saved[section].revision if section in saved else 0
    drafter = town.actor("AAA", "drafter")
    done = drafting.save_section(town.ctx, drafter, reference, section, typed, seen_revision=revision)
    assert done.revision >= revision
    assert town.problems(reference) == ()


def test_verdicts_that_lack_what_they_need_are_told_so(small_town: Town) -> None:
    town = small_town
    reference = town.bring_to(town.start(), "review")
    legal = town.actor("AAA", "legal")
    for verdict, says in (
        (Verdict("changes"), "in which section"),
        (Verdict("approved_with_conditions"), "at least one condition"),
        (Verdict("signed"), "Choose one of the answers"),
        (Verdict("approved", relies_on=99), "rely on"),
        (verdict_of("changes", "decision", changes=(reviewing.Change("purpose", " "),)), "Say what should change"),
        (verdict_of("changes", "decision", changes=(reviewing.Change("purpose", "x", "MOOD"),)), "from the list"),
    ):
        with pytest.raises(Problem, match=says):
            reviewing.decide_task(town.ctx, legal, reference, "legal:aaa", verdict, seen=None)
    assert "legal:aaa" in town.open_tasks(reference)
