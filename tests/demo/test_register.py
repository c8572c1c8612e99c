"""The register with dirty rows: what is clean is read as it stands, what is dirty is asked about or said by row."""

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from click.testing import CliRunner

from dsa.adapters.definitions import load_yaml
from dsa.adapters.sheets import read_sheets
from dsa.cli.demo import command
from dsa.demo.bodies import LARGE_WORLD
from dsa.demo.register import DIRT, HEADINGS, Entry, as_csv, register
from dsa.domain.reported import DAY_FIRST, NORMALISED, Choices, Known, Reading, guess_columns
from dsa.domain.reported_rows import read_rows
from dsa.resources import workflows_dir

NOW = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
ROWS, SEED = 300, 4


@cache
def entries() -> list[Entry]:
    return list(register(ROWS, seed=SEED, now=NOW))


def reading(dates: dict[str, str]) -> Reading:
    (_, headings), *rows = read_sheets(as_csv(iter(entries())).encode())["sheets"][0]["rows"]
    stages = load_yaml(workflows_dir() / "standard.yaml")[0]["stages"]
    titles = {stage["id"]: stage["title"] for stage in stages}
    known = Known({body.code: body.name for body in LARGE_WORLD}, titles, NOW.date(), "HMRC")
    return read_rows(rows, Choices(guess_columns(headings), dates=dates), known)


def lines(*ways: str) -> set[int]:
    """The lines of the sheet that are dirty in these ways."""
    return {line for line, entry in enumerate(entries(), 2) if entry.dirt in ways}


def test_every_way_of_being_dirty_is_there_and_most_rows_are_clean() -> None:
    found = Counter(entry.dirt for entry in entries())
    assert set(found) == {"", *DIRT}
    assert found[""] > 0.7 * ROWS


def test_the_headings_say_which_column_is_which() -> None:
    assert sorted(guess_columns(HEADINGS).values()) == list(range(len(HEADINGS)))


def test_what_cannot_be_read_is_said_by_row_and_nothing_else_is() -> None:
    found = reading({"started": DAY_FIRST})
    assert found.bad_lines == lines("no_end", "backwards", "no_date", "twice")
    assert found.two_ways == ()
    assert {case.line for case in found.cases} == set(range(2, ROWS + 2)) - found.bad_lines
    assert {case.is_open for case in found.cases} == {True, False}


def test_a_date_that_can_be_read_two_ways_is_asked_about() -> None:
    assert {each.line for each in reading({}).two_ways} == lines("two_ways")


def test_what_is_written_in_another_way_is_read_and_marked() -> None:
    cases = {case.line: case for case in reading({"started": DAY_FIRST}).cases}
    assert {cases[line].sure["started"] for line in lines("in_words")} == {NORMALISED}
    clean = as_csv(iter(entries())).splitlines()
    for line in lines("spaces"):
        assert clean[line - 1].startswith("  R")
        assert cases[line].reference.startswith("R")


def test_the_same_seed_gives_the_same_register() -> None:
    assert entries() == entries() != list(register(ROWS, seed=SEED + 1, now=NOW))


def test_the_command_writes_it_and_makes_no_world(tmp_path: Path) -> None:
    file = tmp_path / "register.csv"
    done = CliRunner().invoke(command, ["--register", str(file), "--agreements", "40"])
    assert done.exit_code == 0, done.output
    assert "40 rows" in done.output
    assert len(file.read_text(encoding="utf-8").splitlines()) == 41
    assert list(tmp_path.iterdir()) == [file]
    refused = CliRunner().invoke(command, ["--register", str(tmp_path / "none" / "x.csv"), "--agreements", "3"])
    assert "cannot be written" in str(refused.exception)
