"""A throw-away PostgreSQL cluster for one test run. One rule: ``fsync`` is on, as it is where the service runs."""

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text


def binaries() -> Path | None:
    """The directory of the newest PostgreSQL server binaries of Debian, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


def why_not() -> str | None:
    """Why a cluster cannot be started here, or None."""
    if binaries() is None:
        return "PostgreSQL is not installed (apt-get install postgresql)"
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return "PostgreSQL cannot run as root, and runuser is not there to become another user"
    return None


class Cluster:
    """A running cluster; each test gets a database of its own, copied from one that the migrations built."""

    def __init__(self, port: int) -> None:
        self._address = f"postgresql+psycopg://tests@127.0.0.1:{port}"
        self._admin = create_engine(f"{self._address}/postgres", isolation_level="AUTOCOMMIT", pool_size=1)

    def new(self, *, template: str | None = None) -> str:
        """The URL of a new database."""
        name = f"dsa_{secrets.token_hex(6)}"
        with self._admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")))
        return f"{self._address}/{name}"

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        with self._admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {url.rsplit('/', 1)[1]} WITH (FORCE)"))

    def close(self) -> None:
        """Disconnect."""
        self._admin.dispose()


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster on a free port; stop and remove it at the end."""
    bin_ = binaries()
    if bin_ is None:
        raise RuntimeError(why_not())
    folder = Path(tempfile.mkdtemp(prefix="dsa-pg-"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        as_user = ["runuser", "-u", "postgres", "--"]
        shutil.chown(folder, "postgres")
    port, data = _free_port(), folder / "data"
    run = {"check": True, "cwd": folder, "stdin": subprocess.DEVNULL, "capture_output": True, "timeout": 120}
    asked = ("listen_addresses=127.0.0.1", "fsync=on", "synchronous_commit=on", "max_connections=200")
    settings = f"-p {port} -k {folder} " + " ".join(f"-c {each}" for each in asked)
    try:
        initdb = [bin_ / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*as_user, *initdb], **run)  # type: ignore[call-overload]
        # the server keeps the standard streams of whoever starts it: they may not be pipes
        start = [bin_ / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-t", "60", "-o", settings, "start"]
        quiet = {**run, "capture_output": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*as_user, *start], **quiet)  # type: ignore[call-overload]
        running = Cluster(port)
        try:
            yield running
        finally:
            running.close()
            subprocess.run([*as_user, bin_ / "pg_ctl", "-D", data, "-m", "immediate", "stop"], **quiet)  # type: ignore[call-overload]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
