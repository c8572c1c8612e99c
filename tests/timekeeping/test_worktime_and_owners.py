"""``dsa worktime`` and ``dsa owners``: exact on the shared cases, deaf to answers in them, plain about bad input."""

import csv
import io
import json
from pathlib import Path

import pytest

from dsa.cli import main

INTERVALS = "id,start_utc,end_utc,nation,hours_profile,half_days,pauses"
DUE = "id,start_date,nation,add_working_days"
GOOD = "1,2025-07-03T08:00Z,2025-07-04T16:00Z,ENG,0900-1700,,"
STEP = {
    "id": 0,
    "stage": "draft",
    "org": "DWP",
    "nation": "ENG",
    "reason": "working",
    "start": "2025-07-03T08:00Z",
    "end": "2025-07-04T16:00Z",
    "preds": [],
}


class Run:
    """Runs a command as a person would; gives exit code, standard output and standard error."""

    def __init__(self, capsys: pytest.CaptureFixture[str], folder: Path) -> None:
        self.capsys = capsys
        self.folder = folder

    def __call__(self, command: str, file: Path | str | bytes) -> tuple[int, str, str]:
        if not isinstance(file, Path):
            content = file if isinstance(file, bytes) else file.encode()
            file = self.folder / "rows"
            file.write_bytes(content)
        with pytest.raises(SystemExit) as ended:
            main(command, str(file))
        out, err = self.capsys.readouterr()
        return int(ended.value.code or 0), out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    return Run(capsys, tmp_path)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("name", ["workdays-sample.csv", "workdays-due-sample.csv"])
def test_worktime_is_exact_on_the_shared_cases(run: Run, cases: Path, name: str) -> None:
    code, out, _ = run("worktime", cases / name)
    expected = rows((cases / name).read_text())
    found = rows(out)
    assert code == 0
    assert len(found) == len(expected) > 0
    for got, want in zip(found, expected, strict=True):
        assert got == {column: want[column] for column in got}


def test_worktime_writes_the_columns_of_the_contract(run: Run, cases: Path) -> None:
    heading = run("worktime", cases / "workdays-sample.csv")[1].splitlines()[0]
    assert heading == (
        "id,working_days_excl_start_incl_end,working_days_half_open,working_days_inclusive,working_minutes"
    )
    assert run("worktime", cases / "workdays-due-sample.csv")[1].splitlines()[0] == "id,due_date"


@pytest.mark.parametrize("name", ["workdays-sample.csv", "workdays-due-sample.csv"])
def test_answers_in_the_file_are_not_looked_at(run: Run, cases: Path, name: str) -> None:
    true = run("worktime", cases / name)[1]
    altered = rows((cases / name).read_text())
    answers = {"due_date"} | {column for column in altered[0] if column.startswith("working_")}
    for row in altered:
        row.update(dict.fromkeys(answers & set(row), "999999"))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(altered[0]))
    writer.writeheader()
    writer.writerows(altered)
    assert run("worktime", text.getvalue())[1] == true
    for row in altered:
        for column in answers:
            row.pop(column, None)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(altered[0]))
    writer.writeheader()
    writer.writerows(altered)
    assert run("worktime", text.getvalue())[1] == true


def test_worktime_counts_our_own_cases(run: Run) -> None:
    file = "\ufeff" + "\r\n".join(
        [
            INTERVALS,
            GOOD,
            "007,2025-07-04T16:00Z,2025-07-03T08:00Z,ENG,0900-1700,,",
            "",
            "x,2024-12-24T00:00Z,2024-12-24T23:59Z,SCT,,2024-12-24@12:30,2024-12-24T09:00Z/2024-12-24T10:00Z",
        ]
    )
    code, out, _ = run("worktime", file)
    assert code == 0
    assert out.splitlines()[1:] == ["1,1,1,2,960", "007,0,0,0,0", "x,0,0,1,150"]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("", "line 1: the columns are neither"),
        ("a,b\n1,2\n", "line 1: the columns are neither"),
        ("id,id\n", "a column stands there twice"),
        (f"{INTERVALS}\n{GOOD}\n1,2,3\n", "line 3: There are 3 values for 7 columns"),
        (
            f"{INTERVALS}\n{GOOD}\n{GOOD.replace('2025-07-03T08:00Z', 'soon')}\n",
            "line 3: “soon” is not a date and time",
        ),
        (f"{INTERVALS}\n{GOOD.replace('08:00Z', '08:00')}\n", "line 2: “2025-07-03T08:00” does not say its offset"),
        (f"{INTERVALS}\n{GOOD.replace('2025-07-03', '0001-01-01').replace('Z', '+14:00')}\n", "is not a date and time"),
        (f"{INTERVALS}\n{GOOD.replace('2025-07-04', '2041-07-04')}\n", "line 2: 2041-07-04T16:00:00+00:00 is outside"),
        (f"{INTERVALS}\n{GOOD.replace('ENG', 'FRA')}\n", "line 2: There is no working calendar “FRA”"),
        (f"{INTERVALS}\n{GOOD.replace('0900-1700', 'always')}\n", "“always” are not office hours"),
        (f"{INTERVALS}\n{GOOD[:-1]}12:30,\n", "“12:30” is not a half day"),
        (f"{INTERVALS}\n{GOOD[:-1]}2025-02-30@12:30,\n", "“2025-02-30” is not a date"),
        (f"{INTERVALS}\n{GOOD}2025-07-03T08:00Z\n", "is not a pause"),
        (f'{INTERVALS}\n"1,2\n', "this is not CSV"),
        (f"{INTERVALS}\n{'x' * 200_000}\n", "this is not CSV"),
        (f"{DUE}\n1,2025-07-03,ENG,five\n", "line 2: “five” is not a number of working days"),
        (f"{DUE}\n1,2025-07-03,ENG,99999\n", "line 2: 99999 working days after 2025-07-03 is outside"),
        (f"{DUE}\n1,3 July,ENG,5\n", "line 2: “3 July” is not a date"),
        (b"\xff\xfe\x00", "is not text in UTF-8"),
    ],
)
def test_worktime_says_where_the_input_is_wrong_and_writes_nothing(run: Run, file: str | bytes, says: str) -> None:
    code, out, err = run("worktime", file)
    assert (code, out) == (1, "")
    assert says in err
    assert err.startswith("rows")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["worktime", "owners"])
