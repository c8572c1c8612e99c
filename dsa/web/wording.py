"""Sentences in the reader's language. One rule: all that people read passes here or a template's ``_``."""

import flask_babel


def gettext(message: str, **params: object) -> str:
    """The sentence in the reader's language, its ``%(name)s`` filled in."""
    return str(flask_babel.gettext(message, **params))


def ngettext(singular: str, plural: str, count: int, **params: object) -> str:
    """The sentence for this many; ``%(num)d`` is the count."""
    return str(flask_babel.ngettext(singular, plural, count, **params))


def mark(message: str) -> str:
    """Mark a sentence for translators where it is written; ``gettext`` translates it where it is shown."""
    return message
