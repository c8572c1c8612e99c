"""The root apart, rotation, lost keys, the inventory: what was signed before stays provable."""

import datetime as dt
import json
import shutil
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dsa.adapters import authority_making, root_key
from dsa.adapters.authority import Authority, AuthorityUnusable
from dsa.adapters.authority_record import ISSUERS
from dsa.adapters.signer_client import SignerClient
from dsa.adapters.signer_process import SignerProcess
from dsa.adapters.verification import verify
from dsa.cli import keys
from dsa.config import Settings
from tests.documents import specimens

PASSPHRASE = "twenty-one green otters"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("DSA_DEMO", "1")
    return tmp_path / "data"


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(keys.command, list(arguments), input=typed)


def opened(place: Path) -> Authority:
    return Authority.open(place, demo=True)


def test_the_roots_key_lies_apart_and_the_service_runs_without_it(place: Path) -> None:
    authority = opened(place)
    assert not list((place / "keys").glob("root*.p12"))
    apart = place / "root-offline"
    assert [path.suffix for path in sorted(apart.iterdir())] == [".p12", ".passphrase"]
    assert {path.stat().st_mode & 0o777 for path in apart.iterdir()} == {0o600}
    working = (place / "keys" / "passphrase").read_text()
    with pytest.raises(AuthorityUnusable, match="cannot be opened"):
        root_key.opened_key(root_key.key_path(apart, authority.root), working.encode())
    shutil.rmtree(apart)
    pdf = specimens.signed(opened(place), specimens.agreement(), specimens.base())
    assert verify(pdf, roots=[authority.root_pem]).ok
    assert "not on this machine" in run("list").output


def test_an_authority_of_the_first_release_is_put_right(place: Path) -> None:
    authority = opened(place)
    apart, directory = place / "root-offline", place / "keys"
    name = root_key.root_name(authority.root)
    secret = (directory / "passphrase").read_bytes()
    key = root_key.open_root(apart, authority.root, None).key
    (directory / "root.p12").write_bytes(authority_making.sealed_key("root", key, secret))
    (directory / "root.p12").chmod(0o600)
    shutil.rmtree(apart)
    before = json.loads((directory / "authority.json").read_text())
    (directory / "authority.json").write_text(json.dumps({n: before[n] for n in ("mode", "created")} | {"format": 1}))
    again = opened(place)
    assert again.root_pem == authority.root_pem
    assert not (directory / "root.p12").exists()
    assert root_key.open_root(apart, again.root, None).certificate == authority.root
    assert {path.name for path in apart.iterdir()} == {f"{name}.p12", f"{name}.passphrase"}


@pytest.mark.parametrize("issuer", ISSUERS)
def test_after_a_rotation_old_documents_and_those_in_the_making_verify(
    issuer: str, place: Path, base_pdf: bytes
) -> None:
    before, content = opened(place), specimens.agreement()
    old = specimens.signed(before, content, base_pdf)
    half = specimens.signatures(before).sign_as_person(
        specimens.signatures(before).seal_issue(base_pdf), specimens.person(content, 0)
    )
    done = run("rotate", issuer)
    assert done.exit_code == 0, done.output
    assert f"{issuer}-2" in done.output
    after = opened(place)
    assert after.issuers[issuer] != before.issuers[issuer]  # type: ignore[index]
    assert after.root_pem == before.root_pem
    assert not (place / "keys" / f"{issuer}.p12").exists()
    service = specimens.signatures(after)
    whole = service.seal_completion(service.sign_as_person(half.data, specimens.person(content, 1)).data).data
    for pdf in (old, whole, service.refresh(old).data):
        found = verify(pdf, roots=[after.root_pem])
        assert (found.verdict, found.level, found.ok) == ("genuine", "B-LTA", True)
    later = verify(whole, roots=[after.root_pem], now=dt.datetime(2031, 1, 1, tzinfo=dt.UTC))
    assert (later.verdict, later.level, later.ok) == ("genuine", "B-LTA", True)
    assert f"{issuer} (retired)" in run("list").output


def test_what_was_stamped_before_a_key_was_lost_stands(place: Path, base_pdf: bytes) -> None:
    authority = opened(place)
    old = specimens.signed(authority, specimens.agreement(), base_pdf)
    time.sleep(1.1)  # certificates count whole seconds; what is stamped in the second of the loss is not confirmed
    assert run("rotate", "people", "--lost-since", dt.datetime.now(dt.UTC).isoformat()).exit_code == 0
    after = opened(place)
    assert verify(old, roots=[after.root_pem]).ok
    assert verify(specimens.signatures(after).refresh(old).data, roots=[after.root_pem]).ok


def test_what_is_signed_with_a_key_after_it_was_lost_is_not_confirmed(place: Path, base_pdf: bytes) -> None:
    stolen = opened(place).credential("people")
    an_hour_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    assert run("rotate", "people", "--lost-since", an_hour_ago.isoformat()).exit_code == 0
    thief = opened(place)
    thief.issuers["people"], thief._opened["people-2"] = stolen.certificate, stolen
    forged = specimens.signed(thief, specimens.agreement(), base_pdf)
    found = verify(forged, roots=[thief.root_pem])
    assert not found.ok
    assert [each.trusted for each in found.signatures if each.kind == "person"] == [False, False]


def test_the_root_is_taken_away_tried_there_and_brought_back_to_rotate(place: Path, tmp_path: Path) -> None:
    authority, medium = opened(place), tmp_path / "medium"
    short = run("take-root-away", "--to", str(medium), "--passphrase-stdin", typed="short\n")
    assert "at least 20 characters" in str(short.exception)
    done = run("take-root-away", "--to", str(medium), "--passphrase-stdin", typed=f"{PASSPHRASE}\n")
    assert done.exit_code == 0, done.output
    assert not any((place / "root-offline").iterdir())
    refused = run("rotate", "seal")
    assert refused.exit_code == 2
    assert "Bring the medium" in refused.output
    wrong = run("rotate", "seal", "--root-dir", str(medium), "--passphrase-stdin", typed="another one\n")
    assert wrong.exit_code == 2
    right = run("rotate", "seal", "--root-dir", str(medium), "--passphrase-stdin", typed=f"{PASSPHRASE}\n")
    assert right.exit_code == 0, right.output
    assert opened(place).root_pem == authority.root_pem


def test_a_running_signer_takes_up_the_new_key(
    asking: Settings, running: SignerProcess, client: SignerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client.seal_key("a seal").chain[0]
    monkeypatch.setenv("DSA_DATA_DIR", str(asking.data_dir))
    monkeypatch.setenv("DSA_DEMO", "1")
    assert run("rotate", "seal").exit_code == 0
    assert client.seal_key("a seal").chain[0] != before
    assert [each.status for each in client.inventory()].count("retired") == 1


def test_the_fingerprint_is_that_of_the_published_root(place: Path) -> None:
    assert "no authority here yet" in str(run("fingerprint").exception)
    authority = opened(place)
    name = root_key.root_name(authority.root).removeprefix("root-")
    assert run("fingerprint").output.replace(" ", "").lower().startswith(name)


def test_a_moment_that_is_none_or_lies_ahead_is_refused(place: Path) -> None:
    for text in ("yesterday", "2999-01-01"):
        assert run("rotate", "seal", "--lost-since", text).exit_code == 1