def test_a_file_that_cannot_be_read_is_said_so(run: Run, command: str, tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        code, out, err = run(command, path)
        assert (code, out) == (1, "")
        assert "cannot be read" in err


def test_owners_is_exact_on_the_shared_cases_and_deaf_to_their_answers(run: Run, cases: Path) -> None:
    agreements = [json.loads(line) for line in (cases / "attribution-sample.jsonl").read_text().splitlines()]
    expected = [{"id": agreement["id"], **agreement.pop("expected")} for agreement in agreements]
    code, out, _ = run("owners", cases / "attribution-sample.jsonl")
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == expected
    for agreement in agreements:
        agreement["elapsed_calendar_minutes"] = -1
        agreement["expected"] = {"critical_path": "none"}
        for step in agreement["steps"]:
            step["working_minutes"] = 999_999
    altered = "\n\n".join(json.dumps(agreement) for agreement in agreements)
    assert run("owners", altered)[1] == out


def test_owners_reads_our_own_case(run: Run) -> None:
    second = {**STEP, "id": 1, "org": "Ynys Môn", "nation": "WLS", "start": STEP["end"], "end": "2025-07-07T16:00Z"}
    code, out, _ = run("owners", json.dumps({"id": "a\ud800", "steps": [STEP, {**second, "preds": [0]}]}) + "\r\n")
    assert code == 0
    assert json.loads(out) == {
        "id": "a\ud800",
        "critical_path": [0, 1],
        "owned_working_minutes_by_org": {"DWP": 960, "Ynys Môn": 480},
        "by_stage": {"draft": 1440},
        "by_reason": {"working": 1440},
        "total_owned_working_minutes": 1440,
        "sum_of_all_step_working_minutes": 1440,
    }


def agreement(**changes: object) -> str:
    return json.dumps({"id": 1, "steps": [{**STEP, **changes}]})


@pytest.mark.parametrize(
    ("file", "says"),
    [
        ("", "holds no agreement"),
        (agreement() + "\n{", "line 2: This is not JSON"),
        ("[" * 100_000, "line 1: "),
        ('{"id": ' + "9" * 5000 + "}", "line 1: This JSON holds a number too long"),
        ("[]", "line 1: Each line must be one JSON object"),
        ('{"id": 1}', "needs an “id” and a list of “steps”"),
        ('{"steps": []}', "needs an “id” and a list of “steps”"),
        ('{"id": 1, "steps": []}', "There are no steps"),
        ('{"id": 1, "steps": [3]}', "Step number 1 is not an object"),
        (agreement(org=3), "Step number 1 needs “org”, as text"),
        (agreement(end=None), "Step number 1 needs “end”, as text"),
        (agreement(end=""), "Step number 1 needs “end”, as text"),
        (agreement(id=True), "Step number 1 needs an “id”"),
        (agreement(id=[1]), "Step number 1 needs an “id”"),
        (agreement(preds=[[0]]), "in “preds” a list of ids"),
        (agreement(preds="0"), "in “preds” a list of ids"),
        (agreement(preds=[5]), "waits for step 5, which is not there"),
        (agreement(preds=[0]), "wait for each other: 0"),
        (agreement(start="noon"), "Step number 1: “noon” is not a date and time"),
        (agreement(start="2025-07-05T08:00Z"), "Step 0 ends before it begins"),
        (agreement(end="2035-07-05T08:00Z"), "is outside the years"),
        (agreement(nation="XX"), "There is no working calendar “XX”"),
        (b"\xff", "is not text in UTF-8"),
    ],
)
def test_owners_says_where_the_input_is_wrong_and_writes_nothing(run: Run, file: str | bytes, says: str) -> None:
    code, out, err = run("owners", file)
    assert (code, out) == (1, "")
    assert says in err
    assert err.count("\n") == 1
