"""The embedded certificate authority. One rule: a demo authority can never become a production one.

Two levels: a root, and under it one issuing authority each for people, seals and time stamps. Made once, on first
start, in ``DSA_DATA_DIR/keys`` (each key an encrypted PKCS#12 file, readable by its owner only); the mode stands in
every name and in the record, and opening with the other mode is refused.
"""

import datetime as dt
import json
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12

from dsa.adapters import certificates
from dsa.adapters.certificates import Credential, true_time
from dsa.config import BadSettings

Issuer = Literal["people", "seal", "timestamp"]
ISSUERS: tuple[Issuer, ...] = ("people", "seal", "timestamp")
PERSON_LIFE = dt.timedelta(hours=24)
SEAL_LIFE = dt.timedelta(hours=24)
LIST_LIFE = dt.timedelta(days=30)
_ROOT_YEARS, _ISSUER_YEARS, _UNIT_YEARS = 25, 24, 20
_PASSPHRASE, _RECORD, _UNIT = "passphrase", "authority.json", "timestamp-unit"


class AuthorityUnusable(BadSettings):
    """The authority cannot be opened: the sentence says why and what to do (exit 2)."""

    def __init__(self, sentence: str) -> None:
        super().__init__([sentence])


class Authority:
    """An opened authority. Keys are decrypted when first needed; the root's key never after creation."""

    def __init__(self, keys: Path, record: Mapping[str, object], passphrase: bytes) -> None:
        self._keys, self._passphrase = keys, passphrase
        self._opened: dict[str, Credential] = {}
        self.demo = record["mode"] == "demo"
        self.root = x509.load_der_x509_certificate((keys / "root.crt").read_bytes())
        self.issuers = {each: x509.load_der_x509_certificate((keys / f"{each}.crt").read_bytes()) for each in ISSUERS}

    @classmethod
    def open(cls, data_dir: Path, *, demo: bool, passphrase: str | None = None) -> "Authority":
        """The authority of ``data_dir``, made there if there is none; ``passphrase`` stands in for the file.

        Two processes that start at once get the same authority. Raises AuthorityUnusable for a file that others may
        read, a wrong passphrase, or an authority of the other mode.
        """
        keys = data_dir / "keys"
        if not (keys / _RECORD).exists():
            _create(data_dir, demo=demo, passphrase=passphrase)
        _demand_private(keys)
        record = json.loads((keys / _RECORD).read_text("utf-8"))
        _demand_mode(record, demo=demo)
        authority = cls(keys, record, _passphrase(keys, passphrase))
        authority.credential("seal")  # a wrong passphrase is found at start, not at the first signature
        authority._publish_root(data_dir)
        return authority

    @property
    def root_pem(self) -> bytes:
        """The root certificate, as it is published in ``DSA_DATA_DIR/root.pem``."""
        return self.root.public_bytes(Encoding.PEM)

    def chain(self, issuer: Issuer) -> list[bytes]:
        """DER certificates from the issuing authority up to the root, the root last."""
        return [self.issuers[issuer].public_bytes(Encoding.DER), self.root.public_bytes(Encoding.DER)]

    def credential(self, name: str) -> Credential:
        """The key and certificate kept under ``name`` (an issuer or the time-stamp unit)."""
        if name not in self._opened:
            self._opened[name] = _load(self._keys / f"{name}.p12", self._passphrase)
        return self._opened[name]

    def time_stamp_unit(self) -> Credential:
        """The key and certificate of the embedded time-stamp service."""
        return self.credential(_UNIT)

    def issue_person(
        self, *, post: str, organisation: str, user_id: str, authentication: str, evidence_hash: str
    ) -> Credential:
        """A fresh key and certificate for one person, post and organisation, from this moment on.

        ``authentication`` is how they proved who they are (a key of ``certificates.POLICIES``); ``evidence_hash`` is
        the SHA-256 (hexadecimal) of the evidence kept with the event. Raises ValueError for an unknown authentication
        and for demo authentication under an authority that is not a demo one.
        """
        policy = certificates.POLICIES.get(authentication)
        if policy is None:
            raise ValueError(f"There is no certificate policy for the authentication {authentication!r}.")
        if authentication == "demo" and not self.demo:
            raise ValueError("Demo authentication cannot sign under a production authority.")
        key, now = _new_key(), true_time()
        name = certificates.subject(post, organisation, demo=self.demo, unique=user_id)
        certificate = certificates.signing_certificate(
            self.credential("people"),
            key.public_key(),
            name,
            policy=policy,
            now=now,
            until=now + PERSON_LIFE,
            evidence=bytes.fromhex(evidence_hash),
        )
        return Credential(key, certificate)

    def issue_seal(self, purpose: str) -> Credential:
        """A fresh, short-lived key and certificate with which the service seals once (``purpose`` names the seal)."""
        key, now = _new_key(), true_time()
        name = certificates.subject(purpose, _organisation(self.demo), demo=self.demo)
        certificate = certificates.signing_certificate(
            self.credential("seal"),
            key.public_key(),
            name,
            policy=certificates.POLICY_SEAL,
            now=now,
            until=now + SEAL_LIFE,
        )
        return Credential(key, certificate)

    def revocation_lists(self) -> list[bytes]:
        """DER lists for every issuer, as of now: those of people and seals fresh, the long ones from creation."""
        now = true_time()
        lists = [(self._keys / f"{name}.crl").read_bytes() for name in ("root", "timestamp")]
        for issuer in ("people", "seal"):
            credential, number = self.credential(issuer), int(now.timestamp())
            lists.append(certificates.revocation_list(credential, [], number=number, now=now, until=now + LIST_LIFE))
        return lists

    def _publish_root(self, data_dir: Path) -> None:
        target = data_dir / "root.pem"
        if not target.exists() or target.read_bytes() != self.root_pem:
            partial = data_dir / f"root.pem.{os.getpid()}.{secrets.token_hex(4)}"
            partial.write_bytes(self.root_pem)
            os.replace(partial, target)


