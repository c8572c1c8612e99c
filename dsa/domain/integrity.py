"""Canonical bytes and hashes. One rule: the same meaning always gives the same bytes (RFC 8785).

Numbers are whole and keys are ASCII here, so that the hard parts of RFC 8785 (floating point, the order of
UTF-16 keys) cannot arise; anything else is refused by name.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

GENESIS = "0" * 64
CONTENT_SCHEMA = "dsa.agreement/1"
_LARGEST = 2**53 - 1


class NotCanonical(ValueError):
    """The value has no canonical form; the message says what and where."""


def canonical(value: Any) -> bytes:
    """The RFC 8785 bytes of ``value`` (text, whole numbers, true, false, null, lists, objects with ASCII keys).

    Raises NotCanonical for a floating-point number, a number beyond 2**53, a key that is not ASCII text, lone
    surrogates or any other type.
    """
    if not _is_plain(value):
        _check(value, "$")  # says what and where
    try:
        return _ENCODE(value).encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonical("The text holds a character that is not valid Unicode.") from error


_ENCODE = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def _is_plain(value: Any) -> bool:
    """Whether the value is made of exact built-in types within the limits: the quick answer for nearly every value."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return bool(-_LARGEST <= value <= _LARGEST)
    if kind is dict:
        for key, inner in value.items():
            if type(key) is not str or not key.isascii() or not _is_plain(inner):
                return False
        return True
    if kind is list or kind is tuple:
        for inner in value:  # noqa: SIM110 - all() with a generator takes twice as long here
            if not _is_plain(inner):
                return False
        return True
    return False


def _check(value: Any, place: str) -> None:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return
    if kind is int:
        if -_LARGEST <= value <= _LARGEST:
            return
        raise NotCanonical(f"The number at {place} is too large to be kept exactly.")
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if type(key) is not str or not key.isascii():
                raise NotCanonical(f"The key {key!r} at {place} is not plain ASCII text.")
            _check(inner, f"{place}.{key}")
        return
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for position, inner in enumerate(value):
            _check(inner, f"{place}[{position}]")
        return
    raise NotCanonical(
        f"The value at {place} is a {kind.__name__}; only text, whole numbers, lists and objects are kept."
    )


def digest(data: bytes) -> str:
    """SHA-256 of the bytes, in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def event_hash(prev: str, body: bytes) -> str:
    """The hash of an event: SHA-256 over the previous event's hash, a line feed, and the canonical body."""
    return hashlib.sha256(prev.encode("ascii") + b"\n" + body).hexdigest()


def section_hash(key: str, answers: Mapping[str, Any]) -> str:
    """The hash of one section's answers, bound to its key and to the schema of the content."""
    return digest(canonical({"schema": CONTENT_SCHEMA, "section": key, "answers": dict(answers)}))


def commitment(salt: str, text: str) -> str:
    """A salted hash that stands in an event for private text, so that the text can be shown or erased apart."""
    return digest(canonical({"salt": salt, "text": text}))
