"""What "my tasks" costs in processor time, beside a page that says hello. One rule: everything a request does is in it.

Session, permissions, queries and template are the product's; a full page of tasks, in process, no network.
"""

import gc
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from dsa.composition import publish_definitions
from dsa.config import Settings
from dsa.persistence.migrating import upgrade
from dsa.web import create_app
from dsa.web.composition import compose
from tests.web.page_client import ClosingClient, PageClient
from tests.web.world import build_world

AGREEMENTS = 40


def page_costs() -> tuple[float, float, int]:
    """(processor seconds of the page, of a hello page, bytes of the page); the least of several rounds each."""
    with tempfile.TemporaryDirectory(prefix="dsa-bench-") as folder:
        settings = Settings(data_dir=Path(folder), demo=True, secret_keys=("k" * 32,))
        services = compose(settings)
        upgrade(services.database)
        world = build_world(services)
        publish_definitions(world.ctx)
        for _ in range(AGREEMENTS):
            world.agreement_in("check_draft")
        pages = PageClient(create_app(settings, services=services))
        pages.sign_in(world.person("SLC", "information_governance"))
        ask = pages.client
        size = len(ask.get("/tasks").data)
        bare = _hello()
        costs = _least({"page": lambda: ask.get("/tasks"), "hello": lambda: bare.get("/hello")})
        services.database.close()
    return costs["page"], costs["hello"], size


def _hello() -> FlaskClient:
    app = Flask("hello")
    app.add_url_rule("/hello", view_func=lambda: "hello")
    return ClosingClient(app, app.response_class)


def _least(asked: dict[str, Callable[[], object]], rounds: int = 7, seconds: float = 0.3) -> dict[str, float]:
    least = dict.fromkeys(asked, float("inf"))
    for _ in range(rounds):
        for name, ask in asked.items():
            gc.collect()
            begun, count = time.process_time(), 0
            while time.process_time() - begun < seconds:
                ask()
                count += 1
            least[name] = min(least[name], (time.process_time() - begun) / count)
    return least
