"""`dsa signer`: the process that keeps the private keys. One rule: it does one thing, and ends when it is told to."""

import logging
import os
import pwd
import select
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dsa.adapters.signer_wire import lock_of
from dsa.cli.opening import cannot_run, settings_from_environment
from dsa.config import BadSettings, Settings

if TYPE_CHECKING:
    from dsa.adapters.signer_service import SignerService

_LOOK_SECONDS = 0.2
_LOOKS = 5


@click.command()
@click.option("--as-child", is_flag=True, hidden=True, help="End when standard input does; wait for another signer.")
def command(as_child: bool) -> None:
    """Keep the private keys and sign for the service. `dsa serve` and `dsa worker` start it where DSA_SIGNER=own."""
    level = logging.WARNING if as_child else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s")
    settings = settings_from_environment()
    address = settings.signer_address
    _demand_lock(lock_of(address), as_child)  # first of all: who asks waits for a signer that holds it
    from dsa.adapters.key_opening import open_authority, own_log_signer
    from dsa.adapters.signer_service import SignerService

    try:
        service = SignerService(
            address, lambda: open_authority(settings),
            checkpoints=own_log_signer(settings), accounts=_accounts(settings),
        )  # fmt: skip
    except BadSettings as bad:
        cannot_run(bad)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: service.stop())
    if as_child:
        threading.Thread(target=_end_with_parent, args=(service,), daemon=True).start()
    else:
        click.echo(f"The signer answers on {address}. Stop it with Ctrl+C.", err=True)
    service.serve()


def _demand_lock(path: Path, as_child: bool) -> None:
    from dsa.adapters.signer_process import taken_lock

    tries = 0
    while taken_lock(path) is None:  # held until this process ends
        tries += 1
        if as_child:
            if _parent_is_gone(_LOOK_SECONDS):
                sys.exit(0)
        elif tries < _LOOKS:  # somebody who looks whether there is a signer holds it for a moment
            time.sleep(_LOOK_SECONDS)
        else:
            cannot_run(BadSettings([f"Another signer is running (it holds {path}). Stop it first."]))


def _parent_is_gone(seconds: float) -> bool:
    """Whether standard input has ended within so many seconds."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return bool(ready) and not os.read(sys.stdin.fileno(), 1)


def _end_with_parent(service: "SignerService") -> None:
    while not _parent_is_gone(60.0):
        pass
    service.stop()


def _accounts(settings: Settings) -> frozenset[int]:
    """The accounts that may ask: this one, or this one and the service's."""
    named = settings.signer_client
    if not named:
        return frozenset({os.getuid()})
    try:
        return frozenset({os.getuid(), int(named) if named.isdecimal() else pwd.getpwnam(named).pw_uid})
    except KeyError:
        cannot_run(BadSettings([f"DSA_SIGNER_CLIENT: there is no account {named!r} on this machine."]))
