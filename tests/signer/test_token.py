"""Keys in a PKCS#11 token, on SoftHSM2 as a real component: made there, used there, never read."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dsa.adapters.authority import Authority, AuthorityUnusable
from dsa.adapters.key_opening import open_authority
from dsa.adapters.key_store import FileKeys
from dsa.adapters.signer_client import SignerClient
from dsa.adapters.signer_process import SignerProcess
from dsa.adapters.verification import verify
from dsa.cli import keys
from dsa.config import Settings
from tests.documents import specimens

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
PIN = "648219"


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a fresh token."""
    module = next((each for each in MODULES if Path(each).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("SoftHSM2 is not installed (apt-get install softhsm2)")
    place = tmp_path / "tokens"
    place.mkdir()
    configuration = tmp_path / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {place}\nobjectstore.backend = file\nlog.level = ERROR\n")
    pin = tmp_path / "pin"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o600)
    environment = {
        "SOFTHSM2_CONF": str(configuration), "DSA_DATA_DIR": str(tmp_path / "data"), "DSA_DEMO": "1",
        "DSA_PKCS11_MODULE": module, "DSA_PKCS11_TOKEN": "agreements", "DSA_PKCS11_PIN_FILE": str(pin),
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "agreements", "--pin", PIN, "--so-pin", "12345678"],
        check=True, capture_output=True,
    )  # fmt: skip
    return environment


IN_A_PROCESS = """
import os, sys
from pathlib import Path
from dsa.adapters.key_opening import open_authority
from dsa.adapters.verification import verify
from dsa.cli import keys
from dsa.config import Settings
from click.testing import CliRunner
from tests.documents import specimens
settings = Settings.from_environment()
authority = open_authority(settings)
names = {path.name for path in (settings.data_dir / "keys").iterdir()}
assert not [name for name in names if name.endswith(".p12")], names
for issuer in ("people", "seal", "timestamp", "timestamp-unit"):
    key = authority.credential(issuer).key
    try:
        key.private_numbers()
    except ValueError:
        continue
    raise AssertionError(issuer)
content, base = specimens.agreement(), specimens.base()
pdf = specimens.signed(authority, content, base)
assert verify(pdf, roots=[authority.root_pem]).ok
assert all("in the token agreements" in each.kept for each in authority.inventory() if each.status == "in use")
done = CliRunner().invoke(keys.command, ["rotate", "people"])
assert done.exit_code == 0, (done.output, done.exception)
again = open_authority(settings)
assert verify(specimens.signed(again, content, base), roots=[again.root_pem]).ok
assert verify(pdf, roots=[again.root_pem]).ok
print("made, issued, signed, verified, rotated")
"""


def run(source: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """In a process of its own: a module reads its configuration once."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source], env={**os.environ, **environment}, capture_output=True,
        text=True, timeout=120, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip


def test_keys_are_made_in_the_token_issue_sign_and_rotate_there(token: dict[str, str]) -> None:
    done = run(IN_A_PROCESS, token)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "made, issued, signed, verified, rotated"


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_the_signer_process_signs_with_the_token(token: dict[str, str], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", demo=True, signer="own")
    process = SignerProcess(settings).start()
    try:
        client = SignerClient(settings.signer_address, starting_seconds=30)
        assert any("in the token agreements" in each.kept for each in client.inventory())
        from dsa.adapters.press import Press

        pdf = Press(settings).seal_issue(specimens.base())
    finally:
        process.stop()
    found = verify(pdf, roots=[(tmp_path / "data" / "root.pem").read_bytes()])
    assert [each.trusted for each in found.signatures] == [True, True]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"DSA_PKCS11_TOKEN": "another"}, "cannot be opened"),
        ({"DSA_PKCS11_PIN_FILE": "", "DSA_PKCS11_PIN": "000000"}, "cannot be opened"),
        ({"DSA_PKCS11_MODULE": "/etc/hostname"}, "cannot be opened"),
        ({"DSA_PKCS11_MODULE": "/no/such/module.so"}, "is not a file"),
        ({"DSA_PKCS11_TOKEN": ""}, "DSA_PKCS11_TOKEN"),
        ({"DSA_PKCS11_PIN_FILE": ""}, "DSA_PKCS11_PIN"),
    ],
)
def test_a_token_that_cannot_be_used_is_a_sentence(change: dict[str, str], says: str, token: dict[str, str]) -> None:
    source = "import dsa.cli; dsa.cli.main('keys', 'list')"
    done = run(source, {**token, **change})
    assert done.returncode == 2, done.stdout + done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_files_and_a_token_are_never_mixed(tmp_path: Path) -> None:
    class Elsewhere(FileKeys):
        kind = "pkcs11"

    Authority.open(tmp_path / "one", demo=True)
    with pytest.raises(AuthorityUnusable, match="Unset DSA_PKCS11_MODULE"):
        Authority.open(tmp_path / "one", demo=True, store=Elsewhere)
    Authority.open(tmp_path / "two", demo=True, store=Elsewhere)
    with pytest.raises(AuthorityUnusable, match="Set DSA_PKCS11_MODULE"):
        open_authority(Settings(data_dir=tmp_path / "two", demo=True))


def test_a_file_of_the_pin_that_others_may_read_is_refused(token: dict[str, str]) -> None:
    Path(token["DSA_PKCS11_PIN_FILE"]).chmod(0o644)
    done = run("import dsa.cli; dsa.cli.main('keys', 'list')", token)
    assert done.returncode == 2
    assert "chmod 600" in done.stderr


def test_the_commands_of_keys_are_those_of_the_manual() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "keys.md").read_text()
    assert [name for name in keys.command.commands if f"dsa keys {name}" not in manual] == []