def _organisation(demo: bool) -> str:
    return "EXAMPLE data-sharing agreement service" if demo else "Data-sharing agreement service"


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _create(data_dir: Path, *, demo: bool, passphrase: str | None) -> None:
    """Make all keys aside, then put them in place in one step; whoever comes second keeps what the first made."""
    keys = data_dir / "keys"
    if keys.exists() and any(keys.iterdir()):
        raise AuthorityUnusable(
            f"The directory {keys} holds files but no authority ({_RECORD} is missing). Put back the whole directory "
            "from its backup, or move it away to begin with a new authority."
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    making = data_dir / f"keys.new-{os.getpid()}-{secrets.token_hex(4)}"
    making.mkdir(mode=0o700)
    try:
        _fill(making, demo=demo, passphrase=passphrase)
        os.rename(making, keys)
    except OSError:
        if not (keys / _RECORD).exists():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    _sync_directory(data_dir)


def _fill(making: Path, *, demo: bool, passphrase: str | None) -> None:
    now = true_time()
    secret = passphrase or secrets.token_urlsafe(32)
    if passphrase is None:
        _write(making / _PASSPHRASE, secret.encode())
    until = {years: now + dt.timedelta(days=365 * years) for years in (_ROOT_YEARS, _ISSUER_YEARS, _UNIT_YEARS)}
    organisation, mark = _organisation(demo), "EXAMPLE " if demo else ""
    root_key = _new_key()
    root_name = certificates.subject(f"{mark}Agreements root {secrets.token_hex(4)}", organisation, demo=demo)
    root_certificate = certificates.root_certificate(root_key, root_name, now=now, until=until[_ROOT_YEARS])
    root = Credential(root_key, root_certificate)
    _keep(making, "root", root, secret)
    for issuer in ISSUERS:
        key = _new_key()
        name = certificates.subject(f"{mark}Agreements {issuer} authority", organisation, demo=demo)
        certificate = certificates.issuing_certificate(
            root, key.public_key(), name, now=now, until=until[_ISSUER_YEARS]
        )
        _keep(making, issuer, Credential(key, certificate), secret)
        if issuer == "timestamp":
            _fill_time_stamps(making, Credential(key, certificate), secret, demo=demo, now=now)
    # The root is kept offline in spirit: its list lives as long as it does, so that old documents stay checkable.
    _write(making / "root.crl", certificates.revocation_list(root, [], number=1, now=now, until=until[_ROOT_YEARS]))
    record = {"format": 1, "mode": "demo" if demo else "production", "created": now.isoformat()}
    _write(making / _RECORD, json.dumps(record, indent=1).encode())


def _fill_time_stamps(making: Path, issuer: Credential, secret: str, *, demo: bool, now: dt.datetime) -> None:
    key, until = _new_key(), now + dt.timedelta(days=365 * _UNIT_YEARS)
    mark = "EXAMPLE " if demo else ""
    name = certificates.subject(f"{mark}Agreements time stamps 1", _organisation(demo), demo=demo)
    certificate = certificates.time_stamp_certificate(issuer, key.public_key(), name, now=now, until=until)
    _keep(making, _UNIT, Credential(key, certificate), secret)
    # As long as the time stamps it vouches for: a shorter one would make sealed documents uncheckable.
    lasting = issuer.certificate.not_valid_after_utc
    _write(making / "timestamp.crl", certificates.revocation_list(issuer, [], number=1, now=now, until=lasting))


def _keep(making: Path, name: str, credential: Credential, secret: str) -> None:
    encryption = BestAvailableEncryption(secret.encode())
    data = pkcs12.serialize_key_and_certificates(
        name.encode(), credential.key, credential.certificate, None, encryption
    )
    _write(making / f"{name}.p12", data)
    _write(making / f"{name}.crt", credential.certificate.public_bytes(Encoding.DER))


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _load(path: Path, passphrase: bytes) -> Credential:
    try:
        key, certificate, _ = pkcs12.load_key_and_certificates(path.read_bytes(), passphrase)
    except (ValueError, OSError) as error:
        raise AuthorityUnusable(
            f"The key {path} cannot be opened. Set DSA_KEY_PASSPHRASE to the passphrase that the keys were made with, "
            "or put the whole directory back from its backup."
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate is None:
        raise AuthorityUnusable(f"The file {path} does not hold a key of this service. Put it back from its backup.")
    return Credential(key, certificate)


def _passphrase(keys: Path, given: str | None) -> bytes:
    if given:
        return given.encode()
    path = keys / _PASSPHRASE
    if not path.exists():
        raise AuthorityUnusable("The keys are encrypted and there is no passphrase file. Set DSA_KEY_PASSPHRASE.")
    return path.read_bytes().strip()


def _demand_private(keys: Path) -> None:
    for path in sorted(keys.iterdir()):
        if path.stat().st_mode & 0o077:
            raise AuthorityUnusable(
                f"Others on this machine can read or change {path}. Run: chmod 600 {path} - and find out who could "
                "have read it; if it was readable for long, begin with a new authority."
            )


def _demand_mode(record: Mapping[str, object], *, demo: bool) -> None:
    is_demo = record.get("mode") == "demo"
    if is_demo and not demo:
        raise AuthorityUnusable(
            "The signing authority in the data directory is a demonstration authority, and it can never sign real "
            "agreements. Use another DSA_DATA_DIR, or set DSA_DEMO=1 to go on with the demonstration."
        )
    if demo and not is_demo:
        raise AuthorityUnusable(
            "The signing authority in the data directory signs real agreements, so demo mode cannot use it. "
            "Use another DSA_DATA_DIR, or unset DSA_DEMO."
        )
