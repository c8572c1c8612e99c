"""Signing: issue the document, sign it, seal it. One rule: everybody signs the same stored, issue-sealed bytes.

Signatures are made outside the transaction, on the revision that was read; the write succeeds only when nobody signed
meanwhile, else it is made again on the newer revision. So people who sign at once never fork the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import Conflict, NotAllowed, NotFound, Refused
from dsa.domain.integrity import canonical, digest
from dsa.domain.machine import Recorded
from dsa.persistence import people, rows, work
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, demand_version, open_for, take
from dsa.services.permitting import demand
from dsa.services.ports import Revision
from dsa.services.turns import Turns
from dsa.timekeeping.instants import local_day

CONFIRMED_WITHIN = timedelta(minutes=5)
TRIES = 30
_TURNS = Turns()


@dataclass(frozen=True, slots=True)
class ToSign:
    """What the signing page shows: the document's hash, the statement, the authority relied on."""

    task_id: int
    task_key: str
    party_key: str
    document_sha256: str
    content_hash: str
    version_number: int
    statement: str
    authority: str
    post: str
    party_name: str
    status: str


def to_sign(ctx: Context, actor: Actor, reference: str, task_key: str) -> ToSign:
    """What this person would sign. Raises NotAllowed or Refused with the reason where they cannot."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        return _to_sign(ctx, session, loaded, actor, task_key)


def _to_sign(ctx: Context, session: Session, loaded: Loaded, actor: Actor, task_key: str) -> ToSign:
    task = loaded.task(task_key)
    if task is None or task.kind != "signature":
        raise NotFound("There is no such signature on this agreement.")
    if task.status != "open":
        raise Conflict("This signature is given already, or is no longer needed.")
    held = demand(ctx, session, actor, "decide", loaded, task_key=task_key)
    text = content.newest(session, loaded)
    document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    if text is None or document is None:
        raise Refused("There is no locked text to sign yet.")
    authority = _authority(ctx, session, loaded, held, text.content, task)
    party = next(p for p in loaded.parties if p.key == task.party_key)
    post = _post(text.content, task, held)
    return ToSign(
        task.id,
        task_key,
        party.key,
        document.issued_sha256 or "",
        text.hash,
        text.number,
        f"I have read {loaded.head.reference}, version {text.number}, and sign it for {party.name} as {post}.",
        authority,
        post,
        party.name,
        document.status,
    )


def _post(frozen: Mapping[str, Any], task: Any, held: Held) -> str:
    slot = slot_of(task.key)
    mine = [row for row in frozen["signatories"] if row["party"] == task.party_key]
    named = str(mine[slot - 1]["post"]) if len(mine) >= slot else ""
    return named if named and named != "Signatory" else held.title


def _authority(ctx: Context, session: Session, loaded: Loaded, held: Held, frozen: Mapping[str, Any], task: Any) -> str:
    """The authority that the signature rests on: a delegation in force and in scope, else what the text states."""
    known = people.authorities(session, [held.post_id])
    if known:
        on = local_day(ctx.clock.now())
        kind = str(content.flat(frozen["answers"]).get("doc_type") or "")
        subjects = largest_number(content.flat(frozen["answers"]).get("volume_band"))
        for each in known:
            if each.covers(route=loaded.head.route, document_type=kind, subjects=subjects, on=on):
                return each.reference
        raise NotAllowed(
            "The authority of your post does not cover this agreement today: it is out of date or out of scope. "
            "Pass the task on, or ask your administrator to record the authority that you have.",
        )
    stated = content.stated_authority(frozen, task.party_key, slot_of(task.key))
    return stated or f"by virtue of the post of {held.title}"


_BANDS = {"under_100": 99, "100_999": 999, "1000_9999": 9_999, "10000_99999": 99_999, "100000_999999": 999_999}


def largest_number(band: object) -> int | None:
    """The most people that a volume band means; None where it is open-ended or unknown."""
    return _BANDS.get(str(band))


def sign(
    ctx: Context,
    actor: Actor,
    reference: str,
    task_key: str,
    *,
    seen: int | None,
    seen_sha256: str,
    confirmed: bool,
) -> Step:
    """Sign the document that was seen. ``confirmed``: the person proved who they are within ``CONFIRMED_WITHIN``, by
    true time, which is not the time of this service where that is simulated.

    Raises Refused (not confirmed, document not ready), Conflict (another document, signed already) or NotAllowed.
    """
    if not confirmed:
        raise Refused("Confirm that it is you, then sign. A confirmation is good for five minutes.")
    for _ in range(TRIES):
        with _TURNS.turn(reference):
            step = _signed(ctx, actor, reference, task_key, seen=seen, seen_sha256=seen_sha256)
        if step is not None:
            return step
    raise Conflict("Many people are signing at this moment. Nothing of yours was changed. Try again.")


def _signed(
    ctx: Context, actor: Actor, reference: str, task_key: str, *, seen: int | None, seen_sha256: str
) -> Step | None:
    """Sign the newest revision and write it; None when somebody wrote a newer one meanwhile."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        page = _to_sign(ctx, session, loaded, actor, task_key)
        demand_stage(loaded, seen)
        document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    if document is None or page.status not in ("issued", "signing") or document.current_sha256 is None:
        raise Refused("The document is being prepared. It is ready in about a minute; then sign.")
    if seen_sha256 != page.document_sha256:
        raise Conflict("The document changed after you opened the page. Read the new one, then sign.")
    data = ctx.files.get(document.current_sha256)
    if not data.startswith(ctx.files.get(page.document_sha256)):
        raise Refused(
            "The stored document does not begin with the bytes that were issued for signing, so nobody can sign it. "
            "Tell the people who run this service: a file was changed."
        )
    return _record(ctx, actor, reference, page, document, _made(ctx, actor, page, data))


