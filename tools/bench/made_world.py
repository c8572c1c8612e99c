"""What the pages of where the time goes cost on a world that was made: `python -m tools.bench.made_world DATA_DIR`.

One rule: the world is only read. For PostgreSQL the rows that these pages read are copied into a cluster of the moment,
without what stands in documents and events.
"""

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import text

from dsa.composition import open_context
from dsa.config import Settings
from dsa.domain.actor import Actor
from dsa.persistence import migrating
from dsa.persistence.session import Database
from dsa.services import agreements_list, directory, lists
from dsa.services.agreements_list import Filters
from dsa.services.context import Context
from tests.postgresql import cluster
from tools.bench import months
from tools.bench.scale import PAGES, ROUNDS, sql_seconds

TABLES = (
    "organisations", "people", "posts", "appointments", "definitions", "settings", "agreements", "parties",
    "stage_entries", "tasks", "holds", "queries", "open_work", "owned_by", "stage_figures", "tallies", "team_figures",
    "week_figures", "month_figures", "counted", "timetable_asked", "timetable_days",
)  # fmt: skip
_AUDITOR = "SELECT a.person_id FROM appointments a JOIN posts p ON p.id = a.post_id WHERE p.sees_all LIMIT 1"
_BUSY = (
    "SELECT a.person_id FROM appointments a JOIN posts p ON p.id = a.post_id WHERE p.role = 'legal' "
    "AND p.organisation_id = "
    "(SELECT lead_organisation_id FROM agreements GROUP BY 1 ORDER BY count(*) DESC LIMIT 1) LIMIT 1"
)
LISTS: dict[str, Callable[[Context, Actor], Any]] = {
    "list": lambda ctx, actor: agreements_list.agreements_page(ctx, actor, Filters()),
    "overdue": lambda ctx, actor: agreements_list.agreements_page(ctx, actor, Filters(overdue=True, open=True)),
    "my tasks": lists.my_tasks,
}


def measure(ctx: Context) -> Iterator[str]:
    """A line for each page, for who sees all agreements and for one of the organisation that leads most."""
    with ctx.database.reading() as session:
        people = {"all": session.scalar(text(_AUDITOR)), "one organisation": session.scalar(text(_BUSY))}
    for whose, person in people.items():
        actor = directory.actor_for(ctx, person, method="password")
        for name, page in PAGES.items():
            seconds, statements = sql_seconds(ctx, page, actor)
            yield f"{whose}, {name}: {1000 * seconds:.2f} ms of SQL in {statements} statements"
        yield from (f"{whose}, stages, {line}" for line in months.lines(ctx, actor, sql_seconds))
        for name, page in LISTS.items():
            least = min(_both(page, ctx, actor) for _ in range(ROUNDS))
            yield f"{whose}, {name}: {1000 * least[0]:.1f} ms of processor time, {1000 * least[1]:.1f} ms by the clock"


def _both(page: Callable[[Context, Actor], Any], ctx: Context, actor: Actor) -> tuple[float, float]:
    processor, clock = time.process_time(), time.perf_counter()
    page(ctx, actor)
    return time.process_time() - processor, time.perf_counter() - clock


def copy(world: Path, url: str) -> None:
    """Copy the rows of ``TABLES`` from a SQLite file into a migrated database on PostgreSQL."""
    source = sqlite3.connect(f"file:{world}?mode=ro", uri=True)
    with psycopg.connect(url.replace("+psycopg", "")) as target:
        target.execute("SET session_replication_role = replica")  # no foreign keys, no triggers
        for name in TABLES:
            asked = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s"
            columns = target.execute(asked, (name,)).fetchall()
            flags = [place for place, (_, kind) in enumerate(columns) if kind == "boolean"]
            names = sql.SQL(", ").join(sql.Identifier(column) for column, _ in columns)
            target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
            into_it = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), names)
            from_it = sql.SQL("SELECT {} FROM {}").format(names, sql.Identifier(name)).as_string(target)
            with target.cursor().copy(into_it) as into:
                for row in source.execute(from_it):
                    into.write_row([bool(v) if n in flags and v is not None else v for n, v in enumerate(row)])
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as target:
        target.execute("ANALYZE")


def main(data_dir: Path) -> None:
    """Measure both databases, one after the other."""
    for line in measure(open_context(Settings(data_dir=data_dir, demo=True))):
        print(f"SQLite: {line}", flush=True)
    with cluster() as running, tempfile.TemporaryDirectory() as folder:
        url = running.new()
        migrating.upgrade(Database(url))
        copy(data_dir / "dsa.sqlite3", url)
        for line in measure(open_context(Settings(data_dir=Path(folder), database_url=url, demo=True))):
            print(f"PostgreSQL: {line}", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
