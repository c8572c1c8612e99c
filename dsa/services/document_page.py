"""The document of an agreement: who has signed it, who has not, and the files to take away.

One rule: what is downloaded is the stored bytes; nothing is rendered anew for a reader but a draft.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.data_contract import data_contract
from dsa.domain.errors import NotAllowed, NotFound, Refused
from dsa.domain.integrity import canonical
from dsa.domain.presentation import present
from dsa.domain.redline import paragraphs_of
from dsa.domain.terms import terms
from dsa.persistence import work
from dsa.persistence.heads import Loaded
from dsa.services import content, demo_documents, evidence, permitting, sealing
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moving import open_for
from dsa.services.next_step import NextStep, next_steps
from dsa.services.signing_days import Outside, made_outside

WORDS_A_MINUTE = 200
SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Signed:
    """One signature and what stands behind it. ``method`` is how the person was authenticated: demo or password.

    ``level_today`` is that of the document once it is closed. ``outside``: it was made on paper or in another product.
    """

    party: str
    post: str
    authority: str
    at: datetime
    method: str
    vouched_by: str
    serial: str
    certificate: str
    level: str
    stamped_by: str
    statement: str
    level_today: str = ""
    outside: Outside | None = None


@dataclass(frozen=True, slots=True)
class Awaited:
    """A signature that is not there yet."""

    party: str
    post: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """The receipt. ``status``: none, deferred, waiting, issued, signing, sealed, failed; ``problem``: why.

    ``renew_by`` is when a sealed document is stamped again by itself; ``renewals`` counts how often it was.
    """

    header: Header
    status: str
    problem: str
    level: str
    number: int | None
    content_hash: str
    issued: str
    verify_url: str
    signed: tuple[Signed, ...]
    awaited: tuple[Awaited, ...]
    shared: bool
    superseded: bool
    may_release: bool
    next: tuple[NextStep, ...]
    stamped_by: str = ""
    renew_by: datetime | None = None
    renewals: int = 0

    @property
    def total(self) -> int:
        """How many signatures the text asks for."""
        return len(self.signed) + len(self.awaited)


def document_page(ctx: Context, actor: Actor, reference: str) -> DocumentPage:
    """The receipt of an agreement's document. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
        text = content.locked(session, loaded)
        signed = work.signatures(session, loaded.head.locked_version_id) if text is not None else []
        names = {party.key: party.name for party in loaded.parties}
        return DocumentPage(
            header_of(ctx, session, loaded),
            _status(document) if text is not None else "none",
            (document.problem or "") if document is not None else "",
            (document.level or "") if document is not None else "",
            text.number if text is not None else None,
            text.hash if text is not None else "",
            (document.issued_sha256 or "") if document is not None and not demo_documents.is_deferred(document) else "",
            ctx.verify_url(document.verify_code) if document is not None else "",
            _signed(session, loaded, text, document, signed),
            _awaited(loaded, text, {(row.party_key, row.slot) for row in signed}, names),
            _may_read_draft(actor, loaded),
            loaded.head.stage == SUPERSEDED,
            permitting.why_not(ctx, session, actor, "release_information", loaded) is None,
            next_steps(ctx, session, loaded),
            (document.time_stamp_authority or "") if document is not None else "",
            document.renew_by if document is not None else None,
            document.renewals if document is not None else 0,
        )


def _status(document: Any) -> str:
    if document is None:
        return "none"
    return "deferred" if demo_documents.is_deferred(document) else str(document.status)


def _signed(
    session: Session, loaded: Loaded, text: content.Text | None, document: Any, signed: Iterable[Any]
) -> tuple[Signed, ...]:
    if text is None:
        return ()
    names = {party.key: party.name for party in loaded.parties}
    elsewhere = made_outside(session, loaded.head.id, loaded.head.locked_version_id)
    closed = level_of_closed(document)
    return tuple(
        Signed(
            names.get(row.party_key, row.party_key),
            row.post,
            row.authority or content.stated_authority(text.content, row.party_key, row.slot),
            row.signed_at,
            row.method,
            row.vouched_by,
            row.certificate_serial,
            row.certificate_sha256,
            row.level,
            row.time_stamp_authority or "",
            row.statement,
            closed or row.level,
            elsewhere.get(row.field),
        )
        for row in signed
    )


def level_of_closed(document: Any) -> str:
    """The level of a document that is closed and made; empty before."""
    closed = document is not None and document.status == "sealed" and not demo_documents.is_deferred(document)
    return (document.level or "") if closed else ""


def _awaited(
    loaded: Loaded, text: content.Text | None, done: set[tuple[str, int]], names: Mapping[str, str]
) -> tuple[Awaited, ...]:
    if text is None:
        return ()
    posts: dict[str, list[str]] = {}
    for row in text.content["signatories"]:
        posts.setdefault(row["party"], []).append(row["post"])
    due = {task.key: task.due_at for task in loaded.tasks if task.kind == "signature" and task.status == "open"}
    found = []
    for party, slot in content.slots(text.content):
        if (party, slot) not in done:
            key = f"sign:{party}" if slot == 1 else f"sign:{party}:{slot}"
            found.append(Awaited(names.get(party, party), posts[party][slot - 1], due.get(key)))
    return tuple(found)


