"""Keys, seals, signatures and time stamps, and what refuses to be done with them."""

import datetime as dt
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12

from dsa.adapters import certificates
from dsa.adapters.authority import Authority, AuthorityUnusable
from dsa.adapters.files import FileDamaged, FileStore
from dsa.adapters.signatures import AlreadySigned, CannotSign, Signatures
from dsa.adapters.stamp_trust import StampTrust
from dsa.adapters.timestamps import EmbeddedTimeStamper, HttpTimeStamper, TimeStampUnavailable
from dsa.adapters.verification import verify
from tests.documents import specimens


def _open(directory: str) -> bytes:
    return Authority.open(Path(directory), demo=True).root_pem


def test_processes_that_start_at_once_get_one_authority(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        roots = pool.map(_open, [str(tmp_path)] * 4)
    assert len(set(roots)) == 1
    assert (tmp_path / "root.pem").read_bytes() == roots[0]
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("keys")] == ["keys"]


def test_a_demo_authority_never_becomes_a_production_one(tmp_path: Path) -> None:
    Authority.open(tmp_path / "demo", demo=True)
    with pytest.raises(AuthorityUnusable, match="can never sign real agreements"):
        Authority.open(tmp_path / "demo", demo=False)
    real = Authority.open(tmp_path / "real", demo=False)
    with pytest.raises(AuthorityUnusable, match="demo mode cannot use it"):
        Authority.open(tmp_path / "real", demo=True)
    with pytest.raises(ValueError, match="Demo authentication"):
        real.issue_person(post="p", organisation="o", user_id="u", authentication="demo", evidence_hash="00" * 32)


def test_keys_are_encrypted_and_only_their_owner_may_read_them(tmp_path: Path) -> None:
    Authority.open(tmp_path, demo=True, passphrase="long enough to be a passphrase")
    keys = tmp_path / "keys"
    assert not (keys / "passphrase").exists()
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_key_and_certificates((keys / "people.p12").read_bytes(), b"wrong")
    with pytest.raises(AuthorityUnusable, match="DSA_KEY_PASSPHRASE"):
        Authority.open(tmp_path, demo=True, passphrase="wrong")
    assert {path.stat().st_mode & 0o777 for path in keys.iterdir()} == {0o600}
    (keys / "seal.p12").chmod(0o644)
    with pytest.raises(AuthorityUnusable, match="chmod 600"):
        Authority.open(tmp_path, demo=True, passphrase="long enough to be a passphrase")


def test_a_person_gets_a_fresh_certificate_of_post_and_organisation_now(authority: Authority) -> None:
    details = {"organisation": "Cyngor Tŷ'r Bont", "user_id": "user_1", "authentication": "demo"}
    one = authority.issue_person(post="Uwch Swyddog " * 9, evidence_hash="cd" * 32, **details)
    two = authority.issue_person(post="Uwch Swyddog", evidence_hash="cd" * 32, **details)
    assert one.certificate.public_key() != two.certificate.public_key()
    assert one.certificate.serial_number != two.certificate.serial_number
    assert certificates.EXAMPLE_MARK in one.certificate.subject.rfc4514_string()
    begins = one.certificate.not_valid_before_utc
    assert abs(dt.datetime.now(dt.UTC) - begins) < dt.timedelta(minutes=1)
    assert one.certificate.not_valid_after_utc - begins <= dt.timedelta(hours=24)
    evidence = one.certificate.extensions.get_extension_for_oid(certificates.EVIDENCE).value.public_bytes()
    assert evidence.endswith(bytes.fromhex("cd" * 32))


def test_each_signature_keeps_every_byte_before_it(authority: Authority, base_pdf: bytes) -> None:
    content, service = specimens.agreement(), specimens.signatures(authority)
    issued = service.seal_issue(base_pdf)
    assert issued.startswith(base_pdf)
    one = service.sign_as_person(issued, specimens.person(content, 0))
    assert one.data.startswith(issued)
    assert (one.level, one.field) == ("B-T", "sig_hmrc_1")
    assert len(one.data) - len(issued) <= 26_000
    done = service.seal_completion(service.sign_as_person(one.data, specimens.person(content, 1)).data)
    assert done.level == "B-LTA"


def test_nobody_signs_twice_too_early_or_too_late(authority: Authority, base_pdf: bytes, signed_pdf: bytes) -> None:
    content, service = specimens.agreement(), specimens.signatures(authority)
    who = specimens.person(content, 0)
    with pytest.raises(CannotSign, match="no issue seal"):
        service.sign_as_person(base_pdf, who)
    issued = service.seal_issue(base_pdf)
    with pytest.raises(AlreadySigned):
        service.seal_issue(issued)
    once = service.sign_as_person(issued, who).data
    with pytest.raises(AlreadySigned):
        service.sign_as_person(once, who)
    with pytest.raises(CannotSign, match="no place"):
        service.sign_as_person(once, replace(who, field="sig_nobody_1"))
    with pytest.raises(CannotSign, match="not a place for a person"):
        service.sign_as_person(once, replace(who, field="sig_completion"))
    with pytest.raises(CannotSign, match="complete"):
        service.sign_as_person(signed_pdf, who)


