"""Making the demonstration world in an installation. One rule: it appears as a whole, or not at all.

On SQLite it is made in a file beside the real one, without waiting for the disk, and put in its place when complete.
"""

import gc
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from dsa.adapters.definitions import load_form
from dsa.composition import open_context, publish_definitions, signer_beside
from dsa.config import BadSettings, Settings
from dsa.demo import AGREEMENTS, SEED, filling_large, large, world
from dsa.persistence import migrating
from dsa.persistence.session import Database
from dsa.resources import workflows_dir
from dsa.services import figures
from dsa.services.enlisting import is_empty

LIVED_IN_TURN = 1000  # up to here every step is taken in the installation's own database


@dataclass(frozen=True, slots=True)
class Wanted:
    """The world that is wanted. ``era`` asks for one of the synthetic model ("before", "after" or "both"); without it a
    world of up to ``LIVED_IN_TURN`` agreements is the one that shows every stage.
    """

    agreements: int = AGREEMENTS
    seed: int = SEED
    era: str | None = None

    @property
    def modelled(self) -> str | None:
        """The era of the model, or None for the world that shows every stage."""
        return self.era or ("both" if self.agreements > LIVED_IN_TURN else None)


def fill_if_empty(
    settings: Settings,
    wanted: Wanted = Wanted(),
    *,
    says: Callable[[str], None] = lambda _: None,
) -> bool:
    """Make the world where nothing is there yet; False where something is. Raises BadSettings in production."""
    if settings.env == "production":
        raise BadSettings(["The demonstration world is refused when DSA_ENV=production."])
    settings = replace(settings, demo=True)
    if not _nothing_there(settings):
        return False
    if settings.database_url:
        _fill(settings, Database(settings.database), wanted, says)
        return True
    target, filling = settings.data_dir / "dsa.sqlite3", settings.data_dir / "filling.sqlite3"
    _remove(filling)
    _fill(settings, filling, wanted, says)
    if Path(f"{filling}-wal").exists():
        raise OSError(f"{filling} is still open, so it cannot be put in place")
    _remove(target)
    with filling.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(filling, target)
    return True


def _nothing_there(settings: Settings) -> bool:
    if not settings.database_url and not (settings.data_dir / "dsa.sqlite3").exists():
        return True
    ctx = open_context(settings)
    try:
        return migrating.current(ctx.database) is None or is_empty(ctx)
    finally:
        ctx.database.close()


def _fill(settings: Settings, target: Path | Database, wanted: Wanted, says: Callable[[str], None]) -> None:
    """Into a new SQLite file, or an empty database on PostgreSQL."""
    now = datetime.now(UTC).replace(microsecond=0)
    if wanted.agreements <= LIVED_IN_TURN:
        path = f"sqlite:///{target.absolute()}" if isinstance(target, Path) else ""
        database = target if isinstance(target, Database) else Database(path, synchronous="OFF")
        with signer_beside(settings):  # what is signed these days is signed as it would be later
            _in_turn(settings, database, wanted, now, says)
        return
    says("Planning the world")
    era = str(wanted.modelled)
    plan = large.plan(wanted.agreements, seed=wanted.seed, era=era, now=now)
    if isinstance(target, Database):
        migrating.upgrade(target)
    filling_large.fill_in_parts(settings, target, plan, era=era, processes=filling_large.processes(), says=says)
    path = f"sqlite:///{target.absolute()}" if isinstance(target, Path) else ""
    database = target if isinstance(target, Database) else Database(path, synchronous="OFF")
    ctx = open_context(settings, database=database)
    try:
        figures.rebuild(ctx, says=says)
    finally:
        database.close()
        gc.collect()


def _in_turn(
    settings: Settings, database: Database, wanted: Wanted, now: datetime, says: Callable[[str], None]
) -> None:
    ctx = open_context(settings, database=database)
    try:
        migrating.upgrade(database)
        publish_definitions(ctx)
        if wanted.modelled:
            plan = large.plan(wanted.agreements, seed=wanted.seed, era=wanted.modelled, now=now)
            filling_large.fill_in_turn(ctx, plan, era=wanted.modelled, says=says)
        else:
            form = load_form(workflows_dir() / "forms" / "agreement.yaml")
            world.fill(ctx, form, agreements=wanted.agreements, seed=wanted.seed, now=now, says=says)
        figures.rebuild(ctx)
    finally:
        database.close()
        gc.collect()  # a result that was read in part keeps the file open until it is collected


def _remove(path: Path) -> None:
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
