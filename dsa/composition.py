"""Putting the program together. One rule: adapters meet the services here and nowhere else."""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dsa.adapters.chance import SystemChance
from dsa.adapters.checkpoints import CheckpointFile
from dsa.adapters.definitions import load_bodies, load_yaml
from dsa.adapters.files import FileStore
from dsa.adapters.key_inventory import secret_records
from dsa.adapters.key_opening import open_keys, open_log_signer, own_log_signer
from dsa.adapters.keys import KeyRecord
from dsa.adapters.mail import SmtpPost
from dsa.adapters.press import Press
from dsa.adapters.published import read_published
from dsa.adapters.sheet_process import SeparateSheetReader
from dsa.adapters.signer_client import SignerClient
from dsa.adapters.signer_process import signer_beside
from dsa.adapters.verification_process import SeparateVerifier
from dsa.config import Settings
from dsa.domain.rules import Body
from dsa.persistence import settings as stored
from dsa.persistence.session import Database
from dsa.resources import workflows_dir
from dsa.services.context import Context
from dsa.services.definitions import publish
from dsa.services.ports import Chance, Clock
from dsa.timekeeping.clock import OffsetClock, SystemClock

__all__ = [
    "DemoOffset",
    "InstallationKeys",
    "definition_sources",
    "document_checker",
    "open_context",
    "publish_definitions",
    "signer_answers",
    "signer_beside",
]

_OFFSET_SECONDS = 2.0


def open_context(
    settings: Settings,
    *,
    clock: Clock | None = None,
    chance: Chance | None = None,
    database: Database | None = None,
    bodies: tuple[Body, ...] | None = None,
) -> Context:
    """The running service for these settings. In demo mode the clock is the true time plus what it was moved on.

    ``bodies`` are the public bodies where they were read before.
    """
    database = database or Database(settings.database)
    if clock is None:
        clock = OffsetClock(DemoOffset(database)) if settings.demo else SystemClock()
    return Context(
        database=database,
        clock=clock,
        chance=chance or SystemChance(),
        files=FileStore(settings.data_dir / "files"),
        documents=Press(settings),
        checkpoints=open_log_signer(settings),
        checkpoint_file=CheckpointFile(settings.data_dir / "checkpoints.txt"),
        post=SmtpPost(settings.smtp_url, sender=settings.mail_from) if settings.smtp_url else None,
        demo=settings.demo,
        simulated=settings.demo,
        base_url=settings.base_url,
        service_name=settings.service_name,
        bodies=load_bodies(workflows_dir() / "bodies.yaml") if bodies is None else bodies,
        archives=FileStore(settings.data_dir / "exports"),
        root_pem=lambda: _read(settings.data_dir / "root.pem"),
        published=lambda: read_published(settings.data_dir),
    )


def document_checker(settings: Settings) -> SeparateVerifier:
    """What checks uploaded documents, trusting only this installation's own authority, and those it had before."""
    own = [settings.data_dir / name for name in ("root.pem", "root-earlier.pem")]
    return SeparateVerifier(own, settings.data_dir / "stamp-roots.pem")


def signer_answers(settings: Settings) -> bool:
    """Whether whoever keeps the keys answers at this moment."""
    return settings.signer == "inside" or SignerClient(settings.signer_address).answers()


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def sheet_reader() -> SeparateSheetReader:
    """What reads uploaded spreadsheets, apart from this process."""
    return SeparateSheetReader()


class InstallationKeys:
    """Every key of the installation: those of whoever signs, and the secrets of forms."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def inventory(self) -> list[KeyRecord]:
        """See ``services.keys_page.Keeper``."""
        keys, _ = open_keys(self._settings)
        inside = self._settings.signer == "inside"  # a signer process names the log's key itself
        of_log = own_log_signer(self._settings).inventory() if inside else []
        return [*keys.inventory(), *of_log, *secret_records(self._settings)]

    def stamps(self) -> tuple[str, ...]:
        """The time-stamp authorities in their order."""
        local = "embedded (local) time-stamp service"
        return tuple(local if each == "embedded" else each for each in self._settings.tsa_urls)


class DemoOffset:
    """By how many seconds the demo clock was moved: read at most every two seconds, and at once after a move here."""

    _moved_at = float("-inf")

    def __init__(self, database: Database) -> None:
        self._database, self._seconds, self._read_at = database, 0.0, float("-inf")

    def __call__(self) -> float:
        """The offset in seconds."""
        now = time.monotonic()
        if now - self._read_at > _OFFSET_SECONDS or self._read_at <= DemoOffset._moved_at:
            with self._database.reading() as session:
                self._seconds, self._read_at = stored.clock_offset(session), now
        return self._seconds

    @classmethod
    def moved(cls) -> None:
        """Say that the clock was moved in this process: every reader looks again."""
        cls._moved_at = time.monotonic()


def definition_sources(directory: Path | None = None) -> Iterable[tuple[str, Any]]:
    """(kind, data) of every workflow and form file, forms first."""
    where = directory or workflows_dir()
    for path in sorted((where / "forms").glob("*.yaml")):
        yield "form", load_yaml(path)[0]
    for path in sorted(where.glob("*.yaml")):
        data = load_yaml(path)[0]
        if isinstance(data, dict) and "stages" in data:
            yield "workflow", data


def publish_definitions(ctx: Context) -> list[str]:
    """Publish the workflow and form files that are new here."""
    with ctx.database.writing() as session:
        return publish(session, definition_sources(), at=ctx.clock.now())
