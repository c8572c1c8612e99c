"""The one client through which tests ask for pages. One rule: every page asked for in any test is checked as a page.

``PageClient`` behaves like a person with a browser: it presses buttons that are on the page and follows links that are
there. ``check_page`` holds what is true of every page: title and h1, ids, labels, strict HTML, nonce, tokens.
"""

import re
import secrets
from collections import Counter
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from flask.testing import FlaskClient
from html5lib.html5parser import ParseError
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse

Values = dict[str, object]
_POLICY = re.compile(
    r"default-src 'none'; script-src 'self' 'nonce-([\w-]{20,})'; style-src 'self'; img-src 'self'; font-src 'self'; "
    r"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$"
)
_LEFTOVERS = re.compile(r"\{\{|\{%|%\(\w+\)|\bUndefined\b|<class |object at 0x")


class BadPage(AssertionError):
    """A page that breaks a rule of every page."""


@dataclass
class Form:
    """A form on a page, with what a browser would send."""

    element: Element
    action: str
    method: str

    def values(self) -> list[tuple[str, object]]:
        """Names and values of the fields as the page shows them."""
        found: list[tuple[str, object]] = []
        for field in self.element.iter():
            name = field.get("name")
            if not name or field.get("disabled") is not None:
                continue
            if field.tag == "textarea":
                found.append((name, words(field, strip=False).removeprefix("\n")))
            elif field.tag == "select":
                options = list(field.iter("option"))
                chosen = next((option for option in options if option.get("selected") is not None), options[0])
                found.append((name, chosen.get("value", words(chosen))))
            elif field.tag == "input" and field.get("type") in {"radio", "checkbox"}:
                if field.get("checked") is not None:
                    found.append((name, field.get("value", "on")))
            elif field.tag == "input" and field.get("type") not in {"submit", "file"}:
                found.append((name, field.get("value", "")))
        return found

    def names(self) -> set[str]:
        """The names that this form can send."""
        return {field.get("name", "") for field in self.element.iter() if field.get("name")}


class Page:
    """A page as a person sees it."""

    def __init__(self, response: TestResponse, *, path: str) -> None:
        self.response = response
        self.status = response.status_code
        self.path = path
        self.html = response.get_data(as_text=True)
        self.tree = parse(self.html, path)

    @property
    def title(self) -> str:
        """The window's title."""
        return words(self.one("title"))

    @property
    def h1(self) -> str:
        """The page's heading."""
        return words(self.one("h1"))

    @property
    def text(self) -> str:
        """All words of the main part."""
        return words(self.one("main"))

    @property
    def errors(self) -> list[str]:
        """The mistakes that the error summary lists."""
        summary = self.by_class("govuk-error-summary")
        return [words(item) for item in summary[0].iter("li")] if summary else []

    def one(self, tag: str) -> Element:
        """The only element of its kind; the first, where there are several."""
        found = self.tree.find(f".//{tag}")
        if found is None:
            raise BadPage(f"{self.path}: no <{tag}>")
        return found

    def by_class(self, name: str) -> list[Element]:
        """The elements with a class."""
        return [element for element in self.tree.iter() if name in (element.get("class") or "").split()]

    def links(self) -> dict[str, str]:
        """Words of each link -> where it leads."""
        return {words(link): link.get("href", "") for link in self.tree.iter("a") if link.get("href")}

    def forms(self) -> list[Form]:
        """The forms on the page."""
        return [
            Form(form, urljoin(self.path, form.get("action") or self.path), form.get("method", "get").lower())
            for form in self.tree.iter("form")
        ]

    def buttons(self) -> list[str]:
        """The words on the buttons that send a form."""
        return [words(button) for form in self.forms() for button in form.element.iter("button")]


class ClosingClient(FlaskClient):
    """Reads each answer whole and closes it: a large upload is a file, which stays open as long as its answer does."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Ask as Flask's client does."""
        response = super().open(*args, **kwargs)
        response.get_data()
        response.close()
        return response


