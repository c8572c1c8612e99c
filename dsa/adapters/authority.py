"""The embedded certificate authority. One rule: a demo authority can never become a production one.

Two levels: a root, and under it one issuing authority each for people, seals and time stamps. Made once, on first
start; the working keys in ``DSA_DATA_DIR/keys`` (encrypted files, or a hardware module), the root's key apart in
``DSA_ROOT_DIR``. The mode stands in every name and in the record, and opening with the other mode is refused.
"""

import datetime as dt
import os
import secrets
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dsa.adapters import authority_making, certificates, key_inventory, root_key
from dsa.adapters.authority_making import MakeStore, organisation
from dsa.adapters.authority_record import ISSUERS, NAME, UNIT, Issuer, Record, read_record
from dsa.adapters.certificates import Credential, true_time
from dsa.adapters.key_store import AuthorityUnusable, FileKeys, KeyStore, demand_private
from dsa.adapters.keys import HeldKey, KeyRecord

__all__ = ["Authority", "AuthorityUnusable", "Issuer"]

PERSON_LIFE = dt.timedelta(hours=24)
SEAL_LIFE = dt.timedelta(hours=24)
LIST_LIFE = dt.timedelta(days=30)


class Authority:
    """An opened authority. Keys are loaded when first needed; the root's key never, except to make or rotate."""

    def __init__(self, keys: Path, root_dir: Path, record: Record, store: KeyStore) -> None:
        self.keys, self.root_dir, self.record, self.store = keys, root_dir, record, store
        self._opened: dict[str, Credential] = {}
        self.demo = record.demo
        self.root = self._certificate("root")
        self.issuers = {each: self._certificate(record.current[each]) for each in ISSUERS}

    @classmethod
    def open(
        cls,
        data_dir: Path,
        *,
        demo: bool,
        passphrase: str | None = None,
        root_dir: Path | None = None,
        store: MakeStore = FileKeys,
    ) -> "Authority":
        """The authority of ``data_dir``, made there if there is none; ``passphrase`` stands in for the file.

        Two processes that start at once get the same authority. Raises AuthorityUnusable for a file that others may
        read, a wrong passphrase, keys that are kept elsewhere than the settings say, or an authority of the other mode.
        """
        keys, apart = data_dir / "keys", root_dir or data_dir / "root-offline"
        if not (keys / NAME).exists():
            authority_making.create(data_dir, demo=demo, passphrase=passphrase, store=store)
        demand_private(keys)
        record = read_record(keys)
        _demand_mode(record, demo=demo)
        kept = store(keys, _passphrase(keys, passphrase))
        _demand_kept(record, kept)
        authority = cls(keys, apart, record, kept)
        root_key.set_apart(keys, apart, authority.root)
        authority.credential("seal")  # a wrong passphrase is found at start, not at the first signature
        authority._publish_root(data_dir)
        return authority

    @property
    def root_pem(self) -> bytes:
        """The root certificate, as it is published in ``DSA_DATA_DIR/root.pem``."""
        return self.root.public_bytes(Encoding.PEM)

    def _certificate(self, name: str) -> x509.Certificate:
        try:
            return x509.load_der_x509_certificate((self.keys / f"{name}.crt").read_bytes())
        except (OSError, ValueError) as error:
            raise AuthorityUnusable(
                f"The certificate {self.keys / name}.crt cannot be read. Put the whole directory back from its backup."
            ) from error

    def chain(self, issuer: Issuer) -> list[bytes]:
        """DER certificates from the issuing authority up to the root, the root last."""
        return [self.issuers[issuer].public_bytes(Encoding.DER), self.root.public_bytes(Encoding.DER)]

    def credential(self, name: str) -> Credential:
        """The key and certificate of an issuer or of the time-stamp unit, in its present generation."""
        current = self.record.current[name]
        if current not in self._opened:
            found = Credential(self.store.load(current), self._certificate(current))
            if found.key.public_key() != found.certificate.public_key():
                raise AuthorityUnusable(
                    f"The key {current} does not fit its certificate. Put the whole directory back from its backup."
                )
            self._opened[current] = found
        return self._opened[current]

    def time_stamp_unit(self) -> Credential:
        """The key and certificate of the embedded time-stamp service."""
        return self.credential(UNIT)

    def certificates(self) -> list[bytes]:
        """See ``KeyService.certificates``: present and retired ones, as documents in the making may rest on both."""
        names = [*self.record.current.values(), *(each.name for each in self.record.retired), "root"]
        return [self._certificate(name).public_bytes(Encoding.DER) for name in names]

    def person_key(
        self, *, post: str, organisation: str, user_id: str, authentication: str, evidence_hash: str
    ) -> HeldKey:
        """See ``KeyService.person_key``."""
        credential = self.issue_person(
            post=post,
            organisation=organisation,
            user_id=user_id,
            authentication=authentication,
            evidence_hash=evidence_hash,
        )
        return HeldKey(credential, self.chain("people"))

    def seal_key(self, purpose: str) -> HeldKey:
        """See ``KeyService.seal_key``."""
        return HeldKey(self.issue_seal(purpose), self.chain("seal"))

    def inventory(self) -> list[KeyRecord]:
        """See ``KeyService.inventory``."""
        return key_inventory.records(self.record, self.store, self._certificate, self.root_dir)

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
        key, now = ec.generate_private_key(ec.SECP256R1()), true_time()
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
        key, now = ec.generate_private_key(ec.SECP256R1()), true_time()
        name = certificates.subject(purpose, organisation(self.demo), demo=self.demo)
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
        """DER lists for every issuer: those of people and seals as of now, the lasting ones as they were made."""
        now = true_time()
        lasting = ["root", self.record.current["timestamp"], *(each.name for each in self.record.retired)]
        lists = [path.read_bytes() for path in (self.keys / f"{name}.crl" for name in lasting) if path.exists()]
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


def _passphrase(keys: Path, given: str | None) -> bytes:
    if given:
        return given.encode()
    path = keys / authority_making.PASSPHRASE
    if not path.exists():
        raise AuthorityUnusable("The keys are encrypted and there is no passphrase file. Set DSA_KEY_PASSPHRASE.")
    return path.read_bytes().strip()


def _demand_kept(record: Record, store: KeyStore) -> None:
    if record.kept == store.kind:
        return
    if record.kept == "files":
        raise AuthorityUnusable(
            "The authority's keys are files and cannot be moved into a hardware module. Unset DSA_PKCS11_MODULE, or "
            "begin with a new authority in another DSA_DATA_DIR (docs/keys.md says how the old one stays trusted)."
        )
    raise AuthorityUnusable(
        "The authority's keys are in a hardware module. Set DSA_PKCS11_MODULE, DSA_PKCS11_TOKEN and the PIN again."
    )


def _demand_mode(record: Record, *, demo: bool) -> None:
    if record.demo and not demo:
        raise AuthorityUnusable(
            "The signing authority in the data directory is a demonstration authority, and it can never sign real "
            "agreements. Use another DSA_DATA_DIR, or set DSA_DEMO=1 to go on with the demonstration."
        )
    if demo and not record.demo:
        raise AuthorityUnusable(
            "The signing authority in the data directory signs real agreements, so demo mode cannot use it. "
            "Use another DSA_DATA_DIR, or unset DSA_DEMO."
        )
