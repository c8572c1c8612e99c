"""Jobs on both databases: the same tasks, a queue where the setting says, no two workers at one thing."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click import ClickException
from huey import PostgresHuey, SqliteHuey

from dsa import jobs
from dsa.cli import worker
from dsa.composition import open_context
from dsa.config import Settings
from dsa.domain.errors import BadInput, Refused
from dsa.persistence import outbox
from dsa.persistence.health import last_turn
from dsa.persistence.session import Database
from dsa.services import notifying
from dsa.services.job_state import note_turn
from dsa.web.composition import Services
from tests.conftest import SettableClock
from tests.engine.town import Town, build_town
from tests.web.page_client import PageClient


@pytest.fixture
def settings_of(database: Database, tmp_path: Path) -> Settings:
    """Settings of an installation on this database."""
    return Settings(data_dir=tmp_path / "data", database_url=database.url, demo=True, secret_keys=("k" * 32,))


@pytest.fixture
def queues(settings_of: Settings) -> Iterator[Callable[[], Any]]:
    """Makes the queue as each process does, and closes them all."""
    made: list[Any] = []

    def make() -> Any:
        made.append(jobs.make_huey(settings_of))
        return made[-1]

    yield make
    for queue in made:
        jobs.close_huey(queue)


def test_the_queue_lies_where_the_agreements_do(
    queues: Callable[[], Any], settings_of: Settings, database: Database
) -> None:
    queue = queues()
    assert isinstance(queue, SqliteHuey if database.is_sqlite else PostgresHuey)
    assert (settings_of.data_dir / "jobs.sqlite3").exists() is database.is_sqlite
    queue.carry_out()
    assert queue.pending_count() == 1
    other = queues()
    task = other.dequeue()
    assert task is not None, "another process takes it from there"
    other.execute(task)
    assert queue.pending_count() == 0
    assert last_turn(database) is not None


def test_the_same_tasks_run_on_both_and_carry_out_what_waits(
    town: Town, queues: Callable[[], Any], settings_of: Settings
) -> None:
    town.bring_to(town.start("AAA", "AAB"), "review")
    queue = queues()
    names = {task.name for task in queue._registry.periodic_tasks}
    assert {"look_at_the_outbox", "remind_of_what_is_overdue"} <= names
    for task in queue._registry.periodic_tasks:
        if task.name == "look_at_the_outbox":
            queue.execute(task)
    ctx = open_context(settings_of)
    with ctx.database.reading() as session:
        assert outbox.waiting(session, now=town.clock.now()) == []
        assert outbox.mails(session)
    ctx.database.close()


class _Slow:
    """A post that takes its time and remembers."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, *, to: str, subject: str, body: str) -> None:
        threading.Event().wait(0.005)
        self.sent.append((to, subject))


