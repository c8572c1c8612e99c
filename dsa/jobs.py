"""Background work: documents, mail, reminders, the audit log. One rule: a job may run twice and acts once.

``Relay`` does the work. `dsa serve` runs it in a thread of its one process; `dsa worker` runs it by huey's schedule.
The queue is kept where the setting says: in ``jobs.sqlite3``, or in the PostgreSQL database, where any number may run.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from huey import PostgresHuey, SqliteHuey, crontab

from dsa.composition import open_context
from dsa.config import Settings
from dsa.domain.errors import Problem
from dsa.services import (
    audit_checking,
    audit_log,
    changes_ahead,
    digesting,
    figures,
    forecasting,
    indicators,
    notifying,
    redating,
    reminding,
    renewing,
)
from dsa.services.context import Context
from dsa.services.job_state import note_turn, something_waits

log = logging.getLogger("dsa.jobs")
WAIT_SECONDS = 1.0
REMIND_SECONDS = 600.0
FORECAST_SECONDS = 60.0
SEEN_SECONDS = 60.0
CHECKPOINT_SECONDS = 3_600.0
CHECK_LOG_HOURS = 24
Given = TypeVar("Given")


class Relay:
    """Carries out what waits in the outbox of one installation, and reminds of what is overdue.

    ``failed``: how many jobs failed so far; each was said in the log, and the ones after it were done all the same.
    """

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self.failed = 0
        self._reminded = self._forecast_at = self._checkpointed = self._seen = float("-inf")

    def close(self) -> None:
        """Close the database."""
        self._ctx.database.close()

    def carry_out(self) -> int:
        """Carry out what waits and hand over mail; returns how many rows were done."""
        done = self._tried(lambda: notifying.carry_out(self._ctx))
        self._tried(lambda: notifying.send_mail(self._ctx))
        return done or 0

    def remind(self) -> int:
        """Work due dates out again where a calendar changed, ask for mails about what is due, write the digests.

        Returns how many mails were asked for.
        """
        self._reminded = time.monotonic()
        self._tried(self._redate)
        self._tried(lambda: renewing.ask_for_due(self._ctx))
        asked = self._tried(lambda: reminding.remind(self._ctx))
        self._tried(lambda: digesting.digest(self._ctx))
        return asked or 0

    def _redate(self) -> None:
        done = redating.redate(self._ctx)
        if done.failed:
            log.warning("the due dates of %s agreements could not be worked out", done.failed)

    def forecast(self) -> int:
        """Forecast every open agreement whose newest forecast is of another stay or another day; returns how many.

        Then work out what would bring agreements forward for one organisation that asked, or whose figures are old.
        """
        self._forecast_at = time.monotonic()
        made = self._tried(lambda: forecasting.forecast_due(self._ctx))
        if made:
            self._tried(lambda: figures.take_forecasts(self._ctx))
        self._tried(lambda: changes_ahead.compute_next(self._ctx))
        return made or 0

    def tell_the_public(self) -> None:
        """Work the public indicators out anew where they are an hour old."""
        if indicators.due(self._ctx):
            indicators.work_out(self._ctx)

    def keep_log(self) -> None:
        """Give new events their place in the audit log; once an hour, sign what it holds; once a day, check it all."""
        due = time.monotonic() - self._checkpointed >= CHECKPOINT_SECONDS
        audit_log.keep_log(self._ctx, due=due)
        if due:
            self._checkpointed = time.monotonic()
            for problem in audit_checking.check_daily(self._ctx, hours=CHECK_LOG_HOURS):
                log.error("the audit log does not hold: %s", problem)

    def count(self) -> int:
        """Count again the agreements that changed, for the figures of where the time goes; returns how many."""
        return figures.refresh(self._ctx)

    def verify(self) -> None:
        """Once a night, compare the figures with the rows they are made of; where they differ they are made anew."""
        for difference in figures.verify_nightly(self._ctx):
            log.warning("the figures were wrong, and were made anew: %s", difference)

    def _be_seen(self) -> None:
        """Leave a mark, once a minute, by true time: `/health` says so where no worker was seen for long."""
        if time.monotonic() - self._seen >= SEEN_SECONDS:
            note_turn(self._ctx, at=datetime.now(UTC))
            self._seen = time.monotonic()

    def turn(self) -> int:
        """One turn: remind where it is time again, carry out, count; where nothing else waits, forecast and check.

        What fails now is tried again in a later turn, and keeps nothing else from being done in this one.
        """
        self._tried(self._be_seen)
        if time.monotonic() - self._reminded >= REMIND_SECONDS:
            self.remind()
        done = self.carry_out()
        self._tried(self.keep_log)
        self._tried(self.count)
        if not done and time.monotonic() - self._forecast_at >= FORECAST_SECONDS:
            self.forecast()
            self._tried(self.tell_the_public)
            self._tried(self.verify)
        return done

    def _tried(self, job: Callable[[], Given]) -> Given | None:
        """What the job gives; None where it failed, which the log then says."""
        try:
            return job()
        except Problem as problem:
            log.warning("the jobs will try again: %s", problem)
        except Exception:  # a job must never end the worker; the row stays in the outbox
            log.exception("a job failed and will be tried again")
        self.failed += 1
        return None


class BackgroundRelay(threading.Thread):
    """The relay in a thread of a process that also serves pages. ``stop`` ends it after the job it is at."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="jobs", daemon=True)
        self._settings = settings
        self._ending = threading.Event()

    def run(self) -> None:
        """Take turns until told to stop."""
        ctx = open_context(self._settings)
        relay = Relay(ctx)
        while not self._ending.is_set():
            if relay.turn() == 0:
                self._ending.wait(WAIT_SECONDS)
        ctx.database.close()

    def stop(self, *, seconds: float = 10.0) -> None:
        """Ask it to end and wait for it."""
        self._ending.set()
        self.join(seconds)


