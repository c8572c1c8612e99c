"""Who holds which role, for several organisations at once. One rule: only appointments in force on the day count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dsa.persistence.models import Appointment, Organisation, Person, Post


@dataclass(frozen=True, slots=True)
class RoleHolder:
    """A person who holds a role in an organisation. ``name`` is a post in the demonstration."""

    person_id: int
    name: str
    post: str
    role: str
    organisation_id: int
    organisation: str


def holders_in(
    session: Session, organisation_ids: Collection[int], roles: Collection[str], *, on: date
) -> dict[tuple[int, str], list[RoleHolder]]:
    """Holders by (organisation, role), each list in order of name; pairs without a holder are left out."""
    rows = session.execute(
        select(
            Person.id,
            Person.name,
            Post.title,
            Post.role,
            Organisation.id.label("organisation_id"),
            Organisation.name.label("organisation"),
        )
        .join(Appointment, Appointment.person_id == Person.id)
        .join(Post, Post.id == Appointment.post_id)
        .join(Organisation, Organisation.id == Post.organisation_id)
        .where(
            Organisation.id.in_(sorted(organisation_ids)),
            Post.role.in_(sorted(roles)),
            Person.active.is_(True),
            Appointment.starts_on <= on,
            or_(Appointment.ends_on.is_(None), Appointment.ends_on >= on),
        )
        .order_by(Organisation.id, Post.role, Person.name, Person.id)
    )
    found: dict[tuple[int, str], list[RoleHolder]] = {}
    for row in rows:
        holder = RoleHolder(row.id, row.name, row.title, row.role, row.organisation_id, row.organisation)
        found.setdefault((holder.organisation_id, holder.role), []).append(holder)
    return found
