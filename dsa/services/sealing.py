"""Making documents: issued when the text is locked, sealed when all have signed. One rule: a job may run twice."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.presentation import present
from dsa.domain.relative_dates import fixed_dates
from dsa.persistence import drafts, heads, history, outbox, rows, work
from dsa.persistence.heads import Loaded
from dsa.services import audit_log, content, evidence
from dsa.services.context import Context
from dsa.services.moving import Happening, take
from dsa.services.ports import Revision
from dsa.services.signing_days import last_signing_day

EVERY = timedelta(days=365)
_BEFORE_EXPIRY = timedelta(days=60)


def issue_document(ctx: Context, reference: str) -> bool:
    """Render the locked version, seal it and store it. True when this call made it, False when it was there."""
    audit_log.keep_log(ctx, due=True)  # the record in the document shows its place in the log
    with ctx.database.reading() as session:
        loaded = _loaded(session, reference)
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
        text = content.newest(session, loaded)
        if document is None or text is None or document.status != "waiting":
            return False
        locked = history.latest(session, loaded.head.id, "TextLocked")
        # in a past that is made up the document comes later, and its evidence with it
        audit = {} if ctx.past else evidence.audit_of(ctx, session, loaded, until_seq=locked.seq)
        form = content.form_of(ctx, session, loaded)
    where = ctx.verify_url(document.verify_code)
    data = ctx.documents.render(text.content, present(form, text.content), audit, verify_url=where)
    issued = ctx.documents.seal_issue(data)
    name = ctx.files.put(issued)
    with ctx.database.writing() as session:
        loaded = _loaded(session, reference, lock=True)
        now = ctx.clock.now()
        done = work.update_document(
            session, document.id, revision=document.revision, new_revision=document.revision + 1, status="issued",
            issued_sha256=name, current_sha256=name, updated_at=now, problem=None,
        )  # fmt: skip
        if not done:
            return False
        keep(session, name, issued, loaded, now)
        facts = {"document_sha256": name, "version": text.number, "content_hash": text.hash}
        record(ctx, session, loaded, "DocumentIssued", facts)
        return True


def seal_document(ctx: Context, reference: str) -> bool:
    """Close the signed document with the completion seal, and fix the dates that follow from the last signature."""
    with ctx.database.reading() as session:
        loaded = _loaded(session, reference)
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
        text = content.newest(session, loaded)
        signed = work.signatures(session, loaded.head.locked_version_id)
        if document is None or text is None or document.status != "signing" or document.current_sha256 is None:
            return False
        if len(signed) < len(content.slots(text.content)):
            return False
    sealed = ctx.documents.seal_completion(ctx.files.get(document.current_sha256))
    name = ctx.files.put(sealed.data)
    with ctx.database.writing() as session:
        loaded = _loaded(session, reference, lock=True)
        now = ctx.clock.now()
        done = work.update_document(
            session, document.id, revision=document.revision, new_revision=document.revision + 1, status="sealed",
            current_sha256=name, level=sealed.level, updated_at=now, problem=None,
            time_stamp_authority=sealed.time_stamp_authority, renew_by=renew_by(sealed, at=now),
        )  # fmt: skip
        if not done:
            return False
        keep(session, name, sealed.data, loaded, now)
        last = last_signing_day(session, loaded.head.id, loaded.head.locked_version_id, signed)
        dates = fixed_dates(content.flat(text.content["answers"]), last_signature=last)
        if dates:
            record(ctx, session, loaded, "DatesFixed", {"dates": dates})
            loaded = _loaded(session, reference, lock=True)
        facts = {
            "document_sha256": name, "level": sealed.level, "signatures": len(signed),
            "time_stamp_authority": sealed.time_stamp_authority,
        }  # fmt: skip
        record(ctx, session, loaded, "DocumentSealed", facts)
        key = f"{loaded.head.reference}:{loaded.head.head_seq}:sealed"
        outbox.ask(session, "mail", key, {"what": "sealed"}, agreement_id=loaded.head.id, at=now)
        return True


def renew_by(made: Revision, *, at: datetime) -> datetime | None:
    """When a document that was stamped at ``at`` (UTC) is to be stamped again: in a year, or well before expiry.

    None where there is no long-term document yet.
    """
    if made.level != "B-LTA":
        return None
    expires = made.stamp_expires
    return at + EVERY if expires is None else min(at + EVERY, max(expires - _BEFORE_EXPIRY, at + timedelta(days=1)))


def note_problem(ctx: Context, reference: str, problem: str) -> None:
    """Keep on the document why it could not be made or sealed yet, so that the page can say so."""
    with ctx.database.writing() as session:
        loaded = _loaded(session, reference)
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
        if document is not None:
            work.update_document(
                session, document.id, revision=document.revision, new_revision=document.revision, problem=problem[:500]
            )


def draft_pdf(ctx: Context, session: Session, loaded: Loaded) -> bytes:
    """The working draft (or the newest version) as an unsigned PDF with the mark DRAFT."""
    sections = content.working_answers(session, loaded.head.id)
    number = drafts.next_version_number(session, loaded.head.id)
    text = content.compose(ctx, session, loaded, number=number, sections=sections)
    audit = evidence.audit_of(ctx, session, loaded)
    form = content.form_of(ctx, session, loaded)
    return ctx.documents.render(text.content, present(form, text.content), audit, mark="draft")


def superseded_pdf(ctx: Context, session: Session, loaded: Loaded, text: content.Text) -> bytes:
    """An unsigned copy of the locked text with the mark SUPERSEDED; the signed file itself is never changed."""
    audit = evidence.audit_of(ctx, session, loaded, until_seq=history.latest(session, loaded.head.id, "TextLocked").seq)
    form = content.form_of(ctx, session, loaded)
    return ctx.documents.render(text.content, present(form, text.content), audit, mark="superseded")


def _loaded(session: Session, reference: str, *, lock: bool = False) -> Loaded:
    loaded = heads.load(session, reference, lock=lock)
    if loaded is None:
        raise LookupError(reference)
    return loaded


def keep(session: Session, name: str, data: bytes, loaded: Loaded, at: datetime) -> None:
    """List the bytes of a document among the stored files, once."""
    if not work.file_known(session, name):
        row = {"sha256": name, "size": len(data), "media_type": "application/pdf", "facts": {}}
        rows.add(session, "stored_files", row | {"agreement_id": loaded.head.id, "stored_at": at})


def record(ctx: Context, session: Session, loaded: Loaded, kind: str, facts: Mapping[str, Any]) -> None:
    """Record what the service did, on behalf of whoever locked the text: an event always has a responsible post."""
    locked = history.latest(session, loaded.head.id, "TextLocked")
    actor = Actor(locked.person_id, "", (), "service")
    lead = loaded.lead
    held = Held(0, locked.organisation_id, lead.code, lead.name, "the service", "drafter")
    take(ctx, session, loaded, actor, held, Happening(kind, facts), bump=False)
