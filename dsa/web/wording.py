"""Sentences in the reader's language. One rule: all that people read passes here or a template's ``_``."""

from typing import cast

import flask_babel
from flask import Flask, g, has_app_context
from flask_babel import support


def gettext(message: str, **params: object) -> str:
    """The sentence in the reader's language, its ``%(name)s`` filled in."""
    said = str(_translations().ugettext(message))
    return said % params if params else said


def ngettext(singular: str, plural: str, count: int, **params: object) -> str:
    """The sentence for this many; ``%(num)d`` is the count."""
    return str(_translations().ungettext(singular, plural, count)) % {"num": count, **params}


def mark(message: str) -> str:
    """Mark a sentence for translators where it is written; ``gettext`` translates it where it is shown."""
    return message


def install_wording(app: Flask) -> None:
    """Let the ``_`` of templates look where ``gettext`` does."""
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: _translations().ugettext(message),
        lambda singular, plural, count: _translations().ungettext(singular, plural, count),
        newstyle=True,
    )


def _translations() -> support.NullTranslations:
    """The reader's translations, looked for once a request: a page asks for dozens of sentences."""
    if not has_app_context():
        return cast(support.NullTranslations, flask_babel.get_translations())
    found = g.get("translations")
    if found is None:
        found = g.translations = flask_babel.get_translations()
    return cast(support.NullTranslations, found)
