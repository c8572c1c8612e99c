"""Working answers and frozen versions. One rule: saving is per section; a version is written once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from dsa.domain.errors import Conflict
from dsa.persistence import rows, timetables, waiting
from dsa.persistence.models import Agreement, Counter, Edited, Organisation, Party, SectionAnswers, Version, table
from dsa.persistence.prepared import Prepared, PreparedUpdate


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
    return {
        row.section: Saved(row.section, row.revision, row.answers, row.problems, row.saved_by_id, row.saved_at)
        for row in _SECTIONS.rows(session, {"agreement": agreement_id})
    }


def answers_of(session: Session, agreement_id: int) -> dict[str, dict[str, Any]]:
    """The working answers by section, without when and by whom they were saved."""
    return {row.section: row.answers for row in _ANSWERS.rows(session, {"agreement": agreement_id})}


_SA = table(SectionAnswers)
_SECTIONS = Prepared(select(_SA).where(_SA.c.agreement_id == bindparam("agreement")).order_by(_SA.c.section))
_ANSWERS = Prepared(
    select(_SA.c.section, _SA.c.answers).where(_SA.c.agreement_id == bindparam("agreement")).order_by(_SA.c.section)
)
_OF_SECTION = (_SA.c.agreement_id == bindparam("of_agreement"), _SA.c.section == bindparam("of_section"))
_REVISION = Prepared(select(_SA.c.revision).where(*_OF_SECTION).with_for_update())
_CHANGE_SECTION = PreparedUpdate(_SA, *_OF_SECTION)


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
    of = {"of_agreement": agreement_id, "of_section": section}
    current: int | None = _REVISION.number(session, of)
    if (current or 0) != seen:
        raise Conflict("Somebody else saved this section after you opened it. Nothing of theirs was lost.")
    if current is None:
        first = {"agreement_id": agreement_id, "section": section, "revision": 1, **values}
        rows.add(session, "section_answers", first)
        return 1
    _CHANGE_SECTION.run(session, of, {"revision": current + 1, **values})
    return current + 1


def add_editor(session: Session, *, agreement_id: int, person_id: int, at: datetime) -> None:
    """Remember that a person wrote part of the text."""
    if _EDITED.number(session, {"agreement": agreement_id, "person": person_id}) is None:
        rows.add(session, "edited", {"agreement_id": agreement_id, "person_id": person_id, "first_at": at})


_EDITED = Prepared(
    select(Edited.person_id).where(
        Edited.agreement_id == bindparam("agreement"), Edited.person_id == bindparam("person")
    )
)


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
    _CHANGE_AGREEMENT.run(session, {"of_id": agreement_id}, values)


_CHANGE_AGREEMENT = PreparedUpdate(table(Agreement), table(Agreement).c.id == bindparam("of_id"))


def set_parties(session: Session, agreement_id: int, parties: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Make the agreement's parties these rows (by key, at least one); returns (keys added, keys that left)."""
    known = {row.key: row.id for row in _PARTY_KEYS.rows(session, {"agreement": agreement_id})}
    wanted = {row["key"] for row in parties}
    for row in parties:
        if row["key"] in known:
            keep = {name: value for name, value in row.items() if name not in ("joined_at", "agreement_id")}
            _CHANGE_PARTY.run(session, {"of_id": known[row["key"]]}, keep | {"left_at": None})
        else:
            rows.add(session, "parties", {"agreement_id": agreement_id, **row})
    removed = [key for key in known if key not in wanted]
    if removed:
        # kept as a row, because the ledger may name its organisation
        gone = update(Party).where(Party.agreement_id == agreement_id, Party.key.in_(removed), Party.left_at.is_(None))
        session.execute(gone.values(left_at=parties[0]["joined_at"], is_lead=False))
    waiting.follow(session, agreement_id)
    if known:
        timetables.ask_again(session, agreement_id)
    return [row["key"] for row in parties if row["key"] not in known], removed


_PARTY_KEYS = Prepared(select(Party.key, Party.id).where(Party.agreement_id == bindparam("agreement")))
_CHANGE_PARTY = PreparedUpdate(table(Party), table(Party).c.id == bindparam("of_id"))


def organisations_by_code(session: Session, codes: list[str]) -> dict[str, Any]:
    """(id, name, nation) of the organisations of these codes."""
    found = {code: _ORGANISATION.one(session, {"code": code}) for code in sorted(codes)}
    return {code: organisation for code, organisation in found.items() if organisation is not None}


_ORGANISATION = Prepared(
    select(Organisation.id, Organisation.code, Organisation.name, Organisation.nation).where(
        Organisation.code == bindparam("code")
    )
)


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
    return (_LAST_NUMBER.number(session, {"agreement": agreement_id}) or 0) + 1


_LAST_NUMBER = Prepared(
    select(func.max(Version.number).label("last")).where(Version.agreement_id == bindparam("agreement"))
)
