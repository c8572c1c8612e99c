"""`dsa serve`: the service in one process on this machine, jobs included. One rule: it stops cleanly when told to."""

import dataclasses
import os
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from dsa.cli.opening import cannot_run, settings_from_environment
from dsa.config import BadSettings, Settings

if TYPE_CHECKING:
    from flask import Flask

_SHOWN = ("drafter", "legal", "data_protection", "signatory")


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to serve on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve on.")
@click.option("--threads", type=click.IntRange(1, 64), default=8, show_default=True, help="Requests at the same time.")
def command(port: int, host: str, threads: int) -> None:
    """Run the service on this machine: migrates, fills the demonstration world where it is empty, carries out jobs."""
    settings = settings_from_environment()
    if "DSA_BASE_URL" not in os.environ:
        settings = dataclasses.replace(settings, base_url=f"http://{host}:{port}")
    _demand_free(host, port)
    try:
        _prepare(settings)
    except BadSettings as bad:
        cannot_run(bad)
    for line in _welcome(settings, host, port):
        click.echo(line)
    _serve(settings, f"{host}:{port}", threads)


def _demand_free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((host, port))
        except OSError as error:
            why = (error.strerror or "unknown reason").lower()
            cannot_run(
                BadSettings([f"Nothing can be served on {host}:{port} ({why}). Choose another: PORT=8001 make run"])
            )


def _prepare(settings: Settings) -> None:
    from dsa.composition import open_context, publish_definitions
    from dsa.persistence import migrating

    if settings.demo:
        from dsa.demo.filling import fill_if_empty

        fill_if_empty(settings, says=lambda line: click.echo(f"Making the demonstration world: {line}", err=True))
    ctx = open_context(settings)
    migrating.upgrade(ctx.database)
    publish_definitions(ctx)
    ctx.database.close()


def _welcome(settings: Settings, host: str, port: int) -> list[str]:
    from dsa.composition import open_context
    from dsa.services import directory

    lines = [f"Open {settings.base_url} in a browser (serving on {host}:{port}). Stop with Ctrl+C."]
    if not settings.demo:
        return [*lines, "Nobody has an account yet? Run: dsa start-fresh"]
    ctx = open_context(settings)
    people = directory.personas(ctx)
    ctx.database.close()
    lines.append(f"You can be any of {len(people)} demonstration people, one click each. Try these:")
    lines += [f"  {person.name}" for person in people if person.organisation == "Department for Work and Pensions"][:9]
    return [*lines, "Everything you see is synthetic; what is signed here says EXAMPLE."]


def _serve(settings: Settings, address: str, threads: int) -> None:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    from dsa import jobs
    from dsa.composition import signer_beside

    running = ExitStack()

    def begin(_worker: Any) -> None:
        running.enter_context(signer_beside(settings))
        relay = jobs.BackgroundRelay(settings)
        relay.start()
        running.callback(relay.stop)

    def end(_arbiter: Any, _worker: Any) -> None:
        running.close()

    class Service(BaseApplication):  # type: ignore[misc]
        """Gunicorn with one worker process and its threads."""

        def load_config(self) -> None:
            for name, value in (
                ("bind", address), ("workers", 1), ("threads", threads), ("worker_class", "gthread"),
                ("loglevel", "warning"), ("graceful_timeout", 10), ("timeout", 120), ("post_worker_init", begin),
                ("worker_exit", end), ("proc_name", "dsa"),
            ):  # fmt: skip
                self.cfg.set(name, value)

        def load(self) -> "Flask":
            from dsa.web import create_app

            return create_app(settings)

    Service().run()
