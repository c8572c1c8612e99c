"""Who acts, and on what service, in this request. One rule: views get the actor and the context here, never by hand."""

from datetime import datetime
from typing import cast

from flask import current_app, g

from dsa.composition import open_context
from dsa.domain.actor import Actor
from dsa.services import directory
from dsa.services.context import Context
from dsa.services.signing import CONFIRMED_WITHIN
from dsa.web.access import current, person
from dsa.web.composition import Clock, services

_EXTENSION = "dsa.context"


class _Told:
    """The product's clock of this application, as the services ask for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        return self._clock()


def context() -> Context:
    """The service that the views call."""
    if _EXTENSION not in current_app.extensions:
        given = services()
        current_app.extensions[_EXTENSION] = open_context(
            given.settings, database=given.database, clock=_Told(given.clock)
        )
    return cast(Context, current_app.extensions[_EXTENSION])


def actor() -> Actor:
    """Who is signed in, as the services know them, with the posts of today."""
    if "actor" not in g:
        who = person()
        g.actor = directory.actor_for(context(), who.person_id, method=who.method)
    return cast(Actor, g.actor)


def actor_or_none() -> Actor | None:
    """Who is signed in, or None on a public page."""
    return actor() if current() is not None else None


def confirmed() -> bool:
    """Whether the person confirmed who they are a moment ago, by true time, and has not used it up."""
    return person().confirmed_since(services().true_clock() - CONFIRMED_WITHIN)
