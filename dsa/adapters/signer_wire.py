"""How the service and its signer process speak. One rule: a message is small, whole, and says its version.

Four bytes of length (network order), then so many bytes of JSON, over a Unix domain socket. Bytes travel in base 64.
"""

import base64
import contextlib
import fcntl
import json
import os
import socket
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

VERSION = 1
LARGEST = 256 * 1024
_LENGTH = struct.Struct("!I")
_CREDENTIALS = struct.Struct("3i")


class WireProblem(Exception):
    """What came is no message of this protocol."""


def send(connection: socket.socket, message: Mapping[str, Any]) -> None:
    """Send one message."""
    data = json.dumps({"version": VERSION, **message}).encode()
    if len(data) > LARGEST:
        raise WireProblem("The message is too large.")
    connection.sendall(_LENGTH.pack(len(data)) + data)


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """The next message, or None where the other side has finished. Raises WireProblem for what is none."""
    head = _exactly(connection, _LENGTH.size)
    if not head:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > LARGEST:
        raise WireProblem("The message is too large.")
    try:
        message = json.loads(_exactly(connection, length) or b"")
    except (ValueError, RecursionError) as error:
        raise WireProblem("The message is not JSON.") from error
    if not isinstance(message, dict):
        raise WireProblem("The message is not an object.")
    if message.get("version") != VERSION:
        raise WireProblem(f"The message has the version {message.get('version')!r}; this program speaks {VERSION}.")
    return message


def _exactly(connection: socket.socket, length: int) -> bytes:
    """So many bytes; none where the other side finished before the first. Raises WireProblem in between."""
    data = b""
    while len(data) < length:
        part = connection.recv(length - len(data))
        if not part:
            if data:
                raise WireProblem("The message was cut off.")
            return b""
        data += part
    return data


def packed(data: bytes) -> str:
    """Bytes as they travel."""
    return base64.b64encode(data).decode("ascii")


def unpacked(text: object) -> bytes:
    """Bytes that travelled. Raises WireProblem for what is not base 64."""
    try:
        return base64.b64decode(str(text).encode("ascii"), validate=True)
    except ValueError as error:
        raise WireProblem("What should be base 64 is not.") from error


def peer_account(connection: socket.socket) -> int:
    """The number of the account that runs the other side, as the kernel knows it."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(data)[1])


def lock_of(address: Path) -> Path:
    """The file whose lock the signer of this address holds for as long as it lives."""
    return address.with_name(f"{address.name}.lock")


def is_held(lock: Path) -> bool:
    """Whether a signer lives that holds this lock; False too where another account's lock cannot be looked at."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextlib.contextmanager
def short_address(path: Path) -> Iterator[str]:
    """An address of ``path`` that always fits the 107 bytes that a socket's address may have."""
    if len(os.fsencode(path)) < 100:
        yield str(path)
        return
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
