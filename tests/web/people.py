"""Organisations and people for tests of pages, put straight into the tables. One rule: people are posts."""

from datetime import date

from sqlalchemy import select

from dsa.adapters.passwords import Argon2Passwords
from dsa.persistence.models import Appointment, Organisation, Person, Post
from dsa.persistence.session import Database
from dsa.web.composition import true_time


def person(
    database: Database,
    title: str = "Legal adviser",
    *,
    role: str = "legal",
    organisation: str = "Department for Work and Pensions",
    code: str = "DWP",
    password: str | None = None,
    ends_on: date | None = None,
) -> int:
    """The id of a new person who holds a post: a demo person, or a local account where a password is given."""
    now = true_time()
    with database.writing() as session:
        body = session.scalar(select(Organisation).where(Organisation.code == code))
        if body is None:
            body = Organisation(code=code, name=organisation, body_type="department", nation="ENG", created_at=now)
            session.add(body)
            session.flush()
        made = Person(
            name=f"{title}, {organisation}",
            email=f"{title}-{code}@example.gov.uk".lower().replace(" ", "-"),
            password_hash=Argon2Passwords().hash(password) if password else None,
            is_demo=password is None,
            created_at=now,
        )
        post = Post(organisation_id=body.id, title=title, role=role)
        session.add_all([made, post])
        session.flush()
        session.add(Appointment(post_id=post.id, person_id=made.id, starts_on=date(2020, 1, 1), ends_on=ends_on))
        return made.id
