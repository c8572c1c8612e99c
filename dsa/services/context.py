"""What every use case is given. One rule: time, chance and the outside world come from here, never from a global."""

from collections.abc import Callable
from dataclasses import dataclass, field

from dsa.domain.checking import Judgement, judge
from dsa.domain.published import Published
from dsa.domain.rules import Body
from dsa.persistence.session import Database
from dsa.services.calendars import Calendars
from dsa.services.definitions import Definitions
from dsa.services.ports import (
    Archives,
    Chance,
    CheckpointShelf,
    CheckpointSigner,
    Clock,
    Documents,
    Files,
    Post,
)

TRUST = "/verify/trust"


def _no_root() -> bytes | None:
    return None


@dataclass(frozen=True)
class Context:
    """The running service as use cases see it.

    ``demo`` marks everything signed as an example. ``simulated`` says that the clock is not the true time. ``base_url``
    begins every link in a mail. ``bodies`` are the public bodies that texts are searched for. ``archives``
    keeps large files. ``root_pem`` gives the root certificate of the service's own authority, None before there is one;
    ``published`` gives it with all else that somebody who checks a document may have to trust.
    Without ``checkpoints`` nobody signs the audit log. ``judge`` runs every check over answers; a large demonstration
    puts one in its place that remembers. ``past``: a past is being made up, whose documents and places in the audit log
    come when it is complete.
    """

    database: Database
    clock: Clock
    chance: Chance
    files: Files
    documents: Documents
    post: Post | None = None
    checkpoints: CheckpointSigner | None = None
    checkpoint_file: CheckpointShelf | None = None
    demo: bool = False
    simulated: bool = False
    base_url: str = "http://127.0.0.1:8000"
    service_name: str = "Data-sharing agreements"
    bodies: tuple[Body, ...] = ()
    archives: Archives | None = None
    root_pem: Callable[[], bytes | None] = _no_root
    published: Callable[[], Published] = Published
    definitions: Definitions = field(default_factory=Definitions)
    calendars: Calendars = field(default_factory=Calendars)
    judge: Callable[..., Judgement] = judge
    past: bool = False

    def verify_url(self, code: str) -> str:
        """The address at which anybody can check the document that has this code."""
        return f"{self.base_url}/verify/{code}"

    @property
    def trust_url(self) -> str:
        """The address at which anybody finds the root certificate, its fingerprint and the log's key."""
        return f"{self.base_url}{TRUST}"
