"""What it costs to print a document: processor time for a page once the libraries are loaded, and the memory it takes.

One rule: a process of its own prints each document, so that the memory is that of printing alone.
"""

import gc
import io
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass

from pyhanko.pdf_utils.reader import PdfFileReader

from dsa.adapters.pdf import render
from dsa.domain.presentation import PresentedAnswer, PresentedSection
from tests.documents import specimens

RUNS = 3
# (parties, sections of an ordinary agreement, rows of the table of data items): about 20 and 60 pages of text, lists
# and small tables as agreements have them; 43 parties with 300 data items, nearly all of it tables
SIZES = ((4, 13, 12), (4, 45, 12), (43, 1, 300))


@dataclass
class Printed:
    """Pages, the least processor time of several runs (seconds), and the most memory (MiB) of the process."""

    parties: int
    pages: int
    seconds: float
    memory: float

    @property
    def a_page(self) -> float:
        """Milliseconds of processor time a page."""
        return 1e3 * self.seconds / self.pages


def print_costs() -> list[Printed]:
    """Each size, printed in a process of its own."""
    return [_measured(*size) for size in SIZES]


def _measured(*size: int) -> Printed:
    command = [sys.executable, "-m", "tools.bench.documents", *map(str, size)]
    return Printed(**json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def _sections(number: int, rows: int) -> tuple[PresentedSection, ...]:
    """As many sections, each with short answers, paragraphs, a list and a table."""
    written = "The data is used for this purpose and no other; whoever gets it says so in writing every year. " * 5
    found = []
    for place in range(number):
        answers = [
            PresentedAnswer(f"short-{n}", f"Short question {n}", "text", "Yes, a person decides") for n in range(6)
        ]
        answers += [PresentedAnswer(f"long-{n}", f"Long question {n}", "long", written) for n in range(2)]
        answers.append(PresentedAnswer("who", "About whom?", "list", items=("Applicants", "Their parents", "Partners")))
        found.append(
            PresentedSection(
                f"section-{place}", f"Section {place}", (*answers, specimens.sections(rows)[0].answers[-1])
            )
        )
    return tuple(found)


def _print_here(parties: int, sections: int, rows: int) -> Printed:
    content, shown, times, pdf = specimens.agreement(parties), _sections(sections, rows), [], b""
    specimens.base(specimens.agreement(), rows=3)  # what the first document costs is loading
    for _ in range(RUNS):
        before = time.process_time()
        pdf = render(content, sections=shown, audit=specimens.audit())
        times.append(time.process_time() - before)
        gc.collect()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    pages = int(PdfFileReader(io.BytesIO(pdf)).root["/Pages"]["/Count"])
    return Printed(parties, pages, min(times), memory)


if __name__ == "__main__":
    found = _print_here(*map(int, sys.argv[1:4]))
    print(json.dumps({name: getattr(found, name) for name in ("parties", "pages", "seconds", "memory")}))
