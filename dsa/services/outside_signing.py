"""Signatures made on paper or in another product. One rule: a second person confirms, and it is always shown as such.

The service's own seal fills the place of the signature and says so; it is no signature of the person.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor, Held
from dsa.domain.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from dsa.domain.machine import Recorded
from dsa.domain.permissions import who_may
from dsa.domain.values import date_text
from dsa.persistence import outside, rows, work
from dsa.persistence.heads import Loaded
from dsa.services import content
from dsa.services.agreement_header import Header, header_of
from dsa.services.context import Context
from dsa.services.moving import Happening, Step, open_for, take
from dsa.services.permitting import demand, why_not
from dsa.services.ports import Revision
from dsa.services.signing import TRIES, field_of, keep, slot_of
from dsa.services.signing_days import WAYS
from dsa.timekeeping.instants import local_day

METHOD = "outside"
MOST_BYTES = 10_000_000
_KINDS = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


class WrongDay(BadInput):
    """The signature cannot have been made on that day."""


@dataclass(frozen=True, slots=True)
class OutsideShown:
    """One as pages show it. ``how`` in words; ``may_decide``: the reader is the second person that it waits for."""

    id: int
    party: str
    post: str
    how: str
    signed_on: date
    status: str
    uploaded_by: str
    uploaded_at: datetime
    decided_by: str
    reason: str
    media_type: str
    may_decide: bool


@dataclass(frozen=True, slots=True)
class OutsidePage:
    """The page: the places that are still open as (task, words), and what was uploaded, oldest first.

    ``confirmers`` are the roles that may confirm one, in words.
    """

    header: Header
    places: tuple[tuple[str, str], ...]
    refusal: Any
    uploaded: tuple[OutsideShown, ...]
    confirmers: str

    @property
    def may_decide(self) -> bool:
        """Whether one waits for the reader."""
        return any(each.may_decide for each in self.uploaded)


def outside_page(ctx: Context, actor: Actor, reference: str) -> OutsidePage:
    """Where a signature from outside can be entered, and those that were. Raises NotFound for strangers."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        names = {party.key: party.name for party in loaded.parties}
        found = outside.every(session, loaded.head.id, loaded.head.locked_version_id)
        busy = {row.task_key for row in found if row.status == "waiting"}
        text = content.newest(session, loaded)
        places = tuple(
            (task.key, f"{_post(text, task)}, {names.get(task.party_key or '', '')}")
            for task in loaded.tasks
            if text is not None and task.kind == "signature" and task.status == "open" and task.key not in busy
        )
        return OutsidePage(
            header_of(ctx, session, loaded),
            places,
            why_not(ctx, session, actor, "enter_outside_signature", loaded),
            tuple(_shown(ctx, session, loaded, actor, row, names) for row in found),
            who_may("confirm_outside_signature"),
        )


def upload(
    ctx: Context, actor: Actor, reference: str, task_key: str, *, data: bytes, how: str, signed_on: date
) -> Step:
    """Enter a signature made outside, with a copy of it. It counts when a second person has confirmed it.

    Raises BadInput for a file of another kind, a day that cannot be, or an unknown way; Refused where the place is
    taken or the text is not there to sign.
    """
    if how not in WAYS:
        raise BadInput("Say whether it was signed on paper or in another product.")
    media_type = _kind(data)
    name = ctx.files.put(data)
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        held = demand(ctx, session, actor, "enter_outside_signature", loaded)
        task = _open_place(loaded, task_key)
        _demand_of(held, loaded, task, "enter the signature of another party")
        if any(r.task_key == task_key and r.status == "waiting" for r in _rows(session, loaded)):
            raise Refused("A signature for this place is waiting to be confirmed. Confirm or refuse that one first.")
        locked = _locked_on(session, loaded)
        if not locked <= signed_on <= local_day(ctx.clock.now()):
            raise WrongDay(
                "The text was locked on %(day)s: it can have been signed from that day until today.",
                day=date_text(locked.isoformat()),
            )
        post = _post(content.newest(session, loaded), task)
        facts = {"task": task_key, "party": _party(loaded, task), "post": post, "how": WAYS[how]}
        facts |= {"signed_on": signed_on.isoformat(), "copy_sha256": name}
        step = take(ctx, session, loaded, actor, held, Happening("OutsideSignatureEntered", facts), bump=False)
        keep(session, name, data, loaded.head.id, step.at, media_type=media_type)
        outside.add(
            session,
            {
                "agreement_id": loaded.head.id, "version_id": loaded.head.locked_version_id, "task_key": task_key,
                "party_key": task.party_key, "post": post, "how": how, "signed_on": signed_on, "sha256": name,
                "media_type": media_type, "uploaded_by_id": actor.person_id, "uploaded_by": _who(held),
                "uploaded_at": step.at, "uploaded_seq": step.seq,
            },
        )  # fmt: skip
        return step


