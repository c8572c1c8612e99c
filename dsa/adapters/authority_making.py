"""Making an authority and giving it new issuers. One rule: what is half made is never seen; the record comes last."""

import datetime as dt
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from dsa.adapters import certificates, root_key
from dsa.adapters.authority_record import ISSUERS, NAME, UNIT, Issuer, Record, new_record, read_record
from dsa.adapters.certificates import Credential, true_time
from dsa.adapters.key_store import (
    AuthorityUnusable,
    FileKeys,
    KeyStore,
    replace_private,
    sealed_key,
    sync_directory,
    write_private,
)

ROOT_YEARS, ISSUER_YEARS, UNIT_YEARS = 25, 24, 20
PASSPHRASE = "passphrase"  # noqa: S105 - the name of a file
_TITLES = {"people": "people authority", "seal": "seal authority", "timestamp": "timestamp authority"}
MakeStore = Callable[[Path, bytes], KeyStore]


def organisation(demo: bool) -> str:
    """The organisation in every certificate of the service's own."""
    return "EXAMPLE data-sharing agreement service" if demo else "Data-sharing agreement service"


def create(data_dir: Path, *, demo: bool, passphrase: str | None, store: MakeStore = FileKeys) -> None:
    """Make all keys aside, then put them in place in one step; whoever comes second keeps what the first made.

    Raises AuthorityUnusable where the directory of keys holds other files.
    """
    keys = data_dir / "keys"
    if keys.exists() and any(keys.iterdir()):
        raise AuthorityUnusable(
            f"The directory {keys} holds files but no authority ({NAME} is missing). Put back the whole directory "
            "from its backup, or move it away to begin with a new authority."
        )
    data_dir.mkdir(parents=True, exist_ok=True)
    making = data_dir / f"keys.new-{os.getpid()}-{secrets.token_hex(4)}"
    making.mkdir(mode=0o700)
    try:
        _fill(making, demo=demo, passphrase=passphrase, store=store)
        os.rename(making, keys)
    except OSError:
        if not (keys / NAME).exists():
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    sync_directory(data_dir)


def _fill(making: Path, *, demo: bool, passphrase: str | None, store: MakeStore) -> None:
    now = true_time()
    secret, root_secret = passphrase or secrets.token_urlsafe(32), passphrase or secrets.token_urlsafe(32)
    if passphrase is None:
        write_private(making / PASSPHRASE, secret.encode())
        write_private(making / root_key.PASSPHRASE, root_secret.encode())
    key, until = ec.generate_private_key(ec.SECP256R1()), now + dt.timedelta(days=365 * ROOT_YEARS)
    mark = "EXAMPLE " if demo else ""
    name = certificates.subject(f"{mark}Agreements root {secrets.token_hex(4)}", organisation(demo), demo=demo)
    root = Credential(key, certificates.root_certificate(key, name, now=now, until=until))
    write_private(making / root_key.KEY, sealed_key("root", key, root_secret.encode()))
    write_private(making / "root.crt", root.certificate.public_bytes(Encoding.DER))
    kept = store(making, secret.encode())
    for issuer in ISSUERS:
        _issuer(making, kept, root, issuer, issuer, demo=demo, now=now)
    # The root is kept offline: its list lives as long as it does, so that old documents stay checkable.
    write_private(making / "root.crl", certificates.revocation_list(root, [], number=1, now=now, until=until))
    new_record(demo=demo, kept=kept.kind, at=now).write(making)


def _issuer(
    keys: Path, store: KeyStore, root: Credential, issuer: Issuer, name: str, *, demo: bool, now: dt.datetime
) -> None:
    """A new issuing authority under the root, and for time stamps their unit with its lasting revocation list."""
    title = f"{'EXAMPLE ' if demo else ''}Agreements {_TITLES[issuer]}{name.removeprefix(issuer).replace('-', ' ')}"
    key, until = store.make(name), now + dt.timedelta(days=365 * ISSUER_YEARS)
    until = min(until, root.certificate.not_valid_after_utc)
    subject = certificates.subject(title, organisation(demo), demo=demo)
    certificate = certificates.issuing_certificate(root, key.public_key(), subject, now=now, until=until)
    replace_private(keys / f"{name}.crt", certificate.public_bytes(Encoding.DER))
    if issuer == "timestamp":
        _unit(keys, store, Credential(key, certificate), name.replace("timestamp", UNIT), demo=demo, now=now)
        # As long as the time stamps it vouches for: a shorter one would make sealed documents uncheckable.
        lasting = certificates.revocation_list(Credential(key, certificate), [], number=1, now=now, until=until)
        replace_private(keys / f"{name}.crl", lasting)


def _unit(keys: Path, store: KeyStore, issuer: Credential, name: str, *, demo: bool, now: dt.datetime) -> None:
    number = name.removeprefix(f"{UNIT}-") if name != UNIT else "1"
    title = f"{'EXAMPLE ' if demo else ''}Agreements local time stamps {number}"
    key = store.make(name)
    until = min(now + dt.timedelta(days=365 * UNIT_YEARS), issuer.certificate.not_valid_after_utc)
    subject = certificates.subject(title, organisation(demo), demo=demo)
    certificate = certificates.time_stamp_certificate(issuer, key.public_key(), subject, now=now, until=until)
    replace_private(keys / f"{name}.crt", certificate.public_bytes(Encoding.DER))


def rotate(
    keys: Path, store: KeyStore, root: Credential, issuer: Issuer, *, lost_since: dt.datetime | None = None
) -> Record:
    """Give the authority a new key for ``issuer``; the old one is destroyed and its certificate kept.

    ``lost_since`` (UTC): the old key may be in other hands since then, so the root's list revokes it from that moment;
    what was time-stamped before stays valid. Returns the new record.
    """
    record, now = read_record(keys), true_time()
    old = record.current[issuer]
    old_certificate = x509.load_der_x509_certificate((keys / f"{old}.crt").read_bytes())
    if issuer != "timestamp" and lost_since is None:
        lasting = old_certificate.not_valid_after_utc
        last = certificates.revocation_list(
            Credential(store.load(old), old_certificate), [], number=int(now.timestamp()), now=now, until=lasting
        )
        replace_private(keys / f"{old}.crl", last)
    name = record.next_name(issuer)
    _issuer(keys, store, root, issuer, name, demo=record.demo, now=now)
    if lost_since is not None:
        _revoke(keys, root, old_certificate, lost_since, now)
    names: dict[str, str] = {issuer: name}
    if issuer == "timestamp":
        names[UNIT] = name.replace("timestamp", UNIT)
    renewed = record.with_generation(names, at=now)
    renewed.write(keys)
    for each in names:
        store.destroy(record.current[each])
    return renewed


def _revoke(keys: Path, root: Credential, certificate: x509.Certificate, since: dt.datetime, now: dt.datetime) -> None:
    before = x509.load_der_x509_crl((keys / "root.crl").read_bytes())
    revoked = [(entry.serial_number, entry.revocation_date_utc) for entry in before]
    revoked.append((certificate.serial_number, since))
    number = before.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number + 1
    until = root.certificate.not_valid_after_utc
    replace_private(keys / "root.crl", certificates.revocation_list(root, revoked, number=number, now=now, until=until))
