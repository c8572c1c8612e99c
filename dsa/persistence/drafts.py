"""Working answers and frozen versions. One rule: saving is per section; a version is written once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dsa.domain.errors import Conflict
from dsa.persistence import rows
from dsa.persistence.models import Agreement, Counter, Edited, Organisation, Party, SectionAnswers, Version
from dsa.persistence.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Saved:
    """One section's working answers as they stand. ``problems`` maps question key to a sentence."""

    section: str
    revision: int
    answers: Mapping[str, Any]
    problems: Mapping[str, str]
    saved_by_id: int
    saved_at: datetime


def sections_of(session: Session, agreement_id: int) -> dict[str, Saved]:
    """The working answers by section."""
    rows = session.scalars(
        select(SectionAnswers).where(SectionAnswers.agreement_id == agreement_id).order_by(SectionAnswers.section)
    )
    return {
        row.section: Saved(row.section, row.revision, row.answers, row.problems, row.saved_by_id, row.saved_at)
        for row in rows
    }


def save_section(
    session: Session,
    *,
    agreement_id: int,
    section: str,
    seen: int,
    answers: Mapping[str, Any],
    problems: Mapping[str, str],
    digest: str,
    person_id: int,
    at: datetime,
) -> int:
    """Save one section from the revision that was seen (0: never saved). Returns the new revision.

    Raises Conflict when somebody saved it meanwhile.
    """
    values: dict[str, Any] = {
        "answers": dict(answers),
        "problems": dict(problems),
        "hash": digest,
        "saved_by_id": person_id,
        "saved_at": at,
    }
    where = (SectionAnswers.agreement_id == agreement_id, SectionAnswers.section == section)
    current: int | None = session.scalar(select(SectionAnswers.revision).where(*where).with_for_update())
    if (current or 0) != seen:
        raise Conflict("Somebody else saved this section after you opened it. Nothing of theirs was lost.")
    if current is None:
        session.execute(insert(SectionAnswers).values(agreement_id=agreement_id, section=section, revision=1, **values))
        return 1
    session.execute(update(SectionAnswers).where(*where).values(revision=current + 1, **values))
    return current + 1


def add_editor(session: Session, *, agreement_id: int, person_id: int, at: datetime) -> None:
    """Remember that a person wrote part of the text."""
    known = session.scalar(
        select(Edited.person_id).where(Edited.agreement_id == agreement_id, Edited.person_id == person_id)
    )
    if known is None:
        session.execute(insert(Edited).values(agreement_id=agreement_id, person_id=person_id, first_at=at))


def next_number(session: Session, name: str) -> int:
    """The next number of a series."""
    write = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = write(Counter).values(name=name, value=1)
    upsert = statement.on_conflict_do_update(index_elements=[Counter.name], set_={"value": Counter.value + 1})
    number: int | None = session.scalar(upsert.returning(Counter.value))
    assert number is not None  # noqa: S101 - an upsert always returns its row
    return number


def add_agreement(session: Session, values: Mapping[str, Any]) -> int:
    """Add the head of an agreement; returns its id."""
    return rows.add(session, "agreements", values)


def update_agreement(session: Session, agreement_id: int, **values: Any) -> None:
    """Set columns of an agreement's head that no step sets (title, route, shared, locked version)."""
    session.execute(update(Agreement).where(Agreement.id == agreement_id).values(**values))


def set_parties(session: Session, agreement_id: int, rows: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Make the agreement's parties these rows (by key, at least one); returns (keys added, keys that left)."""
    found = session.execute(select(Party.key, Party.id).where(Party.agreement_id == agreement_id))
    known = {row.key: row.id for row in found}
    wanted = {row["key"] for row in rows}
    for row in rows:
        if row["key"] in known:
            keep = {name: value for name, value in row.items() if name not in ("joined_at", "agreement_id")}
            keep["left_at"] = None
            session.execute(update(Party).where(Party.id == known[row["key"]]).values(**keep))
        else:
            session.execute(insert(Party).values(agreement_id=agreement_id, **row))
    removed = [key for key in known if key not in wanted]
    if removed:
        # kept as a row, because the ledger may name its organisation
        gone = update(Party).where(Party.agreement_id == agreement_id, Party.key.in_(removed), Party.left_at.is_(None))
        session.execute(gone.values(left_at=rows[0]["joined_at"], is_lead=False))
    return [row["key"] for row in rows if row["key"] not in known], removed


def organisations_by_code(session: Session, codes: list[str]) -> dict[str, Organisation]:
    """The organisations of these codes."""
    found = session.scalars(select(Organisation).where(Organisation.code.in_(codes)).order_by(Organisation.code))
    return {organisation.code: organisation for organisation in found}


def newest_version(session: Session, agreement_id: int) -> Any:
    """The newest frozen version (id, number, hash, section_hashes, content, frozen_at), or None."""
    return _NEWEST.one(session, {"agreement": agreement_id})


def newest_mark(session: Session, agreement_id: int) -> Any:
    """The newest frozen version without its content (id, number, hash, section_hashes), or None."""
    return _NEWEST_MARK.one(session, {"agreement": agreement_id})


_MARK = (Version.id, Version.number, Version.hash, Version.section_hashes)
_LAST = select(*_MARK).where(Version.agreement_id == bindparam("agreement")).order_by(Version.number.desc()).limit(1)
_NEWEST_MARK, _NEWEST = Prepared(_LAST), Prepared(_LAST.add_columns(Version.content, Version.frozen_at))


def version(session: Session, agreement_id: int, number: int) -> Any:
    """One frozen version by its number, or None."""
    return session.execute(
        select(
            Version.id, Version.number, Version.hash, Version.section_hashes, Version.content, Version.frozen_at
        ).where(Version.agreement_id == agreement_id, Version.number == number)
    ).one_or_none()


def versions(session: Session, agreement_id: int) -> list[Any]:
    """Every frozen version without its content, oldest first."""
    return list(
        session.execute(
            select(Version.id, Version.number, Version.hash, Version.reason, Version.frozen_by_id, Version.frozen_at)
            .where(Version.agreement_id == agreement_id)
            .order_by(Version.number)
        )
    )


def add_version(session: Session, values: Mapping[str, Any]) -> int:
    """Add a frozen version; returns its id."""
    return rows.add(session, "versions", values)


def next_version_number(session: Session, agreement_id: int) -> int:
    """The number that the next version gets."""
    return (session.scalar(select(func.max(Version.number)).where(Version.agreement_id == agreement_id)) or 0) + 1
