"""Documents of demonstration agreements that were signed in simulated time: made when somebody first asks.

One rule: what is made then is a real document of the demonstration, marked EXAMPLE, with true time in every seal and
signature; the history says that it was made on request.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.integrity import canonical, digest
from dsa.domain.presentation import present
from dsa.persistence import demo_rows, heads, history, rows, work
from dsa.persistence.heads import Loaded
from dsa.services import audit_log, content, evidence
from dsa.services.context import Context
from dsa.services.moving import Happening, take
from dsa.services.sealing import renew_by

DEFERRED = "deferred"


def is_deferred(document: Any) -> bool:
    """Whether the document (a row of ``work.document``, or None) is still to be made."""
    return document is not None and document.status == "sealed" and document.level == DEFERRED


def make_deferred(ctx: Context, reference: str) -> bool:
    """Make the document of a demonstration agreement signed in the past, if it is still to be made.

    Renders the locked version, seals it, signs for each signatory on record with demo authentication, and closes it.
    True when this call made it, False when there was nothing to make or somebody else was first.
    """
    audit_log.keep_log(ctx, due=True)
    with ctx.database.reading() as session:
        loaded = heads.load(session, reference)
        if loaded is None or not loaded.head.is_synthetic or not ctx.demo:
            return False
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
        text = content.newest(session, loaded)
        if not is_deferred(document) or document is None or text is None:
            return False
        signed = work.signatures(session, loaded.head.locked_version_id)
        locked = history.latest(session, loaded.head.id, "TextLocked")
        audit = evidence.audit_of(ctx, session, loaded, until_seq=locked.seq)
        form = content.form_of(ctx, session, loaded)
    where = ctx.verify_url(document.verify_code)
    issued = ctx.documents.seal_issue(
        ctx.documents.render(text.content, present(form, text.content), audit, verify_url=where)
    )
    sealed = ctx.documents.seal_completion(_signed_again(ctx, loaded, issued, signed))
    first, last = ctx.files.put(issued), ctx.files.put(sealed.data)
    with ctx.database.writing() as session:
        loaded = heads.load(session, reference, lock=True)
        now = ctx.clock.now()
        done = loaded is not None and work.update_document(
            session, document.id, revision=document.revision, new_revision=document.revision + 1, issued_sha256=first,
            current_sha256=last, level=sealed.level, updated_at=now, problem=None,
            time_stamp_authority=sealed.time_stamp_authority, renew_by=renew_by(sealed, at=now),
        )  # fmt: skip
        if not done or loaded is None:
            return False
        for name, made in ((first, issued), (last, sealed.data)):
            _keep(session, name, made, loaded.head.id, now)
        facts = {"document_sha256": last, "level": sealed.level, "signatures": len(signed), "made_on_request": True}
        _record(ctx, session, loaded, locked, facts)
        return True


def _signed_again(ctx: Context, loaded: Loaded, data: bytes, signed: Iterable[Any]) -> bytes:
    """The document with a signature of today for each one on record."""
    names = {party.key: party.name for party in loaded.parties}
    for one in signed:
        data = ctx.documents.sign(
            data,
            field=one.field,
            post=one.post,
            organisation=names[one.party_key],
            user_id=f"person-{one.person_id}",
            authentication="demo",
            evidence_hash=digest(canonical({"statement": one.statement})),
            statement=one.statement,
            authority=one.authority,
            vouched_by=one.vouched_by,
        ).data
    return data


def _keep(session: Session, name: str, data: bytes, agreement_id: int, at: datetime) -> None:
    if not work.file_known(session, name):
        row = {"sha256": name, "size": len(data), "media_type": "application/pdf", "facts": {}}
        rows.add(session, "stored_files", row | {"agreement_id": agreement_id, "stored_at": at})


def _record(ctx: Context, session: Session, loaded: Loaded, locked: Any, facts: dict[str, Any]) -> None:
    lead = loaded.lead
    actor = Actor(locked.person_id, "", (), "service")
    held = Held(0, locked.organisation_id, lead.code, lead.name, "the service", "drafter")
    take(ctx, session, loaded, actor, held, Happening("DocumentSealed", facts), bump=False)


def settle_past(ctx: Context, reference: str, *, now: datetime) -> int:
    """Close what the outbox holds for a history that was made at once: mail on tasks that are done, documents made.

    What still waits for somebody is left to be told from ``now`` on. Returns how many rows were closed.
    """
    with ctx.database.writing() as session:
        loaded = heads.load(session, reference)
        if loaded is None:
            return 0
        waiting = {task.key for task in loaded.tasks if task.status == "open"}
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
        made = document is not None and document.status != "waiting"
        return demo_rows.settle(session, loaded.head.id, waiting=waiting, made=made, at=loaded.head.updated_at, now=now)


def is_filled(ctx: Context) -> bool:
    """Whether the demonstration world has been made here."""
    with ctx.database.reading() as session:
        return demo_rows.filled(session)


def mark_filled(ctx: Context, *, seed: int, agreements: int, **more: str) -> None:
    """Remember that the demonstration world was made, and how."""
    with ctx.database.writing() as session:
        demo_rows.mark_filled(session, {"seed": seed, "agreements": agreements, **more})
