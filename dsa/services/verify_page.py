"""Checking a document for anybody: is it unchanged and ours, who signed it, is it in force today.

One rule: it tells what is in the document itself, and whether it is in force; nothing else of the agreement.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Protocol

from sqlalchemy.orm import Session

from dsa.domain.errors import BadInput, NotFound
from dsa.domain.force import InForce
from dsa.persistence import queries_verify as queries
from dsa.services.context import Context
from dsa.services.force_today import force_today

_CODE = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Verifier(Protocol):
    """Checks the bytes of a PDF without trusting them."""

    def verify(self, pdf: bytes) -> Mapping[str, Any]:
        """The verdict in the shape of CONTRACTS 5; BadInput for what is no readable PDF."""
        ...


@dataclass(frozen=True, slots=True)
class SignedBy:
    """One signature as it was found. ``trusted`` False: it could not be confirmed, ``because`` says why."""

    post: str
    organisation: str
    authority: str
    level: str
    authentication: str
    at: datetime | None
    trusted: bool = True
    because: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. ``verdict``: genuine, changed, not_ours or unknown_authority; known for a code that was typed.

    ``newer``: we keep a newer revision of this very text; ``checks`` are (holds, sentence).
    """

    verdict: str
    headline: str
    example: bool
    reference: str
    number: int | None
    content_hash: str
    level: str
    signatures: tuple[SignedBy, ...]
    in_force: InForce
    checks: tuple[tuple[bool, str], ...] = ()
    sha256: str = ""
    newer: bool = False


_UNKNOWN = InForce("unknown", "That cannot be said: this service does not keep the document.")


def check_upload(ctx: Context, verifier: Verifier, pdf: bytes) -> Checked:
    """Check a PDF in memory; it is not kept. Raises BadInput with a plain sentence for what cannot be checked."""
    if not pdf:
        raise BadInput("Choose the signed PDF of the agreement.")
    found = verifier.verify(pdf)
    name = sha256(pdf).hexdigest()
    genuine = found["verdict"] == "genuine"
    state, newer = _UNKNOWN, False
    if genuine:
        with ctx.database.reading() as session:
            row = queries.by_content(session, str(found["reference"]), str(found["content_hash"]))
            if row is not None:
                state = force_today(ctx, session, row)
                newer = name != row.current_sha256
    return Checked(
        str(found["verdict"]),
        str(found["headline"]),
        bool(found["example"]),
        str(found["reference"]) if genuine else "",
        found["version"] if genuine else None,
        str(found["content_hash"]) if genuine else "",
        str(found["level"] or ""),
        tuple(_signature(each) for each in found["signatures"] if each["kind"] in ("person", "outside")),
        state,
        tuple((bool(each["ok"]), str(each["says"])) for each in found["checks"]),
        name,
        newer,
    )


def _signature(found: Mapping[str, Any]) -> SignedBy:
    return SignedBy(
        str(found["post"]),
        str(found["organisation"]),
        str(found["authority"]),
        str(found["level"] or ""),
        str(found["authentication"]),
        _instant(found["at"]),
        bool(found["trusted"]),
        str(found["because"]),
    )


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None


def read_code(typed: str) -> str:
    """The code as it is stored, from what was typed. Raises BadInput where it cannot be one."""
    code = "".join(typed.split())
    if not _CODE.fullmatch(code):
        raise BadInput("Enter the code as it stands on the document: letters and numbers, no spaces.")
    return code


def check_code(ctx: Context, code: str) -> Checked:
    """What we know of the document with this code. Raises NotFound where there is none."""
    with ctx.database.reading() as session:
        row = queries.by_code(session, code)
        if row is None:
            raise NotFound(
                "No document of this service has this code. Check it against the document, letter by letter; capital "
                "letters matter."
            )
        return _known(ctx, session, row)


def _known(ctx: Context, session: Session, row: Any) -> Checked:
    signed = tuple(
        SignedBy(s.post, s.organisation, s.authority, s.level, _AUTHENTICATION.get(s.method, s.method), s.signed_at)
        for s in queries.signatures(session, row.version_id)
    )
    return Checked(
        "known",
        "This code is that of a document of this service. To check that your copy is unchanged, choose the file.",
        bool(row.is_example),
        row.reference,
        row.number,
        row.hash,
        row.level or "",
        signed,
        force_today(ctx, session, row),
        sha256=row.current_sha256 or "",
    )


_AUTHENTICATION = {
    "demo": "demo authentication",
    "password": "password confirmed at signing",
    "outside": "signed outside this service",
}