class PageClient:
    """Asks for pages like a person, and checks each one."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.service = app.config["DSA"].service_name
        self.client = ClosingClient(app, app.response_class)
        self.page: Page | None = None

    def get(self, path: str, *, status: int = 200) -> Page:
        """Ask for a page, go where it sends us, and check what comes."""
        return self._answered(self.client.get(path), path, status)

    def post(self, path: str, data: Values | None = None, *, status: int = 200) -> Page:
        """Send a form to an address, with a valid token but whatever else a test wants."""
        sent = {"csrf_token": self.token(), **(data or {})}
        return self._answered(self.client.post(path, data=sent), path, status)

    def follow(self, link: str, *, status: int = 200) -> Page:
        """Follow the link with these words (or the only one that begins with them)."""
        links = self._current().links()
        chosen = [href for text, href in links.items() if text == link] or [
            href for text, href in links.items() if text.startswith(link)
        ]
        if len(chosen) != 1:
            raise BadPage(f"{self._current().path}: {len(chosen)} links {link!r} among {sorted(links)}")
        return self.get(urljoin(self._current().path, chosen[0]), status=status)

    def press(self, button: str, typed: Values | None = None, /, *, status: int = 200, **more: object) -> Page:
        """Fill in fields (by name) and press the button with these words. Refuses to fill in what is not there."""
        page = self._current()
        for form in page.forms():
            for pressed in form.element.iter("button"):
                if words(pressed) == button:
                    return self._send(form, pressed, {**(typed or {}), **more}, status)
        raise BadPage(f"{page.path}: no button {button!r} among {page.buttons()}")

    def sign_in(self, person_id: int, *, onwards: str = "/about/cookies") -> Page:
        """Be a demo person."""
        self.post("/sign-in/demo", {"person": person_id, "next": onwards})
        return self._current()

    def token(self) -> str:
        """A form token that fits this client's cookie."""
        with self.client.session_transaction() as session:
            raw = session.setdefault("csrf_token", secrets.token_hex(20))
        return str(URLSafeTimedSerializer(self.app.secret_key, salt="wtf-csrf-token").dumps(raw))

    def _send(self, form: Form, button: Element, values: Values, status: int) -> Page:
        unknown = set(values) - form.names()
        if unknown:
            raise BadPage(f"{self._current().path}: no fields {sorted(unknown)}; there are {sorted(form.names())}")
        sent: dict[str, list[object]] = {}
        for name, value in form.values():
            sent.setdefault(name, []).append(value)
        for name, value in values.items():
            sent[name] = list(value) if isinstance(value, list) else [value]
        if button.get("name"):
            sent[button.get("name", "")] = [button.get("value", "")]
        target = button.get("formaction") or form.action
        if form.method == "get":
            return self._answered(self.client.get(target, query_string=sent), target, status)
        return self._answered(self.client.post(target, data=sent), target, status)

    def _answered(self, response: TestResponse, path: str, status: int) -> Page:
        for _ in range(5):
            if response.status_code not in {301, 302, 303, 307, 308}:
                break
            path = urljoin(path, response.headers["Location"])
            assert not urlsplit(path).netloc, f"sent away to {path}"
            response = self.client.get(path)
        page = Page(response, path=path)
        self.page = page
        if page.status != status:
            raise BadPage(f"{path}: {page.status}, not {status}: {page.h1} {page.errors}\n{page.text[:600]}")
        check_page(page, self.service)
        written = self.app.extensions.get("written_on_get", [])
        assert not written, f"a GET began to write: {written}"
        return page

    def _current(self) -> Page:
        if self.page is None:
            raise BadPage("No page was asked for yet.")
        return self.page


