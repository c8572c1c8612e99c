"""What pages cost when there are many agreements: SQL of the pages of where the time goes (``lists`` has the others).

One rule: a statement is timed on the driver alone, with every row fetched, exactly as the page asked it; a page's
figure is the sum of its statements, the least of several rounds.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from dsa.adapters.chance import SystemChance
from dsa.adapters.files import FileStore
from dsa.adapters.press import Press
from dsa.composition import publish_definitions
from dsa.config import Settings
from dsa.domain.actor import Actor
from dsa.persistence import migrating
from dsa.persistence.session import Database
from dsa.services import (
    directory,
    figures,
    time_chase_page,
    time_days_page,
    time_delay_page,
    time_returns_page,
    time_stages_page,
    time_teams_page,
    time_trend_page,
)
from dsa.services.context import Context
from dsa.services.time_scope import Asked
from dsa.timekeeping.clock import SystemClock
from tools.bench import months, scale_rows

ROUNDS = 7
DRAFTERS = 10
PAGES: dict[str, Callable[[Context, Actor], Any]] = {
    "stages": lambda ctx, actor: time_stages_page.stages_page(ctx, actor, Asked()),
    "days": lambda ctx, actor: time_days_page.days_page(ctx, actor, Asked()),
    "chase": lambda ctx, actor: time_chase_page.chase_page(ctx, actor, Asked()),
    "teams": lambda ctx, actor: time_teams_page.teams_page(ctx, actor, Asked()),
    "trend": lambda ctx, actor: time_trend_page.trend_page(ctx, actor, Asked()),
    "returns": lambda ctx, actor: time_returns_page.returns_page(ctx, actor, Asked()),
    "delay": lambda ctx, actor: time_delay_page.delay_page(ctx, actor, Asked()),
}


_BUSY = ("legal", *["drafter"] * DRAFTERS)


class Filled:
    """A database of so many agreements, with an auditor of all and a busy organisation's legal adviser and drafter.

    ``counted``: with the rows of figures that the pages of where the time goes read.
    """

    def __init__(
        self, url: str, number: int, folder: Path, says: Callable[[str], None], *, counted: bool = True
    ) -> None:
        database = Database(url, synchronous="OFF")
        migrating.upgrade(database)
        self.ctx = Context(
            database, SystemClock(), SystemChance(), FileStore(folder), Press(Settings(data_dir=folder, demo=True))
        )
        publish_definitions(self.ctx)
        organisations, legal, drafters, auditor = self._settle()
        began = time.perf_counter()
        now = datetime.now(UTC)
        scale_rows.write(url, scale_rows.rows(number, now=now, organisations=organisations, people=drafters))
        written = time.perf_counter()
        if counted:
            figures.rebuild(self.ctx)
        self.rebuilt = time.perf_counter() - written
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        says(f"{number} agreements written in {written - began:.0f} s, counted in {self.rebuilt:.0f} s")
        self.busy = directory.actor_for(self.ctx, legal, method="password")
        self.drafter = directory.actor_for(self.ctx, drafters[0], method="password")
        self.auditor = directory.actor_for(self.ctx, auditor, method="password")

    def _settle(self) -> tuple[list[tuple[int, str]], int, list[int], int]:
        now, ids, found = datetime.now(UTC), [], []
        with self.ctx.database.writing() as session:
            for number in range(scale_rows.ORGANISATIONS + 1):
                code = f"B{number:03d}"
                new = directory.NewOrganisation(code, f"Body {number}", "ministerial_department", "ENG")
                body = directory.add_organisation(session, new, at=now)
                last = number == scale_rows.ORGANISATIONS
                for place, role in enumerate(("auditor",) if last else _BUSY if number == 0 else ()):
                    post = directory.add_post(session, body, title=f"{role} {place}", role=role, sees_all=last)
                    person = directory.NewPerson(f"{role} {place}, {code}", f"{role}{place}@{code.lower()}.example")
                    found.append(directory.add_person(session, person, at=now))
                    directory.appoint(session, post_id=post, person_id=found[-1], starts_on=date(2020, 1, 1))
                if not last:
                    ids.append((body, code))
        legal, *drafters, auditor = found
        return ids, legal, drafters, auditor


def sql_seconds(ctx: Context, page: Callable[[Context, Actor], Any], actor: Actor) -> tuple[float, int]:
    """(seconds of the page's statements on the driver, how many there are)."""
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if not many:
            asked.append((statement, parameters))

    engine = ctx.database.engine
    page(ctx, actor)  # definitions and calendars are read once for a process
    event.listen(engine, "before_cursor_execute", note)
    try:
        page(ctx, actor)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        least = float("inf")
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            for statement, parameters in asked:
                cursor.execute(statement, parameters)
                cursor.fetchall()
            least = min(least, time.perf_counter() - begun)
    return least, len(asked)


def measure(url: str, number: int, says: Callable[[str], None]) -> dict[str, Any]:
    """``pages``: the costliest page for the auditor of all and for the busy organisation, (name, seconds, statements,
    seconds of the first page) each; ``rebuilt``: seconds to count everything anew.
    """
    with tempfile.TemporaryDirectory(prefix="dsa-scale-") as folder:
        large = Filled(url, number, Path(folder), says)
        found: dict[str, Any] = {"rebuilt": large.rebuilt, "pages": {}}
        with closing(large.ctx.database):
            for whose, actor in (("all", large.auditor), ("one", large.busy)):
                costs = {name: sql_seconds(large.ctx, page, actor) for name, page in PAGES.items()}
                for name, (seconds, statements) in costs.items():
                    says(f"  {name} for {whose}: {1_000 * seconds:.2f} ms of SQL in {statements} statements")
                for line in months.lines(large.ctx, actor, sql_seconds):
                    says(f"  stages for {whose}, {line}")
                worst = max(costs, key=lambda name: costs[name][0])
                found["pages"][whose] = (worst, *costs[worst], costs["stages"][0])
        return found
