"""What pages cost when there are many agreements: SQL of the pages of where the time goes, my tasks, what is overdue.

One rule: a statement is timed on the driver alone, with every row fetched, exactly as the page asked it; a page's
figure is the sum of its statements, the least of several rounds. Whole services (my tasks, the list) are timed as they
are called, at both sizes in turns.
"""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median
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
    agreements_list,
    directory,
    figures,
    lists,
    time_chase_page,
    time_days_page,
    time_delay_page,
    time_returns_page,
    time_stages_page,
    time_teams_page,
    time_trend_page,
)
from dsa.services.agreements_list import Filters
from dsa.services.context import Context
from dsa.services.time_scope import Asked
from dsa.timekeeping.clock import SystemClock
from tools.bench import scale_rows

SMALL = 1_000
ROUNDS = 7
PAGES: dict[str, Callable[[Context, Actor], Any]] = {
    "stages": lambda ctx, actor: time_stages_page.stages_page(ctx, actor, Asked()),
    "days": lambda ctx, actor: time_days_page.days_page(ctx, actor, Asked()),
    "chase": lambda ctx, actor: time_chase_page.chase_page(ctx, actor, Asked()),
    "teams": lambda ctx, actor: time_teams_page.teams_page(ctx, actor, Asked()),
    "trend": lambda ctx, actor: time_trend_page.trend_page(ctx, actor, Asked()),
    "returns": lambda ctx, actor: time_returns_page.returns_page(ctx, actor, Asked()),
    "delay": lambda ctx, actor: time_delay_page.delay_page(ctx, actor, Asked()),
}
SERVICES: dict[str, Callable[[Context, Actor], Any]] = {
    "my tasks": lists.my_tasks,
    "overdue": lambda ctx, actor: agreements_list.agreements_page(ctx, actor, Filters(overdue=True, open=True)),
}


class Filled:
    """A database of so many agreements, with an auditor of all and a busy organisation's legal adviser."""

    def __init__(self, url: str, number: int, folder: Path, says: Callable[[str], None]) -> None:
        database = Database(url, synchronous="OFF")
        migrating.upgrade(database)
        self.ctx = Context(
            database, SystemClock(), SystemChance(), FileStore(folder), Press(Settings(data_dir=folder, demo=True))
        )
        publish_definitions(self.ctx)
        organisations, legal, auditor = self._settle()
        began = time.perf_counter()
        now = datetime.now(UTC)
        scale_rows.write(url, scale_rows.rows(number, now=now, organisations=organisations, person=legal))
        written = time.perf_counter()
        figures.rebuild(self.ctx)
        self.rebuilt = time.perf_counter() - written
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        says(f"{number} agreements written in {written - began:.0f} s, counted in {self.rebuilt:.0f} s")
        self.busy = directory.actor_for(self.ctx, legal, method="password")
        self.auditor = directory.actor_for(self.ctx, auditor, method="password")

    def _settle(self) -> tuple[list[tuple[int, str]], int, int]:
        now, ids, legal, auditor = datetime.now(UTC), [], 0, 0
        with self.ctx.database.writing() as session:
            for number in range(scale_rows.ORGANISATIONS + 1):
                code = f"B{number:03d}"
                new = directory.NewOrganisation(code, f"Body {number}", "ministerial_department", "ENG")
                body = directory.add_organisation(session, new, at=now)
                last = number == scale_rows.ORGANISATIONS
                for role in ("auditor",) if last else ("legal", "drafter") if number == 0 else ():
                    post = directory.add_post(session, body, title=role, role=role, sees_all=last)
                    person = directory.NewPerson(f"{role}, {code}", f"{role}@{code.lower()}.example")
                    found = directory.add_person(session, person, at=now)
                    directory.appoint(session, post_id=post, person_id=found, starts_on=date(2020, 1, 1))
                    legal, auditor = (found if role == "legal" else legal), (found if last else auditor)
                if not last:
                    ids.append((body, code))
        return ids, legal, auditor

    def sql_seconds(self, page: Callable[[Context, Actor], Any], actor: Actor) -> tuple[float, int]:
        """(seconds of the page's statements on the driver, how many there are)."""
        asked: list[tuple[str, Any]] = []

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
            if not many:
                asked.append((statement, parameters))

        engine = self.ctx.database.engine
        page(self.ctx, actor)  # definitions and calendars are read once for a process
        event.listen(engine, "before_cursor_execute", note)
        try:
            page(self.ctx, actor)
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


def in_turns(worlds: dict[str, Filled], ask: Callable[[Context, Actor], Any], rounds: int = 15) -> dict[str, float]:
    """Median seconds of a service for the busy organisation's adviser, in each world in turns."""
    for world in worlds.values():
        ask(world.ctx, world.busy)
    found: dict[str, list[float]] = {name: [] for name in worlds}
    gc.collect()
    for _ in range(rounds):
        for name, world in worlds.items():
            begun = time.perf_counter()
            ask(world.ctx, world.busy)
            found[name].append(time.perf_counter() - begun)
    return {name: median(times) for name, times in found.items()}


@contextmanager
def worlds(new_url: Callable[[], str], number: int, says: Callable[[str], None]) -> Iterator[dict[str, Filled]]:
    """A small and a large world on one kind of database."""
    with tempfile.TemporaryDirectory(prefix="dsa-scale-") as folder:
        made = {
            name: Filled(new_url(), size, Path(folder), says) for name, size in (("small", SMALL), ("large", number))
        }
        try:
            yield made
        finally:
            for world in made.values():
                world.ctx.database.close()


def measure(new_url: Callable[[], str], number: int, says: Callable[[str], None]) -> dict[str, Any]:
    """``pages``: the costliest page for the auditor of all and for the busy organisation, (name, seconds, statements)
    each; ``services``: (seconds when large, of those when small) of each.
    """
    with worlds(new_url, number, says) as made:
        large = made["large"]
        found: dict[str, Any] = {"rebuilt": large.rebuilt, "pages": {}, "services": {}}
        for whose, actor in (("all", large.auditor), ("one", large.busy)):
            costs = {name: large.sql_seconds(page, actor) for name, page in PAGES.items()}
            for name, (seconds, statements) in costs.items():
                says(f"  {name} for {whose}: {1_000 * seconds:.2f} ms of SQL in {statements} statements")
            worst = max(costs, key=lambda name: costs[name][0])
            found["pages"][whose] = (worst, *costs[worst], costs["stages"][0])
        for name, ask in SERVICES.items():
            costs_of = in_turns(made, ask)
            found["services"][name] = (costs_of["large"], costs_of["large"] / costs_of["small"])
        return found
