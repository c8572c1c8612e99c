"""Looking up a document that somebody holds. One rule: by its code or by the hash of its text, never by a search."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dsa.persistence.models import Agreement, Document, Organisation, Signature, Version

_COLUMNS = (
    Document.status,
    Document.level,
    Document.issued_sha256,
    Document.current_sha256,
    Document.version_id,
    Document.agreement_id,
    Version.number,
    Version.hash,
    Version.content,
    Agreement.reference,
    Agreement.stage,
    Agreement.workflow_id,
    Agreement.workflow_version,
    Agreement.locked_version_id,
    Agreement.is_example,
    Agreement.is_synthetic,
)


def by_code(session: Session, code: str) -> Any:
    """The document of that verification code, or None."""
    return session.execute(_documents().where(Document.verify_code == code)).one_or_none()


def by_content(session: Session, reference: str, content_hash: str) -> Any:
    """The document of an agreement whose text has that hash, or None."""
    return session.execute(
        _documents()
        .where(Agreement.reference == reference, Version.hash == content_hash)
        .order_by(Document.id.desc())
        .limit(1)
    ).one_or_none()


def signatures(session: Session, version_id: int) -> list[Any]:
    """Post, authority, moment and place of each signature under a version, in the order in which they were made."""
    return list(
        session.execute(
            select(
                Signature.post,
                Signature.authority,
                Signature.signed_at,
                Signature.level,
                Signature.method,
                Signature.party_key,
                Signature.slot,
                Signature.field,
                Signature.vouched_by,
                Organisation.name.label("organisation"),
            )
            .join(Organisation, Organisation.id == Signature.organisation_id)
            .where(Signature.version_id == version_id)
            .order_by(Signature.id)
        )
    )


def _documents() -> Any:
    return (
        select(*_COLUMNS)
        .select_from(Document)
        .join(Agreement, Agreement.id == Document.agreement_id)
        .join(Version, Version.id == Document.version_id)
    )
