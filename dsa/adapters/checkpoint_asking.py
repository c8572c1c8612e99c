"""The audit log's key, asked through the signer that holds it. One rule: this side never sees the private key.

The public key is the published one, ``checkpoint.pub``; the first that the signer names is published, and a signer with
another one is refused, so that a log never goes on under a key that nobody was told of.
"""

import logging

from dsa.adapters.checkpoints import PUBLISHED, known_key, publish
from dsa.adapters.keys import KeyRefused, SignerUnavailable
from dsa.adapters.signer_client import SignerClient
from dsa.config import Settings
from dsa.domain.checkpoints import read_key, read_note
from dsa.domain.errors import Refused

log = logging.getLogger("dsa.signer")


class AskedLogSigner:
    """See ``services.ports.CheckpointSigner``. Nothing of it opens a file of keys."""

    def __init__(self, settings: Settings) -> None:
        self._data_dir, self._client = settings.data_dir, SignerClient(settings.signer_address)

    @property
    def key(self) -> str:
        """The public key as one line. Raises Refused before it is published, while the signer does not answer."""
        published = self._data_dir / PUBLISHED
        if not published.exists():
            try:
                publish(self._data_dir, read_key(self._client.log_key()))
            except (SignerUnavailable, KeyRefused) as error:
                raise Refused(
                    "The public key of the audit log is not known here yet, and the signing service does not answer. "
                    "Try again in a minute."
                ) from error
        return published.read_text("utf-8").strip()

    def sign(self, size: int, root: bytes) -> str | None:
        """See ``CheckpointSigner.sign``: None while the signer does not answer or refuses; its sentence is logged."""
        try:
            key = self.key
            note = self._client.checkpoint(size, root, key)
        except (SignerUnavailable, KeyRefused, Refused) as problem:
            log.warning("no checkpoint was signed: %s", problem)
            return None
        if not self._fits(note, size, root, key):
            log.error("the signer answered with another checkpoint than the one that was asked for")
            return None
        return note

    def key_of(self, note: str) -> str:
        """See ``CheckpointSigner.key_of``."""
        return known_key(self._data_dir, lambda: self.key, note)

    def _fits(self, note: str, size: int, root: bytes, key: str) -> bool:
        if self.key_of(note) != key:
            return False
        said = read_note(note).checkpoint
        return (said.size, said.root) == (size, root)
