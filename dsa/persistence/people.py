"""People, their posts and authority. One rule: only appointments in force on the day count."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, or_, select
from sqlalchemy.orm import Session, aliased

from dsa.domain.actor import Authority, Held
from dsa.persistence.models import Appointment, Delegation, Organisation, Person, Post, table
from dsa.persistence.prepared import Prepared


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a role: for "who can do this" and for mail."""

    id: int
    name: str
    email: str
    post: str
    organisation: str


_IN_FORCE = (
    Appointment.starts_on <= bindparam("day"),
    or_(Appointment.ends_on.is_(None), Appointment.ends_on >= bindparam("day")),
)
_COVERED = aliased(Person)
_POSTS = Prepared(
    select(
        Post.id, Post.title, Post.role, Post.sees_all, Organisation.id.label("organisation_id"),
        Organisation.code, Organisation.name, _COVERED.name.label("covers"),
    )
    .select_from(Appointment)
    .join(Post, Appointment.post_id == Post.id)
    .join(Organisation, Organisation.id == Post.organisation_id)
    .outerjoin(_COVERED, _COVERED.id == Appointment.cover_for_id)
    .where(Appointment.person_id == bindparam("person"), *_IN_FORCE)
    .order_by(Organisation.code, Post.id)
)  # fmt: skip


def posts_of(session: Session, person_id: int, *, on: date) -> tuple[Held, ...]:
    """The posts that a person holds on a day, those they cover for included. Asked on every page: compiled once."""
    return tuple(
        Held(r.id, r.organisation_id, r.code, r.name, r.title, r.role, r.sees_all, r.covers or "")
        for r in _POSTS.rows(session, {"person": person_id, "day": on})
    )


_VOUCHER = aliased(Person)
_PERSON = Prepared(
    select(Person.id, Person.name, Person.active, _VOUCHER.name.label("vouched_by"))
    .select_from(Person)
    .outerjoin(_VOUCHER, _VOUCHER.id == Person.vouched_by_id)
    .where(Person.id == bindparam("person"))
)


def person(session: Session, person_id: int) -> Any:
    """One person (id, name, active, who vouched for the account), or None. Asked on every page: compiled once."""
    return _PERSON.one(session, {"person": person_id})


def by_email(session: Session, email: str) -> Person | None:
    """The person of that address (in lower case), or None."""
    return session.scalars(select(Person).where(Person.email == email.strip().lower())).one_or_none()


def holders(session: Session, organisation_id: int, role: str, *, on: date) -> list[Holder]:
    """Everybody who holds a role in an organisation on a day, deputies included, in order of name."""
    found = _HOLDERS.rows(session, {"of_organisation": organisation_id, "of_role": role, "day": on})
    return [Holder(*row) for row in found]


def demo_people(session: Session, *, on: date) -> list[Holder]:
    """The demo people with their posts, by organisation and post."""
    return [Holder(*row) for row in _DEMO_PEOPLE.rows(session, {"day": on})]


def _holders(*which: ColumnElement[bool]) -> Prepared:
    """(id, name, address, post, organisation) of the people in posts, on a day."""
    return Prepared(
        select(Person.id, Person.name, Person.email, Post.title, Organisation.name.label("organisation"))
        .join(Appointment, Appointment.person_id == Person.id)
        .join(Post, Post.id == Appointment.post_id)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(*which, Person.active.is_(True), *_IN_FORCE)
        .order_by(Organisation.name, Post.title, Person.name, Person.id)
    )


_HOLDERS = _holders(Post.organisation_id == bindparam("of_organisation"), Post.role == bindparam("of_role"))
_DEMO_PEOPLE = _holders(Person.is_demo.is_(True))


_PAST_HOLDERS = Prepared(
    select(Appointment.person_id)
    .join(Post, Post.id == Appointment.post_id)
    .where(Post.organisation_id == bindparam("of_organisation"), Post.role == bindparam("of_role"))
    .distinct()
    .order_by(Appointment.person_id)
)


def who_left(session: Session, organisation_id: int, role: str, *, on: date) -> list[int]:
    """The ids of the people who held a role in an organisation once and do not on a day: their work is for the rest."""
    there = {holder.id for holder in holders(session, organisation_id, role, on=on)}
    ever = _PAST_HOLDERS.rows(session, {"of_organisation": organisation_id, "of_role": role})
    return [row.person_id for row in ever if row.person_id not in there]


def authorities(session: Session, post_ids: Iterable[int]) -> list[Authority]:
    """The delegated authority of posts, in order of its end."""
    rows = [row for post in sorted(post_ids) for row in _DELEGATIONS.rows(session, {"post": post})]
    return [
        Authority(
            r.post_id, r.reference, tuple(r.routes), tuple(r.document_types), r.limit_subjects, r.starts_on, r.ends_on
        )
        for r in sorted(rows, key=lambda row: (row.ends_on, row.id))
    ]


_DE = table(Delegation)
_DELEGATIONS = Prepared(select(_DE).where(_DE.c.post_id == bindparam("post")))


def organisations(session: Session) -> list[Organisation]:
    """Every organisation in the directory, in order of name."""
    return list(session.scalars(select(Organisation).order_by(Organisation.name)))


def nation_of(session: Session, organisation_id: int) -> str:
    """The nation whose bank holidays an organisation keeps."""
    return session.scalars(select(Organisation.nation).where(Organisation.id == organisation_id)).one()


def posts(session: Session, organisation_id: int) -> list[Row[Any]]:
    """The posts of an organisation (id, title, role)."""
    statement = select(Post.id, Post.title, Post.role).where(Post.organisation_id == organisation_id)
    return list(session.execute(statement.order_by(Post.role, Post.id)))
