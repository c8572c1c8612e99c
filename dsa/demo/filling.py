"""Making the demonstration world in an installation. One rule: it appears as a whole, or not at all.

On SQLite it is made in a file beside the real one, without waiting for the disk, and put in its place when complete.
"""

import gc
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from dsa.adapters.definitions import load_form
from dsa.composition import open_context, publish_definitions
from dsa.config import BadSettings, Settings
from dsa.demo import world
from dsa.persistence import migrating
from dsa.persistence.session import Database
from dsa.resources import workflows_dir
from dsa.services import figures
from dsa.services.enlisting import is_empty

AGREEMENTS, SEED = 66, 1


def fill_if_empty(
    settings: Settings, *, agreements: int = AGREEMENTS, seed: int = SEED, says: Callable[[str], None] = lambda _: None
) -> bool:
    """Make the world where nothing is there yet; False where something is. Raises BadSettings in production."""
    if settings.env == "production":
        raise BadSettings(["The demonstration world is refused when DSA_ENV=production."])
    settings = replace(settings, demo=True)
    if not _nothing_there(settings):
        return False
    if settings.database_url:
        _fill(settings, Database(settings.database), agreements, seed, says)
        return True
    target, filling = settings.data_dir / "dsa.sqlite3", settings.data_dir / "filling.sqlite3"
    _remove(filling)
    _fill(settings, Database(f"sqlite:///{filling.absolute()}", synchronous="OFF"), agreements, seed, says)
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


def _fill(settings: Settings, database: Database, agreements: int, seed: int, says: Callable[[str], None]) -> None:
    ctx = open_context(settings, database=database)
    try:
        migrating.upgrade(database)
        publish_definitions(ctx)
        form = load_form(workflows_dir() / "forms" / "agreement.yaml")
        now = datetime.now(UTC).replace(microsecond=0)
        world.fill(ctx, form, agreements=agreements, seed=seed, now=now, says=says)
        figures.rebuild(ctx)
    finally:
        database.close()
        gc.collect()  # a result that was read in part keeps the file open until it is collected


def _remove(path: Path) -> None:
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        name.unlink(missing_ok=True)
