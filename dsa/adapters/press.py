"""The press: renders, seals and signs documents with the embedded authority.

One rule: the heavy libraries are loaded when the first document is made, so that everything else starts quickly.
"""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dsa.adapters.signatures import Signatures, SignedRevision
    from dsa.domain.presentation import PresentedSection


class Press:
    """Makes documents for one installation; its keys lie in the data directory."""

    def __init__(self, data_dir: Path, *, demo: bool, passphrase: str | None = None) -> None:
        self._data_dir, self._demo, self._passphrase = data_dir, demo, passphrase
        self._signatures: Signatures | None = None
        self._lock = threading.Lock()

    def open(self) -> "Signatures":
        """The signatures of the embedded authority, which is created on the first start."""
        with self._lock:
            if self._signatures is None:
                from dsa.adapters.authority import Authority
                from dsa.adapters.signatures import Signatures
                from dsa.adapters.timestamps import EmbeddedTimeStamper

                authority = Authority.open(self._data_dir, demo=self._demo, passphrase=self._passphrase)
                self._signatures = Signatures(authority, [EmbeddedTimeStamper(authority)])
            return self._signatures

    def render(
        self,
        content: Mapping[str, Any],
        sections: Sequence["PresentedSection"],
        audit: Mapping[str, Any],
        *,
        draft: bool,
    ) -> bytes:
        """The PDF of a frozen version; the same input gives the same bytes."""
        from dsa.adapters.pdf import render
        from dsa.adapters.pdf_layout import Marks

        return render(content, sections=sections, audit=audit, marks=Marks(draft=draft))

    def seal_issue(self, data: bytes) -> bytes:
        """The document with the certifying issue seal."""
        return self.open().seal_issue(data)

    def seal_completion(self, data: bytes) -> "SignedRevision":
        """The document with the completion seal."""
        return self.open().seal_completion(data)

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
    ) -> "SignedRevision":
        """The document with one more personal signature, by a certificate minted for this person and moment."""
        from dsa.adapters.signatures import PersonSigning

        signing = PersonSigning(
            field=field,
            post=post,
            organisation=organisation,
            user_id=user_id,
            authentication=authentication,
            evidence_hash=evidence_hash,
            statement=statement,
            authority=authority,
        )
        return self.open().sign_as_person(data, signing)
