"""Invariants 1 and 2: over random walks, a replay equals the stored rows and every minute has one owner."""

import json
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dsa.domain.machine import Flow
from dsa.domain.reasons import CODES
from dsa.persistence import heads, history
from dsa.persistence.models import Party, Task
from dsa.persistence.session import Database
from dsa.services import permitting
from dsa.services.whose_time import times_of
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.ledger import Holder, Spell, problems, totals
from tests.engine.town import Town, build_town, form_taken_as_complete
from tests.engine.walker import Walker

WALKS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def ledger_of(town: Town, reference: str) -> tuple[Spell, ...]:
    with town.ctx.database.reading() as session:
        rows = history.spells(session, town.loaded(reference).head.id)
    return tuple(Spell(Holder(r.owner, r.outside, r.stage, r.role, r.reason), r.started_at, r.ended_at) for r in rows)


def demand_invariants(town: Town, reference: str) -> None:
    assert town.problems(reference) == ()
    with town.ctx.database.reading() as session:  # lists ask for the end of a task, rules for its status
        of_it = select(Task.status, Task.done_at).where(Task.agreement_id == town.loaded(reference).head.id)
        assert all((status == "open") == (done_at is None) for status, done_at in session.execute(of_it))
    spells = ledger_of(town, reference)
    assert problems(spells, owners=set(town.codes), outside=OUTSIDE, reasons=set(CODES)) == []
    head = town.loaded(reference).head
    now = max(town.clock.now(), head.updated_at) + timedelta(minutes=1)
    if spells:
        end = head.finished_at or now
        counted = totals(spells, now=now, calendar_of=lambda holder: calendar_for("ENG"))
        first = spells[0].started_at
        assert counted.elapsed.calendar == _minute(end) - _minute(first)
        assert (spells[-1].ended_at is None) == (head.finished_at is None)
    assert (head.holder_owner is None) == (head.finished_at is not None)
    demand_that_owned_time_is_elapsed_time(town, reference, spells)
    demand_that_each_party_knows_since_when_it_waits(town, reference)


def demand_that_each_party_knows_since_when_it_waits(town: Town, reference: str) -> None:
    head = town.loaded(reference).head
    waited_for = head.finished_at is None and head.stage != "in_use"
    with town.ctx.database.reading() as session:
        for party in session.scalars(select(Party).where(Party.agreement_id == head.id)):
            told = waited_for and party.left_at is None and (party.is_lead or head.stage != "start")
            expected = (head.holder_since, head.stage_due_at) if told else (None, None)
            assert (party.waiting_since, party.waiting_due) == expected, party.key


def demand_that_owned_time_is_elapsed_time(town: Town, reference: str, spells: tuple[Spell, ...]) -> None:
    """Along the critical path of real tasks too, every minute is somebody's once, and the split adds up."""
    head = town.loaded(reference).head
    with town.ctx.database.reading() as session:
        times = times_of(town.ctx, session, [head], now=town.clock.now())[head.id]
    until = head.finished_at or max(town.clock.now(), head.updated_at)
    pieces = times.pieces
    assert bool(pieces) == bool(spells)
    for one, two in pairwise(pieces):
        assert one.ended_at == two.started_at
    if pieces:
        owned = [_minute(piece.ended_at or until) - _minute(piece.started_at) for piece in pieces]
        assert sum(owned) == _minute(until) - _minute(spells[0].started_at)
        assert pieces[-1].ended_at == spells[-1].ended_at
    figures = times.figures
    assert figures.owned + figures.waited == pytest.approx(figures.elapsed)
    assert sum(amount for _, amount in figures.by_owner) == pytest.approx(figures.elapsed)
    assert sum(amount for _, amount in figures.waiting_on) == pytest.approx(figures.waited)
    signature, first_data = times.finish
    assert first_data.reached_at is None or signature.reached_at is not None


OUTSIDE = {"Review board", "Public service delivery review board"}


def _minute(at) -> int:
    return int(at.timestamp()) // 60


@pytest.mark.slow
@WALKS
@given(data=st.data())
def test_whatever_people_do_a_replay_gives_the_stored_state_and_every_minute_has_one_owner(
    town: Town, data: st.DataObject
) -> None:
    town.facts["board_needed"] = data.draw(st.booleans(), label="board")
    route = data.draw(st.sampled_from(["standard", "standard", "fast"]), label="route")
    parties = data.draw(st.integers(2, 3), label="parties")
    reference = town.start(*town.codes[:parties], route=route)
    began = data.draw(st.sampled_from(["start", "drafting", "review", "text_agreed", "sign_off", "in_use"]))
    town.bring_to(reference, began)
    walker = Walker(town, reference, lambda below: data.draw(st.integers(0, below - 1)))
    for _ in range(data.draw(st.integers(1, 14), label="steps")):
        walker.step()
        demand_invariants(town, reference)


def test_the_whole_life_of_an_agreement_replays_and_names_its_first_contact(town: Town) -> None:
    town.facts["board_needed"] = True
    reference = town.bring_to(town.start(*town.codes), "in_use")
    town.move(reference, "used_and_destroyed", role="operational", reason="Used once.")
    town.move(reference, "close")
    demand_invariants(town, reference)
    assert town.stage(reference) == "closed"
    with town.ctx.database.reading() as session:
        kinds = [row.kind for row in history.events(session, town.loaded(reference).head.id)]
    assert kinds[0] == "AgreementStarted"
    assert kinds[-1] == "AgreementClosed"
    assert "BoardDecided" in kinds


def test_an_event_body_names_no_person_and_no_private_word(small_town: Town) -> None:
    reference = small_town.bring_to(small_town.start(), "review")
    small_town.decide(reference, "legal:aaa", note="Only between ourselves.", privileged=True)
    with small_town.ctx.database.reading() as session:
        bodies = [row.body for row in history.events(session, small_town.loaded(reference).head.id)]
    assert all("legal, AAA" not in body for body in bodies)
    assert all("between ourselves" not in body for body in bodies)
    assert json.loads(bodies[-1])["notes"].keys() == {"note"}


def test_who_has_it_on_the_head_is_what_the_rules_say(small_town: Town) -> None:
    from dsa.domain.holding import who_has_it

    reference = small_town.bring_to(small_town.start(*small_town.codes), "review")
    with small_town.ctx.database.reading() as session:
        loaded = heads.load(session, reference)
        assert loaded is not None
        flow: Flow = small_town.ctx.definitions.flow(session, "standard", 1)
        assert permitting.table_of(small_town.ctx, session, loaded)
    holding = who_has_it(flow, loaded.snapshot())
    assert holding is not None
    assert (holding.owner, holding.role) == (loaded.head.holder_owner, loaded.head.holder_role)


def test_the_town_can_be_built_on_any_database(database: Database) -> None:
    town = build_town(database, parties=2)
    with form_taken_as_complete(town):
        assert town.stage(town.start()) == "start"