def parse(html: str, path: str) -> Element:
    """The document, parsed strictly: any error of HTML is an error here."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    try:
        tree: Element = parser.parse(html)
    except ParseError as error:
        (line, _column), code, _details = parser.errors[-1] if parser.errors else ((0, 0), str(error), {})
        around = "\n".join(html.splitlines()[max(0, line - 3) : line + 1])
        raise BadPage(f"{path}: not valid HTML, line {line}: {code} {error}\n{around}") from error
    return tree


def words(element: Element, *, strip: bool = True) -> str:
    """The words in an element, spaces run together."""
    text = "".join(element.itertext())
    return " ".join(text.split()) if strip else text


def check_page(page: Page, service: str) -> None:
    """What is true of every page of the service, whatever it shows."""
    problems = [*_frame(page, service), *_ids(page), *_inputs(page), *_scripts(page), *_forms(page), *_labels(page)]
    if problems:
        raise BadPage(f"{page.path}: " + "; ".join(problems))


def _frame(page: Page, service: str) -> list[str]:
    found = []
    headings = [words(heading) for heading in page.tree.iter("h1")]
    if len(headings) != 1 or not headings[0]:
        found.append(f"one h1 is wanted, not {headings}")
    expected = f"{'Error: ' if page.errors else ''}{headings[0] if headings else ''} - {service}"
    if page.title != expected:
        found.append(f"the title is {page.title!r}, not {expected!r}")
    if not page.tree.get("lang"):
        found.append("the page has no language")
    if page.response.headers.get("Cache-Control") != "no-store":
        found.append("the page may be cached")
    left = _LEFTOVERS.search("".join(page.one("body").itertext()))
    if left:
        found.append(f"something of the template is left: {left.group()!r}")
    found += [
        f"a picture without words: {image.get('src')}" for image in page.tree.iter("img") if image.get("alt") is None
    ]
    return found


def _ids(page: Page) -> list[str]:
    counted = Counter(element.get("id") for element in page.tree.iter() if element.get("id"))
    found = [f"the id {id_} is there {count} times" for id_, count in counted.items() if count > 1]
    for element in page.tree.iter():
        for attribute in ("aria-describedby", "aria-labelledby", "aria-controls", "for"):
            wanted = (element.get(attribute) or "").split()
            found += [f"{attribute} names {id_}, which is not there" for id_ in wanted if id_ not in counted]
    return found


def _inputs(page: Page) -> list[str]:
    found = []
    labels = {label.get("for") for label in page.tree.iter("label")}
    focusable = set()
    for element in page.tree.iter():
        if element.tag not in {"input", "select", "textarea", "button", "a"} and element.get("tabindex") is None:
            continue
        focusable.add(element.get("id"))
        shown = element.tag in {"select", "textarea"} or (element.tag == "input" and element.get("type") != "hidden")
        if shown and element.get("id") not in labels and not element.get("aria-label"):
            found.append(f"no label for {element.get('name')}")
    for fieldset in page.tree.iter("fieldset"):
        if fieldset.find("legend") is None:
            found.append("a fieldset without a legend")
    for summary in page.by_class("govuk-error-summary"):
        for link in summary.iter("a"):
            if (link.get("href") or "").lstrip("#") not in focusable:
                found.append(f"the error summary leads to {link.get('href')}, which takes no focus")
    return found


def _scripts(page: Page) -> list[str]:
    policy = _POLICY.match(page.response.headers.get("Content-Security-Policy", ""))
    if policy is None:
        return ["the content policy is not the strict one"]
    found = [
        f"a script without the nonce: {script.get('src')}"
        for script in page.tree.iter("script")
        if script.get("nonce") != policy[1]
    ]
    for element in page.tree.iter():
        if element.get("style") is not None or element.tag == "style":
            found.append(f"inline style on <{element.tag}>")
        found += [f"inline script {name} on <{element.tag}>" for name in element.attrib if name.startswith("on")]
    return found


def _forms(page: Page) -> list[str]:
    found = []
    for form in page.forms():
        if not form.element.get("action"):
            found.append("a form without an action")
        if form.method == "post" and "csrf_token" not in form.names():
            found.append(f"the form to {form.action} has no token")
        files = any(field.get("type") == "file" for field in form.element.iter("input"))
        if files and form.element.get("enctype") != "multipart/form-data":
            found.append(f"the form to {form.action} cannot send its file")
    return found


def _labels(page: Page) -> list[str]:
    """In a narrow window a cell stands under others, named by its label: the heading of its column."""
    found = []
    for table in page.by_class("dsa-stack"):
        headings = [words(cell) for row in table.findall("thead/tr") for cell in row]
        for row in table.findall("tbody/tr"):
            found += [
                f"a cell is named {cell.get('data-label')!r} in a column {heading!r}"
                for heading, cell in zip(headings, row, strict=False)
                if cell.get("data-label") not in (None, heading)
            ]
    return found
