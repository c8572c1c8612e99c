"""What it costs to check a document: `dsa verify` as a command of its own, processor time of the whole process.

One rule: the command is measured as people run it, start-up included; only the document is made beforehand.
"""

import os
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from dsa.adapters.authority import Authority
from tests.documents import specimens

ROWS_FOR_60_PAGES = 2_040
RUNS = 3


@dataclass
class Checked:
    """Pages and signatures (people's) of a document, and the seconds of processor time that checking it took."""

    pages: int
    signatures: int
    seconds: float


def check_costs() -> list[Checked]:
    """A document of 60 pages with four people's signatures and two seals, then one of 43 parties."""
    with tempfile.TemporaryDirectory(prefix="dsa-bench-") as folder:
        place = Path(folder)
        authority = Authority.open(place, demo=True)
        return [_cost(place, authority, 4, ROWS_FOR_60_PAGES, RUNS), _cost(place, authority, 43, 3, 1)]


def _cost(place: Path, authority: Authority, parties: int, rows: int, runs: int) -> Checked:
    content = specimens.agreement(parties)
    pdf = specimens.signed(authority, content, specimens.base(content, rows=rows))
    path = place / f"{parties}.pdf"
    path.write_bytes(pdf)
    command = [sys.executable, "-m", "dsa", "verify", str(path), "--root", str(place / "root.pem"), "--json"]
    times = []
    for _ in range(runs):
        before = _children()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONHASHSEED": "0"})
        times.append(_children() - before)
    return Checked(_pages(pdf), parties, median(times))


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _pages(pdf: bytes) -> int:
    import io

    from pyhanko.pdf_utils.reader import PdfFileReader

    return int(PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Count"])
