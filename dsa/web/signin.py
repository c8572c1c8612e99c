"""Signing in, out, and confirming who one is. One rule: the cookie holds a random value, and its hash is a row.

In demo mode a visitor chooses a post; otherwise it is e-mail and password. Both end in the same server-side sign-in.
"""

import secrets

from flask import Blueprint, g, redirect, request, session, url_for
from werkzeug.wrappers import Response

from dsa.services import signing_in
from dsa.services.signing_in import CurrentPerson
from dsa.web import access
from dsa.web.addresses import row_number
from dsa.web.composition import services
from dsa.web.forms import FieldError
from dsa.web.page import page, today
from dsa.web.wording import gettext

blueprint = Blueprint("signin", __name__)
Answer = Response | tuple[str, int]


def new_token() -> str:
    """A cookie's value: 256 random bits."""
    return secrets.token_urlsafe(32)


def cookie_name() -> str:
    """``__Host-dsa`` over HTTPS; plain ``dsa`` on a loopback address, where browsers refuse the prefix."""
    return "__Host-dsa" if services().settings.https else "dsa"


def safe_next(wanted: str | None) -> str:
    """A path on this site to go on to; anything that leads elsewhere becomes the home page."""
    if not wanted or not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > 2_000:
        return "/"
    return "/" if "\\" in wanted or any(ord(character) < 33 for character in wanted) else wanted


@blueprint.before_app_request
def recall() -> None:
    """Find out who is asking, from the cookie."""
    if request.endpoint == "static":
        return
    token = request.cookies.get(cookie_name(), "")
    g.person = None
    if token:
        with access.bookkeeping("when the sign-in was last used"):
            now = services().true_clock()
            g.person = signing_in.recall(services().database, token, now=now)
        g.signed_out = g.person is None


@blueprint.get("/sign-in")
@access.public("nobody is signed in yet")
def choose() -> Answer:
    """The demo people, or the form for e-mail and password."""
    return _sign_in_page()


@blueprint.post("/sign-in")
@access.public("nobody is signed in yet")
def sign_in() -> Answer:
    """Sign in with e-mail and password."""
    token = new_token()
    fits = signing_in.sign_in_with_password(
        services().database,
        services().passwords,
        email=request.form.get("email", "")[:320],
        password=request.form.get("password", "")[:1_000],
        address=request.remote_addr or "unknown",
        token=token,
        now=services().true_clock(),
    )
    if not fits:
        wrong = FieldError(
            "email", gettext("The email address or the password is not right. Check both and try again.")
        )
        return _sign_in_page(errors=[wrong], email=request.form.get("email", "")[:320])
    return _signed_in(token, safe_next(request.form.get("next")))


@blueprint.post("/sign-in/demo")
@access.public("nobody is signed in yet; refused outside demo mode")
def sign_in_demo() -> Answer:
    """Be one of the demo people."""
    if not services().settings.demo:
        return _sign_in_page()
    person_id = request.form.get("person", type=row_number)
    if person_id is None:
        return _sign_in_page(errors=[FieldError("people", gettext("Choose who to be."))])
    token = new_token()
    old = access.current()
    signing_in.sign_in_demo(services().database, person_id=person_id, token=token, now=services().true_clock())
    if old is not None:
        signing_in.sign_out(services().database, key=old.key)
    return _signed_in(token, safe_next(request.form.get("next")))


@blueprint.post("/sign-out")
@access.public("signing out twice is harmless")
def sign_out() -> Answer:
    """End the sign-in."""
    who = access.current()
    if who is not None:
        signing_in.sign_out(services().database, key=who.key)
    session.clear()
    g.person = None
    answer = redirect(url_for("signin.signed_out"), 303)
    answer.delete_cookie(cookie_name(), path="/", secure=services().settings.https, httponly=True, samesite="Lax")
    return answer


@blueprint.get("/signed-out")
@access.public("it is shown after signing out")
def signed_out() -> Answer:
    """What signing out means."""
    return page("signin/signed_out.html")


@blueprint.get("/confirm")
@access.signed_in
def confirm() -> Answer:
    """Ask the person to confirm who they are, immediately before they sign."""
    return _confirm_page(access.person())


@blueprint.post("/confirm")
@access.signed_in
def confirmed() -> Answer:
    """Check the confirmation and go on to what needed it."""
    who, token = access.person(), new_token()
    if who.is_demo:
        chosen = request.form.get("person", type=row_number) or 0
        now = services().true_clock()
        fits = signing_in.confirm_demo(services().database, who, person_id=chosen, token=token, now=now)
        says = gettext("That is not your post. Choose the post that you are acting in.")
        wrong = FieldError("person", says if chosen else gettext("Choose the post that you are acting in."))
    else:
        fits = signing_in.confirm_with_password(
            services().database,
            services().passwords,
            who,
            password=request.form.get("password", "")[:1_000],
            token=token,
            now=services().true_clock(),
        )
        wrong = FieldError("password", gettext("That is not your password. Check it and try again."))
    if not fits:
        return _confirm_page(who, errors=[wrong])
    return _with_cookie(redirect(safe_next(request.form.get("next")), 303), token)


def _sign_in_page(*, errors: list[FieldError] | None = None, email: str = "") -> Answer:
    demo = services().settings.demo
    return page(
        "signin/demo.html" if demo else "signin/password.html",
        errors=errors or [],
        email=email,
        groups=signing_in.personas(services().database, today=today()) if demo else (),
        next=safe_next(request.values.get("next")),
        timed_out=g.get("signed_out", False),
    )


def _confirm_page(who: CurrentPerson, *, errors: list[FieldError] | None = None) -> Answer:
    return page(
        "signin/confirm.html",
        errors=errors or [],
        choices=_posts_to_choose(who) if who.is_demo else (),
        next=safe_next(request.values.get("next")),
    )


def _posts_to_choose(who: CurrentPerson) -> list[tuple[int, str]]:
    """One's own post among the others of the organisation: choosing it again is the demo's confirmation."""
    held = signing_in.posts_held(services().database, who.person_id, today=today())
    own = {post.organisation_name for post in held}
    return [
        (persona.person_id, f"{', '.join(persona.titles)}, {group.organisation}")
        for group in signing_in.personas(services().database, today=today())
        if group.organisation in own
        for persona in group.personas
    ]


def _signed_in(token: str, onwards: str) -> Response:
    session.clear()  # a new form token with the new sign-in
    return _with_cookie(redirect(onwards, 303), token)


def _with_cookie(answer: Response, token: str) -> Response:
    answer.set_cookie(cookie_name(), token, path="/", secure=services().settings.https, httponly=True, samesite="Lax")
    return answer
