"""Invariant 4: however many act at once, one wins, and the others are told in plain words."""

import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import pytest

from dsa.domain.errors import Conflict, Problem, Refused
from dsa.persistence import work
from dsa.persistence.session import Database
from dsa.services import moves, reviewing, signing
from dsa.services.reviewing import Verdict
from tests.engine.town import Town, verdict_of


def at_once(acts: list[Callable[[], object]]) -> list[Problem | None]:
    """Do all of these in threads that start together; the problem of each, or None."""
    gate, found = threading.Barrier(len(acts)), [None] * len(acts)

    def one(number: int) -> None:
        gate.wait()
        try:
            acts[number]()
        except Problem as problem:
            found[number] = problem  # type: ignore[call-overload]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def outcome(found: list[Problem | None]) -> tuple[int, int]:
    """(how many succeeded, how many were told of a conflict)."""
    return sum(each is None for each in found), sum(isinstance(each, Conflict) for each in found)


def test_of_eight_people_who_decide_one_task_at_once_one_wins(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    seen, actor = town.seen(reference), town.actor("AAA", "legal")

    def decide() -> None:
        reviewing.decide_task(town.ctx, actor, reference, "legal:aaa", Verdict("approved"), seen=seen)

    assert outcome(at_once([decide] * 8)) == (1, 7)
    assert town.problems(reference) == ()
    assert sum(task.key == "legal:aaa" and task.status == "done" for task in town.every_task(reference)) == 1


def test_of_eight_who_press_sign_at_once_one_signature_stands(town: Town) -> None:
    reference = town.bring_to(town.start(), "sign_off")
    town.carry_out()
    actor = town.actor("AAB", "signatory")
    page = signing.to_sign(town.ctx, actor, reference, "sign:aab")

    def sign() -> None:
        signing.sign(
            town.ctx, actor, reference, "sign:aab", seen=None, seen_sha256=page.document_sha256, confirmed=True
        )

    assert outcome(at_once([sign] * 8)) == (1, 7)
    assert town.problems(reference) == ()


def test_signatories_of_different_parties_who_sign_at_once_all_sign_one_document(town: Town) -> None:
    reference = town.bring_to(town.start(*town.codes), "sign_off")
    town.carry_out()
    pages = {}
    for code in town.codes:
        actor = town.actor(code, "signatory")
        pages[code] = (actor, signing.to_sign(town.ctx, actor, reference, f"sign:{code.lower()}"))

    def signer(code: str) -> Callable[[], object]:
        actor, page = pages[code]
        return lambda: signing.sign(
            town.ctx, actor, reference, page.task_key, seen=None, seen_sha256=page.document_sha256, confirmed=True
        )

    assert outcome(at_once([signer(code) for code in town.codes])) == (3, 0)
    assert town.stage(reference) == "signed"
    assert town.problems(reference) == ()


def test_a_decision_and_a_withdrawal_at_once_leave_one_history(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    seen = town.seen(reference)
    legal, drafter = town.actor("AAA", "legal"), town.actor("AAA", "drafter")
    found = at_once(
        [
            lambda: reviewing.decide_task(
                town.ctx, legal, reference, "legal:aaa", verdict_of("blocker", "decision"), seen=seen
            ),
            lambda: moves.move(town.ctx, drafter, reference, "withdraw", seen=seen, reason="Not needed."),
        ]
    )
    assert outcome(found) == (1, 1)
    assert town.stage(reference) in ("drafting", "withdrawn")
    assert town.problems(reference) == ()


def test_what_was_seen_before_somebody_acted_is_a_conflict_that_changes_nothing(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    seen = town.seen(reference)
    town.decide(reference, "security:aaa")
    before = town.loaded(reference)
    with pytest.raises(Conflict, match="Somebody acted on DSA-2026-0001 after you opened the page"):
        moves.move(town.ctx, town.actor("AAA", "drafter"), reference, "withdraw", seen=seen, reason="Not needed.")
    assert town.loaded(reference) == before


def test_reviewers_side_by_side_do_not_stand_in_each_others_way(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    seen = town.seen(reference)
    town.decide(reference, "security:aaa")
    reviewing.decide_task(town.ctx, town.actor("AAA", "legal"), reference, "legal:aaa", Verdict("approved"), seen=seen)
    assert town.problems(reference) == ()


def test_agreements_do_not_wait_for_each_other(town: Town) -> None:
    references = [town.bring_to(town.start(), "review") for _ in range(4)]
    actor = town.actor("AAA", "legal")

    def decide(reference: str) -> Callable[[], object]:
        return lambda: reviewing.decide_task(town.ctx, actor, reference, "legal:aaa", Verdict("approved"), seen=None)

    assert outcome(at_once([decide(reference) for reference in references])) == (4, 0)


def _in_a_process(url: str, reference: str, person: int, gate: Any, answers: Any) -> None:
    from dsa.services import directory
    from dsa.services.context import Context
    from dsa.timekeeping.clock import SystemClock
    from tests.engine.town import Shelf, Stamp, Tokens

    database = Database(url)
    ctx = Context(database=database, clock=SystemClock(), chance=Tokens(), files=Shelf(), documents=Stamp())
    actor = directory.actor_for(ctx, person, method="password")
    gate.wait()
    try:
        reviewing.decide_task(ctx, actor, reference, "legal:aaa", Verdict("approved"), seen=None)
        answers.put("done")
    except Problem as problem:
        answers.put(type(problem).__name__)
    database.close()


@pytest.mark.slow
def test_of_four_processes_that_act_at_once_one_wins(town: Town) -> None:
    reference = town.bring_to(town.start(), "review")
    spawn = multiprocessing.get_context("spawn")
    gate, answers = spawn.Barrier(4), spawn.Queue()
    person = town.people["AAA", "legal"]
    url = town.ctx.database.url
    workers = [spawn.Process(target=_in_a_process, args=(url, reference, person, gate, answers)) for _ in range(4)]
    for worker in workers:
        worker.start()
    told = sorted(answers.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()
    answers.close()
    answers.join_thread()
    assert told == ["Conflict", "Conflict", "Conflict", "done"]
    assert town.problems(reference) == ()


def test_a_step_that_fails_half_way_leaves_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from dsa.persistence import steps

    reference = town.bring_to(town.start(), "review")
    before, tasks = town.loaded(reference), town.every_task(reference)

    def broken(*_args: Any, **_more: Any) -> None:
        raise Refused("The disk is full.")

    monkeypatch.setattr(steps, "move_head", broken)
    with pytest.raises(Refused, match="disk"):
        town.decide(reference, "legal:aaa")
    monkeypatch.undo()
    assert town.loaded(reference) == before
    assert town.every_task(reference) == tasks
    assert town.problems(reference) == ()


def test_a_document_that_does_not_begin_with_what_was_issued_is_not_signed(town: Town) -> None:
    reference = town.bring_to(town.start(), "sign_off")
    town.carry_out()
    town.sign(reference, "sign:aaa")
    loaded = town.loaded(reference)
    with town.ctx.database.reading() as session:
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    kept = town.ctx.files.kept  # type: ignore[attr-defined]
    kept[document.current_sha256] = b"another text\n" + kept[document.current_sha256]
    with pytest.raises(Refused, match="does not begin with the bytes that were issued"):
        town.sign(reference, "sign:aab")
