"""Asking the signer process. One rule: this side never sees a private key, and a signer that is down is a sentence."""

import contextlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dsa.adapters import signer_wire as wire
from dsa.adapters.keys import KeyRecord, KeyRefused, Signer, SignerUnavailable

_ANSWER_SECONDS = 300.0  # a signer that lives is waited for: a busy machine or disk makes it slow, not absent
_STARTING_SECONDS = 10.0  # how long one that is not there at all is waited for
_HEALTH_SECONDS = 1.0


class SignerClient:
    """The keys of the signer that answers on ``path`` (see ``keys.KeyService``).

    One that lives is waited for ``answer_seconds``; one that is not there, ``starting_seconds``.
    """

    def __init__(
        self, path: Path, *, starting_seconds: float = _STARTING_SECONDS, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self._path, self._starting, self._answer = path, starting_seconds, answer_seconds

    def person_key(
        self, *, post: str, organisation: str, user_id: str, authentication: str, evidence_hash: str
    ) -> Signer:
        """See ``KeyService.person_key``."""
        return self._mint(
            {
                "ask": "person", "post": post, "organisation": organisation, "user_id": user_id,
                "authentication": authentication, "evidence_hash": evidence_hash,
            }
        )  # fmt: skip

    def seal_key(self, purpose: str) -> Signer:
        """See ``KeyService.seal_key``."""
        return self._mint({"ask": "seal", "purpose": purpose})

    def certificates(self) -> list[bytes]:
        """See ``KeyService.certificates``."""
        return [wire.unpacked(each) for each in self._ask({"ask": "certificates"})["certificates"]]

    def authority(self) -> tuple[bytes, bool]:
        """The root certificate (PEM), and whether the authority signs examples only."""
        answer = self._ask({"ask": "certificates"})
        return str(answer["root"]).encode("ascii"), bool(answer["demo"])

    def revocation_lists(self) -> list[bytes]:
        """See ``KeyService.revocation_lists``."""
        return [wire.unpacked(each) for each in self._ask({"ask": "revocation_lists"})["lists"]]

    def inventory(self) -> list[KeyRecord]:
        """See ``KeyService.inventory``."""
        return [KeyRecord.from_json(row) for row in self._ask({"ask": "inventory"})["keys"]]

    def time_stamp(self, request: bytes) -> bytes:
        """The DER answer of the embedded time-stamp service to a DER request."""
        return wire.unpacked(self._ask({"ask": "time_stamp", "request": wire.packed(request)})["answer"])

    def log_key(self) -> str:
        """The public key of the audit log as one line; made by the signer where it has none."""
        return str(self._ask({"ask": "checkpoint_key"})["key"])

    def checkpoint(self, size: int, root: bytes, key: str) -> str:
        """The signed note of a log of ``size`` leaves with this root. Raises KeyRefused where the key is another."""
        return str(self._ask({"ask": "checkpoint", "size": size, "root": wire.packed(root), "key": key})["note"])

    def answers(self) -> bool:
        """Whether the signer answers at this moment; a second is enough."""
        try:
            with self._connected(waits=False) as connection:
                return "certificates" in _asked(connection, {"ask": "certificates"})
        except (OSError, KeyRefused):
            return False

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        with self._connected() as connection:
            return _asked(connection, message)

    def _mint(self, message: dict[str, Any]) -> "_RemoteKey":
        connection = self._connect()
        try:
            return _RemoteKey(connection, _asked(connection, message))
        except BaseException:
            connection.close()
            raise

    @contextlib.contextmanager
    def _connected(self, *, waits: bool = True) -> Iterator[socket.socket]:
        connection = self._connect(waits=waits)
        with connection:
            yield connection

    def _connect(self, *, waits: bool = True) -> socket.socket:
        """A connection to the signer, and to no other account's. Waits for one that is being started."""
        began = time.monotonic()
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(self._answer if waits else _HEALTH_SECONDS)
            try:
                with wire.short_address(self._path) as address:
                    connection.connect(address)
                self._demand_owner(connection)
                return connection
            except OSError as error:
                connection.close()
                waited = time.monotonic() - began
                if isinstance(error, SignerUnavailable) or not (waits and self._may_come(waited)):
                    raise SignerUnavailable("The signer does not answer.") from error
                time.sleep(0.1)

    def _may_come(self, waited: float) -> bool:
        """Whether it is worth waiting on: one that lives may still be writing its first keys to a busy disk."""
        return waited < self._starting or (waited < self._answer and wire.is_held(wire.lock_of(self._path)))

    def _demand_owner(self, connection: socket.socket) -> None:
        """The one that answers is the owner of the socket's place, so nobody else can stand in for the signer."""
        if wire.peer_account(connection) not in {os.getuid(), 0, self._path.parent.stat().st_uid}:
            raise SignerUnavailable("Another account than the signer's answers in its place.")


class _RemoteKey:
    """A key in the signer, good for one signature on the connection on which it was minted."""

    def __init__(self, connection: socket.socket, answer: dict[str, Any]) -> None:
        self._connection, self._key = connection, str(answer["key"])
        self.certificate = wire.unpacked(answer["certificate"])
        self.chain = tuple(wire.unpacked(each) for each in answer["chain"])

    def sign(self, data: bytes) -> bytes:
        """See ``Signer.sign``."""
        with self._connection:
            answer = _asked(self._connection, {"ask": "sign", "key": self._key, "data": wire.packed(data)})
        return wire.unpacked(answer["signature"])

    def __del__(self) -> None:
        self._connection.close()  # a key that was not used is forgotten by the signer


def _asked(connection: socket.socket, message: dict[str, Any]) -> dict[str, Any]:
    try:
        with contextlib.suppress(BrokenPipeError):  # one that refuses may have hung up: what it said can still be read
            wire.send(connection, message)
        answer = wire.receive(connection)
    except (OSError, wire.WireProblem) as error:
        raise SignerUnavailable(f"The signer did not answer as expected: {error}") from error
    if answer is None:
        raise SignerUnavailable("The signer ended in the middle of an answer.")
    if "unavailable" in answer:
        raise SignerUnavailable(str(answer["unavailable"]))
    if "refused" in answer:
        raise KeyRefused(str(answer["refused"]))
    return answer


class SignerTimeStamper:
    """The embedded time-stamp service, asked through the signer that holds its key."""

    name = "embedded (local) time-stamp service"

    def __init__(self, client: SignerClient) -> None:
        self._client = client

    def answer(self, request: bytes) -> bytes:
        """See ``timestamps.TimeStamper``."""
        try:
            return self._client.time_stamp(request)
        except KeyRefused as error:
            raise ValueError(str(error)) from error
