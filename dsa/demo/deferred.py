"""A stand-in for the press: demonstration agreements signed in the past get their PDF on first request.

One rule: it never passes for a document. Whatever it makes says "deferred", and is replaced by the real thing
(``services.demo_documents.make_deferred``).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dsa.domain.presentation import PresentedSection
from dsa.services.demo_documents import DEFERRED

_SAYS = "This demonstration agreement was signed in simulated time. Its document is made when somebody asks for it."


@dataclass(frozen=True, slots=True)
class DeferredRevision:
    """What a signature or seal comes to before there is a document."""

    data: bytes
    level: str = DEFERRED
    certificate_serial: str = DEFERRED
    certificate_sha256: str = DEFERRED
    time_stamp_authority: str = DEFERRED
    stamp_expires: datetime | None = None


class DeferredPress:
    """Makes notes in place of documents."""

    def render(
        self,
        content: Mapping[str, Any],
        sections: Sequence[PresentedSection],
        audit: Mapping[str, Any],
        *,
        mark: str = "",
        verify_url: str = "",
    ) -> bytes:
        """A note that names the version."""
        said = {"deferred": True, "says": _SAYS, "reference": content["reference"], "version": content["version"]}
        return json.dumps(said, sort_keys=True).encode()

    def seal_issue(self, data: bytes) -> bytes:
        """The same note: there is nothing to seal yet."""
        return data

    def sign(
        self,
        data: bytes,
        *,
        field: str,
        post: str,
        organisation: str,
        user_id: str,
        authentication: str,
        evidence_hash: str,
        statement: str,
        authority: str,
        vouched_by: str,
    ) -> DeferredRevision:
        """The note with who is to be signed for."""
        return DeferredRevision(data + f"\n{field}: {statement}".encode())

    def record_outside(
        self,
        data: bytes,
        *,
        field: str,
        post: str,
        organisation: str,
        when: str,
        copy_sha256: str,
        confirmed_by: str,
    ) -> DeferredRevision:
        """The note with what was signed elsewhere."""
        return DeferredRevision(data + f"\n{field}: signed outside, {when}".encode())

    def seal_completion(self, data: bytes) -> DeferredRevision:
        """The note as it is."""
        return DeferredRevision(data + b"\ncomplete")

    def refresh(self, data: bytes) -> DeferredRevision:
        """The note as it is."""
        return DeferredRevision(data)


class PassingFiles:
    """Keeps the notes for as long as the demonstration is being made, and never on disk."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        """Keep the bytes; returns their SHA-256."""
        name = hashlib.sha256(data).hexdigest()
        self._kept[name] = data
        return name

    def get(self, name: str) -> bytes:
        """The bytes of that SHA-256; raises KeyError where there are none."""
        return self._kept[name]
