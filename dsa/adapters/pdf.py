"""The printed agreement. One rule: the same version always gives the same bytes, and nothing is fetched to make it.

Frozen content, its presentation and the audit in; a tagged PDF/A-3a and PDF/UA-1 file out, with ``agreement.json`` and
``audit.json`` inside and empty places for every signature, seal and time stamp.
"""

import datetime as dt
import gettext
import io
import threading
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
import pydyf
import segno
import weasyprint
from fontTools.ttLib import TTFont
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from dsa.adapters.pdf_finish import finish
from dsa.adapters.pdf_layout import Marks, Section
from dsa.adapters.pdf_view import build_view
from dsa.domain.data_contract import data_contract
from dsa.domain.integrity import canonical
from dsa.domain.terms import terms
from dsa.resources import templates_dir, templates_override

_SCHEME = "bundled:///"
_FONTS = ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf", "LiberationSans-Italic.ttf", "DejaVuSans.ttf")
_ONE_AT_A_TIME = threading.Lock()  # Pango's font map and the parsed style sheet are shared by the process


class DocumentFailed(Exception):
    """The document could not be made; the sentence says why."""


class ClosedFetcher(URLFetcher):  # type: ignore[misc]
    """Knows the bundled fonts and the pictures it is given; anything asked for beyond them stops the rendering."""

    def __init__(self, pictures: Mapping[str, bytes] | None = None) -> None:
        super().__init__(allowed_protocols=("data",), allow_redirects=False)
        self._pictures = pictures or {}

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """A bundled font or a picture (SVG) of this document, or FatalURLFetchingError."""
        picture = self._pictures.get(url.removeprefix(_SCHEME + "pictures/"))
        if url.startswith(_SCHEME) and picture is not None:
            return URLFetcherResponse(url, picture, {"Content-Type": "image/svg+xml"})
        name = url.removeprefix(_SCHEME + "fonts/")
        if url.startswith(_SCHEME) and name in _FONTS:
            return URLFetcherResponse(url, _font(name), {"Content-Type": "font/ttf"})
        raise FatalURLFetchingError(f"The document may not load {url[:200]}.")


def render(
    content: Mapping[str, Any], *, sections: Sequence[Section], audit: Mapping[str, Any], marks: Marks | None = None
) -> bytes:
    """The PDF of one frozen version. Byte-identical when called again with the same arguments and releases.

    ``content`` is the frozen ``agreement.json``, ``sections`` its presentation, ``audit`` what stands in
    ``audit.json``. Raises DocumentFailed where the text cannot be laid out or asks for a resource.
    """
    environment = _environment()
    view = build_view(content, sections, audit, marks or Marks(), gettext.NullTranslations().gettext)
    html = environment.get_template("agreement.html").render(view=view)
    pictures = {"verify.svg": _picture(view.verify_url)} if view.verify_url else {}
    stamped = dt.datetime.fromisoformat(view.stamped)
    attached = [
        _attachment("agreement.json", canonical(content), "Source", "The content of the agreement", stamped),
        _attachment("audit.json", canonical(audit), "Data", "The record of events and approvals", stamped),
        _attachment("terms.jsonld", canonical(terms(content)), "Data", "The terms in DPV, ODRL and DCAT", stamped),
        _attachment("contract.odcs.json", canonical(data_contract(content)), "Data", "A data contract (ODCS)", stamped),
    ]
    with _ONE_AT_A_TIME:
        try:
            style, fonts = _style()
            document = weasyprint.HTML(string=html, base_url=_SCHEME, url_fetcher=ClosedFetcher(pictures)).render(
                font_config=fonts, stylesheets=[style], pdf_variant="pdf/a-3a", pdf_forms=True
            )
            document.metadata.attachments = [] if marks is not None and marks.release else attached
            with warnings.catch_warnings():
                # The library leaves its own colour profile for the garbage collector to close.
                warnings.simplefilter("ignore", ResourceWarning)
                data: bytes = document.write_pdf(pdf_variant="pdf/a-3a", pdf_forms=True, finisher=_finisher)
        except FatalURLFetchingError as error:
            raise DocumentFailed(str(error)) from error
    return data


def _picture(address: str) -> bytes:
    """The address as a picture to scan."""
    drawn = io.BytesIO()
    segno.make(address, error="m", micro=False).save(
        drawn, kind="svg", xmldecl=False, border=2, nl=False, dark="#0b0c0c"
    )
    return drawn.getvalue()


def _finisher(_: weasyprint.Document, pdf: pydyf.PDF) -> None:
    finish(pdf, _font(_FONTS[0]))


def _attachment(name: str, data: bytes, relationship: str, description: str, at: dt.datetime) -> weasyprint.Attachment:
    return weasyprint.Attachment(
        string=data,
        base_url=_SCHEME,
        url_fetcher=ClosedFetcher(),
        name=name,
        description=description,
        created=at,
        modified=at,
        relationship=relationship,
    )


def _places() -> list[Path]:
    override = templates_override()
    return [place / "document" for place in (override, templates_dir()) if place is not None]


@lru_cache(maxsize=8)
def _font(name: str) -> bytes:
    return (templates_dir() / "document" / "fonts" / name).read_bytes()


@lru_cache(maxsize=1)
def _style() -> tuple[weasyprint.CSS, FontConfiguration]:
    fonts = FontConfiguration()
    text = next(
        (place / "agreement.css").read_text("utf-8") for place in _places() if (place / "agreement.css").exists()
    )
    style = weasyprint.CSS(string=text, base_url=_SCHEME, url_fetcher=ClosedFetcher(), font_config=fonts)
    return style, fonts


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_places()),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    return environment


@lru_cache(maxsize=1)
def _covered() -> frozenset[int]:
    """The characters that the bundled fonts have."""
    covered: set[int] = set()
    for name in (_FONTS[0], _FONTS[3]):
        with TTFont(templates_dir() / "document" / "fonts" / name, lazy=True) as font:
            covered |= set(font.getBestCmap())
    return frozenset(covered | {0x0A})


def _printable(value: object) -> object:
    """Text as the bundled fonts can print it: a character they lack is named by its code, never dropped."""
    if not isinstance(value, str):
        return value
    covered = _covered()
    if all(ord(each) in covered for each in value):
        return value
    named = (each if ord(each) in covered else "\n" if each == "\r" else f"[U+{ord(each):04X}]" for each in value)
    return type(value)("".join(named))
