"""Who may use a route. One rule: every route says so, and the service does not start while one does not.

A view carries ``@public("why")``, ``@signed_in`` or ``@requires(role, ...)``. What a person may do with one
agreement is decided by the service that the view calls, never here: this is the outer door.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, Request, g, redirect, request, url_for
from werkzeug.wrappers import Response

from dsa.domain.errors import NotAllowed
from dsa.services.signing_in import CurrentPerson, posts_held
from dsa.web.composition import LONDON, services

View = TypeVar("View", bound=Callable[..., Any])
_MARK = "dsa_access"


@dataclass(frozen=True, slots=True)
class Access:
    """What a route declared: ``kind`` is public, signed_in or requires; ``says`` the reason or the roles."""

    kind: str
    says: tuple[str, ...]


def current() -> CurrentPerson | None:
    """Who is signed in, or None."""
    return cast(CurrentPerson | None, g.get("person"))


def person() -> CurrentPerson:
    """Who is signed in, in a view that lets only signed-in people through."""
    found = current()
    if found is None:
        raise NotAllowed("Sign in first.")
    return found


def public(why: str) -> Callable[[View], View]:
    """Anybody may use this route, for the reason given."""
    if not why.strip():
        raise ValueError("A public route says why it is public.")

    def mark(view: View) -> View:
        setattr(view, _MARK, Access("public", (why,)))
        return view

    return mark


def signed_in(view: View) -> View:
    """Anybody with an account may use this route; others are asked to sign in and come back."""
    return _guarded(view, Access("signed_in", ()))


def requires(*roles: str) -> Callable[[View], View]:
    """Only holders of a post with one of these roles may use this route."""
    if not roles:
        raise ValueError("Name at least one role.")

    def mark(view: View) -> View:
        return _guarded(view, Access("requires", roles))

    return mark


def _guarded(view: View, access: Access) -> View:
    @wraps(view)
    def guard(*args: Any, **kwargs: Any) -> Any:
        who = current()
        if who is None:
            return ask_to_sign_in()
        if access.kind == "requires" and not _holds(who, access.says):
            raise NotAllowed(
                "This page is for people who hold another role. Ask your administrator if you should hold it."
            )
        return view(*args, **kwargs)

    setattr(guard, _MARK, access)
    return cast(View, guard)


def _holds(who: CurrentPerson, roles: tuple[str, ...]) -> bool:
    given = services()
    today = given.clock().astimezone(LONDON).date()
    return any(held.role in roles for held in posts_held(given.database, who.person_id, today=today))


def ask_to_sign_in() -> Response:
    """To the sign-in page, and back to this page afterwards when it was only being looked at."""
    wanted = request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else None
    return redirect(url_for("signin.choose", next=wanted), 303)


def access_of(app: Flask, endpoint: str) -> Access | None:
    """What the route behind ``endpoint`` declared, or None."""
    return cast(Access | None, getattr(app.view_functions[endpoint], _MARK, None))


def check_access(app: Flask) -> None:
    """Refuse to start while a route does not say who may use it. Raises ``RuntimeError`` naming each."""
    silent = sorted({rule.endpoint for rule in app.url_map.iter_rules() if access_of(app, rule.endpoint) is None})
    if silent:
        raise RuntimeError(f"These routes do not say who may use them: {', '.join(silent)}")


def refuse_other_sites(incoming: Request, *, own_host: str) -> None:
    """Refuse a form that a page of another site sent, where the browser says so (beside the form token)."""
    site = incoming.headers.get("Sec-Fetch-Site", "none")
    origin = incoming.headers.get("Origin", "null")
    at_home = origin == "null" or urlsplit(origin).netloc in {incoming.host, own_host}
    if site not in {"same-origin", "none"} or not at_home:
        raise NotAllowed("This form was sent from another site. Nothing was changed. Open the page here and try again.")


@contextmanager
def bookkeeping(why: str) -> Iterator[None]:
    """Around the few notes that looking at a page leaves: who looked, when. Everything else on GET only reads.

    The tests refuse any other writing transaction during a GET. ``why`` is for the reader of the code.
    """
    before = g.get("bookkeeping")
    g.bookkeeping = why
    try:
        yield
    finally:
        g.bookkeeping = before
