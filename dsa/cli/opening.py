"""Opening the program for a command. One rule: what cannot run says why and what to do, and exits with 2."""

import sys
from typing import NoReturn

import click

from dsa.config import BadSettings, Settings


def settings_from_environment() -> Settings:
    """The settings; exits with 2 and a sentence for each that is missing or wrong."""
    try:
        return Settings.from_environment()
    except BadSettings as bad:
        cannot_run(bad)


def cannot_run(bad: BadSettings) -> NoReturn:
    """Say every problem and exit with 2."""
    for problem in bad.problems:
        click.echo(problem, err=True)
    sys.exit(2)
