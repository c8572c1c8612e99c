"""The signer process: who may ask it, what it does once, and that it ends with whoever started it."""

import errno
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dsa.adapters import signer_client
from dsa.adapters import signer_wire as wire
from dsa.adapters.authority import Authority
from dsa.adapters.checkpoints import LogSigner
from dsa.adapters.keys import HeldKey, KeyRefused, SignerUnavailable
from dsa.adapters.press import Press
from dsa.adapters.signer_client import SignerClient
from dsa.adapters.signer_process import SignerProcess, taken_lock
from dsa.adapters.signer_service import SignerService
from dsa.adapters.verification import verify
from dsa.config import Settings
from dsa.domain.errors import Refused
from tests.documents import specimens

ME = frozenset({os.getuid()})
WHO = {"post": "Director", "organisation": "HMRC", "user_id": "person-1", "authentication": "demo"}
SIGNED_BY_THE_WEB = """
import sys
from pathlib import Path
from dsa.config import Settings
keys, opened = sys.argv[1], []
def hear(event, arguments):
    if event == "open" and arguments and any(place in str(arguments[0]) for place in (keys, "checkpoint-key")):
        opened.append(str(arguments[0]))
sys.addaudithook(hear)
from dsa.adapters.press import Press
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
def refuse(*_):
    raise AssertionError("a key was loaded here")
pkcs12.load_key_and_certificates = serialization.load_pem_private_key = refuse
settings = Settings(data_dir=Path(sys.argv[1]).parent, demo=True, signer="own")
press = Press(settings)
from tests.documents import specimens
content = specimens.agreement()
pdf = press.seal_issue(specimens.base())
for index in range(2):
    who = specimens.person(content, index)
    asked = {name: getattr(who, name) for name in who.__dataclass_fields__}
    pdf = press.sign(pdf, **asked).data
pdf = press.seal_completion(pdf).data
Path(sys.argv[2]).write_bytes(pdf)
from dsa.composition import InstallationKeys, open_context
checkpoints = open_context(settings).checkpoints
note = checkpoints.sign(3, b"r" * 32)
assert checkpoints.key_of(note), note
assert "checkpoint" in [each.name for each in InstallationKeys(settings).inventory()]
print(opened)
"""


def until(so: Callable[[], bool], seconds: float = 15) -> bool:
    began = time.monotonic()
    while not so():
        if time.monotonic() - began > seconds:
            return False
        time.sleep(0.05)
    return True


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_document_and_a_checkpoint_are_signed_without_the_web_process_opening_a_key(
    asking: Settings, running: SignerProcess, tmp_path: Path
) -> None:
    made = tmp_path / "signed.pdf"
    keys = asking.data_dir / "keys"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SIGNED_BY_THE_WEB, str(keys), str(made)],
        capture_output=True, text=True, timeout=120, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
    assert (asking.data_dir / "checkpoint-key" / "key.pem").exists()
    found = verify(made.read_bytes(), roots=[(asking.data_dir / "root.pem").read_bytes()])
    assert (found.verdict, found.level, found.ok) == ("genuine", "B-LTA", True)


def test_a_key_for_a_person_signs_once_and_is_gone(client: SignerClient) -> None:
    key = client.person_key(**WHO, evidence_hash="ab" * 32)
    certificate = x509.load_der_x509_certificate(key.certificate)
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(key.sign(b"these bytes"), b"these bytes", ec.ECDSA(hashes.SHA256()))
    with pytest.raises(SignerUnavailable):
        key.sign(b"and these")
    with pytest.raises(KeyRefused, match="no certificate policy"):
        client.person_key(**{**WHO, "authentication": "none"}, evidence_hash="ab" * 32)


def test_a_key_that_signed_or_whose_connection_ended_is_not_known(asking: Settings, client: SignerClient) -> None:
    client.certificates()
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two:
        for each in (one, two):
            with wire.short_address(asking.signer_address) as address:
                each.connect(address)
        wire.send(one, {"ask": "seal", "purpose": "a seal"})
        minted = wire.receive(one) or {}
        asked = {"ask": "sign", "key": minted["key"], "data": wire.packed(b"x")}
        wire.send(two, asked)
        assert "not known here" in (wire.receive(two) or {})["refused"]
        for expected in ("signature", "refused"):
            wire.send(one, asked)
            assert expected in (wire.receive(one) or {})


def test_a_held_key_signs_once(authority: Authority) -> None:
    key = HeldKey(authority.issue_seal("a seal"), [])
    assert key.sign(b"x")
    with pytest.raises(KeyRefused, match="destroyed"):
        key.sign(b"x")


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(b"\xff\xff\xff\xff", id="endless"),
        pytest.param(b"\x00\x00\x00\x03abc", id="not-json"),
        pytest.param(b"\x00\x00\x00\x02[]", id="not-an-object"),
        pytest.param(b'\x00\x00\x00\x20{"version": 9, "ask": "inventory"', id="cut-off"),
        pytest.param(b'\x00\x00\x00\x21{"version": 9, "ask": "inventory"}', id="another-version"),
        pytest.param(b'\x00\x00\x00\x1d{"version": 1, "ask": "root"}', id="no-such-request"),
        pytest.param(b'\x00\x00\x00\x1d{"version": 1, "ask": "sign"}', id="no-key"),
    ],
)
def test_what_is_no_request_is_refused_and_the_signer_goes_on(
    sent: bytes, asking: Settings, client: SignerClient
) -> None:
    with socket.socket(socket.AF_UNIX) as hostile:
        hostile.settimeout(10)
        with wire.short_address(asking.signer_address) as address:
            hostile.connect(address)
        hostile.sendall(sent)
        hostile.shutdown(socket.SHUT_WR)
        assert "refused" in (wire.receive(hostile) or {"refused": "it hung up"})
    assert len(client.inventory()) >= 5


