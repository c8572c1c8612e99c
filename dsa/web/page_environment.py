"""The template environment. One rule: a name that does not exist is an error, never a blank in a document.

The GOV.UK macros are written for engines where a missing parameter is false, so they alone are compiled leniently, in
an overlay that shares filters and globals; our own templates and a department's stay strict.
"""

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

from dsa.resources import templates_dir

GOVUK = "govuk_frontend_jinja"


class PageEnvironment(Environment):
    """Strict for our templates, lenient for the GOV.UK macros."""

    _lenient: "PageEnvironment | None" = None

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
