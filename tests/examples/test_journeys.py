"""``dsa journey``: files become signed documents; what cannot be used is refused, and nothing is written."""

import hashlib
import json
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dsa.adapters.verification import verify
from dsa.cli.journey import command
from tests.examples.test_example_files import ROOT, expected

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")  # the PDF library's colour profile


def go(file: Path, out: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Result:
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path / "data"))
    return CliRunner().invoke(command, [str(file), "--out", str(out)])


def journey(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Result, Path]:
    out = tmp_path / "out"
    return go(ROOT / "examples" / f"{name}.json", out, monkeypatch, tmp_path), out


def timeline(out: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / f"{name}.timeline.json").read_text("utf-8"))
    return found


def check(name: str, result: Result, out: Path) -> dict[str, Any]:
    """What must hold for every journey; returns the timeline."""
    wanted = expected(name)["journey"]
    assert result.exit_code == 0, result.stderr
    told = timeline(out, name)
    names = {
        f"{name}.{end}"
        for end in (
            "pdf",
            "agreement.json",
            "audit.json",
            "timeline.json",
            "timeline.html",
            "log.jsonl",
            "terms.jsonld",
            "contract.odcs.json",
        )
    }
    assert {path.name for path in out.iterdir()} == names | {"root.pem"}
    assert [stage["stage"] for stage in told["stages"]] == wanted["stages"]
    assert (told["tier"], told["signatures"], told["signatories"]) == (
        wanted["route"], wanted["signatures"], wanted["signatories"],
    )  # fmt: skip
    assert all(stage["working_days"] <= stage["target"] for stage in told["stages"] if stage["target"])
    last = result.stdout.strip().splitlines()[-1]
    assert told["reference"] in last
    assert last.endswith(f"{name}.pdf")
    found = verify((out / f"{name}.pdf").read_bytes(), roots=[(out / "root.pem").read_bytes()])
    assert (found.verdict, found.example, found.ok) == ("genuine", True, True)
    ended = datetime.fromisoformat(told["last_signature"])
    assert abs((datetime.now(UTC) - ended).total_seconds()) < 300
    return told


@pytest.mark.slow
def test_tools_that_are_not_ours_call_the_document_of_a_journey_valid(
    shared: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All 18 checks, PDF/A and PDF/UA included. `make soak` does it for every example, today and in 2031."""
    script = shared / "verify" / "verify_signed_pdf.sh"
    if not script.exists():
        pytest.skip("the independent verifier is not in the shared folder")
    name = "low-risk-statistics"
    result, out = journey(name, monkeypatch, tmp_path)
    assert result.exit_code == 0, result.stderr
    signatures = timeline(out, name)["signatures"]
    done = subprocess.run(
        ["bash", str(script), str(out / f"{name}.pdf"), str(out / "root.pem")],
        env={**os.environ, "EXPECT_SIGS": str(signatures)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode == 2:
        pytest.skip(f"the independent verifier cannot run: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stdout
    assert "PASS 18/18" in done.stdout


def test_the_statistics_take_the_fast_route_to_a_genuine_document(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result, out = journey("low-risk-statistics", monkeypatch, tmp_path)
    told = check("low-risk-statistics", result, out)
    assert told["refused_as_published"] == ""
    content = (out / "low-risk-statistics.agreement.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() in (out / "low-risk-statistics.audit.json").read_text("utf-8")


@pytest.mark.slow
def test_the_student_loans_agreement_is_refused_as_published_then_corrected_and_signed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result, out = journey("hmrc-student-loans-company", monkeypatch, tmp_path)
    told = check("hmrc-student-loans-company", result, out)
    assert "R52" in told["refused_as_published"]
    audit = json.loads((out / "hmrc-student-loans-company.audit.json").read_text("utf-8"))
    bodies = [event["body"] for event in audit["events"]]
    kinds = [body["kind"] for body in bodies]
    corrections = [body for body in bodies if body["kind"] == "CorrectionMade"]
    # the draft was not shared yet, so what was corrected is the lead's: the chain commits to it
    assert [list(body["notes"]) for body in corrections] == [["facts"]]
    assert {"QuestionAsked", "QuestionAnswered", "ChangesRequested", "ChangesAnswered", "BoardDecided"} <= set(kinds)
    assert all(body["simulated"] for body in bodies)
    assert "EXAMPLE" in (out / "hmrc-student-loans-company.timeline.html").read_text("utf-8")
    content = json.loads((out / "hmrc-student-loans-company.agreement.json").read_text("utf-8"))
    assert "Skills Development Scotland" not in json.dumps(content["answers"])
    assert "hra_article8" in content["assumed"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["hmrc-leeds-pilot", "hmrc-leeds-variation", pytest.param("council-tax-debt", marks=pytest.mark.soak)]
)
def test_the_other_published_agreements_walk_their_whole_workflow(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result, out = journey(name, monkeypatch, tmp_path)
    check(name, result, out)
    content = json.loads((out / f"{name}.agreement.json").read_text("utf-8"))
    assert (content["parent_agreement"] is not None) == (name != "hmrc-leeds-pilot")


def _deep(levels: int) -> str:
    return '{"title": "x", "answers": ' + '{"a": ' * levels + "1" + "}" * levels + "}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "Line 1"),
        ("", "Line 1"),
        ("[]", "set of keys and values"),
        ('{"title": "x", "answers": {}, "colour": 1}', "colour"),
        ('{"title": 7, "answers": {}}', "title"),
        ('{"title": "x", "answers": []}', "answers"),
        ('{"title": "x", "answers": {"start": "2026-02-30"}}', "start"),
        ('{"title": "x", "answers": {"parties": "everybody"}}', "parties"),
        (
            '{"title": "x", "answers": {}, "corrections": [{"path": "no..where", "value": 1, "reason": "y"}]}',
            "corrections[0]",
        ),
        ('{"title": "x", "answers": {}, "corrections": [{"path": "aims.none", "value": 1, "reason": "y"}]}', "aims"),
        ('{"title": "x", "answers": {"colour": "red"}}', "colour"),
        (_deep(200), "nested"),
        ('{"title": "x", "title": "y", "answers": {}}', "twice"),
        ('{"title": "\ud800", "answers": {}}', "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_the_place_and_nothing_is_written(
    text: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file, out = tmp_path / "mine.json", tmp_path / "out"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    result = go(file, out, monkeypatch, tmp_path)
    assert result.exit_code == 1
    assert says in result.stderr
    assert "mine.json" in result.stderr
    assert "Traceback" not in result.stderr
    assert not out.exists()
    assert not (tmp_path / "data").exists()


def test_a_file_that_is_not_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = go(tmp_path / "none.json", tmp_path / "out", monkeypatch, tmp_path)
    assert result.exit_code == 1
    assert "cannot be read" in result.stderr


def test_a_journey_is_refused_in_production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DSA_ENV", "production")
    monkeypatch.setenv("DSA_BASE_URL", "https://agreements.example.org")
    monkeypatch.setenv("DSA_SECRET_KEYS", "k" * 32)
    monkeypatch.setenv("DSA_KEY_PASSPHRASE", "a long enough passphrase")
    result = go(ROOT / "examples" / "low-risk-statistics.json", tmp_path / "out", monkeypatch, tmp_path)
    assert result.exit_code == 2
    assert not (tmp_path / "data").exists()
