"""The web application. One rule: the factory puts things together and decides nothing.

Every blueprint is listed in ``BLUEPRINTS``; each view says who may use it (``access``), reads, calls one service and
answers.
"""

from importlib import import_module

from flask import Flask, request
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect, generate_csrf
from markupsafe import Markup
from werkzeug.middleware.proxy_fix import ProxyFix

from dsa.config import Settings
from dsa.web import access, composition
from dsa.web.addresses import RowNumber
from dsa.web.page import install_page
from dsa.web.page_environment import install_templates, made_once
from dsa.web.page_errors import install_errors
from dsa.web.page_headers import install_headers
from dsa.web.time_navigation import install_time_navigation
from dsa.web.wording import install_wording

# Modules of dsa.web that define ``blueprint``.
BLUEPRINTS = (
    "health",
    "signin",
    "about",
    "home",
    "demo",
    "tasks",
    "agreements",
    "exports",
    "releasing",
    "outside_signing",
    "reviewing",
    "signing",
    "documents",
    "starting",
    "drafting",
    "sections",
    "changes",
    "record",
    "timeline",
    "timetable",
    "moves",
    "holding",
    "comments",
    "obligations",
    "outbox",
    "keys",
    "verify",
    "trust",
    "time_stages",
    "time_how_long",
    "time_days",
    "time_chase",
    "time_teams",
    "time_trend",
    "time_returns",
    "time_delay",
    "time_forecasts",
    "time_changes",
    "checkpoints",
    "calendar",
    "importing",
    "tracked",
    "indicators",
    "event_log",
    "notices",
    "stalled",
)

_MEGABYTE = 1024 * 1024
csrf = CSRFProtect()


def create_app(settings: Settings | None = None, *, services: composition.Services | None = None) -> Flask:
    """The WSGI application. Settings come from the environment unless given; ``BadSettings`` where wrong."""
    settings = settings or (services.settings if services else Settings.from_environment())
    app = Flask("dsa.web", static_folder="static", template_folder=None)
    app.url_map.converters["int"] = RowNumber
    _configure(app, settings)
    app.extensions["dsa"] = services or composition.compose(settings)
    install_templates(app, override=settings.templates_dir)
    Babel(app, default_locale="en", default_timezone="Europe/London")
    install_wording(app)
    csrf.init_app(app)
    app.jinja_env.globals.update(csrf_field=_csrf_field, made_once=made_once)
    install_page(app)
    install_time_navigation(app)
    install_errors(app)
    install_headers(app, https=settings.https)
    access.public("styles, scripts and pictures of every page")(app.view_functions["static"])
    for name in BLUEPRINTS:
        app.register_blueprint(import_module(f"dsa.web.{name}").blueprint)
    access.check_access(app)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    first, *older = settings.signing_secrets()
    prefix = "__Host-" if settings.https else ""
    trusted = [settings.host.rsplit("@")[-1].split(":")[0]]
    if settings.env != "production":
        trusted += ["127.0.0.1", "localhost"]
    app.config.update(
        DSA=settings,
        SECRET_KEY=first,
        SECRET_KEY_FALLBACKS=older,
        TRUSTED_HOSTS=trusted,
        MAX_CONTENT_LENGTH=12 * _MEGABYTE,
        MAX_FORM_MEMORY_SIZE=2 * _MEGABYTE,
        MAX_FORM_PARTS=4_000,
        # Flask's own cookie holds only the form token; who is signed in is a row in the database (signin).
        SESSION_COOKIE_NAME=f"{prefix}dsa-form",
        SESSION_COOKIE_SECURE=settings.https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_TRANSLATION_DIRECTORIES="../../translations",
    )

    @app.before_request
    def _same_origin() -> None:
        if request.method not in {"GET", "HEAD", "OPTIONS"}:
            access.refuse_other_sites(request, own_host=settings.host)


def _csrf_field() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
