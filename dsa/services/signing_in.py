"""Signing in, staying signed in, confirming who one is. One rule: a wrong name and a wrong password look the same.

Moments here are true time, never the demo clock's: moving that clock must not sign anybody out.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Protocol

from dsa.config import HOURS_ABSOLUTE, MINUTES_IDLE
from dsa.domain.actor import Held
from dsa.domain.errors import NotAllowed, Problem
from dsa.persistence import people, signins
from dsa.persistence.session import Database

IDLE = timedelta(minutes=MINUTES_IDLE)
ABSOLUTE = timedelta(hours=HOURS_ABSOLUTE)
TOUCH_EVERY = timedelta(minutes=1)
WINDOW = timedelta(minutes=15)
SIGN_IN_LIMIT = 10
CONFIRM_LIMIT = 5


class TooOften(Problem):
    """Too many attempts within ``window``; the sentence says when to try again."""

    def __init__(self, window: timedelta) -> None:
        self.seconds = int(window.total_seconds())
        if self.seconds <= 60:
            super().__init__("There were too many attempts. Wait a minute, then try again.")
        else:
            super().__init__(
                "There were too many attempts. Wait %(minutes)s minutes, then try again.", minutes=self.seconds // 60
            )


class Passwords(Protocol):
    """What hashes passwords."""

    def hash(self, password: str) -> str:
        """A salted hash to store."""

    def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password fits; takes as long when there is nothing stored."""

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with weaker parameters than today's."""


@dataclass(frozen=True, slots=True)
class CurrentPerson:
    """Who is signed in, and how. ``method`` is demo or password; ``key`` names the sign-in.

    ``confirmed_at`` is when they last confirmed who they are, unless a signature has used it up since.
    """

    person_id: int
    name: str
    method: str
    is_demo: bool
    key: str
    confirmed_at: datetime | None

    def confirmed_since(self, moment: datetime) -> bool:
        """Whether the person confirmed who they are at or after ``moment``."""
        return self.confirmed_at is not None and self.confirmed_at >= moment


@dataclass(frozen=True, slots=True)
class Persona:
    """A demo person that a visitor can be."""

    person_id: int
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PersonaGroup:
    """The demo people of one organisation."""

    organisation: str
    personas: tuple[Persona, ...]


def key_of(token: str) -> str:
    """The stored key of a cookie's value."""
    return sha256(token.encode()).hexdigest()


def recall(database: Database, token: str, *, now: datetime) -> CurrentPerson | None:
    """Who the cookie's value stands for, or None where the sign-in ended, timed out or the account was closed."""
    key = key_of(token)
    with database.reading() as session:
        found = signins.find(session, key)
    if found is None or not found.active or now - found.seen_at > IDLE or now - found.started_at > ABSOLUTE:
        return None
    if now - found.seen_at >= TOUCH_EVERY:
        with database.writing() as session:
            signins.touch(session, key, now=now)
    return CurrentPerson(found.person_id, found.name, found.method, found.is_demo, key, found.confirmed_at)


def posts_held(database: Database, person_id: int, *, today: date) -> tuple[Held, ...]:
    """The posts that a person holds on a day."""
    with database.reading() as session:
        return people.posts_of(session, person_id, on=today)


def personas(database: Database, *, today: date) -> tuple[PersonaGroup, ...]:
    """The demo people, grouped by organisation."""
    with database.reading() as session:
        holders = people.demo_people(session, on=today)
    groups: dict[str, dict[int, list[str]]] = {}
    for holder in holders:
        groups.setdefault(holder.organisation, {}).setdefault(holder.id, []).append(holder.post)
    return tuple(
        PersonaGroup(name, tuple(Persona(person, tuple(titles)) for person, titles in members.items()))
        for name, members in groups.items()
    )


