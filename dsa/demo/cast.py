"""The people of a demonstration or a journey: posts, never invented names. One rule: each acts only through a post."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from dsa.domain.actor import Actor
from dsa.services import directory
from dsa.services.context import Context
from dsa.services.directory import NewOrganisation
from dsa.services.enlisting import Seat, enlist_demo

SINCE = date(2015, 4, 1)


@dataclass(slots=True)
class Cast:
    """Who holds which role in which organisation (by its code), as actors."""

    ctx: Context
    people: dict[tuple[str, str], int] = field(default_factory=dict)
    _actors: dict[tuple[str, str], Actor] = field(default_factory=dict)

    def enlist(self, organisations: Iterable[tuple[NewOrganisation, Iterable[Seat]]]) -> None:
        """Add organisations and a person for each seat; whoever holds a role already is kept."""
        for one in enlist_demo(self.ctx, organisations, since=SINCE):
            self.people |= {(one.code, role): person for role, person in one.people.items()}

    def actor(self, code: str, role: str) -> Actor:
        """Whoever holds the role there, signed in as a demonstration person. Raises KeyError where nobody does."""
        if (code, role) not in self._actors:
            self._actors[code, role] = directory.actor_for(self.ctx, self.people[code, role], method="demo")
        return self._actors[code, role]