def reading_minutes(ctx: Context, actor: Actor, reference: str) -> int:
    """How long it takes to read the newest version, in minutes; at least one."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        text = content.newest(session, loaded)
        if text is None:
            return 1
        answers = [a for s in present(content.form_of(ctx, session, loaded), text.content) for a in s.answers]
    words = sum(len(a.question.split()) + sum(len(p.split()) for p in paragraphs_of(a)) for a in answers)
    return max(1, round(words / WORDS_A_MINUTE))


def stored_pdf(ctx: Context, actor: Actor, reference: str, *, issued: bool = False) -> tuple[bytes, str]:
    """The document's bytes and a file name: as it stands, or (``issued``) the very bytes that everybody signs.

    Raises NotAllowed, or Refused where the document is not made yet.
    """
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        permitting.demand(ctx, session, actor, "export", loaded)
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    if demo_documents.is_deferred(document):
        raise Refused("This document of the demonstration is made on request. Open its page and choose to make it.")
    name = None if document is None else document.issued_sha256 if issued else document.current_sha256
    if name is None:
        raise Refused("The document is not made yet. It is made when the text is locked; look again in a minute.")
    mark = {"sealed": "signed"}.get(document.status, "to-sign") if document is not None else ""
    return ctx.files.get(name), f"{reference}-{'to-sign' if issued else mark}.pdf"


def draft_pdf(ctx: Context, actor: Actor, reference: str) -> bytes:
    """The draft as an unsigned PDF. Raises NotAllowed for another party while the draft is not shared."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        permitting.demand(ctx, session, actor, "export", loaded)
        if not _may_read_draft(actor, loaded):
            raise NotAllowed(
                "The draft is not shared yet. %(lead)s shares it when it is ready; ask them if you wait for it.",
                lead=loaded.lead.name,
            )
        return sealing.draft_pdf(ctx, session, loaded)


def superseded_pdf(ctx: Context, actor: Actor, reference: str) -> bytes:
    """A copy of a superseded agreement that says so on every page. Raises NotAllowed; Refused where it stands."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        permitting.demand(ctx, session, actor, "export", loaded)
        text = content.locked(session, loaded)
        if loaded.head.stage != SUPERSEDED or text is None:
            raise Refused("No later agreement stands in place of this one. Download the signed document.")
        return sealing.superseded_pdf(ctx, session, loaded, text)


def _may_read_draft(actor: Actor, loaded: Loaded) -> bool:
    lead = loaded.lead.organisation_id in actor.organisations
    return lead or (loaded.head.shared_at is not None)


def agreement_json(ctx: Context, actor: Actor, reference: str) -> bytes:
    """The frozen content, canonical: of the locked version, else of the newest. Raises NotFound before there is one."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        permitting.demand(ctx, session, actor, "export", loaded)
        text = content.locked(session, loaded) or content.newest(session, loaded)
    if text is None:
        raise NotFound("No version is frozen yet. The first is when the draft is sent for checking.")
    return text.data


def machine_terms(ctx: Context, actor: Actor, reference: str, *, contract: bool = False) -> bytes:
    """The terms for machines (JSON-LD), or the data contract (ODCS), of the text that ``agreement_json`` gives."""
    text = json.loads(agreement_json(ctx, actor, reference))
    return canonical(data_contract(text) if contract else terms(text))


def audit_json(ctx: Context, actor: Actor, reference: str) -> bytes:
    """The record of events with its hashes; private notes stand in it only as salted hashes."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        permitting.demand(ctx, session, actor, "export", loaded)
        return canonical(evidence.audit_of(ctx, session, loaded))


def verify_code(ctx: Context, actor: Actor, reference: str) -> str:
    """The code of the document. Raises NotFound where there is no document."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    if document is None:
        raise NotFound("There is no document yet. It is made when the text is locked.")
    return str(document.verify_code)


def make_now(ctx: Context, actor: Actor, reference: str) -> None:
    """Make the document that waits, and seal it where everybody has signed: what the job would do, at once.

    The document of a demonstration agreement signed in the past is made whole, with its signatures.

    Raises Refused with the reason where it cannot be made now; the job tries again by itself.
    """
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        permitting.demand(ctx, session, actor, "export", loaded)
    try:
        if demo_documents.make_deferred(ctx, reference):
            return
        sealing.issue_document(ctx, reference)
        sealing.seal_document(ctx, reference)
    except (OSError, ValueError) as problem:
        sealing.note_problem(ctx, reference, str(problem))
        raise Refused("The document could not be made just now. It is tried again by itself.") from problem
