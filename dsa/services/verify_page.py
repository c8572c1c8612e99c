"""Checking a document for anybody: is it unchanged and ours, who signed it, is it in force today.

One rule: it tells what is in the document itself, and whether it is in force; nothing else of the agreement.
"""

import json
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
from dsa.services.content import stated_authority
from dsa.services.context import Context
from dsa.services.demo_documents import is_deferred
from dsa.services.force_today import force_today
from dsa.services.signing_days import Outside, made_outside

_CODE = re.compile(r"[A-Za-z0-9_-]{8,64}")


class Verifier(Protocol):
    """Checks the bytes of a PDF without trusting them."""

    def verify(self, pdf: bytes) -> Mapping[str, Any]:
        """The verdict in the shape of CONTRACTS 5; BadInput for what is no readable PDF."""
        ...


@dataclass(frozen=True, slots=True)
class SignedBy:
    """One signature as it was found. ``trusted`` False: it could not be confirmed, ``because`` says why.

    ``level`` is what the whole document proves of it today. Of a signature made outside, ``signed_when`` is its day and
    how it was made, and ``at`` is when that was recorded; the level is that of the service's seal.
    """

    post: str
    organisation: str
    authority: str
    level_when_signed: str
    level: str
    authentication: str
    at: datetime | None
    signed_when: str = ""
    confirmed_by: str = ""
    statement: str = ""
    vouched_by: str = ""
    stamped_by: str = ""
    stamped_locally: bool = False
    trusted: bool = True
    because: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. ``state``: genuine, changed, incomplete, not_ours or unknown_authority; known for a code.

    ``newer``: our copy is longer, with more signatures or seals; ``checks`` are (holds, sentence); ``unmade``: the
    document of a demonstration agreement that is made when somebody first asks for it.
    """

    state: str
    headline: str
    example: bool
    reference: str
    number: int | None
    content_hash: str
    signatures: tuple[SignedBy, ...]
    in_force: InForce
    checks: tuple[tuple[bool, str], ...] = ()
    sha256: str = ""
    newer: bool = False
    unmade: bool = False


_NOT_KEPT = InForce("unknown", "That cannot be said: this service does not keep the document.")
_CANNOT_SAY = {
    "changed": InForce(
        "unknown",
        "That cannot be said of a changed document. Look up the code that stands on the original.",
    ),
    "not_ours": InForce("unknown", "That cannot be said: it is not a document of this service."),
    "unknown_authority": InForce("unknown", "That cannot be said: this service has no signing authority yet."),
}
_OF_OURS = ("genuine", "incomplete")  # the text in it is one that the service sealed


def check_upload(ctx: Context, verifier: Verifier, pdf: bytes) -> Checked:
    """Check a PDF in memory; it is not kept. Raises BadInput with a plain sentence for what cannot be checked."""
    if not pdf:
        raise BadInput("Choose the signed PDF of the agreement.")
    found = verifier.verify(pdf)
    state = "incomplete" if found["incomplete"] else str(found["verdict"])
    ours = state in _OF_OURS
    force, newer = _kept(ctx, pdf, found) if ours else (_CANNOT_SAY[state], False)
    return Checked(
        state,
        str(found["headline"]),
        bool(found["example"]),
        str(found["reference"]) if ours else "",
        found["version"] if ours else None,
        str(found["content_hash"]) if ours else "",
        tuple(_signature(each) for each in found["signatures"] if each["kind"] in ("person", "outside")),
        force,
        tuple((bool(each["ok"]), str(each["says"])) for each in found["checks"]),
        sha256(pdf).hexdigest(),
        newer,
    )


def _kept(ctx: Context, pdf: bytes, found: Mapping[str, Any]) -> tuple[InForce, bool]:
    """Whether the text is in force, and whether our copy of the document goes on after these bytes."""
    with ctx.database.reading() as session:
        row = queries.by_content(session, str(found["reference"]), str(found["content_hash"]))
        if row is None:
            return _NOT_KEPT, False
        force = force_today(ctx, session, row)
    if row.current_sha256 is None or is_deferred(row):
        return force, False
    stored = ctx.files.get(row.current_sha256)
    return force, len(stored) > len(pdf) and stored.startswith(pdf)


def _signature(found: Mapping[str, Any]) -> SignedBy:
    return SignedBy(
        str(found["post"]),
        str(found["organisation"]),
        str(found["authority"]),
        str(found["level_when_signed"] or ""),
        str(found["level"] or ""),
        str(found["authentication"]),
        _instant(found["at"]),
        str(found["signed_when"]),
        str(found["confirmed_by"]),
        str(found["statement"]),
        str(found["account_vouched_for_by"]),
        str(found["stamped_by"]),
        bool(found["stamped_locally"]),
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
    unmade = is_deferred(row)
    text, elsewhere = json.loads(row.content), made_outside(session, row.agreement_id, row.version_id)
    closed = row.level if row.status == "sealed" and not unmade else ""
    return Checked(
        "known",
        "A document of this service has this code.",
        bool(row.is_example),
        row.reference,
        row.number,
        row.hash,
        tuple(
            _recorded(one, text, elsewhere.get(one.field), closed or "", unmade=unmade)
            for one in queries.signatures(session, row.version_id)
        ),
        force_today(ctx, session, row),
        sha256="" if unmade else row.current_sha256 or "",
        unmade=unmade,
    )


def _recorded(one: Any, text: Mapping[str, Any], outside: Outside | None, closed: str, *, unmade: bool) -> SignedBy:
    """A signature as the service recorded it. ``closed``: the level of the closed document; empty while it is open."""
    level = "" if unmade else one.level
    return SignedBy(
        one.post,
        one.organisation,
        one.authority or stated_authority(text, one.party_key, one.slot),
        level,
        closed or level,
        _AUTHENTICATION.get(one.method, one.method),
        one.signed_at if outside is None else outside.recorded_at,
        "" if outside is None else outside.told,
        "" if outside is None else outside.confirmed_by,
    )


_AUTHENTICATION = {
    "demo": "demo authentication",
    "password": "password confirmed at signing",
    "outside": "signed outside this service",
}
