"""Sign-ins, accounts and attempts. One rule: a key is already a hash; the secret never reaches a row."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, delete, func, or_, select, update
from sqlalchemy.orm import Session

from dsa.persistence.models import Attempt, Person, SignIn
from dsa.persistence.prepared import Prepared


class SignInFound(NamedTuple):
    """A sign-in as stored, with the person it is for."""

    person_id: int
    name: str
    active: bool
    is_demo: bool
    method: str
    started_at: datetime
    seen_at: datetime
    confirmed_at: datetime | None


class AccountFound(NamedTuple):
    """An account by its e-mail address."""

    person_id: int
    password_hash: str | None
    active: bool


def find(session: Session, key: str) -> SignInFound | None:
    """The sign-in with this key (SHA-256 of the cookie's value), however old."""
    row = _FIND.one(session, {"key": key})
    return None if row is None else SignInFound(*row)


_FIND = Prepared(
    select(
        Person.id,
        Person.name,
        Person.active,
        Person.is_demo,
        SignIn.method,
        SignIn.started_at,
        SignIn.seen_at,
        SignIn.confirmed_at,
    )
    .join(Person, Person.id == SignIn.person_id)
    .where(SignIn.id == bindparam("key"))
)


def start(session: Session, key: str, *, person_id: int, method: str, now: datetime) -> None:
    """Store a new sign-in."""
    session.add(SignIn(id=key, person_id=person_id, method=method, started_at=now, seen_at=now, data={}))


def renew(session: Session, key: str, *, new_key: str, now: datetime) -> None:
    """Give a sign-in a new key, and note that the person was just asked to confirm who they are."""
    session.execute(update(SignIn).where(SignIn.id == key).values(id=new_key, confirmed_at=now, seen_at=now))


def spend_confirmation(session: Session, key: str) -> None:
    """Forget the confirmation: the next signature needs a new one."""
    session.execute(update(SignIn).where(SignIn.id == key).values(confirmed_at=None))


def touch(session: Session, key: str, *, now: datetime) -> None:
    """Note that the sign-in was used."""
    session.execute(update(SignIn).where(SignIn.id == key).values(seen_at=now))


def end(session: Session, key: str) -> None:
    """Remove a sign-in."""
    session.execute(delete(SignIn).where(SignIn.id == key))


def end_all(session: Session, person_id: int) -> None:
    """Remove every sign-in of a person, as when their account is closed."""
    session.execute(delete(SignIn).where(SignIn.person_id == person_id))


def sweep(session: Session, *, idle_before: datetime, started_before: datetime) -> None:
    """Remove sign-ins that timed out."""
    session.execute(delete(SignIn).where(or_(SignIn.seen_at < idle_before, SignIn.started_at < started_before)))


def is_demo_person(session: Session, person_id: int) -> bool:
    """Whether this is an active demo person."""
    return session.scalar(select(Person.is_demo).where(Person.id == person_id, Person.active)) or False


def account(session: Session, email: str) -> AccountFound | None:
    """The account with this e-mail address (lower case)."""
    row = session.execute(
        select(Person.id, Person.password_hash, Person.active).where(Person.email == email, Person.is_demo.is_(False))
    ).one_or_none()
    return None if row is None else AccountFound(*row)


def password_hash(session: Session, person_id: int) -> str | None:
    """The password hash of an active person."""
    return session.scalar(select(Person.password_hash).where(Person.id == person_id, Person.active))


def set_password_hash(session: Session, person_id: int, new_hash: str) -> None:
    """Replace a password hash."""
    session.execute(update(Person).where(Person.id == person_id).values(password_hash=new_hash))


def record_attempt(session: Session, what: str, subject: str, *, now: datetime, forget_before: datetime) -> None:
    """Note an attempt, and forget those that no limit looks at any more."""
    session.execute(delete(Attempt).where(Attempt.what == what, Attempt.at < forget_before))
    session.add(Attempt(what=what, subject=subject, at=now))


def attempts(session: Session, what: str, subject: str, *, since: datetime) -> int:
    """How many attempts there were."""
    counted = select(func.count()).where(Attempt.what == what, Attempt.subject == subject, Attempt.at > since)
    return session.scalar(counted) or 0


def forget_attempts(session: Session, what: str, subject: str, *, at: datetime | None = None) -> None:
    """Forget the attempts of one subject, or those of one moment: they succeeded."""
    theirs = delete(Attempt).where(Attempt.what == what, Attempt.subject == subject)
    session.execute(theirs if at is None else theirs.where(Attempt.at == at))
