"""Opening the program for a command. One rule: what cannot run says why and what to do, and exits with 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import click

from dsa.config import BadSettings, Settings

if TYPE_CHECKING:
    from dsa.services.context import Context


def settings_from_environment() -> Settings:
    """The settings; exits with 2 and a sentence for each that is missing or wrong."""
    try:
        return Settings.from_environment()
    except BadSettings as bad:
        cannot_run(bad)


def settings_as_kept() -> Settings:
    """The settings for a command that only looks: its mode is that of the authority that the data directory holds.

    So what a demonstration or a journey left can be looked at without a setting; nothing of either mode is made.
    """
    from dsa.adapters.authority_record import NAME, read_record

    settings = settings_from_environment()
    keys = settings.data_dir / "keys"
    try:
        if not settings.demo and settings.env != "production" and (keys / NAME).exists():
            return replace(settings, demo=read_record(keys).demo)
    except BadSettings as bad:
        cannot_run(bad)
    return settings


def cannot_run(bad: BadSettings) -> NoReturn:
    """Say every problem and exit with 2."""
    for problem in bad.problems:
        click.echo(problem, err=True)
    sys.exit(2)


@contextmanager
def opened(settings: Settings) -> "Iterator[Context]":
    """The running service on a database of this release; exits with 2 where there is none, and closes it at the end."""
    from dsa.composition import open_context
    from dsa.persistence import migrating

    try:
        ctx = open_context(settings)
    except BadSettings as bad:
        cannot_run(bad)
    try:
        if migrating.current(ctx.database) != migrating.newest():
            cannot_run(BadSettings(["The database is not there or of another release. Run: dsa db upgrade"]))
        yield ctx
    finally:
        ctx.database.close()
