"""Who acts. One rule: a person acts through a post; what they may do is what their posts of today allow."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Held:
    """A post that a person holds today. ``organisation`` is its code. ``covers`` is whom a deputy stands in for."""

    post_id: int
    organisation_id: int
    organisation: str
    organisation_name: str
    title: str
    role: str
    sees_all: bool = False
    covers: str = ""


@dataclass(frozen=True, slots=True)
class Authority:
    """Delegated authority of a post to sign: for what, up to how many people's data, until when, by which reference."""

    post_id: int
    reference: str
    routes: tuple[str, ...]
    document_types: tuple[str, ...]
    limit_subjects: int | None
    starts_on: date
    ends_on: date

    def covers(self, *, route: str, document_type: str, subjects: int | None, on: date) -> bool:
        """Whether it allows signing this today. An empty list of routes or types means every one."""
        return (
            self.starts_on <= on <= self.ends_on
            and (not self.routes or route in self.routes)
            and (not self.document_types or document_type in self.document_types)
            and (self.limit_subjects is None or (subjects is not None and subjects <= self.limit_subjects))
        )


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person with the posts of today. ``method`` says how they were authenticated."""

    person_id: int
    name: str
    posts: tuple[Held, ...]
    method: str = "password"
    vouched_by: str = ""

    @property
    def organisations(self) -> frozenset[int]:
        """The ids of the organisations in which this person holds a post."""
        return frozenset(held.organisation_id for held in self.posts)

    @property
    def sees_all(self) -> bool:
        """Whether this person is an outside auditor who may read every agreement."""
        return any(held.sees_all for held in self.posts)

    def holding(self, roles: Iterable[str], organisations: Iterable[str] | None = None) -> Held | None:
        """The first post with one of the roles, in one of the organisations (codes) where those are given."""
        wanted = set(roles)
        within = None if organisations is None else set(organisations)
        for held in self.posts:
            if held.role in wanted and (within is None or held.organisation in within):
                return held
        return None