def sign_in_demo(database: Database, *, person_id: int, token: str, now: datetime) -> None:
    """Start a sign-in as a demo person. Raises ``NotAllowed`` for anybody else's account."""
    with database.writing() as session:
        if not signins.is_demo_person(session, person_id):
            raise NotAllowed("That is not one of the demonstration people. Choose one from the list.")
        signins.sweep(session, idle_before=now - IDLE, started_before=now - ABSOLUTE)
        signins.start(session, key_of(token), person_id=person_id, method="demo", now=now)


def sign_in_with_password(
    database: Database, passwords: Passwords, *, email: str, password: str, address: str, token: str, now: datetime
) -> bool:
    """Start a sign-in where e-mail and password fit. Raises ``TooOften`` after ten attempts in 15 minutes.

    Attempts are counted before the password is looked at, by account and by address.
    """
    subjects = (f"account:{key_of(email.strip().lower())}", f"address:{address}")
    _count_attempt(database, "sign-in", subjects, limit=SIGN_IN_LIMIT, now=now)
    with database.reading() as session:
        account = signins.account(session, email.strip().lower())
    fits = passwords.matches(account.password_hash if account else None, password)
    if account is None or not account.active or not fits:
        return False
    with database.writing() as session:
        if account.password_hash and passwords.is_outdated(account.password_hash):
            signins.set_password_hash(session, account.person_id, passwords.hash(password))
        signins.forget_attempts(session, "sign-in", subjects[0])
        signins.forget_attempts(session, "sign-in", subjects[1], at=now)  # an office of many behind one address
        signins.sweep(session, idle_before=now - IDLE, started_before=now - ABSOLUTE)
        signins.start(session, key_of(token), person_id=account.person_id, method="password", now=now)
    return True


def confirm_demo(database: Database, who: CurrentPerson, *, person_id: int, token: str, now: datetime) -> bool:
    """Confirm by choosing one's own post again; the sign-in gets a new token."""
    if not who.is_demo or person_id != who.person_id:
        return False
    with database.writing() as session:
        signins.renew(session, who.key, new_key=key_of(token), now=now)
    return True


def confirm_with_password(
    database: Database, passwords: Passwords, who: CurrentPerson, *, password: str, token: str, now: datetime
) -> bool:
    """Confirm with one's password; the sign-in gets a new token. Five wrong ones end the sign-in (``TooOften``)."""
    subject = f"person:{who.person_id}"
    try:
        _count_attempt(database, "confirm", (subject,), limit=CONFIRM_LIMIT, now=now)
    except TooOften:
        sign_out(database, key=who.key)
        raise
    with database.reading() as session:
        stored = signins.password_hash(session, who.person_id)
    if not passwords.matches(stored, password):
        return False
    with database.writing() as session:
        signins.forget_attempts(session, "confirm", subject)
        signins.renew(session, who.key, new_key=key_of(token), now=now)
    return True


def spend_confirmation(database: Database, who: CurrentPerson) -> None:
    """After a signature: the next one needs its own confirmation."""
    with database.writing() as session:
        signins.spend_confirmation(session, who.key)


def sign_out(database: Database, *, key: str) -> None:
    """End a sign-in. Nothing happens where it has ended already."""
    with database.writing() as session:
        signins.end(session, key)


def count_use(database: Database, *, what: str, subject: str, limit: int, window: timedelta, now: datetime) -> None:
    """Count one use of something costly. Raises ``TooOften`` when ``subject`` had ``limit`` within ``window``."""
    _count_attempt(database, what, (subject,), limit=limit, now=now, window=window)


def _count_attempt(
    database: Database, what: str, subjects: tuple[str, ...], *, limit: int, now: datetime, window: timedelta = WINDOW
) -> None:
    with database.writing() as session:
        if any(signins.attempts(session, what, subject, since=now - window) >= limit for subject in subjects):
            raise TooOften(window)
        for subject in subjects:
            signins.record_attempt(session, what, subject, now=now, forget_before=now - window)
