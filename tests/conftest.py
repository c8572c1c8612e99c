"""Fixtures that every test may use. One rule: a database is made by the migrations and belongs to one test."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask, g, has_request_context, request
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Page as BrowserPage
from sqlalchemy import Connection, event

from dsa.config import Settings
from dsa.persistence.migrating import upgrade
from dsa.persistence.session import Database
from dsa.web import create_app
from dsa.web.composition import Services, compose
from tests import postgresql
from tests.web import chromium
from tests.web.page_client import PageClient

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("DSA_SHARED") or ROOT.parent / "shared")


@dataclass
class SettableClock:
    """A clock that stands still until a test moves it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        """Move forward, by ``timedelta`` arguments."""
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> SettableClock:
    """The product's clock: Monday 2 November 2026, 9:10 in London."""
    return SettableClock(datetime(2026, 11, 2, 9, 10, tzinfo=UTC))


@pytest.fixture
def true_clock() -> SettableClock:
    """True time, which sign-ins and certificates go by: this machine's, standing still."""
    return SettableClock(datetime.now(UTC).replace(microsecond=0))


@pytest.fixture
def shared() -> Path:
    """The folder of samples with known answers; a test that needs it is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the shared samples are not here (set DSA_SHARED)")
    return SHARED


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DSA_") and name != "DSA_SHARED"]:
        monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a demo installation in an empty directory."""
    return Settings(data_dir=tmp_path / "data", demo=True, secret_keys=("k" * 32,))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file that the migrations built."""
    path = tmp_path_factory.mktemp("template") / "dsa.sqlite3"
    database = Database(f"sqlite:///{path}")
    upgrade(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[postgresql.Cluster]:
    """A PostgreSQL cluster for this run."""
    reason = postgresql.why_not()
    if reason:
        pytest.skip(reason)
    with postgresql.cluster() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_template(postgres: postgresql.Cluster) -> str:
    """The name of a PostgreSQL database that the migrations built."""
    url = postgres.new()
    database = Database(url)
    upgrade(database)
    database.close()
    return url.rsplit("/", 1)[1]


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh, migrated SQLite database."""
    path = tmp_path / "data" / "dsa.sqlite3"
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres: postgresql.Cluster, postgres_template: str) -> Iterator[Database]:
    """A fresh, migrated PostgreSQL database."""
    url = postgres.new(template=postgres_template)
    database = Database(url)
    yield database
    database.close()
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A fresh, migrated database: each test that asks for it runs on SQLite and on PostgreSQL."""
    name = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    found: Database = request.getfixturevalue(name)
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end what did not run, and why."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(
        str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr) for report in skipped
    )
    if reasons:
        terminalreporter.section("not run")
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")
    else:
        terminalreporter.write_line("nothing was skipped")


@pytest.fixture
def services(settings: Settings, database: Database, clock: SettableClock, true_clock: SettableClock) -> Services:
    """What the web layer works with: both databases in turn, clocks that a test can move."""
    composed = compose(settings)
    composed.database.close()
    return replace(composed, database=database, clock=clock, true_clock=true_clock)


@pytest.fixture
def app(settings: Settings, services: Services) -> Flask:
    """The application. A GET that begins to write, other than its bookkeeping, is noted and fails the test."""
    application = create_app(settings, services=services)
    application.testing = True
    written: list[str] = []
    application.extensions["written_on_get"] = written

    @event.listens_for(services.database.engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("dsa_write", False)
        if writes and has_request_context() and request.method in {"GET", "HEAD"} and not g.get("bookkeeping"):
            written.append(request.path)

    return application


@pytest.fixture
def pages(app: Flask) -> PageClient:
    """The shared page client: everything it is shown is checked."""
    return PageClient(app)


@pytest.fixture
def live(app: Flask) -> Iterator[str]:
    """The address at which the application answers real browsers."""
    with chromium.serving(app) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, once for the run."""
    with sync_playwright() as playwright, chromium.event_loops_allowed():
        running = chromium.launch(playwright)
        yield running
        running.close()


@pytest.fixture(params=[True, False], ids=["javascript", "no-javascript"])
def visitor(request: pytest.FixtureRequest, browser: Browser, live: str) -> Iterator[BrowserPage]:
    """A browser's page on the live application, with scripts and without."""
    with chromium.visiting(browser, live, javascript=request.param) as page:
        yield page
