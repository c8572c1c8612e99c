"""Filling an installation with a large world, in parts that are lived at once and carried in one after another.

One rule: what is half made is never seen: SQLite gets a whole file, PostgreSQL one transaction.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy.orm import Session

from dsa.adapters.definitions import load_form
from dsa.composition import open_context, publish_definitions
from dsa.config import Settings
from dsa.demo import large
from dsa.demo.cast import Cast
from dsa.demo.modelled import changes_at
from dsa.persistence import batching, migrating
from dsa.persistence.session import Database
from dsa.resources import workflows_dir
from dsa.services import demo_documents
from dsa.services.context import Context

Says = Callable[[str], None]
PAGE_SIZE = 16_384  # an event fits in a page with its neighbours; with 4,096 it takes one of its own
_SAID_EVERY = 15.0


def fill_in_turn(ctx: Context, whole_plan: large.Plan, *, era: str, says: Says) -> None:
    """Live the world in the database of the context, one step after another as people would."""
    form = load_form(workflows_dir() / "forms" / "agreement.yaml")
    cast = _begin(ctx, whole_plan, era)
    for done, _ in enumerate(large.live_all(ctx, cast, form, whole_plan), 1):
        if done % 50 == 0 or done == len(whole_plan.lines):
            says(f"{done} of {len(whole_plan.lines)} agreements")


def fill_in_parts(
    settings: Settings, target: Path | Database, whole_plan: large.Plan, *, era: str, processes: int, says: Says
) -> None:
    """Live the world in parts, and carry them into a new SQLite file or an empty, migrated PostgreSQL database."""
    beside = settings.data_dir / "filling.parts"
    with _directory(beside):
        people = _base(settings, beside / "base.sqlite3", whole_plan, era)
        work = large.parts(whole_plan, beside / "base.sqlite3", settings, people)
        lived = _told(large.lived(work, processes=processes), work, says)
        if isinstance(target, Path):
            _into_file(target, beside / "base.sqlite3", lived, whole_plan)
        else:
            _into_postgresql(target, beside / "base.sqlite3", lived, whole_plan)


@contextmanager
def _directory(beside: Path) -> Iterator[None]:
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        yield
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _begin(ctx: Context, whole_plan: large.Plan, era: str) -> Cast:
    """What every world begins with: the mark of how it was made, and the directory."""
    now = whole_plan.period.now
    more = {"era": era} | ({"changed_at": changes_at(now).isoformat()} if era == "both" else {})
    demo_documents.mark_filled(ctx, seed=whole_plan.seed, agreements=len(whole_plan.lines), **more)
    return large.enlist(ctx, now)


def _base(settings: Settings, path: Path, whole_plan: large.Plan, era: str) -> dict[tuple[str, str], int]:
    database = Database(f"sqlite:///{path}", synchronous="OFF")
    ctx = replace(open_context(settings, database=database), simulated=True)
    migrating.upgrade(database)
    publish_definitions(ctx)
    people = _begin(ctx, whole_plan, era).people
    database.close()
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode = DELETE")
    return people


def _told(lived: Iterator[Path], work: list[large.Part], says: Says) -> Iterator[Path]:
    began = said = time.monotonic()
    done, whole = 0, sum(len(part.of.lines) for part in work)
    for part, path in zip(work, lived, strict=True):
        yield path
        path.unlink()
        done += len(part.of.lines)
        now = time.monotonic()
        if now - said > _SAID_EVERY or done == whole:
            said = now
            left = (now - began) / done * (whole - done)
            says(f"{done:,} of {whole:,} agreements, about {left / 60:.0f} more minutes")


def _into_file(target: Path, base: Path, lived: Iterator[Path], whole_plan: large.Plan) -> None:
    shutil.copyfile(base, target)
    carrier = batching.Carrier()
    with closing(sqlite3.connect(target, isolation_level=None)) as made:
        for pragma in (f"page_size = {PAGE_SIZE}", "journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            made.execute(f"PRAGMA {pragma}")
        made.execute("VACUUM")
        with batching.unguarded(made):
            for part in lived:
                carrier.into_sqlite(made, part)
        made.execute("PRAGMA journal_mode = WAL")
    database = Database(f"sqlite:///{target.absolute()}", synchronous="OFF")
    with database.writing() as session:
        batching.set_counters(session, large.years_of(whole_plan))
    database.close()


def _into_postgresql(database: Database, base: Path, lived: Iterator[Path], whole_plan: large.Plan) -> None:
    carrier = batching.Carrier()
    with database.engine.begin() as connection, Session(connection) as session:
        batching.copy_whole(connection, base)
        for part in lived:
            carrier.into_postgresql(connection, part)
        batching.set_counters(session, large.years_of(whole_plan))
        carrier.set_sequences(connection)


def processes() -> int:
    """One for each processor that this program may use."""
    return len(os.sched_getaffinity(0))