def test_workers_side_by_side_send_each_mail_once(database: Database) -> None:
    town, post = build_town(database), _Slow()
    town.facts.clear()
    ctx = replace(town.ctx, post=post)
    with database.writing() as session:
        _some_mails(session, town)
    threads = [threading.Thread(target=notifying.send_mail, args=(ctx,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(post.sent) == 12
    assert len(set(post.sent)) == 12


def test_of_two_workers_one_has_a_row_until_its_lease_is_over(town: Town) -> None:
    town.bring_to(town.start("AAA", "AAB"), "review")
    now = town.clock.now()
    with town.ctx.database.reading() as session:
        row = outbox.waiting(session, now=now)[0]
    lease = now.replace(minute=now.minute + 15)
    with town.ctx.database.writing() as session:
        assert outbox.claim(session, row.id, was=row.available_at, until=lease)
    with town.ctx.database.writing() as session:
        assert not outbox.claim(session, row.id, was=row.available_at, until=lease)
    with town.ctx.database.reading() as session:
        assert row.id not in [each.id for each in outbox.waiting(session, now=now)]
        assert row.id in [each.id for each in outbox.waiting(session, now=lease)], "one that died gives it back"


def test_a_mail_that_could_not_be_handed_over_is_tried_again(town: Town) -> None:
    class Refusing(_Slow):
        def send(self, *, to: str, subject: str, body: str) -> None:
            raise OSError("no server")

    town.bring_to(town.start("AAA", "AAB"), "review")
    town.carry_out()
    assert notifying.send_mail(replace(town.ctx, post=Refusing())) == 0
    post = _Slow()
    assert notifying.send_mail(replace(town.ctx, post=post)) == len(post.sent) > 0


def test_a_fault_in_one_thing_keeps_nothing_else_waiting_and_is_tried_again_later(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.bring_to(town.start("AAA", "AAB"), "review")
    with town.ctx.database.reading() as session:
        first, *others = outbox.waiting(session, now=town.clock.now())
    carry_out = notifying.KINDS["mail"]

    def mail(ctx: Any, row: Any) -> None:
        if row.id == first.id:
            raise KeyError("a fault")
        carry_out(ctx, row)

    monkeypatch.setattr(notifying, "KINDS", {**notifying.KINDS, "mail": mail})
    with pytest.raises(KeyError, match="a fault"):
        notifying.carry_out(town.ctx)
    with town.ctx.database.reading() as session:
        assert others
        assert outbox.waiting(session, now=town.clock.now()) == [], "all others are done"
        (again,) = outbox.waiting(session, now=town.clock.now() + timedelta(minutes=1))
    assert (again.id, again.attempts) == (first.id, 1)


def test_one_address_that_the_mail_server_refuses_keeps_no_other_mail_back(town: Town) -> None:
    class Picky(_Slow):
        def send(self, *, to: str, subject: str, body: str) -> None:
            if not self.refused:
                self.refused.append(to)
            if to in self.refused:
                raise Refused("The mail server does not take this mail.")
            super().send(to=to, subject=subject, body=body)

        refused: list[str] = []

    town.bring_to(town.start("AAA", "AAB"), "review")
    town.carry_out()
    with town.ctx.database.reading() as session:
        mails = outbox.mails(session)
    post = Picky()
    sent = notifying.send_mail(replace(town.ctx, post=post))
    assert len(post.refused) == 1
    assert sent == len(post.sent) > 0, f"all of {len(mails)} but those to one address"
    assert notifying.send_mail(replace(town.ctx, post=post)) == 0, "it rests before it is tried again"
    town.clock.advance(minutes=16)
    post.refused[:] = ["nobody"]
    assert notifying.send_mail(replace(town.ctx, post=post)) == len(mails) - sent


def _some_mails(session: Any, town: Town) -> None:
    now = town.clock.now()
    for number in range(12):
        made = outbox.ask(session, "mail", f"mail-{number}", {}, at=now, done_at=now)
        mail = {"outbox_id": made, "person_id": town.people["AAA", "legal"], "address": "a@aaa.example"}
        outbox.add_mail(session, mail | {"subject": f"Mail {number}", "body": "x", "link": "/", "made_at": now})


def test_a_worker_that_was_not_seen_for_long_is_told_by_health(
    pages: PageClient, services: Services, true_clock: SettableClock
) -> None:
    ctx = open_context(services.settings, database=services.database)
    assert pages.client.get("/health").json["jobs"] == "ok", "a service that just began has nothing to say"
    note_turn(ctx, at=true_clock.now)
    true_clock.advance(minutes=9)
    assert pages.client.get("/health").json["jobs"] == "ok"
    true_clock.advance(minutes=2)
    assert pages.client.get("/health").json["jobs"] == "behind: is `dsa worker` running?"
    note_turn(ctx, at=true_clock.now)
    note_turn(ctx, at=true_clock.now - timedelta(hours=1))
    assert pages.client.get("/health").json["jobs"] == "ok", "another worker's clock may be behind"


def test_a_job_that_fails_keeps_no_other_from_being_done(
    town: Town, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each job of a turn in turn: the ones after it are done, the log names what failed."""
    done: list[str] = []
    steps = {
        (jobs.redating, "redate"), (jobs.renewing, "ask_for_due"), (jobs.reminding, "remind"),
        (jobs.digesting, "digest"), (jobs.notifying, "carry_out"), (jobs.notifying, "send_mail"),
        (jobs.audit_log, "keep_log"), (jobs.figures, "refresh"), (jobs.forecasting, "forecast_due"),
        (jobs.changes_ahead, "compute_next"), (jobs.indicators, "work_out"),
    }  # fmt: skip
    names = {name for _, name in steps}

    def does(name: str) -> Callable[..., Any]:
        def job(*_args: Any, **_more: Any) -> Any:
            done.append(name)
            if name in broken:
                raise BadInput("This one is broken.") if name > "l" else ValueError("so is this one")
            return type("Done", (), {"failed": 0})() if name == "redate" else 0

        return job

    for module, name in steps:
        monkeypatch.setattr(module, name, does(name))
    for name in names:
        broken = {name}
        done.clear()
        caplog.clear()
        relay = jobs.Relay(town.ctx)
        assert relay.turn() == 0
        assert set(done) == names, name
        assert relay.failed == 1
        assert "will" in caplog.text


def test_one_run_of_the_worker_in_which_a_job_fails_does_not_end_as_if_it_had_not(
    settings_of: Settings, monkeypatch: pytest.MonkeyPatch, town: Town
) -> None:
    def broken(_ctx: Any) -> int:
        raise ValueError("no")

    monkeypatch.setattr(jobs.digesting, "digest", broken)
    with pytest.raises(ClickException, match="Some jobs failed"):
        worker._once(settings_of)
