"""Our own history as CSV, XES and OCEL: the same events in all three, for the reader's eyes, without private words."""

import csv
import io
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dsa.cli.events import command
from dsa.composition import open_context, publish_definitions
from dsa.config import Settings
from dsa.domain.errors import NotFound
from dsa.insight.measures import measures
from dsa.insight.reading import read_log
from dsa.insight.write_log import CSV_COLUMNS
from dsa.persistence.migrating import upgrade
from dsa.services import commenting, event_log
from tests.engine.test_tracking import OPEN, taken_in
from tests.engine.town import Town


def log(town: Town, code: str, fmt: str, reference: str | None = None) -> str:
    actor = town.actor(code, "drafter")
    return "".join(event_log.log_lines(town.ctx, actor, fmt, reference=reference))


def test_the_three_files_hold_the_same_events(town: Town) -> None:
    town.bring_to(town.start(), "text_agreed")
    town.start("AAA", "AAC")
    taken_in(town, OPEN)
    found = {}
    for fmt in event_log.FORMATS:
        read = read_log(io.BytesIO(log(town, "AAA", fmt).encode()), name="ours")
        figures = measures(read)
        figures.pop("service_time_h", None)
        found[fmt] = (len(read), len(read.case_ids), figures["dfg_top40"], figures["variants"])
    assert found["csv"] == found["xes"] == found["ocel"]
    assert found["csv"][1] == 3


def test_a_row_says_when_what_who_and_how_long_it_took(town: Town) -> None:
    reference = town.start()
    town.move(reference, "ask_first_look")
    town.clock.advance(24 * 60)
    town.decide(reference, "in_principle:aab")
    rows = list(csv.DictReader(io.StringIO(log(town, "AAA", "csv", reference))))
    assert tuple(rows[0]) == CSV_COLUMNS
    said = rows[-1]
    assert (said["concept:name"], said["org:group"], said["org:role"]) == (
        "In principle given", "AAB", "information_governance",
    )  # fmt: skip
    assert (said["stage"], said["case:status"], said["case:route"]) == ("drafting", "open", "standard")
    assert (said["target_working_days"], int(said["owned_working_minutes"])) == ("3", 480)
    assert said["start_timestamp"] == rows[1]["time:timestamp"]
    assert said["case:parties"] == "AAA; AAB"


def test_private_words_and_events_of_one_side_are_in_no_file(town: Town) -> None:
    reference = town.bring_to(town.start(), "drafting")
    commenting.comment(town.ctx, town.actor("AAA", "drafter"), reference, "Between us: hopeless.", section="purpose")
    for fmt in event_log.FORMATS:
        text = log(town, "AAA", fmt)
        assert "hopeless" not in text
        assert "Comment made" not in text
        assert "aaa.example" not in text


def test_a_stranger_s_file_has_nothing_of_it(town: Town) -> None:
    reference = town.bring_to(town.start(), "drafting")
    for fmt in event_log.FORMATS:
        assert reference not in log(town, "AAC", fmt)
        with pytest.raises(NotFound):
            log(town, "AAC", fmt, reference)
    assert json.loads(log(town, "AAC", "ocel"))["events"] == []
    with pytest.raises(NotFound, match="csv, xes or ocel"):
        log(town, "AAA", "pdf")


def test_the_command_writes_the_file_or_says_why_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path))
    before = CliRunner().invoke(command, ["export", "--out", str(tmp_path / "x.csv")])
    assert before.exit_code == 2
    assert "dsa db upgrade" in before.output
    ctx = open_context(Settings.from_environment())
    upgrade(ctx.database)
    publish_definitions(ctx)
    out = tmp_path / "ours.xes"
    done = CliRunner().invoke(command, ["export", "--format", "xes", "--out", str(out)])
    assert (done.exit_code, out.read_text().endswith("</log>\n")) == (0, True)
    for options in (["--out", str(tmp_path / "no" / "x.csv")], ["--out", str(out), "--reference", "DSA-1"]):
        done = CliRunner().invoke(command, ["export", *options])
        assert done.exit_code == 1
        assert str(done.exception)
    assert out.read_text().endswith("</log>\n")
