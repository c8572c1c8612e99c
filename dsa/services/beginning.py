"""Beginning with one's own organisation. One rule: only where nobody has begun yet, and all of it or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from dsa.domain.errors import BadInput, Refused
from dsa.domain.workflow import ROLES
from dsa.persistence import people
from dsa.services.context import Context
from dsa.services.directory import NewOrganisation, NewPerson, add_organisation, add_person, add_post, appoint


@dataclass(frozen=True, slots=True)
class FirstPerson:
    """Somebody of the beginning. ``password_hash`` is argon2id, made at the edge."""

    name: str
    email: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class FirstPost:
    """A post of the beginning: its role and title, and the address of whoever holds it."""

    role: str
    title: str
    email: str


def begin(
    ctx: Context, organisation: NewOrganisation, administrator: FirstPerson, posts: Sequence[FirstPost],
    others: Sequence[FirstPerson] = (),
) -> None:  # fmt: skip
    """Put the organisation, its first administrator and its first posts into an empty directory.

    The administrator's account is vouched for by the installation, the others by the administrator. Raises Refused
    where somebody has begun already, BadInput for a post whose holder is not among the people.
    """
    at = ctx.clock.now()
    with ctx.database.writing() as session:
        if people.organisations(session):
            raise Refused(
                "This installation has organisations already, so there is nothing to begin. Add people with: "
                "dsa people add. For a fresh beginning name an empty DSA_DATA_DIR."
            )
        own = add_organisation(session, organisation, at=at)
        first = add_person(
            session, NewPerson(administrator.name, administrator.email, administrator.password_hash), at=at
        )
        accounts = {administrator.email.strip().lower(): first}
        for other in others:
            new = NewPerson(other.name, other.email, other.password_hash, vouched_by_id=first)
            accounts[other.email.strip().lower()] = add_person(session, new, at=at)
        seat = add_post(session, own, title=ROLES["administrator"], role="administrator")
        appoint(session, post_id=seat, person_id=first, starts_on=at.date())
        for post in posts:
            holder = accounts.get(post.email.strip().lower())
            if holder is None:
                raise BadInput("Nobody here has the address %(email)s, for the post %(post)s.", email=post.email,
                               post=post.title)  # fmt: skip
            identifier = add_post(session, own, title=post.title, role=post.role)
            appoint(session, post_id=identifier, person_id=holder, starts_on=at.date())
