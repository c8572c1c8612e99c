"""Stamping sealed documents again, every year, so that they can still be proved when their last stamp has expired.

One rule: a renewal adds to the file and changes nothing in it; asked for twice, it is done once.
"""

from datetime import datetime
from typing import Any

from dsa.domain.errors import Problem
from dsa.persistence import heads, outbox, queries_renewals, work
from dsa.services import sealing
from dsa.services.context import Context


def ask_for_due(ctx: Context, *, limit: int = 100) -> int:
    """Ask for the renewal of every document that is due and not asked for yet; returns how many."""
    asked = 0
    with ctx.database.writing() as session:
        now = ctx.clock.now()
        for row in queries_renewals.due(session, now=now, limit=limit):
            key = f"{row.reference}:document-{row.id}:renewal-{row.renewals + 1}"
            if outbox.known(session, key):
                continue
            outbox.ask(session, "renew_document", key, {"document": row.id}, agreement_id=row.agreement_id, at=now)
            asked += 1
    return asked


def renew_document(ctx: Context, reference: str, document_id: int) -> bool:
    """Stamp a sealed document again, if it is due. True when this call did it.

    Raises Refused while no time stamp can be had; the document stays as it is, and it is tried again.
    """
    with ctx.database.reading() as session:
        document = queries_renewals.document(session, document_id)
        if document is None or not _is_due(document, ctx.clock.now()):
            return False
        current, revision, count = document.current_sha256, document.revision, document.renewals
    if current is None:
        return False
    renewed = ctx.documents.refresh(ctx.files.get(current))
    name = ctx.files.put(renewed.data)
    with ctx.database.writing() as session:
        loaded = heads.load(session, reference, lock=True)
        if loaded is None:
            raise LookupError(reference)
        now = ctx.clock.now()
        done = work.update_document(
            session, document_id, revision=revision, new_revision=revision + 1, current_sha256=name,
            level=renewed.level, updated_at=now, problem=None, renewals=count + 1,
            renew_by=sealing.renew_by(renewed, at=now), time_stamp_authority=renewed.time_stamp_authority,
        )  # fmt: skip
        if not done:
            return False
        sealing.keep(session, name, renewed.data, loaded, now)
        facts = {
            "document_sha256": name, "level": renewed.level, "renewal": count + 1,
            "time_stamp_authority": renewed.time_stamp_authority,
        }  # fmt: skip
        sealing.record(ctx, session, loaded, "DocumentRenewed", facts)
        return True


def note_problem(ctx: Context, document_id: int, problem: Problem | str) -> None:
    """Keep on the document why it could not be renewed yet."""
    with ctx.database.writing() as session:
        document = queries_renewals.document(session, document_id)
        if document is not None:
            work.update_document(
                session, document_id, revision=document.revision, new_revision=document.revision,
                problem=str(problem)[:500],
            )  # fmt: skip


def _is_due(document: Any, now: datetime) -> bool:
    return document.status == "sealed" and document.renew_by is not None and document.renew_by <= now
