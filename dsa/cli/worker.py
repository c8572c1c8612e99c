"""`dsa worker`: carries out what waits in the outbox. One rule: it may be stopped at any moment."""

import logging

import click

from dsa.cli.opening import settings_from_environment
from dsa.config import Settings


@click.command()
@click.option("--once", is_flag=True, help="Carry out what waits now, then end.")
def command(once: bool) -> None:
    """Carry out what waits in the outbox: documents, mail, reminders."""
    from dsa.composition import signer_beside

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = settings_from_environment()
    with signer_beside(settings):
        _once(settings) if once else _until_stopped(settings)


def _once(settings: Settings) -> None:
    from dsa import jobs
    from dsa.composition import open_context

    ctx = open_context(settings)
    relay, done = jobs.Relay(ctx), 0
    relay.remind()
    while turn := relay.carry_out():
        done += turn
    relay.keep_log()
    click.echo(f"Carried out: {done}")
    ctx.database.close()
    if relay.failed:
        raise click.ClickException("Some jobs failed: the lines above say which. They will be tried again.")


def _until_stopped(settings: Settings) -> None:
    from dsa import jobs

    queue = jobs.make_huey(settings)
    watcher = jobs.Watcher(settings, queue)
    watcher.start()
    consumer = queue.create_consumer(workers=1, periodic=True, graceful_signal="TERM")
    click.echo("The worker is running. Stop it with Ctrl+C.", err=True)
    consumer.run()
    watcher.stop()
    jobs.close_huey(queue)
