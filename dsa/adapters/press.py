"""The press: renders, seals and signs documents with whoever keeps the keys.

One rule: the heavy libraries are loaded when the first document is made, so that everything else starts quickly.
"""

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from dsa.adapters.key_opening import open_keys, open_stampers
from dsa.config import Settings
from dsa.domain.errors import Conflict, Refused
from dsa.domain.stamps import stampers_told

if TYPE_CHECKING:
    from dsa.adapters.signatures import Signatures, SignedRevision
    from dsa.domain.presentation import PresentedSection


log = logging.getLogger("dsa.press")


@contextmanager
def _told() -> Iterator[None]:
    """What can go wrong with a signature, as sentences for a person; nothing is signed in any of these cases."""
    from dsa.adapters.keys import KeyRefused, SignerUnavailable
    from dsa.adapters.signatures import AlreadySigned, CannotSign
    from dsa.adapters.timestamps import TimeStampUnavailable

    try:
        yield
    except AlreadySigned as error:
        raise Conflict("This signature is given already. Open the document to see it.") from error
    except CannotSign as error:
        raise Refused("The document cannot take this signature: %(why)s", why=str(error)) from error
    except KeyRefused as error:
        raise Refused("The signing service refused: %(why)s Nothing was signed.", why=str(error)) from error
    except SignerUnavailable as error:
        log.warning("nothing was signed: %s", error)  # the reader is told to try again, the operator why
        raise Refused(
            "The signing service does not answer, so nothing was signed. Try again in a few minutes; what the service "
            "seals by itself is tried again by itself."
        ) from error
    except TimeStampUnavailable as error:
        raise Refused("No time-stamp authority answers, so nothing was signed. Try again in a few minutes.") from error


class Press:
    """Makes documents for one installation."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signatures: Signatures | None = None
        self._lock = threading.Lock()

    def open(self) -> "Signatures":
        """The signatures of this installation. Raises SignerUnavailable, or AuthorityUnusable within the signer."""
        with self._lock:
            if self._signatures is None:
                from dsa.adapters.signatures import Signatures

                keys, embedded = open_keys(self._settings)
                stampers, trust = open_stampers(self._settings, embedded)
                self._signatures = Signatures(keys, stampers, trust)
            return self._signatures

    def render(
        self,
        content: Mapping[str, Any],
        sections: Sequence["PresentedSection"],
        audit: Mapping[str, Any],
        *,
        mark: str = "",
        verify_url: str = "",
    ) -> bytes:
        """The PDF of a frozen version; the same input gives the same bytes."""
        from dsa.adapters.pdf import render
        from dsa.adapters.pdf_layout import Marks

        marks = Marks(mark=mark, verify_url=verify_url, stamped_by=stampers_told(self._settings.tsa_urls))
        return render(content, sections=sections, audit=audit, marks=marks)

    def seal_issue(self, data: bytes) -> bytes:
        """The document with the certifying issue seal."""
        with _told():
            return self.open().seal_issue(data)

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
    ) -> "SignedRevision":
        """The document with the service's seal in the place of a signature that was made outside this service."""
        from dsa.adapters.signatures import OutsideSigning

        made = OutsideSigning(
            field=field, post=post, organisation=organisation, when=when, copy_sha256=copy_sha256,
            confirmed_by=confirmed_by,
        )  # fmt: skip
        with _told():
            return self.open().record_outside(data, made)

    def seal_completion(self, data: bytes) -> "SignedRevision":
        """The document with the completion seal."""
        with _told():
            return self.open().seal_completion(data)

    def refresh(self, data: bytes) -> "SignedRevision":
        """A sealed document with new validation data and one more time stamp."""
        with _told():
            return self.open().refresh(data)

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
            vouched_by=vouched_by,
        )
        with _told():
            return self.open().sign_as_person(data, signing)