class _Silent:
    name = "silent"

    def answer(self, request: bytes) -> bytes:
        raise OSError("no route to host")


class _Replaying:
    """Answers with what it answered first."""

    name = "replaying"

    def __init__(self, inner: EmbeddedTimeStamper) -> None:
        self.inner, self.kept = inner, b""

    def answer(self, request: bytes) -> bytes:
        self.kept = self.kept or self.inner.answer(request)
        return self.kept


def test_the_next_time_stamp_authority_answers_when_one_is_silent_or_wrong(
    authority: Authority, base_pdf: bytes
) -> None:
    local = EmbeddedTimeStamper(authority)
    service = Signatures(authority, [_Silent(), local])
    issued = service.seal_issue(base_pdf)
    signed = service.sign_as_person(issued, specimens.person(specimens.agreement(), 0))
    assert signed.time_stamp_authority == local.name
    replaying = Signatures(authority, [_Replaying(local)])
    with pytest.raises(TimeStampUnavailable, match="belongs to another request"):
        replaying.seal_issue(base_pdf)


def test_without_a_time_stamp_nothing_is_signed(authority: Authority, base_pdf: bytes) -> None:
    with pytest.raises(TimeStampUnavailable, match="no route to host"):
        Signatures(authority, [_Silent()]).seal_issue(base_pdf)
    with pytest.raises(ValueError, match="https://"):
        HttpTimeStamper("ftp://example.invalid", StampTrust((), ()))


def test_a_renewed_document_is_still_genuine(authority: Authority, signed_pdf: bytes) -> None:
    renewed = specimens.signatures(authority).refresh(signed_pdf)
    assert renewed.data.startswith(signed_pdf)
    assert verify(renewed.data, roots=[authority.root_pem]).ok


@pytest.mark.parametrize("year", [2027, 2031, 2045])
def test_it_is_still_provable_years_later(year: int, authority: Authority, signed_pdf: bytes) -> None:
    found = verify(signed_pdf, roots=[authority.root_pem], now=dt.datetime(year, 1, 1, tzinfo=dt.UTC))
    assert (found.verdict, found.level, found.ok) == ("genuine", "B-LTA", True)


def test_once_the_time_stamp_has_expired_it_no_longer_claims_long_term(authority: Authority, signed_pdf: bytes) -> None:
    found = verify(signed_pdf, roots=[authority.root_pem], now=dt.datetime(2048, 1, 1, tzinfo=dt.UTC))
    assert found.level == "B-T"


def test_before_completion_a_persons_signature_is_confirmed_and_the_document_called_incomplete(
    authority: Authority, base_pdf: bytes
) -> None:
    content, service = specimens.agreement(), specimens.signatures(authority)
    pdf = service.sign_as_person(service.seal_issue(base_pdf), specimens.person(content, 0)).data
    found = verify(pdf, roots=[authority.root_pem])
    assert all(each.trusted for each in found.signatures)
    assert not found.complete
    assert {check.check for check in found.checks if not check.ok} == {"signatories", "completion-seal"}


def test_a_revoked_certificate_is_not_confirmed(
    authority: Authority, base_pdf: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, service = specimens.agreement(), specimens.signatures(authority)
    pdf = service.seal_issue(base_pdf)
    first = service.sign_as_person(pdf, specimens.person(content, 0))
    second = service.sign_as_person(first.data, specimens.person(content, 1))
    usual = authority.revocation_lists()[:2] + authority.revocation_lists()[3:]
    now = certificates.true_time()
    lost = [(int(first.certificate_serial, 16), now - dt.timedelta(minutes=5))]
    spoiled = certificates.revocation_list(
        authority.credential("people"), lost, number=99, now=now, until=now + dt.timedelta(days=1)
    )
    monkeypatch.setattr(authority, "revocation_lists", lambda: [*usual, spoiled])
    found = verify(service.seal_completion(second.data).data, roots=[authority.root_pem])
    assert found.verdict == "changed"
    assert [each.field for each in found.signatures if not each.trusted] == ["sig_hmrc_1"]


@pytest.mark.slow
def test_forty_three_signatures_all_verify(authority: Authority) -> None:
    """What it costs is measured by `make bench`."""
    content = specimens.agreement(43)
    pdf = specimens.signed(authority, content, specimens.base(content))
    found = verify(pdf, roots=[authority.root_pem])
    assert found.ok
    assert sum(1 for each in found.signatures if each.kind == "person") == 43


def test_files_are_named_by_their_hash_and_checked_when_read(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    name = store.put(b"signed")
    assert store.put(b"signed") == name
    assert store.get(name) == b"signed"
    assert name in store
    assert "../../etc/passwd" not in store
    with pytest.raises(KeyError):
        store.get("0" * 64)
    with pytest.raises(KeyError):
        store.get("../secret")
    path = tmp_path / name[:2] / name
    path.write_bytes(b"changed")
    with pytest.raises(FileDamaged, match="changed on disk"):
        store.get(name)
    assert store.put(b"signed") == name
    assert store.get(name) == b"signed"
    assert list(tmp_path.rglob(".*")) == []
