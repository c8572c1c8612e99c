"""`dsa bench`: measure the engine against raw code and against peers. One rule: it needs the source checkout."""

import subprocess
import sys
from pathlib import Path

import click


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
@click.pass_context
def command(ctx: click.Context) -> None:
    """Measure the engine against raw code and against its peers; writes build/bench.json."""
    root = Path(__file__).resolve().parents[2]
    script = root / "tools" / "bench" / "run.py"
    if not script.is_file():
        click.echo(
            "The benchmarks are part of the source checkout, which is not here. Clone it and run make bench.", err=True
        )
        sys.exit(2)
    sys.exit(subprocess.run([sys.executable, script, *ctx.args], cwd=root, check=False).returncode)
