"""The template environment. One rule: a name that does not exist is an error, never a blank in a document.

The GOV.UK macros are written for engines where a missing parameter is false, so they alone are compiled leniently, in
an overlay that shares filters and globals; our own templates and a department's stay strict.
"""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask.templating import Environment
from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
)
from markupsafe import Markup

from dsa.resources import templates_dir

GOVUK = "govuk_frontend_jinja"


_KEPT: dict[tuple[str, str], Markup] = {}
_MOST_KEPT = 500


def made_once(macro: Any, parameters: Mapping[str, Any]) -> Markup:
    """What a GOV.UK macro makes of these parameters: made once, because most of a page's frame is the same each time.

    Only for macros that look at nothing but their parameters, and for parameters that say what they are (text, lists).
    """
    key = (str(macro.name), repr(parameters))
    if key not in _KEPT:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = Markup(macro(parameters))  # noqa: S704 - a macro's output is markup already
    return _KEPT[key]


class PageEnvironment(Environment):
    """Strict for our templates, lenient for the GOV.UK macros."""

    _lenient: "PageEnvironment | None" = None

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        """One plain dictionary: Jinja's chained one costs a tenth of a page, as it is asked for at every import."""
        return {**self.globals, **(d or {})}

    def get_template(self, name: Any, parent: Any = None, globals: Any = None) -> Template:
        if isinstance(name, str) and name.startswith(f"{GOVUK}/") and self.undefined is StrictUndefined:
            if self._lenient is None:
                self._lenient = self.overlay(undefined=ChainableUndefined)
            return self._lenient.get_template(name, parent, globals)
        return super().get_template(name, parent, globals)


def install_templates(app: Flask, *, override: Path | None) -> None:
    """Look in ``override`` (a department's own) first, then in ours; GOV.UK macros under their own name."""
    ours = [FileSystemLoader(path) for path in (override, templates_dir()) if path is not None]
    app.jinja_environment = PageEnvironment
    app.jinja_options = {**app.jinja_options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    app.jinja_loader = ChoiceLoader([*ours, PrefixLoader({GOVUK: PackageLoader(GOVUK)})])
