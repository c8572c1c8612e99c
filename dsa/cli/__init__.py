"""The command line. One rule: no logic that a service does not have; a command is loaded only when it is called."""

import importlib
import sys
from typing import Any

import click

from dsa import __version__

# name -> (module in dsa.cli, what it does)
COMMANDS = {
    "serve": ("serve", "Run the service on this machine."),
    "worker": ("worker", "Carry out what waits in the outbox: documents, mail, reminders."),
    "signer": ("signer", "Keep the private keys and sign for the service."),
    "keys": ("keys", "The signing keys: what there is, rotation, the root."),
    "db": ("db", "Create or migrate the database."),
    "demo": ("demo", "Make the demonstration world."),
    "start-fresh": ("fresh", "Begin with your own organisation, first administrator and posts."),
    "people": ("people", "Accounts, for where no sign-in provider is configured."),
    "journey": ("journey", "Take an agreement described in a file through its whole workflow."),
    "check": ("check", "Judge an agreement file: route, missing answers, findings, reviews needed."),
    "workflows": ("workflows", "Check and draw workflow files."),
    "verify": ("verify", "Check a signed PDF, offline."),
    "audit": ("audit", "Check the audit log; write out the full log of an agreement."),
    "worktime": ("worktime", "Working time for the rows of a CSV file."),
    "owners": ("owners", "Who owned the elapsed time, for the agreements of a JSON Lines file."),
    "times": ("times", "Where the time went in an event log: anyone's, as CSV, XES or OCEL."),
    "events": ("events", "Write the history of the agreements as CSV, XES or OCEL 2.0."),
    "figures": ("figures", "The figures of where the time goes: count, make anew, verify."),
    "bench": ("bench", "Measure the engine against raw code and against its peers."),
}


class LazyGroup(click.Group):
    """Imports a command's module when the command is called, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"dsa.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(cls=LazyGroup)
@click.version_option(__version__, prog_name="dsa")
def group() -> None:
    """Data-sharing agreements, from first idea to signed PDF."""


def main(*args: Any) -> None:
    """Run the command line; a problem is one sentence on standard error and exit 1 (input) or 2 (setting)."""
    from dsa.config import BadSettings
    from dsa.domain.errors import Problem

    try:
        group.main(args=list(args) or None, prog_name="dsa")
    except Problem as problem:
        click.echo(str(problem), err=True)
        sys.exit(1)
    except BadSettings as wrong:
        click.echo(str(wrong), err=True)
        sys.exit(2)
