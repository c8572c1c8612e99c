"""Reading what everybody may have to trust. One rule: only what is public already is read, never a key's own file.

The files lie in the data directory: ``root.pem``, ``root-earlier.pem`` (roots that were replaced, put there by whoever
replaced them), ``stamp-roots.pem``, ``checkpoint.pub`` and ``checkpoint-earlier.pub``.
"""

from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dsa.adapters.checkpoints import EARLIER as EARLIER_KEYS
from dsa.adapters.checkpoints import PUBLISHED as LOG_KEY
from dsa.domain.published import Anchor, Published

ROOT, EARLIER_ROOTS, STAMP_ROOTS = "root.pem", "root-earlier.pem", "stamp-roots.pem"


def read_published(data_dir: Path) -> Published:
    """What lies there now. A file that cannot be read as certificates counts as empty."""
    roots = _anchors(data_dir / ROOT)
    return Published(
        roots[0] if roots else None,
        _anchors(data_dir / EARLIER_ROOTS),
        _anchors(data_dir / STAMP_ROOTS),
        _text(data_dir / LOG_KEY).strip(),
        tuple(_text(data_dir / EARLIER_KEYS).split()),
    )


def _anchors(path: Path) -> tuple[Anchor, ...]:
    try:
        return tuple(_anchor(each) for each in x509.load_pem_x509_certificates(_text(path).encode()))
    except ValueError:
        return ()


def _anchor(certificate: x509.Certificate) -> Anchor:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return Anchor(
        str(names[0].value) if names else certificate.subject.rfc4514_string(),
        certificate.public_bytes(Encoding.PEM),
        sha256(certificate.public_bytes(Encoding.DER)).hexdigest(),
        certificate.not_valid_before_utc.date(),
        certificate.not_valid_after_utc.date(),
    )


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""
