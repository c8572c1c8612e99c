"""Which keys these settings mean. One rule: a service asks the signer process; only the signer opens the authority."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from asn1crypto import pem

from dsa.config import BadSettings, Settings

if TYPE_CHECKING:
    from dsa.adapters.authority import Authority
    from dsa.adapters.checkpoint_asking import AskedLogSigner
    from dsa.adapters.checkpoints import LogSigner
    from dsa.adapters.key_store import KeyStore
    from dsa.adapters.keys import KeyService
    from dsa.adapters.stamp_trust import StampTrust
    from dsa.adapters.timestamps import TimeStamper

STAMP_ROOTS = "stamp-roots.pem"


def open_authority(settings: Settings) -> "Authority":
    """The authority of this installation, made where there is none. Raises AuthorityUnusable."""
    from dsa.adapters.authority import Authority

    opened = partial(
        Authority.open,
        settings.data_dir,
        demo=settings.demo,
        passphrase=settings.key_passphrase,
        root_dir=settings.root_dir,
    )
    if settings.pkcs11_module is None:
        return opened()
    return opened(store=partial(_token, settings))


def _token(settings: Settings, _directory: Path, _passphrase: bytes) -> "KeyStore":
    from dsa.adapters.token import TokenKeys

    return TokenKeys(settings.pkcs11_module or Path(), settings.pkcs11_token, settings.pkcs11_pin or "")


def open_keys(settings: Settings) -> tuple["KeyService", "TimeStamper"]:
    """Whoever keeps the keys, and the embedded time-stamp service.

    Raises SignerUnavailable where the signer process does not answer or is another installation's.
    """
    if settings.signer == "inside":
        from dsa.adapters.timestamps import EmbeddedTimeStamper

        authority = open_authority(settings)
        return authority, EmbeddedTimeStamper(authority)
    from dsa.adapters.signer_client import SignerClient, SignerTimeStamper

    client = SignerClient(settings.signer_address)
    _demand_own(settings, *client.authority())
    return client, SignerTimeStamper(client)


def own_log_signer(settings: Settings) -> "LogSigner":
    """The key of the audit log in this process: for the signer, and for commands that end by themselves."""
    from dsa.adapters.checkpoints import LogSigner

    return LogSigner(settings.data_dir, demo=settings.demo, passphrase=settings.key_passphrase)


def open_log_signer(settings: Settings) -> "LogSigner | AskedLogSigner":
    """Whoever signs the checkpoints of the audit log, by the same rule as ``open_keys``. Asks and opens nothing yet."""
    if settings.signer == "inside":
        return own_log_signer(settings)
    from dsa.adapters.checkpoint_asking import AskedLogSigner

    return AskedLogSigner(settings)


def open_stampers(settings: Settings, embedded: "TimeStamper") -> tuple[list["TimeStamper"], "StampTrust | None"]:
    """The time-stamp authorities in their order, and what proves those elsewhere. Raises BadSettings."""
    from dsa.adapters.stamp_trust import read_trust
    from dsa.adapters.timestamps import HttpTimeStamper

    if settings.tsa_trust is None:
        return [embedded], None
    try:
        trust = read_trust(settings.tsa_trust)
    except ValueError as error:
        raise BadSettings([f"DSA_TSA_TRUST: {error}."]) from error
    _publish(settings.data_dir / STAMP_ROOTS, trust)
    ordered = [embedded if each == "embedded" else HttpTimeStamper(each, trust) for each in settings.tsa_urls]
    return ordered, trust


def _publish(path: Path, trust: "StampTrust") -> None:
    """The roots that are trusted for time stamps, beside ``root.pem``, for who checks a document here."""
    data = b"".join(pem.armor("CERTIFICATE", each.dump()) for each in trust.roots)
    if not path.exists() or path.read_bytes() != data:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _demand_own(settings: Settings, root: bytes, demo: bool) -> None:
    """The signer's authority must be the one that this installation publishes; the first one seen is published."""
    from dsa.adapters.keys import SignerUnavailable

    if demo != settings.demo:
        kind = "examples only" if demo else "real agreements"
        raise SignerUnavailable(f"The signer signs {kind}, and this service does not. Check DSA_DEMO for both.")
    published = settings.data_dir / "root.pem"
    if not published.exists():
        published.write_bytes(root)
    elif published.read_bytes().strip() != root.strip():
        raise SignerUnavailable(
            f"The signer holds another authority than the one published in {published}. Check DSA_SIGNER_SOCKET."
        )
