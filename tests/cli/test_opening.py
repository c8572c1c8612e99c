"""Commands that need a database of this release."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dsa.cli import group


@pytest.mark.parametrize(
    "words",
    [
        ["audit", "verify"],
        ["audit", "export", "DSA-2026-0001", "--out", "log.jsonl"],
        ["figures", "verify"],
        ["events", "export", "--format", "csv", "--out", "log.csv"],
    ],
)
def test_where_there_is_no_database_a_command_says_so_and_what_to_do(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(group, words)
    assert done.exit_code == 2
    assert "Run: dsa db upgrade" in done.output
