"""Time-stamp authorities over HTTP: order, every way of answering wrongly, and the proof that goes into the file."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dsa.adapters.authority import Authority
from dsa.adapters.press import Press
from dsa.adapters.signatures import Signatures
from dsa.adapters.stamp_trust import read_trust
from dsa.adapters.timestamps import EmbeddedTimeStamper, HttpTimeStamper, TimeStampUnavailable
from dsa.adapters.verification import Verdict, verify
from dsa.adapters.verification_process import SeparateVerifier
from dsa.config import BadSettings, Settings
from dsa.domain.errors import Refused
from tests.documents import specimens
from tests.signer.authorities import Clock, answering, trusted

FAULTS = (
    "hangs up", "status 500", "garbage", "empty", "endless", "rejects", "wrong nonce", "wrong imprint",
    "wrong signature", "slow clock", "revoked",
)  # fmt: skip


@pytest.fixture
def first() -> Iterator[Clock]:
    with answering(Clock("first")) as clock:
        yield clock


@pytest.fixture
def second() -> Iterator[Clock]:
    with answering(Clock("second")) as clock:
        yield clock


def service(authority: Authority, trust: Path, *clocks: Clock, seconds: float = 5) -> Signatures:
    read = read_trust(trust)
    return Signatures(authority, [HttpTimeStamper(each.address, read, seconds=seconds) for each in clocks], read)


def judged(pdf: bytes, authority: Authority, *clocks: Clock) -> Verdict:
    return verify(pdf, roots=[authority.root_pem], stamp_roots=[each.root_pem() for each in clocks])


def whole(signing: Signatures, base: bytes) -> bytes:
    content = specimens.agreement()
    pdf = signing.seal_issue(base)
    for index in range(2):
        pdf = signing.sign_as_person(pdf, specimens.person(content, index)).data
    return signing.seal_completion(pdf).data


def test_stamps_of_an_authority_elsewhere_reach_long_term_with_its_proof_in_the_file(
    authority: Authority, base_pdf: bytes, first: Clock, second: Clock, tmp_path: Path
) -> None:
    pdf = whole(service(authority, trusted(tmp_path / "trust", first, second), first, second), base_pdf)
    found = judged(pdf, authority, first)
    assert (found.verdict, found.level, found.ok) == ("genuine", "B-LTA", True)
    assert {each.stamped_by for each in found.signatures} == {"first unit"}
    assert not any(each.stamped_locally for each in found.signatures), "an authority elsewhere is not our own clock"
    assert second.asked == 0
    later = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)
    then = verify(pdf, roots=[authority.root_pem], stamp_roots=[first.root_pem()], now=later)
    assert (then.verdict, then.level, then.ok) == ("genuine", "B-LTA", True)


def test_without_the_root_of_the_authority_its_stamps_prove_nothing(
    authority: Authority, base_pdf: bytes, first: Clock, tmp_path: Path
) -> None:
    pdf = whole(service(authority, trusted(tmp_path / "trust", first), first), base_pdf)
    found = verify(pdf, roots=[authority.root_pem])
    assert not found.ok
    assert not any(each.trusted for each in found.signatures if each.kind == "timestamp")


def test_a_root_that_is_trusted_to_say_the_time_vouches_for_nobody(
    authority: Authority, signed_by_another: tuple[bytes, bytes]
) -> None:
    pdf, root = signed_by_another
    assert verify(pdf, roots=[authority.root_pem], stamp_roots=[root]).verdict == "not_ours"


@pytest.fixture(scope="module")
def signed_by_another(tmp_path_factory: pytest.TempPathFactory, base_pdf: bytes) -> tuple[bytes, bytes]:
    other = Authority.open(tmp_path_factory.mktemp("other"), demo=True)
    return specimens.signed(other, specimens.agreement(), base_pdf), other.root_pem


@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_authority_is_asked_when_one_answers_wrongly(
    fault: str, authority: Authority, base_pdf: bytes, first: Clock, second: Clock, tmp_path: Path
) -> None:
    first.fault = fault
    trust = trusted(tmp_path / "trust", first, second)
    signing = service(authority, trust, first, second)
    issued = signing.seal_issue(base_pdf)
    signed = signing.sign_as_person(issued, specimens.person(specimens.agreement(), 0))
    assert signed.time_stamp_authority == second.address
    assert first.asked > 0
    assert {each.trusted for each in judged(signed.data, authority, second).signatures} == {True}
    with pytest.raises(TimeStampUnavailable, match=first.address):
        service(authority, trust, first).sign_as_person(issued, specimens.person(specimens.agreement(), 1))


@pytest.mark.parametrize("how", ["expired", "unknown", "no list", "down", "hangs"])
def test_an_authority_that_could_not_be_proved_later_or_does_not_answer_is_passed_over(
    how: str, authority: Authority, base_pdf: bytes, second: Clock, tmp_path: Path
) -> None:
    with answering(Clock("weak", expired=how == "expired", publishes=how != "no list")) as weak:
        weak.fault = "hangs" if how == "hangs" else ""
        known = [second] if how == "unknown" else [weak, second]
        signing = service(authority, trusted(tmp_path / "trust", *known), weak, second, seconds=0.5)
        if how != "down":
            pdf = signing.seal_issue(base_pdf)
    if how == "down":
        pdf = signing.seal_issue(base_pdf)
    assert {each.stamped_by for each in judged(pdf, authority, second).signatures} == {"second unit"}


def test_lists_in_the_directory_do_where_none_is_published(
    authority: Authority, base_pdf: bytes, tmp_path: Path
) -> None:
    with answering(Clock("quiet", publishes=False)) as quiet:
        pdf = service(authority, trusted(tmp_path / "trust", quiet, lists=True), quiet).seal_issue(base_pdf)
        assert judged(pdf, authority, quiet).level == "B-LTA"


def test_an_authority_that_fails_between_two_stamps_of_one_seal_is_proved_all_the_same(
    authority: Authority, base_pdf: bytes, first: Clock, second: Clock, tmp_path: Path
) -> None:
    trust = read_trust(trusted(tmp_path / "trust", first, second))

    class Fickle(HttpTimeStamper):
        def answer(self, request: bytes) -> bytes:
            if first.asked:
                raise OSError("it went down")
            return super().answer(request)

    signing = Signatures(authority, [Fickle(first.address, trust), HttpTimeStamper(second.address, trust)], trust)
    pdf = signing.seal_issue(base_pdf)
    found = judged(pdf, authority, first, second)
    assert [each.stamped_by for each in found.signatures] == ["first unit", "second unit"]
    assert found.level == "B-LTA"


def test_the_local_one_may_stand_last_and_is_named_as_what_it_is(
    authority: Authority, base_pdf: bytes, first: Clock, tmp_path: Path
) -> None:
    first.fault = "status 500"
    read = read_trust(trusted(tmp_path / "trust", first))
    signing = Signatures(authority, [HttpTimeStamper(first.address, read), EmbeddedTimeStamper(authority)], read)
    signed = signing.sign_as_person(signing.seal_issue(base_pdf), specimens.person(specimens.agreement(), 0))
    assert signed.time_stamp_authority == "embedded (local) time-stamp service"
    assert judged(signed.data, authority).signatures[-1].trusted


def test_settings_lead_to_the_authorities_in_their_order_and_their_roots_are_published(
    settings: Settings, base_pdf: bytes, first: Clock, second: Clock, tmp_path: Path
) -> None:
    trust = trusted(tmp_path / "trust", first, second)
    first.fault = "status 500"
    chosen = replace(settings, tsa_urls=(first.address, second.address), tsa_trust=trust)
    press = Press(chosen)
    pdf = press.seal_issue(base_pdf)
    found = SeparateVerifier([chosen.data_dir / "root.pem"], chosen.data_dir / "stamp-roots.pem").verify(pdf)
    assert found["level"] == "B-LTA"
    path = tmp_path / "issued.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dsa", "verify", str(path)], capture_output=True, text=True, check=False,
        env={"DSA_DATA_DIR": str(chosen.data_dir)}, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert "Time stamped by: second unit" in done.stdout, done.stderr
    second.fault = "status 500"
    with pytest.raises(Refused, match="No time-stamp authority answers, so nothing was signed"):
        press.seal_completion(pdf)


def test_trust_that_is_none_is_a_sentence(settings: Settings, tmp_path: Path) -> None:
    empty = tmp_path / "trust"
    empty.mkdir()
    chosen = replace(settings, tsa_urls=("https://tsa.example",), tsa_trust=empty)
    with pytest.raises(BadSettings, match="holds no self-signed certificate"):
        Press(chosen).open()
    (empty / "bad.pem").write_text("not a certificate")
    with pytest.raises(BadSettings, match=r"bad\.pem is neither PEM nor DER"):
        Press(chosen).open()
