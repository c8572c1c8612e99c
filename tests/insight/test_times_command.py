"""``dsa times``: what people and programs get, and how it ends."""

import gzip
import json
import re
from pathlib import Path

import pytest

from dsa import cli

ROWS = [
    "case:concept:name,concept:name,time:timestamp,org:resource",
    *(
        f"{one},{act},2020-0{one}-0{n + 1}T10:00Z,team {n}"
        for one in range(1, 7)
        for n, act in enumerate(["ask", "look", "sign"])
    ),
]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text("\n".join(ROWS))
    return path


def run(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[str, str, int]:
    try:
        cli.main("times", *(str(one) for one in args))
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    said = capsys.readouterr()
    return said.out, said.err, code


def test_people_get_the_figures_in_words(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, err, code = run(capsys, log)
    assert (err, code) == ("", 0)
    assert "log.csv: 6 cases, 18 events, from 1 January 2020 to 3 June 2020. Counted: every event." in out
    assert "half within             2.0 days" in out
    assert "ask > look > sign" in out
    assert "No case in it is open." in out


def test_programs_get_json_and_a_packed_file_is_the_same(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _, code = run(capsys, log, "--json")
    packed = log.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    again, _, _ = run(capsys, packed, "--json")
    figures = json.loads(out)
    assert code == 0
    assert figures["handover_between_different"] == 12
    assert figures["counted"] == "every event"
    assert {**json.loads(again), "file": "log.csv"} == figures


def test_a_day_can_be_looked_back_to(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _, _ = run(capsys, log, "--json", "--as-of", "2020-05-02")
    seen = json.loads(out)["kaplan_meier"][-1]
    assert (seen["observed_at"][:10], seen["cases"], seen["open"]) == ("2020-05-02", 5, 1)


def test_forecasts_are_judged_when_asked_for(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "back_test" not in json.loads(run(capsys, log, "--json")[0])
    found = json.loads(run(capsys, log, "--json", "--back-test")[0])["back_test"]
    assert found["open_cases"] == found["no_date"]  # six cases are too little history
    assert "Forecasts judged on five past days" in run(capsys, log, "--back-test")[0]


def test_folding_is_said(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _, _ = run(capsys, log, "--fold", "complete", "--json")
    assert json.loads(out)["counted"].startswith("one event per piece of work")


GOOD_XES = b"""<log><trace><string key="concept:name" value="1"/><event><string key="concept:name" value="a"/>
<date key="time:timestamp" value="2020-01-01T00:00:00Z"/></event></trace>
"""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (gzip.compress("\n".join(ROWS * 200).encode())[:-30], "line [0-9]+: Here the packed file is damaged or ends"),
        (
            b"id,what,when\n1,a,2020-01-01\n",
            'line 1: There are no columns .*--case, --activity, --time. For example: --case "id" --activity',
        ),
        ("\n".join(ROWS).encode() + b"\n7,caf\xe9,2020-01-01T10:00Z,x", "line 20: Byte 6 of the line is not UTF-8"),
        (GOOD_XES + GOOD_XES[5:] + b"</log>", "line 3: A second trace is called “1”"),
        (b'<!DOCTYPE log [<!ENTITY a "aaa"><!ENTITY b "&a;&a;">]>\n<log>&b;</log>', "line 1: .*a document type"),
    ],
    ids=["cut short", "other columns", "two encodings", "an id twice", "entities that grow"],
)
def test_a_bad_log_is_one_sentence_with_its_line_and_nothing_of_it_is_told(
    log: Path, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    log.write_bytes(content)
    for options in ([], ["--json"]):
        out, err, code = run(capsys, log, *options)
        assert (out, code) == ("", 1)
        assert re.match(f"log.csv, {says}", err)
        assert len(err.splitlines()) == 1


def test_one_is_told_as_one_and_a_binary_xes_is_said_to_be_no_xes(
    log: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log.write_bytes(
        b"case:concept:name,concept:name,time:timestamp\n1,a,1970-01-01T00:00Z\n1,b,2020-01-01T00:00Z\n"
        b"1,c,2020-01-02T00:00Z\n"
    )
    out, _, code = run(capsys, log)
    assert ("log.csv: 1 case, 3 events" in out, "1 different one;" in out, code) == (True, True, 0)
    assert "1 event lies more than 20 years" in out
    binary = tmp_path / "x.xes"
    binary.write_bytes(b"\x01\x02\xff\x00")
    _, err, code = run(capsys, binary)
    assert (err.startswith("x.xes, line 1: This is no XES file"), code) == (True, 1)


def test_a_bad_file_is_one_sentence_and_status_1(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text(log.read_text() + "\n9,ask,13/01/2020,x")
    out, err, code = run(capsys, log, "--json")
    assert (out, code) == ("", 1)
    assert err.startswith("log.csv, line 20: “13/01/2020” is not a time")
    assert run(capsys, log.with_name("absent.csv"))[2] == 1
    assert run(capsys, log, "--as-of", "soon")[2] == 1
