"""Invariants 6 and 7: strangers see nothing, private notes stay with their side, every task has somebody to do it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, text

from dsa.domain.errors import NotFound
from dsa.persistence import history, visibility
from dsa.persistence.models import Agreement
from dsa.services import coverage, directory, drafting, explaining, holding, moves, reviewing, signing
from dsa.services.moving import open_for
from dsa.services.reviewing import Verdict
from tests.engine.town import Town

ACTS: dict[str, Any] = {
    "look": lambda t, a, r: _open(t, a, r),
    "move": lambda t, a, r: moves.move(t.ctx, a, r, "withdraw", seen=None, reason="x"),
    "decide": lambda t, a, r: reviewing.decide_task(t.ctx, a, r, "legal:aaa", Verdict("approved"), seen=None),
    "ask": lambda t, a, r: reviewing.ask_question(t.ctx, a, r, "legal:aaa", "Why?", seen=None),
    "answer": lambda t, a, r: reviewing.answer_question(t.ctx, a, r, 1, "Because."),
    "claim": lambda t, a, r: reviewing.claim(t.ctx, a, r, "legal:aaa"),
    "pass on": lambda t, a, r: reviewing.pass_on(t.ctx, a, r, "legal:aaa", None, seen=None),
    "take back": lambda t, a, r: reviewing.take_approval_back(t.ctx, a, r, "legal:aaa", "x", seen=None),
    "save": lambda t, a, r: drafting.save_section(t.ctx, a, r, "purpose", {}, seen_revision=0),
    "share": lambda t, a, r: drafting.share_draft(t.ctx, a, r, seen=None),
    "hold": lambda t, a, r: holding.begin_hold(
        t.ctx, a, r, code="LEGAL_POWER", awaited="AAA", outside=False, until=date(2027, 1, 1), seen=None
    ),
    "end hold": lambda t, a, r: holding.end_hold(t.ctx, a, r, seen=None),
    "contest": lambda t, a, r: holding.contest(t.ctx, a, r, spell_seq=1, text="x"),
    "explain": lambda t, a, r: explaining.explain_slip(t.ctx, a, r, stage="drafting", code="DPIA", why="x"),
    "sign": lambda t, a, r: signing.to_sign(t.ctx, a, r, "sign:aaa"),
}


def _open(town: Town, actor: Any, reference: str) -> None:
    with town.ctx.database.reading() as session:
        open_for(town.ctx, session, actor, reference)


@pytest.mark.parametrize("act", ACTS)
def test_to_a_stranger_an_agreement_does_not_exist(town: Town, act: str) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    before = town.loaded(reference)
    for role in ("drafter", "legal", "signatory", "accountable"):
        with pytest.raises(NotFound) as found:
            ACTS[act](town, town.actor("AAC", role), reference)
        with pytest.raises(NotFound) as absent:
            ACTS[act](town, town.actor("AAC", role), "DSA-2026-9999")
        # the sentence does not tell an agreement of others from one that is not there
        assert str(found.value).replace(reference, "R") == str(absent.value).replace("DSA-2026-9999", "R")
    assert town.loaded(reference) == before


def test_a_list_shows_the_agreements_of_ones_own_organisations_and_no_other(town: Town) -> None:
    ours, theirs = (town.bring_to(town.start(*codes), "first_look") for codes in (("AAA", "AAB"), ("AAB", "AAC")))
    unasked = town.start("AAA", "AAC")  # until the others are asked for a first look it is the lead's alone
    seen = {}
    for code in town.codes:
        with town.ctx.database.reading() as session:
            narrowed = select(Agreement.reference).where(visibility.visible(town.actor(code, "legal")))
            seen[code] = set(session.scalars(narrowed))
    assert seen == {"AAA": {ours, unasked}, "AAB": {ours, theirs}, "AAC": {theirs}}


def test_a_party_that_left_sees_the_agreement_no_more(town: Town) -> None:
    reference = town.start("AAA", "AAB", "AAC")
    with town.ctx.database.writing() as session:
        session.execute(text("UPDATE parties SET left_at = 1 WHERE key = 'aac'"))
    with pytest.raises(NotFound):
        _open(town, town.actor("AAC", "legal"), reference)
    with town.ctx.database.reading() as session:
        narrowed = select(Agreement.reference).where(visibility.visible(town.actor("AAC", "legal")))
        assert list(session.scalars(narrowed)) == []


def test_a_private_note_is_read_by_its_own_side_and_by_nobody_else(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    town.decide(reference, "legal:aaa", note="Only between ourselves.", privileged=True)
    agreement = town.loaded(reference).head.id
    read = {}
    for code in town.codes:
        with town.ctx.database.reading() as session:
            notes = history.notes_for(session, agreement, visibility.sides(town.actor(code, "legal")))
            read[code] = [note.text for note in notes]
    assert read == {"AAA": ["Only between ourselves."], "AAB": [], "AAC": []}


def test_what_is_saved_before_the_draft_is_shared_is_told_to_our_side_only(town: Town) -> None:
    reference = town.start("AAA", "AAB")
    drafter = town.actor("AAA", "drafter")
    drafting.save_section(town.ctx, drafter, reference, "purpose", {"aims": "x"}, seen_revision=1)
    agreement = town.loaded(reference).head.id
    with town.ctx.database.reading() as session:
        ours = history.events_for(session, agreement, visibility.sides(drafter))
        theirs = history.events_for(session, agreement, visibility.sides(town.actor("AAB", "drafter")))
    assert [row.kind for row in ours] == ["AgreementStarted", "SectionSaved"]
    assert [row.kind for row in theirs] == ["AgreementStarted"]


# Somebody can always act


def test_a_leavers_tasks_surface_at_once(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    assert coverage.uncovered_tasks(town.ctx) == ()
    with town.ctx.database.writing() as session:
        leaver = town.people["AAA", "security"]
        session.execute(text("UPDATE people SET active = false WHERE id = :p"), {"p": leaver})
    (found,) = coverage.uncovered_tasks(town.ctx)
    assert (found.reference, found.task, found.why) == (reference, "security:aaa", "nobody")
    with town.ctx.database.writing() as session:
        new = directory.NewPerson("Security adviser, second", "second@aaa.example")
        person = directory.add_person(session, new, at=town.clock.now())
        post = town.posts["AAA", "security"]
        directory.appoint(session, post_id=post, person_id=person, starts_on=date(2020, 1, 1))
    assert coverage.uncovered_tasks(town.ctx) == ()


def test_a_post_begins_and_ends_at_midnight_in_london_in_summer_too(town: Town) -> None:
    person = town.people["AAB", "drafter"]
    with town.ctx.database.writing() as session:
        session.execute(
            text("UPDATE appointments SET ends_on = :d WHERE person_id = :p"),
            {"d": "2027-06-30" if town.ctx.database.is_sqlite else date(2027, 6, 30), "p": person},
        )
        directory.appoint(session, post_id=town.posts["AAB", "legal"], person_id=person, starts_on=date(2027, 7, 1))
    town.clock.advance_to(datetime(2027, 6, 30, 22, 59, tzinfo=UTC))
    assert [held.role for held in directory.actor_for(town.ctx, person, method="test").posts] == ["drafter"]
    town.clock.advance_to(datetime(2027, 6, 30, 23, 1, tzinfo=UTC))
    assert [held.role for held in directory.actor_for(town.ctx, person, method="test").posts] == ["legal"]


def test_an_appointment_that_ends_leaves_its_tasks_on_the_list_from_the_next_day(town: Town) -> None:
    town.bring_to(town.start("AAA", "AAB"), "review")
    with town.ctx.database.writing() as session:
        session.execute(
            text("UPDATE appointments SET ends_on = :d WHERE person_id = :p"),
            {"d": "2026-11-02" if town.ctx.database.is_sqlite else date(2026, 11, 2), "p": town.people["AAB", "legal"]},
        )
    assert coverage.uncovered_tasks(town.ctx) == ()
    town.clock.advance(minutes=1440)
    assert [found.task for found in coverage.uncovered_tasks(town.ctx)] == ["legal:aab"]


def test_a_task_that_a_leaver_had_taken_is_told_apart_and_a_colleague_takes_it_over(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    with town.ctx.database.writing() as session:
        new = directory.NewPerson("Legal adviser, second", "second@aaa.example")
        person = directory.add_person(session, new, at=town.clock.now())
        directory.appoint(session, post_id=town.posts["AAA", "legal"], person_id=person, starts_on=date(2020, 1, 1))
    reviewing.claim(town.ctx, town.actor("AAA", "legal"), reference, "legal:aaa")
    with town.ctx.database.writing() as session:
        leaver = town.people["AAA", "legal"]
        session.execute(text("UPDATE people SET active = false WHERE id = :p"), {"p": leaver})
    assert [(f.task, f.why) for f in coverage.uncovered_tasks(town.ctx)] == [("legal:aaa", "left")]
    colleague = directory.actor_for(town.ctx, person, method="password")
    reviewing.pass_on(town.ctx, colleague, reference, "legal:aaa", person, seen=town.seen(reference))
    assert coverage.uncovered_tasks(town.ctx) == ()
    reviewing.decide_task(town.ctx, colleague, reference, "legal:aaa", Verdict("approved"), seen=town.seen(reference))


def test_a_task_whose_only_holder_wrote_the_text_is_on_the_list(town: Town) -> None:
    with town.ctx.database.writing() as session:
        post = town.posts["AAA", "legal"]
        drafter = town.people["AAA", "drafter"]
        session.execute(text("UPDATE appointments SET person_id = :d WHERE post_id = :p"), {"d": drafter, "p": post})
    town.bring_to(town.start("AAA", "AAB"), "review")
    assert [(f.task, f.why) for f in coverage.uncovered_tasks(town.ctx)] == [("legal:aaa", "author")]


def test_a_task_whose_only_holder_acted_in_another_separate_role_is_on_the_list(town: Town) -> None:
    with town.ctx.database.writing() as session:
        post, legal = town.posts["AAA", "security"], town.people["AAA", "legal"]
        session.execute(text("UPDATE appointments SET person_id = :d WHERE post_id = :p"), {"d": legal, "p": post})
    reference = town.bring_to(town.start("AAA", "AAB"), "review")
    assert coverage.uncovered_tasks(town.ctx) == ()
    town.decide(reference, "legal:aaa")
    assert [(f.task, f.why) for f in coverage.uncovered_tasks(town.ctx)] == [("security:aaa", "two_roles")]
