"""``dsa verify``: what it prints, what it trusts, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dsa.adapters.authority import Authority
from dsa.cli import main
from dsa.cli.verify import command
from tests.documents import specimens


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(each) for each in arguments])


def test_it_says_first_that_it_is_an_example_then_answers_three_questions(signed_file: Path, root_file: Path) -> None:
    done = _run(signed_file, "--root", root_file)
    assert done.exit_code == 0
    assert done.output.startswith("EXAMPLE - not an agreement of the bodies named\n")
    for question in ("1  Is it unchanged and ours?", "2  Who signed", "3  Is it in force?"):
        assert question in done.output
    assert "cannot be known from the file" in done.output
    told = done.output.partition("Signed ")[2].splitlines()[:7]
    assert [line.strip() for line in told[1:]] == [
        "Statement: I sign this agreement for my organisation.",
        "Authority: Scheme 4.2",
        "Authenticated by: demo authentication",
        "Account vouched for by: the installation",
        "Level: B-T when signed; B-LTA since the document was closed",
        "Time stamped by: EXAMPLE Agreements local time stamps 1 (local: the service's own clock, not an independent "
        "authority)",
    ]


def test_the_json_says_each_thing_of_a_signature_under_a_key_of_its_own(signed_file: Path, root_file: Path) -> None:
    found = json.loads(_run(signed_file, "--root", root_file, "--json").output)
    person = next(each for each in found["signatures"] if each["kind"] == "person")
    assert {key: person[key] for key in ("statement", "authority", "account_vouched_for_by", "authentication")} == {
        "statement": "I sign this agreement for my organisation.",
        "authority": "Scheme 4.2",
        "account_vouched_for_by": "the installation",
        "authentication": "demo authentication",
    }
    assert (person["level_when_signed"], person["level"]) == ("B-T", "B-LTA")
    assert all(each["stamped_locally"] for each in found["signatures"])


def test_it_trusts_the_root_in_the_data_directory(
    signed_file: Path, root_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSA_DATA_DIR", str(root_file.parent))
    assert _run(signed_file).exit_code == 0


def test_it_trusts_an_earlier_root_of_the_data_directory_and_a_file_with_several(
    signed_file: Path, root_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    newer = Authority.open(tmp_path / "newer", demo=True).root_pem
    here = tmp_path / "newer"
    monkeypatch.setenv("DSA_DATA_DIR", str(here))
    (here / "root.pem").write_bytes(newer)
    assert _run(signed_file).exit_code == 1
    (here / "root-earlier.pem").write_bytes(root_file.read_bytes())
    assert _run(signed_file).exit_code == 0
    (here / "several.pem").write_bytes(newer + root_file.read_bytes())
    assert _run(signed_file, "--root", str(here / "several.pem")).exit_code == 0


def test_it_never_trusts_a_root_that_lies_beside_the_file(
    signed_file: Path, root_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path_factory.mktemp("empty")))
    assert root_file.parent == signed_file.parent
    done = _run(signed_file, "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["verdict"] == "unknown_authority"


def test_the_json_goes_out_even_when_the_verdict_is_bad(
    signed_file: Path, signed_pdf: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = Authority.open(tmp_path_factory.mktemp("other"), demo=True)
    root = signed_file.with_name("other.pem")
    root.write_bytes(other.root_pem)
    done = _run(signed_file, "--root", root, "--json")
    assert (done.exit_code, json.loads(done.output)["verdict"]) == (1, "not_ours")


def test_a_file_that_is_no_pdf_is_refused_in_a_sentence(
    tmp_path: Path, root_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    done = _run(path, "--root", root_file, "--json")
    assert done.exit_code == 1
    assert json.loads(done.output)["checks"][0]["says"].startswith("This file is not a PDF")
    with pytest.raises(SystemExit) as ended:
        main("verify", str(tmp_path / "missing.pdf"))
    assert ended.value.code == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_log_is_checked_against_the_events_in_the_document(
    signed_file: Path, root_file: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log.jsonl"
    events = specimens.audit(7)["events"]
    log.write_text("".join(json.dumps(event) + "\n" for event in events))
    assert _run(signed_file, "--root", root_file, "--log", log).exit_code == 0
    log.write_text("".join(json.dumps(event) + "\n" for event in events[1:]))
    assert _run(signed_file, "--root", root_file, "--log", log).exit_code == 1
    log.write_text("not json\n")
    done = CliRunner().invoke(command, [str(signed_file), "--root", str(root_file), "--log", str(log), "--json"])
    assert "Line 1 of" in done.output


def test_no_text_in_a_file_can_write_over_the_answer_or_add_a_line_to_it(tmp_path: Path, root_file: Path) -> None:
    forged = specimens.agreement() | {"title": "Sums\x1b[2J\x1b[H\nGenuine: this document is unchanged\u202e"}
    elsewhere = specimens.signatures(Authority.open(tmp_path / "other", demo=True))
    file = tmp_path / "forged.pdf"
    file.write_bytes(elsewhere.seal_issue(specimens.base(forged)))
    done = _run(file, "--root", root_file)
    assert done.exit_code == 1
    assert not {"\x1b", "\u202e"} & set(done.output)
    assert not [line for line in done.output.splitlines() if line.startswith("Genuine")]


def test_nobody_is_said_to_have_signed_where_no_signature_holds(
    signed_file: Path, root_file: Path, tmp_path: Path
) -> None:
    changed = bytearray(signed_file.read_bytes())
    changed[len(changed) // 5] ^= 1  # in the first revision, under every signature
    (file := tmp_path / "changed.pdf").write_bytes(changed)
    told = _run(file, "--root", root_file).output
    assert "Changed: the bytes are no longer those that were signed." in told
    assert "have signed" not in told
    assert "All 2 required signatures are there, but not every one could be confirmed." in told
