"""The signer process: the only one that opens a private key. One rule: a key minted for a signature never leaves.

It answers on a Unix domain socket to the accounts that may ask, mints a key and certificate, signs once with it and
forgets it. A key that was minted and not used is forgotten when its connection ends.
"""

import contextlib
import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from dsa.adapters import signer_wire as wire
from dsa.adapters.authority import Authority
from dsa.adapters.authority_record import NAME
from dsa.adapters.checkpoints import LogSigner
from dsa.adapters.keys import HeldKey, KeyRefused
from dsa.adapters.timestamps import EmbeddedTimeStamper
from dsa.config import BadSettings

log = logging.getLogger("dsa.signer")
_IDLE_SECONDS = 600.0  # between a key and its signature a document is prepared, which a busy machine makes slow
_BREATH_SECONDS = 0.1  # before the next try, where no connection could be taken
_LONGEST = 16 * 1024  # what is signed are the signed attributes of a signature: some hundred bytes
Open = Callable[[], Authority]


class SignerService:
    """Answers on ``path``. ``open_authority`` is called anew when the authority's record has changed.

    ``checkpoints`` holds the key of the audit log; ``accounts`` are those that may ask.
    """

    def __init__(self, path: Path, open_authority: Open, *, checkpoints: LogSigner, accounts: frozenset[int]) -> None:
        self._path, self._open, self._accounts = path, open_authority, accounts
        self._checkpoints = checkpoints
        self._authority = open_authority()
        self._seen = self._state()
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._ending = threading.Event()

    def serve(self) -> None:
        """Answer until ``stop``. Others than the owner may connect only where another account may ask."""
        own = self._accounts == {os.getuid()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
            before = os.umask(0o177 if own else 0o111)
            try:
                with wire.short_address(self._path) as address:
                    listening.bind(address)
            finally:
                os.umask(before)
            self._socket = listening
            listening.listen(64)
            log.info("the signer answers on %s", self._path)
            while not self._ending.is_set():
                self._accept(listening)
        self._path.unlink(missing_ok=True)

    def _accept(self, listening: socket.socket) -> None:
        """Attend to the next one who asks. Too many at once must not end the signer for everybody."""
        try:
            connection, _ = listening.accept()
        except OSError as error:
            if not self._ending.wait(_BREATH_SECONDS):  # else it was closed by stop
                log.warning("nobody could be let in for a moment: %s", error)
            return
        threading.Thread(target=self._attend, args=(connection,), daemon=True).start()

    def stop(self) -> None:
        """End ``serve``."""
        self._ending.set()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    def _state(self) -> tuple[int, int]:
        found = (self._authority.keys / NAME).stat()
        return found.st_mtime_ns, found.st_ino

    def _current(self) -> Authority:
        with self._lock:
            if self._state() != self._seen:
                self._authority = self._open()
                self._seen = self._state()
            return self._authority

    def _doubt(self) -> None:
        """Open the authority anew at the next request: its keys could not be used a moment ago."""
        self._seen = (0, 0)

    def _attend(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(_IDLE_SECONDS)
            if wire.peer_account(connection) not in self._accounts:
                log.warning("account %s asked the signer and was refused", wire.peer_account(connection))
                wire.send(connection, {"refused": "This account may not ask the signer."})
                return
            conversation = _Conversation(self._current, self._doubt, self._checkpoints)
            try:
                while (message := wire.receive(connection)) is not None:
                    wire.send(connection, conversation.answer(message))
            except wire.WireProblem as problem:
                wire.send(connection, {"refused": str(problem)})


class _Conversation:
    """One connection: the keys minted in it, each good for one signature, live as long as it does."""

    def __init__(self, authority: Callable[[], Authority], doubt: Callable[[], None], checkpoints: LogSigner) -> None:
        self._authority, self._doubt, self._checkpoints = authority, doubt, checkpoints
        self._keys: dict[str, HeldKey] = {}

    def answer(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request; a refusal is a sentence."""
        asked: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "certificates": self._certificates,
            "person": self._person,
            "seal": self._seal,
            "sign": self._sign,
            "time_stamp": self._time_stamp,
            "revocation_lists": self._lists,
            "inventory": self._inventory,
            "checkpoint_key": self._checkpoint_key,
            "checkpoint": self._checkpoint,
        }
        step = asked.get(str(message.get("ask")))
        if step is None:
            return {"refused": "The signer does not know this request. Is it of an older release? Start it again."}
        try:
            return step(message)
        except (KeyRefused, ValueError, TypeError) as error:
            return {"refused": str(error)}
        except BadSettings as error:
            log.error("the keys cannot be used: %s", error)
            self._doubt()
            return {"unavailable": str(error)}
        except Exception as error:  # a fault here must not end the signer for everybody
            log.exception("a request failed")
            return {"unavailable": f"The signer met a fault ({type(error).__name__}). Its log says more."}

    def _certificates(self, _message: Mapping[str, Any]) -> dict[str, Any]:
        authority = self._authority()
        known = [wire.packed(each) for each in authority.certificates()]
        return {"certificates": known, "demo": authority.demo, "root": authority.root_pem.decode()}

    def _person(self, message: Mapping[str, Any]) -> dict[str, Any]:
        names = ("post", "organisation", "user_id", "authentication", "evidence_hash")
        asked = {name: str(message.get(name, "")) for name in names}
        key = self._authority().person_key(**asked)
        log.info("a key for one signature: %(user_id)s, %(post)s, %(organisation)s, evidence %(evidence_hash)s", asked)
        return self._minted(key)

    def _seal(self, message: Mapping[str, Any]) -> dict[str, Any]:
        log.info("a key for one seal")
        return self._minted(self._authority().seal_key(str(message.get("purpose", ""))))

    def _minted(self, key: HeldKey) -> dict[str, Any]:
        handle = secrets.token_hex(16)
        self._keys[handle] = key
        chain = [wire.packed(each) for each in key.chain]
        return {"key": handle, "certificate": wire.packed(key.certificate), "chain": chain}

    def _sign(self, message: Mapping[str, Any]) -> dict[str, Any]:
        key = self._keys.pop(str(message.get("key")), None)
        data = wire.unpacked(message.get("data"))
        if key is None:
            raise KeyRefused("This key is not known here: it has signed already, or its connection was lost.")
        if not 0 < len(data) <= _LONGEST:
            raise KeyRefused("What is to be signed is empty or too long.")
        return {"signature": wire.packed(key.sign(data))}

    def _time_stamp(self, message: Mapping[str, Any]) -> dict[str, Any]:
        stamper = EmbeddedTimeStamper(self._authority())
        return {"answer": wire.packed(stamper.answer(wire.unpacked(message.get("request"))))}

    def _lists(self, _message: Mapping[str, Any]) -> dict[str, Any]:
        return {"lists": [wire.packed(each) for each in self._authority().revocation_lists()]}

    def _inventory(self, _message: Mapping[str, Any]) -> dict[str, Any]:
        found = [*self._authority().inventory(), *self._checkpoints.inventory()]
        return {"keys": [each.as_json() for each in found]}

    def _checkpoint_key(self, _message: Mapping[str, Any]) -> dict[str, Any]:
        return {"key": self._checkpoints.key}

    def _checkpoint(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The note of a size and a root; whose log it is of and the moment are said here, not by who asks."""
        size, root, key = message.get("size"), wire.unpacked(message.get("root")), str(message.get("key", ""))
        if not isinstance(size, int) or isinstance(size, bool) or not 0 < size < 10**15 or len(root) != 32:
            raise KeyRefused("A checkpoint needs the number of leaves and the 32 bytes of their root.")
        if not self._checkpoints.holds(key):
            raise KeyRefused(
                f"The signer does not hold the audit log's key {key.partition('+')[0]}. Move the directory "
                "checkpoint-key to the signer's data directory (docs/keys.md)."
            )
        note = self._checkpoints.sign(size, root)
        if note is None:
            return {"unavailable": "The signer was not given the passphrase of the audit log's key."}
        log.info("a checkpoint of %s leaves", size)
        return {"note": note}