def test_the_socket_is_its_owners_alone(asking: Settings, running: SignerProcess) -> None:
    assert stat.S_IMODE(asking.signer_address.stat().st_mode) == 0o600


def test_an_account_that_may_not_ask_is_refused(tmp_path: Path, authority: Authority) -> None:
    path = tmp_path / "s.sock"
    log = LogSigner(tmp_path, demo=True)
    service = SignerService(path, lambda: authority, checkpoints=log, accounts=frozenset({os.getuid() + 1}))
    with serving(service, path), pytest.raises(KeyRefused, match="may not ask"):
        SignerClient(path).certificates()


def test_a_signer_that_had_no_room_for_a_moment_goes_on_answering(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, full, accept = tmp_path / "s.sock", [OSError(errno.EMFILE, "Too many open files")], socket.socket.accept

    def crowded(listening: socket.socket) -> object:
        if full:
            raise full.pop()
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", crowded)
    service = SignerService(path, lambda: authority, checkpoints=LogSigner(tmp_path, demo=True), accounts=ME)
    with serving(service, path):
        assert SignerClient(path, starting_seconds=1).certificates()


@contextmanager
def serving(service: SignerService, path: Path):  # type: ignore[no-untyped-def]
    answering = threading.Thread(target=service.serve)
    answering.start()
    try:
        assert until(path.exists)
        yield
    finally:
        service.stop()
        answering.join(10)
    assert not answering.is_alive()
    assert not path.exists()


def test_it_ends_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c",
         "import sys, time; from pathlib import Path; from dsa.config import Settings\n"
         "from dsa.adapters.signer_process import SignerProcess\n"
         "one = SignerProcess(Settings(data_dir=Path(sys.argv[1]), demo=True, signer='own')).start()\n"
         "while one.pid is None: time.sleep(0.05)\n"
         "print(one.pid, flush=True); time.sleep(60)", str(tmp_path / "data")],
        stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    client = SignerClient(tmp_path / "data" / "signer.sock", starting_seconds=30)
    assert client.certificates()
    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=10)
    assert until(lambda: not alive(child))


def test_a_signer_that_dies_is_started_again_and_a_second_one_waits(
    asking: Settings, running: SignerProcess, client: SignerClient
) -> None:
    standby = SignerProcess(asking).start()
    try:
        assert until(lambda: standby.pid is not None)
        first = running.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert until(lambda: client.answers())
        assert until(lambda: running.pid not in (None, first))
        assert client.seal_key("a seal").sign(b"x")
    finally:
        standby.stop()


def test_without_a_signer_nothing_is_signed_and_a_sentence_says_so(asking: Settings) -> None:
    press = Press(asking)
    with pytest.raises(Refused, match="does not answer, so nothing was signed"):
        press.seal_issue(specimens.base())


def test_a_signer_that_lives_is_waited_for_until_its_keys_are_written(tmp_path: Path, authority: Authority) -> None:
    path = tmp_path / "s.sock"
    held = taken_lock(wire.lock_of(path))  # as `dsa signer` does before it opens its keys
    assert held is not None
    with pytest.raises(SignerUnavailable, match="does not answer"):
        SignerClient(path, starting_seconds=0.1, answer_seconds=0.4).certificates()
    service = SignerService(path, lambda: authority, checkpoints=LogSigner(tmp_path, demo=True), accounts=ME)
    answering = threading.Thread(target=lambda: (time.sleep(1.0), service.serve()))
    answering.start()
    try:
        assert SignerClient(path, starting_seconds=0.1).certificates()
    finally:
        service.stop()
        answering.join(10)
        os.close(held)
    began = time.monotonic()
    with pytest.raises(SignerUnavailable, match="does not answer"):
        SignerClient(path, starting_seconds=0.1).certificates()
    assert time.monotonic() - began < 5, "a signer that is gone is not waited for"


def test_a_signer_that_is_slow_to_answer_is_waited_for(tmp_path: Path, authority: Authority) -> None:
    class Slow:
        def __getattr__(self, name: str) -> object:
            return getattr(authority, name)

        def seal_key(self, purpose: str) -> HeldKey:
            time.sleep(0.8)
            return authority.seal_key(purpose)

    path = tmp_path / "s.sock"
    service = SignerService(path, lambda: Slow(), checkpoints=LogSigner(tmp_path, demo=True), accounts=ME)  # type: ignore[arg-type,return-value]
    with serving(service, path):
        with pytest.raises(SignerUnavailable, match="timed out"):
            SignerClient(path, answer_seconds=0.1).seal_key("a seal")
        assert SignerClient(path, starting_seconds=0.1).seal_key("a seal").sign(b"x")
    assert signer_client._ANSWER_SECONDS >= 120, "a busy machine takes longer than anybody thinks"


def test_the_signer_of_another_installation_is_refused(asking: Settings, running: SignerProcess) -> None:
    root = asking.data_dir / "root.pem"
    root.write_bytes(root.read_bytes().replace(b"A", b"B", 3))
    with pytest.raises(Refused, match="does not answer"):
        Press(asking).seal_issue(b"%PDF")


def test_a_signature_by_another_key_does_not_fit(client: SignerClient) -> None:
    one, two = client.seal_key("one"), client.seal_key("two")
    public = x509.load_der_x509_certificate(two.certificate).public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    with pytest.raises(InvalidSignature):
        public.verify(one.sign(b"x"), b"x", ec.ECDSA(hashes.SHA256()))
