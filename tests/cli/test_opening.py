"""Commands that need a database of this release."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from dsa.adapters.authority import Authority
from dsa.cli import group
from dsa.domain.errors import BadInput


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


def test_what_a_demonstration_left_is_looked_at_without_a_setting_and_signs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Authority.open(tmp_path, demo=True)
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path))
    run = CliRunner()
    assert run.invoke(group, ["db", "upgrade"]).exit_code == 0
    for words, says in ((["keys", "list"], "Issues a certificate for each seal"), (["audit", "verify"], "holds")):
        done = run.invoke(group, words)
        assert (done.exit_code, says in done.output) == (0, True), done.output
    assert run.invoke(group, ["keys", "rotate", "people"]).exit_code == 2
    monkeypatch.setenv("DSA_ENV", "production")
    assert run.invoke(group, ["keys", "list"]).exit_code == 2


def test_an_event_log_that_cannot_be_put_in_its_place_is_a_sentence_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path / "data"))
    assert CliRunner().invoke(group, ["db", "upgrade"]).exit_code == 0
    (tmp_path / "out" / "taken").mkdir(parents=True)
    with pytest.raises(BadInput, match="taken cannot be written: Is a directory"):
        CliRunner().invoke(
            group, ["events", "export", "--out", str(tmp_path / "out" / "taken")], catch_exceptions=False
        )
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["taken"]
