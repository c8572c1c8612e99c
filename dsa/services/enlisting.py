"""Filling the directory: organisations, posts, somebody in each. One rule: who holds a post already stays."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from dsa.persistence import drafts, people
from dsa.services.context import Context
from dsa.services.directory import NewOrganisation, NewPerson, add_organisation, add_person, add_post, appoint
from dsa.timekeeping.instants import local_day


@dataclass(frozen=True, slots=True)
class Seat:
    """A post with the demonstration person who is to hold it. ``until`` ends the appointment."""

    role: str
    title: str
    sees_all: bool = False
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Enlisted:
    """An organisation (its code) with the person who holds each role."""

    code: str
    people: dict[str, int]


def enlist_demo(
    ctx: Context, organisations: Iterable[tuple[NewOrganisation, Iterable[Seat]]], *, since: date
) -> list[Enlisted]:
    """Add organisations and a demonstration person for each seat, all in one transaction."""
    at = ctx.clock.now()
    found = []
    with ctx.database.writing() as session:
        for new, seats in organisations:
            identifier = add_organisation(session, new, at=at)
            held = {seat.role: _seated(ctx, session, identifier, new, seat, since) for seat in seats}
            found.append(Enlisted(new.code, held))
    return found


def _seated(ctx: Context, session: Session, organisation: int, new: NewOrganisation, seat: Seat, since: date) -> int:
    holders = people.holders(session, organisation, seat.role, on=local_day(ctx.clock.now()))
    if holders:
        return holders[0].id
    post = add_post(session, organisation, title=seat.title, role=seat.role, sees_all=seat.sees_all)
    email = f"{seat.role.replace('_', '-')}@{new.code.lower()}.example"
    known = people.by_email(session, email)
    person = known.id if known is not None else add_person(
        session, NewPerson(f"{seat.title}, {new.name}", email, is_demo=True), at=ctx.clock.now()
    )  # fmt: skip
    appoint(session, post_id=post, person_id=person, starts_on=since, ends_on=seat.until)
    return person


def is_empty(ctx: Context) -> bool:
    """Whether nobody has put anything into this installation yet: no organisation is in the directory."""
    with ctx.database.reading() as session:
        return not people.organisations(session)


def is_known(session: Session, code: str) -> bool:
    """Whether an organisation of that code is in the directory."""
    return code in drafts.organisations_by_code(session, [code])
