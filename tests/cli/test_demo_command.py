"""`dsa demo`: worlds of the synthetic model, made once, and told when the process changed."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dsa.cli.demo import command
from dsa.composition import open_context
from dsa.config import Settings
from dsa.demo.modelled import changes_at
from dsa.domain.errors import Refused
from dsa.persistence.session import Database
from dsa.services import demo_documents, figures


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


def test_a_world_of_both_eras_is_made_once_and_says_from_when_it_works_the_changed_way(empty: Path) -> None:
    result = CliRunner().invoke(command, ["--agreements", "12", "--seed", "3", "--era", "both"])
    assert result.exit_code == 0, result.output
    ctx = open_context(Settings(data_dir=empty, demo=True), database=Database(f"sqlite:///{empty}/dsa.sqlite3"))
    assert demo_documents.is_filled(ctx)
    assert f"/time/how-long?changed_on={changes_at(ctx.clock.now()).date().isoformat()}" in result.output
    assert figures.verify(ctx) == []
    ctx.database.close()
    again = CliRunner().invoke(command, ["--agreements", "12", "--era", "after"])
    assert isinstance(again.exception, Refused)


def test_an_unknown_era_and_no_agreements_at_all_are_refused(empty: Path) -> None:
    assert CliRunner().invoke(command, ["--era", "during"]).exit_code == 2
    assert CliRunner().invoke(command, ["--agreements", "0"]).exit_code == 2
    assert list(empty.iterdir()) == []
