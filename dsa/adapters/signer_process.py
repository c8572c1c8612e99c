"""Keeping a signer process running beside a service. One rule: it ends with whoever started it, whatever ends them.

The child listens to a pipe of its parent and ends when the pipe does, so that kill -9 leaves no signer behind. Two
services that share a data directory may both start one: the second waits until the first is gone (``signer_lock``).
"""

import contextlib
import fcntl
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from dsa.config import Settings

log = logging.getLogger("dsa.signer")
_PACKAGES = Path(__file__).resolve().parents[2]
_AGAIN_SECONDS = (0.2, 1.0, 5.0)
_ENDING_SECONDS = 5.0


class SignerProcess:
    """A signer as a child of this process, started again when it ends by itself."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {
            **os.environ,
            "DSA_DATA_DIR": str(settings.data_dir.absolute()),
            "DSA_DEMO": "1" if settings.demo else "0",
            "DSA_SIGNER_SOCKET": str(settings.signer_address.absolute()),
            "PYTHONPATH": os.pathsep.join([str(_PACKAGES), *filter(None, [os.environ.get("PYTHONPATH")])]),
        }
        self._ending = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._watch = threading.Thread(target=self._keep, name="signer", daemon=True)

    @property
    def pid(self) -> int | None:
        """The number of the child, while there is one."""
        return self._child.pid if self._child is not None and self._child.poll() is None else None

    def start(self) -> "SignerProcess":
        """Start it and see to it that there is always one."""
        self._watch.start()
        return self

    def stop(self) -> None:
        """End it, and wait until it has."""
        self._ending.set()
        child = self._child
        if child is not None and child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()
        self._watch.join(2 * _ENDING_SECONDS)

    def _keep(self) -> None:
        tries = 0
        while not self._ending.is_set():
            began = time.monotonic()
            # a session of its own, so that Ctrl+C reaches it through its parent and after the last signature
            self._child = subprocess.Popen(
                [sys.executable, "-m", "dsa", "signer", "--as-child"], stdin=subprocess.PIPE, env=self._environment,
                start_new_session=True, close_fds=True,
            )  # fmt: skip
            while self._child.poll() is None and not self._ending.wait(0.2):
                pass
            if self._ending.is_set():
                break
            tries = 0 if time.monotonic() - began > 60 else tries + 1
            wait = _AGAIN_SECONDS[min(tries, len(_AGAIN_SECONDS) - 1)]
            log.warning("the signer ended with status %s; it is started again in %s s", self._child.returncode, wait)
            self._close()
            self._ending.wait(wait)
        self._close()

    def _close(self) -> None:
        child = self._child
        if child is None:
            return
        if child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()
        try:
            child.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


@contextlib.contextmanager
def signer_beside(settings: Settings) -> Iterator[SignerProcess | None]:
    """A signer for as long as the block lasts, where the settings say that the service starts its own."""
    if settings.signer != "own":
        yield None
        return
    running = SignerProcess(settings).start()
    try:
        yield running
    finally:
        running.stop()


def taken_lock(path: Path) -> int | None:
    """The descriptor of the lock that says who is the signer, or None while another one has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
