"""Fixtures of the engine's tests."""

from collections.abc import Iterator

import pytest

from dsa.persistence.session import Database
from tests.engine.town import Town, build_town, form_taken_as_complete


@pytest.fixture
def town(database: Database) -> Iterator[Town]:
    """Three organisations with every role, on both databases in turn."""
    built = build_town(database)
    with form_taken_as_complete(built):
        yield built


@pytest.fixture
def small_town(sqlite_database: Database) -> Iterator[Town]:
    """The same on SQLite alone, for what no database can change."""
    built = build_town(sqlite_database)
    with form_taken_as_complete(built):
        yield built