def confirm(ctx: Context, actor: Actor, reference: str, number: int) -> Step:
    """Confirm a signature made outside: the service's seal fills its place and says how it was made.

    Raises NotAllowed for the person who entered it and for other organisations, Conflict where it was decided already.
    """
    for _ in range(TRIES):
        with ctx.database.reading() as session:
            loaded = open_for(ctx, session, actor, reference)
            row, held = _to_decide(ctx, session, loaded, actor, number)
            document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
            party = _party(loaded, loaded.task(row.task_key))
        if document is None or document.status not in ("issued", "signing") or document.current_sha256 is None:
            raise Refused("The document is being prepared. It is ready in about a minute; then confirm.")
        sealed = ctx.documents.record_outside(
            ctx.files.get(document.current_sha256),
            field=field_of(row.party_key, row.task_key),
            post=row.post,
            organisation=party,
            when=f"{date_text(row.signed_on.isoformat())}, {WAYS[row.how]}",
            copy_sha256=row.sha256,
            confirmed_by=_who(held),
        )
        step = _record(ctx, actor, reference, number, document, sealed)
        if step is not None:
            return step
    raise Conflict("Many people are signing at this moment. Nothing of yours was changed. Try again.")


def refuse(ctx: Context, actor: Actor, reference: str, number: int, *, reason: str) -> Step:
    """Refuse a signature made outside, with the reason: its place stays open."""
    if not reason.strip():
        raise BadInput("Say why it does not count: whoever entered it has to know.")
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        row, held = _to_decide(ctx, session, loaded, actor, number)
        facts = {"task": row.task_key, "party": _party(loaded, loaded.task(row.task_key)), "reason": reason.strip()}
        step = take(ctx, session, loaded, actor, held, Happening("OutsideSignatureRefused", facts), bump=False)
        _decided(session, row, actor, held, step, status="refused", reason=reason.strip())
        return step


