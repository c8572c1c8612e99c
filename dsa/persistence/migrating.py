"""Migrations. One rule: the schema is only ever what the numbered migrations make of it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from dsa.persistence.session import Database

_HERE = Path(__file__).resolve().parent / "migrations"


def upgrade(database: Database) -> None:
    """Bring the database to the newest migration; does nothing when it is there already."""
    if current(database) == newest():
        return
    config = _config()
    with database.engine.execution_options(dsa_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current(database: Database) -> str | None:
    """The migration that the database is at, or None for an empty one."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """The newest migration that this release knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("No migrations were found.")
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config
