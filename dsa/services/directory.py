"""The directory: organisations, posts and people. One rule: an account says who vouched for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from dsa.domain.actor import Actor
from dsa.domain.errors import BadInput, NotFound
from dsa.domain.workflow import ROLES
from dsa.persistence import drafts, people, rows
from dsa.persistence.models import Organisation
from dsa.persistence.people import Holder
from dsa.services.context import Context
from dsa.timekeeping.instants import local_day


def actor_for(ctx: Context, person_id: int, *, method: str) -> Actor:
    """The person as actor, with the posts of today. Raises NotFound for one who is unknown or has left."""
    with ctx.database.reading() as session:
        return actor_in(ctx, session, person_id, method=method)


def actor_in(ctx: Context, session: Session, person_id: int, *, method: str) -> Actor:
    """As ``actor_for``, in a session that is open."""
    person = people.person(session, person_id)
    if person is None or not person.active:
        raise NotFound("This account does not exist or has ended. Ask your administrator.")
    held = people.posts_of(session, person_id, on=local_day(ctx.clock.now()))
    return Actor(person.id, person.name, held, method, person.vouched_by or "the installation")


def personas(ctx: Context) -> list[Holder]:
    """The demo people by organisation and post."""
    with ctx.database.reading() as session:
        return people.demo_people(session, on=local_day(ctx.clock.now()))


def organisations(ctx: Context) -> list[Organisation]:
    """Every organisation in the directory, in order of name."""
    with ctx.database.reading() as session:
        return people.organisations(session)


def able_to_do(ctx: Context, organisation_id: int, role: str) -> list[Holder]:
    """Who holds a role in an organisation today."""
    with ctx.database.reading() as session:
        return people.holders(session, organisation_id, role, on=local_day(ctx.clock.now()))


@dataclass(frozen=True, slots=True)
class NewOrganisation:
    """An organisation to add. ``nation``: ENG, WLS, SCT, NIR."""

    code: str
    name: str
    body_type: str
    nation: str
    rides_on: str = ""


def add_organisation(session: Session, new: NewOrganisation, *, at: datetime) -> int:
    """Add an organisation to the directory; returns its id. An organisation of that code is kept as it is."""
    known = drafts.organisations_by_code(session, [new.code])
    if new.code in known:
        return int(known[new.code].id)
    if new.nation not in ("ENG", "WLS", "SCT", "NIR"):
        raise BadInput("The nation of %(name)s should be ENG, WLS, SCT or NIR.", name=new.name)
    return rows.add(
        session,
        "organisations",
        {"code": new.code, "name": new.name, "body_type": new.body_type, "nation": new.nation, "created_at": at},
    )


def add_post(session: Session, organisation_id: int, *, title: str, role: str, sees_all: bool = False) -> int:
    """Add a post; returns its id."""
    if role not in ROLES:
        raise BadInput("There is no role “%(role)s”.", role=role)
    return rows.add(
        session, "posts", {"organisation_id": organisation_id, "title": title, "role": role, "sees_all": sees_all}
    )


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to add. ``password_hash`` is argon2id, made at the edge; None for demo people."""

    name: str
    email: str
    password_hash: str | None = None
    is_demo: bool = False
    vouched_by_id: int | None = None


def add_person(session: Session, new: NewPerson, *, at: datetime) -> int:
    """Add a person; returns the id. Raises BadInput when the address is taken."""
    email = new.email.strip().lower()
    if "@" not in email:
        raise BadInput("Enter an email address in the correct format, such as name@example.gov.uk.")
    if people.by_email(session, email) is not None:
        raise BadInput("There is an account for %(email)s already.", email=email)
    return rows.add(
        session,
        "people",
        {
            "name": new.name,
            "email": email,
            "password_hash": new.password_hash,
            "is_demo": new.is_demo,
            "vouched_by_id": new.vouched_by_id,
            "created_at": at,
        },
    )


def appoint(
    session: Session, *, post_id: int, person_id: int, starts_on: date, ends_on: date | None = None,
    cover_for_id: int | None = None,
) -> None:  # fmt: skip
    """Appoint a person to a post, or name them as deputy for somebody from one day to another."""
    rows.add(
        session,
        "appointments",
        {
            "post_id": post_id,
            "person_id": person_id,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "cover_for_id": cover_for_id,
        },
    )


def delegate(
    session: Session,
    *,
    post_id: int,
    reference: str,
    starts_on: date,
    ends_on: date,
    routes: Sequence[str] = (),
    document_types: Sequence[str] = (),
    limit_subjects: int | None = None,
) -> None:
    """Record a post's delegated authority to sign."""
    rows.add(
        session,
        "delegations",
        {
            "post_id": post_id,
            "reference": reference,
            "routes": list(routes),
            "document_types": list(document_types),
            "limit_subjects": limit_subjects,
            "starts_on": starts_on,
            "ends_on": ends_on,
        },
    )