def copy_of(ctx: Context, actor: Actor, reference: str, number: int) -> tuple[bytes, str, str]:
    """The uploaded copy, its media type and a file name. Raises NotFound."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        row = outside.one(session, loaded.head.id, number)
    if row is None:
        raise NotFound("There is no such copy on this agreement.")
    ending = row.media_type.partition("/")[2].replace("jpeg", "jpg")
    return ctx.files.get(row.sha256), row.media_type, f"{reference}-signature-{number}.{ending}"


def _record(ctx: Context, actor: Actor, reference: str, number: int, document: Any, sealed: Revision) -> Step | None:
    """Write it on the revision that it was made on; None when somebody signed meanwhile."""
    name = ctx.files.put(sealed.data)
    with ctx.database.writing() as session:
        loaded = open_for(ctx, session, actor, reference, lock=True)
        row, held = _to_decide(ctx, session, loaded, actor, number)
        moved = work.update_document(
            session, document.id, revision=document.revision, new_revision=document.revision + 1,
            current_sha256=name, status="signing", updated_at=ctx.clock.now(),
        )  # fmt: skip
        if not moved:
            return None
        task = loaded.task(row.task_key)
        facts = _facts(loaded, row, document, sealed)
        happened = datetime.combine(row.signed_on, time(12), UTC)
        happening = Happening("OutsideSignatureConfirmed", facts, happened_at=min(happened, ctx.clock.now()))
        step = take(ctx, session, loaded, actor, held, happening, action=Recorded(row.task_key, "signed"))
        rows.add(session, "signatures", _signature(loaded, task, row, actor, held, sealed, document, step))
        _decided(session, row, actor, held, step, status="confirmed", reason=None)
        keep(session, name, sealed.data, loaded.head.id, step.at)
        return step


def _facts(loaded: Loaded, row: Any, document: Any, sealed: Revision) -> dict[str, Any]:
    return {
        "task": row.task_key,
        "party": _party(loaded, loaded.task(row.task_key)),
        "post": row.post,
        "how": WAYS[row.how],
        "signed_on": row.signed_on.isoformat(),
        "copy_sha256": row.sha256,
        "document_sha256": document.issued_sha256,
        "entered_by": row.uploaded_by,
        "certificate": sealed.certificate_serial,
        "level": sealed.level,
    }


def _signature(
    loaded: Loaded, task: Any, row: Any, actor: Actor, held: Held, sealed: Revision, document: Any, step: Step
) -> dict[str, Any]:
    return {
        "agreement_id": loaded.head.id, "version_id": row.version_id, "task_id": task.id, "event_seq": step.seq,
        "party_key": row.party_key, "slot": slot_of(row.task_key), "organisation_id": task.organisation_id,
        "person_id": actor.person_id, "post": row.post, "authority": "", "delegation_reference": None,
        "method": METHOD, "vouched_by": _who(held),
        "statement": f"Signed outside this service on {date_text(row.signed_on.isoformat())}, {WAYS[row.how]}.",
        "seen_sha256": document.issued_sha256 or "", "field": field_of(row.party_key, row.task_key),
        "certificate_serial": sealed.certificate_serial, "certificate_sha256": sealed.certificate_sha256,
        "level": sealed.level, "signed_at": step.at,
    }  # fmt: skip


def _decided(session: Session, row: Any, actor: Actor, held: Held, step: Step, *, status: str, reason: Any) -> None:
    done = outside.decide(
        session, row.id, status=status, decided_by_id=actor.person_id, decided_by=_who(held), decided_at=step.at,
        decided_seq=step.seq, reason=reason,
    )  # fmt: skip
    if not done:
        raise Conflict("Somebody decided on this signature a moment ago. Look at the page again.")


def _to_decide(ctx: Context, session: Session, loaded: Loaded, actor: Actor, number: int) -> tuple[Any, Held]:
    """The row that waits, and the post through which the actor may decide on it."""
    row = outside.one(session, loaded.head.id, number)
    if row is None:
        raise NotFound("There is no such signature on this agreement.")
    if row.status != "waiting":
        raise Conflict("Somebody decided on this signature already. Look at the page again.")
    held = demand(ctx, session, actor, "confirm_outside_signature", loaded)
    _demand_second(loaded, row, actor, held)
    _open_place(loaded, row.task_key)
    return row, held


def _demand_second(loaded: Loaded, row: Any, actor: Actor, held: Held) -> None:
    if row.uploaded_by_id == actor.person_id:
        raise NotAllowed("You entered this signature, so somebody else has to confirm it. Ask a colleague.")
    task = loaded.task(row.task_key)
    if task is None or held.organisation_id != task.organisation_id:
        raise NotAllowed("Only %(party)s can confirm this signature: it is theirs.", party=_party(loaded, task))


def _demand_of(held: Held, loaded: Loaded, task: Any, what: str) -> None:
    if held.organisation_id not in (task.organisation_id, loaded.lead.organisation_id):
        raise NotAllowed("You cannot %(what)s. Ask them, or the lead party.", what=what)


def _open_place(loaded: Loaded, task_key: str) -> Any:
    task = loaded.task(task_key)
    if task is None or task.kind != "signature":
        raise NotFound("There is no such signature on this agreement.")
    if task.status != "open":
        raise Conflict("This signature is given already, or is no longer needed.")
    return task


def _rows(session: Session, loaded: Loaded) -> list[Any]:
    return list(outside.every(session, loaded.head.id, loaded.head.locked_version_id))


def _locked_on(session: Session, loaded: Loaded) -> date:
    document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    if document is None:
        raise Refused("There is no locked text to sign yet.")
    opened: datetime = max(task.opened_at for task in loaded.tasks if task.kind == "signature")
    return local_day(opened)


def _post(text: Any, task: Any) -> str:
    mine = [row for row in text.content["signatories"] if row["party"] == task.party_key]
    return str(mine[slot_of(task.key) - 1]["post"]) if len(mine) >= slot_of(task.key) else "Signatory"


def _party(loaded: Loaded, task: Any) -> str:
    return next((party.name for party in loaded.parties if task is not None and party.key == task.party_key), "")


def _who(held: Held) -> str:
    return f"{held.title}, {held.organisation_name}"


def _kind(data: bytes) -> str:
    """The media type by the first bytes, whatever the name says."""
    if not data:
        raise BadInput("Choose the file with the signed page.")
    if len(data) > MOST_BYTES:
        raise BadInput("The file is larger than 10 MB. Scan the signed page alone, or with fewer dots per inch.")
    for begins, kind in _KINDS.items():
        if data.startswith(begins):
            return kind
    raise BadInput("The file is neither a PDF nor a PNG or JPEG picture. Scan or save the signed page as one of these.")


def _shown(
    ctx: Context, session: Session, loaded: Loaded, actor: Actor, row: Any, names: dict[str, str]
) -> OutsideShown:
    may = row.status == "waiting"
    if may:
        try:
            _to_decide(ctx, session, loaded, actor, row.id)
        except (NotAllowed, Conflict, Refused):
            may = False
    return OutsideShown(
        row.id, names.get(row.party_key, row.party_key), row.post, WAYS[row.how], row.signed_on, row.status,
        row.uploaded_by, row.uploaded_at, row.decided_by or "", row.reason or "", row.media_type, may,
    )  # fmt: skip
