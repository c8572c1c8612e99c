"""Whatever the seed, what the bulk writer leaves behind is what its own events say, and the figures are those of it."""

import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dsa.composition import open_context
from dsa.config import Settings
from dsa.demo import filling_large, large
from dsa.demo.modelled import ERAS
from dsa.persistence.session import Database
from dsa.services import figures
from dsa.services.context import Context
from dsa.services.verifying import verify_history

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
AGREEMENTS = 9


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parts, of four agreements at most, are lived one after another in this process."""

    def lived(work: Sequence[large.Part], *, processes: int) -> Iterator[Path]:
        yield from map(large.live_part, work)

    monkeypatch.setattr(large, "lived", lived)
    monkeypatch.setattr(large, "PART", 4)


def filled(directory: Path, seed: int, era: str) -> Context:
    wanted, target = Settings(data_dir=directory, demo=True), directory / "dsa.sqlite3"
    plan = large.plan(AGREEMENTS, seed=seed, era=era, now=NOW)
    filling_large.fill_in_parts(wanted, target, plan, era=era, processes=1, says=lambda _: None)
    return open_context(wanted, database=Database(f"sqlite:///{target}", synchronous="OFF"))


@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9), era=st.sampled_from(ERAS))
def test_a_replay_of_what_was_written_in_bulk_gives_the_rows_and_the_figures(here: None, seed: int, era: str) -> None:
    with tempfile.TemporaryDirectory() as directory:
        ctx = filled(Path(directory), seed, era)
        try:
            with ctx.database.reading() as session:
                references = list(session.scalars(text("SELECT reference FROM agreements ORDER BY id")))
            assert len(references) == AGREEMENTS
            assert {ref: found for ref in references if (found := verify_history(ctx, ref))} == {}
            assert figures.rebuild(ctx) == AGREEMENTS
            assert figures.verify(ctx) == []
            assert figures.refresh(ctx) == 0  # nothing is left to be counted
        finally:
            ctx.database.close()
