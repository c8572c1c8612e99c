"""`dsa keys`: what keys there are, and giving new ones. One rule: the root is asked for only where it is needed.

Run it as the account that keeps the keys. A signer that is running takes up a new key by itself.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from dsa.adapters import authority_making, root_key
from dsa.adapters.authority import Authority
from dsa.adapters.authority_record import ISSUERS
from dsa.adapters.key_opening import open_authority, own_log_signer
from dsa.adapters.keys import KeyRecord
from dsa.cli.opening import cannot_run, settings_as_kept, settings_from_environment
from dsa.config import BadSettings
from dsa.domain.errors import BadInput

_SHORTEST = 20  # characters of the root's passphrase: it is typed once in some years
_directory = click.Path(path_type=Path, file_okay=False)


@click.group()
def command() -> None:
    """The signing keys: what there is, rotation, the root."""


@command.command("list")
def list_keys() -> None:
    """Every key: what it is for, algorithm, created, expires, rotate by, where it is kept."""
    settings = settings_as_kept()
    try:
        found = [*open_authority(settings).inventory(), *own_log_signer(settings).inventory()]
    except BadSettings as bad:
        cannot_run(bad)
    for record in found:
        click.echo(_line(record))


def _line(record: KeyRecord) -> str:
    rotate = f", rotate by {record.rotate_by:%d %B %Y}" if record.rotate_by else ""
    expires = f", expires {record.expires:%d %B %Y}" if record.expires else ""
    return (
        f"{record.name} ({record.status}): {record.purpose}. {record.algorithm}, created {record.created:%d %B %Y}"
        f"{expires}{rotate}. Kept: {record.kept}."
    )


@command.command("fingerprint")
def fingerprint() -> None:
    """The SHA-256 of the root certificate, to be published where people can compare it. Needs no key."""
    path = settings_from_environment().data_dir / "root.pem"
    if not path.exists():
        raise BadInput("There is no authority here yet: %(path)s is made with it.", path=path)
    digest = x509.load_pem_x509_certificate(path.read_bytes()).fingerprint(hashes.SHA256()).hex()
    click.echo(" ".join(digest[start : start + 4] for start in range(0, 64, 4)).upper())


@command.command("rotate")
@click.argument("issuer", type=click.Choice(ISSUERS))
@click.option("--root-dir", type=_directory, help="Where the root's key lies (default: DSA_ROOT_DIR).")
@click.option(
    "--lost-since", help="The old key may be in other hands since then (2027-03-01 or 2027-03-01T10:00, UTC)."
)
@click.option("--passphrase-stdin", is_flag=True, help="Read the root's passphrase from standard input.")
def rotate(issuer: str, root_dir: Path | None, lost_since: str | None, passphrase_stdin: bool) -> None:
    """Make a new issuing key and destroy the old one. What was signed with the old one stays valid.

    With --lost-since the root's list of revoked certificates names the old one: what was time-stamped before that
    moment stays valid, what was signed after it does not.
    """
    since = _moment(lost_since) if lost_since else None
    authority = _authority()
    settings = settings_from_environment()
    place = root_dir or authority.root_dir
    secret = _passphrase(place, authority, passphrase_stdin) or settings.key_passphrase
    try:
        root = root_key.open_root(place, authority.root, secret)
        chosen = next(each for each in ISSUERS if each == issuer)
        record = authority_making.rotate(authority.keys, authority.store, root, chosen, lost_since=since)
    except BadSettings as bad:
        cannot_run(bad)
    click.echo(f"The new key is {record.current[issuer]}. The old one is destroyed; its certificate is kept.")
    if since is not None:
        click.echo(f"The old one is revoked from {since:%d %B %Y %H:%M} UTC on. docs/keys.md says what to do next.")


@command.command("take-root-away")
@click.option("--to", "to", type=_directory, required=True, help="Where to put it: a directory on another medium.")
@click.option("--passphrase-stdin", is_flag=True, help="Read the new passphrase from standard input.")
def take_root_away(to: Path, passphrase_stdin: bool) -> None:
    """Copy the root's key to another medium under a new passphrase, try it there, then remove it here."""
    settings, authority = settings_from_environment(), _authority()
    if passphrase_stdin:
        new = sys.stdin.readline().rstrip("\r\n")
    else:
        new = click.prompt("New passphrase of the root", hide_input=True, confirmation_prompt=True)
    if len(new) < _SHORTEST:
        raise BadInput("The root's passphrase needs at least %(count)s characters.", count=_SHORTEST)
    try:
        target = root_key.take_away(authority.root_dir, to, authority.root, settings.key_passphrase, new)
    except FileExistsError as error:
        raise BadInput("Something lies there already: %(path)s", path=error.filename) from error
    except BadSettings as bad:
        cannot_run(bad)
    click.echo(
        f"The root's key is {target} and no longer on this machine. Make a second copy, and keep both locked away."
    )


def _authority() -> Authority:
    try:
        return open_authority(settings_from_environment())
    except BadSettings as bad:
        cannot_run(bad)


def _passphrase(place: Path, authority: Authority, from_standard_input: bool) -> str | None:
    if from_standard_input:
        return sys.stdin.readline().rstrip("\r\n")
    if (place / f"{root_key.root_name(authority.root)}.passphrase").exists() or not sys.stdin.isatty():
        return None
    return str(click.prompt("Passphrase of the root", hide_input=True))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadInput("“%(text)s” is not a moment such as 2027-03-01T10:00.", text=text[:40]) from error
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if found > datetime.now(UTC):
        raise BadInput("“%(text)s” lies ahead: a key is lost since a moment that has passed.", text=text[:40])
    return found
