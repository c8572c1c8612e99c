"""The evidence of an agreement as one file. One rule: whoever holds the pack can check it without this service.

In it: the signed document, its content and full record of events, who signed, the service's root certificate, and a
text that says how to check all of it with tools of others.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.checkpoints import read_key
from dsa.domain.errors import Refused
from dsa.domain.events import moment
from dsa.domain.integrity import canonical, digest
from dsa.domain.stamps import level_told
from dsa.persistence import outside, work
from dsa.persistence.heads import Loaded
from dsa.services import content, demo_documents, evidence, log_export, pack_words, permitting
from dsa.services.archive import zipped
from dsa.services.context import Context
from dsa.services.document_page import level_of_closed
from dsa.services.moving import open_for
from dsa.services.signing import field_of
from dsa.services.signing_days import Outside, made_outside


def evidence_pack(ctx: Context, actor: Actor, reference: str) -> tuple[bytes, str]:
    """The pack (ZIP) and a name for it. Raises NotFound, NotAllowed, or Refused where no document is made yet."""
    with ctx.database.reading() as session:
        loaded = open_for(ctx, session, actor, reference)
        permitting.demand(ctx, session, actor, "export", loaded)
        files = evidence_files(ctx, session, loaded)
    return zipped({f"{reference}/{name}": data for name, data in files.items()}), f"{reference}-evidence.zip"


def evidence_files(ctx: Context, session: Session, loaded: Loaded) -> dict[str, bytes]:
    """The files of the pack by name. Raises Refused where there is no document to prove anything about."""
    document = work.document(session, loaded.head.id, loaded.head.locked_version_id)
    if demo_documents.is_deferred(document):
        raise Refused("This document of the demonstration is made on request. Open its page and choose to make it.")
    if document is None or document.current_sha256 is None:
        raise Refused("The document is not made yet. It is made when the text is locked; look again in a minute.")
    text = content.locked(session, loaded)
    if text is None:
        raise Refused("The text is not locked yet, so there is nothing that could be proved.")
    reference = loaded.head.reference
    audit = evidence.audit_of(ctx, session, loaded)
    files = {
        f"{reference}.pdf": ctx.files.get(document.current_sha256),
        f"{reference}.agreement.json": text.data,
        f"{reference}.audit.json": canonical(audit),
        f"{reference}.log.jsonl": log_export.log_of(ctx, session, loaded),
        f"{reference}.signatures.json": _json(_signatures(session, loaded, document, text)),
        **pack_words.programs(),
        **_anchors(ctx, audit["log"]),
    }
    for row in outside.every(session, loaded.head.id, loaded.head.locked_version_id):
        if row.status == "confirmed":
            ending = row.media_type.partition("/")[2].replace("jpeg", "jpg")
            files[f"signed-outside/{field_of(row.party_key, row.task_key)}.{ending}"] = ctx.files.get(row.sha256)
    listed = {name: digest(data) for name, data in files.items()}
    files["SHA256SUMS"] = "".join(f"{listed[name]}  {name}\n" for name in sorted(listed)).encode()
    files["README.txt"] = pack_words.how_to_check(
        reference,
        content_hash=text.hash,
        complete=document.status == "sealed",
        verify_url=ctx.verify_url(document.verify_code),
        trust_url=ctx.trust_url,
        has=set(files),
    ).encode()
    return files


def _anchors(ctx: Context, log: Mapping[str, Any] | None) -> dict[str, bytes]:
    """What has to be trusted, and has to be compared with what was published elsewhere."""
    clocks = b"".join(each.pem for each in ctx.published().stamp_roots)
    files = {"root.pem": ctx.root_pem(), "stamp-roots.pem": clocks or None}
    if log is not None:
        files["checkpoint.txt"] = str(log["checkpoint"]).encode()
        files["log-key.pem"] = read_key(log["key"]).pem.encode() if log["key"] else None
    return {name: data for name, data in files.items() if data is not None}


def _signatures(session: Session, loaded: Loaded, document: Any, text: content.Text) -> list[Mapping[str, Any]]:
    names = {party.key: party.name for party in loaded.parties}
    elsewhere = made_outside(session, loaded.head.id, loaded.head.locked_version_id)
    closed = level_of_closed(document)
    return [
        {
            "organisation": names.get(row.party_key, row.party_key),
            "post": row.post,
            "authority": row.authority or content.stated_authority(text.content, row.party_key, row.slot),
            "statement": row.statement,
            "authentication": row.method,
            "account_vouched_for_by": "" if row.field in elsewhere else row.vouched_by,
            "signed_at": moment(row.signed_at),
            "document_seen_sha256": row.seen_sha256,
            "field": row.field,
            "level": row.level,
            "level_today": closed or row.level,
            "level_told": level_told(row.level, closed),
            "time_stamp_authority": row.time_stamp_authority or "",
            "certificate_serial": row.certificate_serial,
            "certificate_sha256": row.certificate_sha256,
            **_outside(elsewhere.get(row.field)),
        }
        for row in work.signatures(session, loaded.head.locked_version_id)
    ]


def _outside(made: Outside | None) -> dict[str, Any]:
    """Of a signature made outside: the certificate and its level are those of the service's seal, not of a person."""
    if made is None:
        return {"made_outside": False}
    return {
        "made_outside": True,
        "signed_on": made.signed_on.isoformat(),
        "how": made.how,
        "signed_at": None,
        "recorded_at": moment(made.recorded_at),
        "confirmed_by": made.confirmed_by,
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
