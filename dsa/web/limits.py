"""How often costly things may be asked for. One rule: counts are kept in the database; a restart forgets none."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from flask import request

from dsa.services.signing_in import count_use
from dsa.web import access
from dsa.web.composition import services

View = TypeVar("View", bound=Callable[..., Any])


def limited(what: str, *, times: int, minutes: int = 1) -> Callable[[View], View]:
    """At most ``times`` within ``minutes`` for each signed-in person, or for each address where nobody is signed in.

    Stands under the access decorator. Beyond the limit the answer is 429 with when to try again.
    """

    def limit(view: View) -> View:
        @wraps(view)
        def counted(*args: Any, **kwargs: Any) -> Any:
            who = access.current()
            subject = f"person:{who.person_id}" if who else f"address:{request.remote_addr or 'unknown'}"
            given = services()
            window = timedelta(minutes=minutes)
            with access.bookkeeping("how often this was asked for"):
                count_use(
                    given.database, what=what, subject=subject, limit=times, window=window, now=given.true_clock()
                )
            return view(*args, **kwargs)

        return cast(View, counted)

    return limit