def make_huey(settings: Settings, *, immediate: bool = False) -> Any:
    """The queue of `dsa worker` with its periodic tasks. ``immediate`` runs tasks at once, for tests."""
    queue = _queue(settings, immediate=immediate)
    relay = Relay(open_context(settings))

    @queue.periodic_task(crontab(minute="*"))  # type: ignore[untyped-decorator]
    def look_at_the_outbox() -> None:
        """Every minute, whatever else asks for it."""
        relay.turn()

    @queue.periodic_task(crontab(minute="*/10"))  # type: ignore[untyped-decorator]
    def remind_of_what_is_overdue() -> None:
        """Every ten minutes."""
        relay.remind()

    @queue.task()  # type: ignore[untyped-decorator]
    def carry_out() -> None:
        """Asked for as soon as something waits."""
        relay.turn()

    queue.carry_out, queue.relay = carry_out, relay
    return queue


def close_huey(queue: Any) -> None:
    """Close what the queue holds open: its own storage and the database of its tasks."""
    queue.storage.close()
    queue.relay.close()


def _queue(settings: Settings, *, immediate: bool) -> Any:
    """The empty queue, beside the agreements on PostgreSQL and in a file of its own where those are in SQLite."""
    if settings.database.startswith("postgresql"):
        dsn = settings.database.replace("postgresql+psycopg://", "postgresql://", 1)
        return PostgresHuey("dsa", dsn=dsn, table_prefix="dsa_jobs", immediate=immediate, results=False)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("dsa", filename=str(settings.data_dir / "jobs.sqlite3"), immediate=immediate, results=False)


class Watcher(threading.Thread):
    """Asks the queue to carry out as soon as something waits in the outbox, so that nobody waits for the minute."""

    def __init__(self, settings: Settings, queue: Any) -> None:
        super().__init__(name="watcher", daemon=True)
        self._settings, self._queue = settings, queue
        self._ending = threading.Event()

    def run(self) -> None:
        """Look every second."""
        ctx = open_context(self._settings)
        while not self._ending.wait(WAIT_SECONDS):
            try:
                if something_waits(ctx) and not self._queue.pending_count():
                    self._queue.carry_out()
            except Exception:  # the next look may succeed
                log.exception("the outbox could not be looked at")

    def stop(self) -> None:
        """Ask it to end."""
        self._ending.set()
