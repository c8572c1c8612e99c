"""A real browser for the journeys. One rule: it talks to the test's own server and to nobody else."""

import asyncio
import re
import shutil
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Page, Playwright, Route
from werkzeug.serving import make_server

_QUIET = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
    "--no-first-run",
    "--no-proxy-server",
]
_WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
# What browsers say about an answer of 4xx that a test asked for is no fault of the page.
_EXPECTED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


def executable() -> str | None:
    """Where Chromium is, or None."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def launch(playwright: Playwright) -> Browser:
    """Start Chromium; the test is skipped where there is none."""
    path = executable()
    if path is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    return playwright.chromium.launch(executable_path=path, args=_QUIET)


# Pages on which scripts are switched off, with the session that did it and can switch them on again for axe.
_silent: "WeakKeyDictionary[Page, CDPSession]" = WeakKeyDictionary()


@contextmanager
def visiting(browser: Browser, base_url: str, *, javascript: bool = True, width: int = 1_280) -> Iterator[Page]:
    """A page in a context of its own. Fails on script errors, refused content and any request to elsewhere."""
    context: BrowserContext = browser.new_context(
        base_url=base_url, viewport={"width": width, "height": 900}, locale="en-GB"
    )
    context.set_default_timeout(15_000)
    context.set_default_navigation_timeout(15_000)
    faults: list[str] = []

    def only_ours(route: Route) -> None:
        if route.request.url.startswith(base_url):
            route.continue_()
        else:
            faults.append(f"asked {route.request.url}")
            route.abort()

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not _EXPECTED.search(message.text):
            faults.append(message.text)

    context.route("**/*", only_ours)
    page = context.new_page()
    if not javascript:
        _silent[page] = context.new_cdp_session(page)
        _scripts(page, run=False)
    page.on("console", heard)
    page.on("pageerror", lambda error: faults.append(str(error)))
    try:
        yield page
    finally:
        context.close()
    assert not faults, faults


def assert_accessible(page: Page) -> None:
    """No violation of WCAG 2.0 to 2.2, levels A and AA, on the page as it stands."""
    page.wait_for_load_state("load")  # a click returns before the styles of the next page are there
    _scripts(page, run=True)  # axe is a script itself; the page's own have had their chance and do not run now
    violations = Axe().run(page, options=_WCAG).response["violations"]
    _scripts(page, run=False)
    told = [f"{each['id']}: {each['help']}: {[node['html'] for node in each['nodes']][:3]}" for each in violations]
    assert not told, f"{page.url}: " + "\n".join(told)


def _scripts(page: Page, *, run: bool) -> None:
    if page in _silent:
        _silent[page].send("Emulation.setScriptExecutionDisabled", {"value": not run})


def assert_no_sideways_scroll(page: Page) -> None:
    """The page fits the width of the window."""
    page.wait_for_load_state("load")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), page.url


@contextmanager
def event_loops_allowed() -> Iterator[None]:
    """Let code under test run an event loop of its own (signing does) beside the one of the browser's driver.

    The mark that a loop is running is put aside for as long as the other one runs.
    """
    really = asyncio.run

    def run(main: Coroutine[Any, Any, Any], **options: Any) -> Any:
        outer = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        try:
            return really(main, **options)
        finally:
            asyncio._set_running_loop(outer)

    asyncio.run = run
    try:
        yield
    finally:
        asyncio.run = really


@contextmanager
def serving(app: Flask) -> Iterator[str]:
    """Serve the application on a free port of this machine; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(timeout=10)
        server.server_close()
