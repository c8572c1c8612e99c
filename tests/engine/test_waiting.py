"""What is kept beside each party about whom it waits for: it follows every change, and lists read it in order."""

from dataclasses import replace

from sqlalchemy import select, text

from dsa.persistence import drafts, queries_agreements, queries_tasks_list
from dsa.persistence.models import Party
from dsa.persistence.queries_agreements import Wanted
from dsa.services import drafting
from tests.engine.town import Town


def kept(town: Town, reference: str) -> dict[str, tuple[object, object]]:
    """What stands beside each party, those that left included, by key."""
    with town.ctx.database.reading() as session:
        parties = session.scalars(select(Party).where(Party.agreement_id == town.loaded(reference).head.id))
        return {party.key: (party.waiting_since, party.waiting_due) for party in parties}


def set_parties(town: Town, reference: str, *codes: str) -> None:
    rows = [{"id": c.lower(), "name": f"Body {c}", "code": c, "role": "discloser"} for c in codes]
    with town.ctx.database.reading() as session:
        revision = drafts.sections_of(session, town.loaded(reference).head.id)["parties"].revision
    drafter = town.actor("AAA", "drafter")
    drafting.save_section(town.ctx, drafter, reference, "parties", {"parties": rows}, seen_revision=revision)


NOTHING = (None, None)


def test_until_others_are_asked_only_the_lead_waits_and_in_use_nobody_does(town: Town) -> None:
    reference = town.start("AAA", "AAB")
    head = town.loaded(reference).head
    assert kept(town, reference) == {"aaa": (head.holder_since, head.stage_due_at), "aab": NOTHING}
    town.clock.advance(60)
    head = town.loaded(town.bring_to(reference, "drafting")).head
    assert kept(town, reference) == dict.fromkeys(("aaa", "aab"), (head.holder_since, head.stage_due_at))
    town.bring_to(reference, "in_use")
    assert kept(town, reference) == dict.fromkeys(("aaa", "aab"), NOTHING)


def test_a_party_waits_from_the_day_that_it_joins_and_no_more_when_it_left(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "drafting")
    head = town.loaded(reference).head
    waits = (head.holder_since, head.stage_due_at)
    set_parties(town, reference, "AAA", "AAC")
    assert kept(town, reference) == {"aaa": waits, "aab": NOTHING, "aac": waits}
    set_parties(town, reference, "AAA", "AAB", "AAC")
    assert kept(town, reference) == dict.fromkeys(("aaa", "aab", "aac"), waits)
    assert town.problems(reference) == ()


def test_what_was_changed_by_another_way_is_found(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    for column in ("waiting_since", "waiting_due"):
        with town.ctx.database.writing() as session:
            session.execute(text(f"UPDATE parties SET {column} = {column} + 60 WHERE key = 'aab'"))
        assert [problem.seq for problem in town.problems(reference)] == [0]
        with town.ctx.database.writing() as session:
            session.execute(text(f"UPDATE parties SET {column} = {column} - 60 WHERE key = 'aab'"))
    assert town.problems(reference) == ()


def test_somebody_of_two_organisations_finds_what_is_overdue_once_the_longest_first(town: Town) -> None:
    both = [town.bring_to(town.start(*codes), stage) for codes, stage in (
        (("AAA", "AAB"), "review"), (("AAB", "AAA"), "drafting"), (("AAA", "AAC"), "sign_off"),
        (("AAC", "AAB"), "check_draft"), (("AAA", "AAB"), "in_use"), (("AAA", "AAB"), "start"),
        (("AAC", "AAB"), "start"), (("AAC",), "start"),
    )]  # fmt: skip
    town.clock.advance(400 * 24 * 60)
    heads = {reference: town.loaded(reference).head for reference in both[:4] + both[5:6]}
    expected = sorted(heads, key=lambda each: (heads[each].stage_due_at, heads[each].id))
    one, other = town.actor("AAA", "legal"), town.actor("AAB", "legal")
    actor = replace(one, posts=(*one.posts, *other.posts))
    wanted = Wanted(overdue=True, unfinished=True, now=town.clock.now())
    with town.ctx.database.reading() as session:
        found, after = [], None
        while rows := queries_agreements.page(session, actor, wanted, after=after, limit=2):
            found += [row.reference for row in rows[:2]]
            if len(rows) <= 2:
                break
            after = queries_agreements.place(wanted, rows[1])
        assert found == expected
        assert queries_agreements.count(session, actor, wanted) == 5
        assert queries_agreements.count(session, actor, wanted, most=3) == 4
        drafted = replace(wanted, stage="drafting")
        assert [row.reference for row in queries_agreements.page(session, actor, drafted)] == both[1:2]
        assert queries_agreements.count(session, actor, drafted) == 1
        waiting, count = queries_tasks_list.with_others(session, actor, [])
        assert (sorted(row.reference for row in waiting), count) == (sorted(expected), 5)
