"""What a person sees when something cannot be done. One rule: one table turns the domain's problems into HTTP.

No answer here needs the database: it may be what is missing.
"""

import json
import logging
import secrets

from flask import Flask, Response, g, render_template, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from dsa.domain import errors
from dsa.persistence.session import DatabaseBusy
from dsa.services.signing_in import TooOften
from dsa.web.page import say
from dsa.web.wording import gettext, mark

log = logging.getLogger("dsa.web")

# The one table. The most precise class wins.
STATUS: dict[type[errors.Problem], int] = {
    errors.NotFound: 404,
    errors.NotAllowed: 403,
    errors.Conflict: 409,
    errors.Refused: 422,
    errors.BadInput: 400,
    DatabaseBusy: 503,
    TooOften: 429,
    errors.Problem: 422,
}

# status -> (the page's h1, what happened and what to do)
PAGES: dict[int, tuple[str, str]] = {
    400: (
        mark("There is a problem with the address or the form"),
        mark("Go back, check what you entered and send it again."),
    ),
    403: (mark("You cannot do this"), mark("Your account does not allow it. Ask your administrator who can.")),
    404: (
        mark("Page not found"),
        mark(
            "If you typed the address, check it is correct. If you followed a link, the agreement may be one that your"
            " organisation takes no part in."
        ),
    ),
    405: (mark("This page works in another way"), mark("Go back and use the buttons on the page.")),
    409: (
        mark("Somebody else was first"),
        mark("Nothing was changed. Look at the agreement as it is now, then decide."),
    ),
    413: (
        mark("That is too large"),
        mark("A file may be up to 10 MB. Nothing was saved. Go back and choose a smaller one."),
    ),
    422: (mark("This cannot be done yet"), mark("Go back and put it right, then try again.")),
    429: (mark("Too many attempts"), mark("Wait 15 minutes, then try again.")),
    500: (mark("Sorry, there is a problem with the service"), mark("Nothing was changed. Try again later.")),
    503: (mark("The service is busy"), mark("Nothing was changed. Try again in a few seconds.")),
}
_EXPIRED = (
    mark("The page was open for too long or you have signed out since"),
    mark("Nothing was changed. Go back, reload the page and send it again."),
)


def status_of(problem: errors.Problem) -> int:
    """The HTTP status of a domain problem."""
    return next(STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS)


def install_errors(app: Flask) -> None:
    """Answer every failure with a page (or JSON under /api/) in the service's name and with a way on."""
    app.register_error_handler(errors.Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _problem(problem: errors.Problem) -> Response:
    status = status_of(problem)
    title, _ = PAGES[status]
    answer = _answer(status, gettext(title), say(problem.refusal))
    if isinstance(problem, TooOften):
        answer.headers["Retry-After"] = str(problem.seconds)
    elif status == 503:
        answer.headers["Retry-After"] = "5"
    return answer


def _http(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error
    title, text = _EXPIRED if isinstance(error, CSRFError) else PAGES.get(status, PAGES[500 if status >= 500 else 400])
    answer = _answer(status, gettext(title), gettext(text))
    for name, value in error.get_headers(request.environ):
        if name.lower() in {"allow", "retry-after"}:
            answer.headers[name] = value
    return answer


def _unexpected(error: Exception) -> Response:
    reference = secrets.token_hex(4).upper()
    log.exception("unexpected error %s on %s %s", reference, request.method, request.path, exc_info=error)
    title, text = PAGES[500]
    return _answer(500, gettext(title), gettext(text), reference=reference)


def _answer(status: int, title: str, text: str, *, reference: str | None = None) -> Response:
    if request.path.startswith("/api/"):
        body = {"status": status, "title": title, "detail": text, **({"reference": reference} if reference else {})}
        return Response(json.dumps(body), status, content_type="application/problem+json")
    if request_ctx.url_adapter is None:  # the host name is not ours: nothing may be built on it
        return Response(f"{title}. {text}\n", status, content_type="text/plain; charset=utf-8")
    g.setdefault("person", None)
    html = render_template("errors/error.html", title=title, text=text, status=status, reference=reference)
    return Response(html, status)
