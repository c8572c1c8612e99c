"""My tasks and the start page: only what waits for me, the most urgent first."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.persistence import queries_agreements, queries_tasks_list
from dsa.persistence.models import Agreement, Appointment
from dsa.persistence.queries_agreements import Wanted
from dsa.services import lists
from tests.web.page_client import PageClient
from tests.web.world import World


def test_the_start_page_has_three_doors_for_anybody(pages: PageClient, world: World) -> None:
    page = pages.get("/")
    assert {"/start", "/tasks", "/verify", "/sign-in?next=/tasks"} <= set(page.links().values())
    assert "Waiting for you" not in page.text


def test_only_who_may_start_an_agreement_is_led_there_by_the_start_page(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("SLC", "drafter"))
    assert any(words.startswith("Start an agreement") for words in _door(pages, "/"))
    pages.sign_in(world.person("SLC", "legal"))
    assert not _door(pages, "/")
    assert "Ask a drafter of your organisation" in pages.get("/").text


def test_an_empty_list_leads_to_a_start_only_who_may_start(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("SLC", "legal"))
    assert not _door(pages, "/agreements")
    assert "Ask a drafter of your organisation" in pages.get("/agreements").text
    pages.sign_in(world.person("SLC", "drafter"))
    assert _door(pages, "/agreements") == ["Start your first"]


def _door(pages: PageClient, address: str) -> list[str]:
    """The words of each button of the page that leads to a start."""
    links = pages.get(address).tree.findall(".//a[@role='button']")
    return ["".join(link.itertext()).strip() for link in links if link.get("href") == "/start"]


def test_the_start_page_shows_the_most_urgent_of_my_tasks(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get("/")
    assert f"/agreements/{reference}/tasks/legal:slc" in page.links().values()


def test_a_task_stands_under_its_urgency_and_its_verb_is_the_link(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    pages.sign_in(world.person("SLC", "information_governance"))
    page = pages.get("/tasks")
    link = f"Check the draft, Income check for student finance ({reference})"
    assert page.links()[link] == f"/agreements/{reference}/tasks/check_text:slc"
    assert "HM Revenue and Customs waits" in page.text
    assert "in 5 working days" in page.text
    assert "Later" in page.text
    world.move_clock(days=4)
    assert "Due this week" not in pages.get("/tasks").text  # Friday; it is due on Monday
    world.move_clock(days=3)
    assert "Due this week" in pages.get("/tasks").text
    world.move_clock(days=7)
    assert "Overdue" in pages.get("/tasks").text


def test_nobody_else_sees_my_tasks(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    for code, role in (("HMRC", "information_governance"), ("SLC", "legal"), ("DWP", "information_governance")):
        pages.sign_in(world.person(code, role))
        page = pages.get("/tasks")
        assert f"/agreements/{reference}/tasks/check_text:slc" not in page.html


def test_a_task_that_a_colleague_took_is_not_mine(pages: PageClient, world: World) -> None:
    from datetime import date

    from dsa.services import directory, reviewing

    reference = world.agreement_in("check_draft")
    now = world.ctx.clock.now()
    with world.ctx.database.writing() as session:
        post = directory.add_post(
            session,
            world.organisations["SLC"],
            title="Deputy information governance lead",
            role="information_governance",
        )
        other = directory.add_person(
            session, directory.NewPerson("Deputy, Student Loans Company", "d@slc.example", is_demo=True), at=now
        )
        directory.appoint(session, post_id=post, person_id=other, starts_on=date(2020, 1, 1))
    pages.sign_in(other)
    assert reference in pages.get("/tasks").text
    reviewing.claim(world.ctx, world.actor("SLC", "information_governance"), reference, "check_text:slc")
    page = pages.get("/tasks")
    assert f"/agreements/{reference}/tasks" not in page.html
    assert "Waiting for others" not in page.text or reference in page.text


def test_a_question_waits_for_the_drafter_and_not_for_the_reviewer(pages: PageClient, world: World) -> None:
    from dsa.services import reviewing

    reference = world.agreement_in("review")
    reviewing.ask_question(
        world.ctx, world.actor("SLC", "legal"), reference, "legal:slc", "Which power?", seen=world.seen(reference)
    )
    pages.sign_in(world.person("HMRC", "drafter"))
    assert f"/agreements/{reference}/questions/1" in pages.get("/tasks").links().values()
    pages.sign_in(world.person("SLC", "legal"))
    assert "tasks/legal:slc" not in pages.get("/tasks").html


def test_moves_that_are_mine_are_tasks_of_mine(pages: PageClient, world: World) -> None:
    locking = world.agreement_in("text_agreed")
    draft = world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "drafter"))
    links = set(pages.get("/tasks").links().values())
    assert {f"/agreements/{locking}/moves/lock_text", f"/agreements/{draft}/draft"} <= links
    pages.sign_in(world.person("SLC", "drafter"))
    assert "moves/lock_text" not in pages.get("/tasks").html


def test_what_is_with_others_is_counted_and_named(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/tasks")
    assert "Nothing is waiting for you. 1 agreement is with others." in page.text
    world.move_clock(days=3)
    said = "With: Information governance lead, Student Loans Company, for 3 working days, task: day 3 of 5"
    assert said in pages.get("/tasks").text
    assert f"/agreements/{reference}" in page.links().values()


def test_what_an_organisation_leads_and_what_it_was_asked_into_are_with_others_together(world: World) -> None:
    world.agreement_in("check_draft")  # HMRC leads, the Student Loans Company has it
    world.agreement_in("text_agreed")
    world.start()  # private to HMRC as yet, and its own drafter's
    with world.ctx.database.reading() as session:
        for code, role, references in (("HMRC", "legal", 3), ("SLC", "legal", 2), ("DWP", "legal", 0)):
            actor = world.actor(code, role)
            rows, count = queries_tasks_list.with_others(session, actor, [(code, role)])
            assert (len(rows), count) == (references, references), code
            assert [row.holder_since for row in rows] == sorted(row.holder_since for row in rows)
            first, counted = queries_tasks_list.with_others(session, actor, [(code, role)], limit=1)
            assert ([row.id for row in first], counted) == ([row.id for row in rows][:1], references), code
        rows, _ = queries_tasks_list.with_others(session, world.actor("HMRC", "drafter"), [("HMRC", "drafter")])
        assert [row.holder_owner for row in rows] == ["SLC"]


def test_where_very_many_are_with_others_it_says_more_than(
    pages: PageClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        world.agreement_in("check_draft")
    monkeypatch.setattr(lists.queries, "MOST_WITH_OTHERS", 1)
    monkeypatch.setattr(lists.queries.with_others, "__kwdefaults__", {"limit": 1})
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get("/tasks")
    assert "More than 1 agreements are with others." in page.text
    assert page.links()["See all of them"] == "/agreements?open=yes"
    assert "More than 1 agreements are with others." in pages.get("/").text


def test_a_draft_waits_for_its_own_drafter_and_a_text_to_lock_for_every_drafter(world: World) -> None:
    draft, agreed = world.agreement_in("drafting"), world.agreement_in("text_agreed")
    hmrc, drafter, colleague = (
        world.organisations["HMRC"],
        world.person("HMRC", "drafter"),
        world.person("HMRC", "legal"),
    )

    def found(post: tuple[int, str, str], person: int) -> set[str]:
        with world.ctx.database.reading() as session:
            ways = {"reasons": frozenset({"drafting", "locking"}), "mine_only": frozenset({"drafting"})}
            return {row.reference for row in queries_tasks_list.with_me(session, [post], person, **ways)}

    assert found((hmrc, "HMRC", "drafter"), drafter) == {draft, agreed}
    assert found((hmrc, "HMRC", "drafter"), colleague) == {agreed}
    assert found((hmrc, "HMRC", "legal"), drafter) == set()
    assert found((world.organisations["SLC"], "SLC", "drafter"), drafter) == set()


def test_a_draft_of_somebody_who_left_or_of_nobody_waits_for_every_drafter(world: World) -> None:
    draft, orphan = world.agreement_in("drafting"), world.agreement_in("drafting")
    hmrc, drafter, colleague = (
        world.organisations["HMRC"],
        world.person("HMRC", "drafter"),
        world.person("HMRC", "legal"),
    )
    yesterday = world.ctx.clock.now().date() - timedelta(days=1)

    def drafts_of(person: int) -> set[str]:
        post = Held(1, hmrc, "HMRC", "HM Revenue and Customs", "Drafter", "drafter")
        page = lists.my_tasks(world.ctx, Actor(person, "A colleague", (post,)))
        return {each.reference for each in (*page.overdue, *page.week, *page.later) if each.url.endswith("/draft")}

    assert drafts_of(colleague) == set()
    with world.ctx.database.writing() as session:
        session.execute(update(Agreement).where(Agreement.reference == orphan).values(drafter_id=None))
    assert drafts_of(colleague) == {orphan}
    with world.ctx.database.writing() as session:
        session.execute(update(Appointment).where(Appointment.person_id == drafter).values(ends_on=yesterday))
    assert drafts_of(colleague) == {draft, orphan}


def plans_of(world: World, *asks: Callable[[Session], object]) -> list[str]:
    """How SQLite goes about every statement of these."""
    asked: list[str] = []
    with world.ctx.database.reading() as session:
        driver = session.connection().connection.driver_connection
        for ask in asks:
            driver.set_trace_callback(asked.append)
            ask(session)
            driver.set_trace_callback(None)
        return [
            " ".join(str(row[3]) for row in session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}"))
            for statement in asked
            if statement.startswith("SELECT")
        ]


def test_my_tasks_and_what_is_overdue_are_read_from_indexes_and_waiting_in_their_order(world: World) -> None:
    if world.ctx.database.engine.dialect.name != "sqlite":
        pytest.skip("the other database chooses by the size of the tables")
    world.agreement_in("check_draft")
    drafter, person = world.actor("HMRC", "drafter"), world.person("HMRC", "drafter")
    hmrc, now = world.organisations["HMRC"], world.ctx.clock.now()
    late = Wanted(overdue=True, unfinished=True, now=now)
    plans = plans_of(
        world,
        lambda session: queries_tasks_list.with_others(session, drafter, [("HMRC", "drafter")]),
        lambda session: queries_agreements.page(session, drafter, late),
        lambda session: queries_agreements.count(session, drafter, late),
        lambda session: queries_tasks_list.open_tasks(session, [(hmrc, "legal")], person),
        lambda session: queries_tasks_list.open_questions(session, [hmrc]),
        lambda session: queries_tasks_list.with_me(
            session, [(hmrc, "HMRC", "drafter")], person,
            reasons=frozenset({"drafting", "locking"}), mine_only=frozenset({"drafting"}),
        ),
    )  # fmt: skip
    waiting, unseen, _shown, overdue, counted, tasks, questions, own, others = plans
    for plan, index in (
        (waiting, "ix_parties_waiting_since"), (unseen, "ix_parties_waiting_since"),
        (overdue, "ix_parties_waiting_due"), (counted, "ix_parties_waiting_due"),
        (tasks, "ix_tasks_role"), (questions, "ix_queries_asked"), (own, "ix_agreements_drafter"),
        (others, "ix_agreements_holder"),
    ):  # fmt: skip
        assert index in plan, plan
    for plan in plans:
        for each in ("agreements", "parties", "tasks", "queries"):
            assert f"SCAN {each}" not in plan, plan
    for plan in (waiting, unseen, overdue, tasks, questions):
        assert "TEMP B-TREE" not in plan, plan


def test_a_stranger_has_no_tasks_and_sees_nothing_of_others(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("DWP", "legal"))
    page = pages.get("/tasks")
    assert reference not in page.html
    assert "Nothing is waiting for you." in page.text


def test_an_auditor_who_sees_everything_has_no_tasks(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("check_draft")
    pages.sign_in(world.person("NAO", "auditor"))
    assert f"/agreements/{reference}/tasks" not in pages.get("/tasks").html


def test_what_is_on_hold_waits_for_nobody_in_the_list(pages: PageClient, world: World) -> None:
    from datetime import date

    from dsa.services import holding

    reference = world.agreement_in("check_draft")
    holding.begin_hold(
        world.ctx, world.actor("HMRC", "drafter"), reference, code="LEGAL_POWER", awaited="SLC", outside=False,
        until=date(2026, 12, 1), seen=world.seen(reference),
    )  # fmt: skip
    pages.sign_in(world.person("SLC", "information_governance"))
    assert "tasks/check_text:slc" not in pages.get("/tasks").html


def test_a_bad_place_to_go_on_from_is_told_plainly(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "drafter"))
    for bad in ("x", "1-", "9999999999999999-1", "-1-2", "1-2-3"):
        assert "My tasks" in pages.get(f"/tasks?after={bad}", status=400).text
    assert "no later tasks" in pages.get("/tasks?after=1-1").text


def test_one_signs_in_first(pages: PageClient, world: World) -> None:
    assert pages.get("/tasks").h1 == "Choose who to be"