def _made(ctx: Context, actor: Actor, page: ToSign, data: bytes) -> Revision:
    return ctx.documents.sign(
        data,
        field=field_of(page.party_key, page.task_key),
        post=page.post,
        organisation=page.party_name,
        user_id=f"person-{actor.person_id}",
        authentication="demo" if actor.method == "demo" else "password",
        evidence_hash=evidence_hash(actor, page),
        statement=page.statement,
        authority=page.authority,
        vouched_by=actor.vouched_by,
    )


def evidence_hash(actor: Actor, page: ToSign) -> str:
    """The hash in the certificate: over what the event of the signature keeps, so that both can be compared."""
    facts = {
        "statement": page.statement, "document_sha256": page.document_sha256, "content_hash": page.content_hash,
        "authority": page.authority, "post": page.post, "party": page.party_name, "authentication": actor.method,
        "vouched_by": actor.vouched_by,
    }  # fmt: skip
    return digest(canonical(facts))


def field_of(party_key: str, task_key: str) -> str:
    """The name of the place in the document where the signature of a task goes."""
    return f"sig_{party_key}_{slot_of(task_key)}"


def demand_stage(loaded: Loaded, seen: int | None) -> None:
    """A signature is bound to the document, not to the list of who signed before: only another stage is a conflict."""
    if loaded.head.stage != "sign_off":
        demand_version(loaded, seen)


def slot_of(task_key: str) -> int:
    """Which of its party's signatures a task asks for, counted from 1."""
    return int(task_key.rsplit(":", 1)[1]) if task_key.count(":") == 2 else 1


def _record(ctx: Context, actor: Actor, reference: str, page: ToSign, document: Any, signed: Revision) -> Step | None:
    """Write the signature on the revision that it was made on; None when somebody signed meanwhile."""
    name = ctx.files.put(signed.data)
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        again = _to_sign(ctx, session, loaded, actor, page.task_key)
        if again.document_sha256 != page.document_sha256:
            raise Conflict("The document changed while you signed. Read the new one, then sign.")
        held = demand(ctx, session, actor, "decide", loaded, task_key=page.task_key)
        now = ctx.clock.now()
        moved = work.update_document(
            session, document.id, revision=document.revision, new_revision=document.revision + 1,
            current_sha256=name, status="signing", updated_at=now,
        )  # fmt: skip
        if not moved:
            return None
        facts = _facts(actor, page, signed)
        action = Recorded(page.task_key, "signed")
        step = take(ctx, session, loaded, actor, held, Happening("TextSigned", facts), action=action)
        work.add_signature(session, _signature(loaded, actor, held, page, signed, step))
        keep(session, name, signed.data, loaded.head.id, now)
        return step


def _facts(actor: Actor, page: ToSign, signed: Revision) -> dict[str, Any]:
    return {
        "task": page.task_key,
        "party": page.party_name,
        "post": page.post,
        "authority": page.authority,
        "statement": page.statement,
        "version": page.version_number,
        "content_hash": page.content_hash,
        "document_sha256": page.document_sha256,
        "certificate": signed.certificate_serial,
        "certificate_sha256": signed.certificate_sha256,
        "level": signed.level,
        "time_stamp_authority": signed.time_stamp_authority,
        "authentication": actor.method,
        "vouched_by": actor.vouched_by,
    }


def _signature(loaded: Loaded, actor: Actor, held: Held, page: ToSign, signed: Revision, step: Step) -> dict[str, Any]:
    return {
        "agreement_id": loaded.head.id,
        "version_id": loaded.head.locked_version_id,
        "task_id": page.task_id,
        "event_seq": step.seq,
        "party_key": page.party_key,
        "slot": slot_of(page.task_key),
        "organisation_id": held.organisation_id,
        "person_id": actor.person_id,
        "post": page.post,
        "authority": page.authority,
        "delegation_reference": page.authority,
        "method": actor.method,
        "vouched_by": actor.vouched_by,
        "statement": page.statement,
        "seen_sha256": page.document_sha256,
        "field": field_of(page.party_key, page.task_key),
        "certificate_serial": signed.certificate_serial,
        "certificate_sha256": signed.certificate_sha256,
        "level": signed.level,
        "time_stamp_authority": signed.time_stamp_authority,
        "signed_at": step.at,
    }


def keep(
    session: Session, name: str, data: bytes, agreement_id: int, at: datetime, *, media_type: str = "application/pdf"
) -> None:
    """List a file of the agreement that lies in the store."""
    if not work.file_known(session, name):
        row = {"sha256": name, "size": len(data), "media_type": media_type, "facts": {}}
        rows.add(session, "stored_files", row | {"agreement_id": agreement_id, "stored_at": at})
