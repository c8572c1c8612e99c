"""Reading a spreadsheet that somebody uploaded: CSV or XLSX into rows of texts.

One rule: cells become text as they stand; a real date becomes YYYY-MM-DD; formulas, links and macros are never run.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from dsa.domain.errors import BadInput

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 5_000, 60, 2_000
MOST_UNPACKED = 100 * 1024 * 1024
_SEPARATORS = (",", ";", "\t")


def read_sheet(data: bytes) -> dict[str, Any]:
    """{"columns": headings, "rows": [[line, cells], ...]}; BadInput with the line where it cannot be read."""
    rows = _xlsx(data) if data[:4] == b"PK\x03\x04" else _csv(data)
    headings: list[str] = []
    found: list[tuple[int, list[str]]] = []
    for line, cells in rows:
        _demand_size(line, cells)
        if not any(cells):
            continue
        if not headings:
            headings = cells
            continue
        found.append((line, cells))
        if len(found) > MOST_ROWS:
            raise BadInput("The sheet has more than %(most)s rows. Split it into several files.", most=MOST_ROWS)
    if not headings or not found:
        raise BadInput("The sheet needs a row of headings and at least one row under it.")
    while headings and not headings[-1]:
        headings.pop()
    return {"columns": headings, "rows": found}


def _demand_size(line: int, cells: list[str]) -> None:
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise BadInput("Row %(line)s has more than %(most)s columns.", line=line, most=MOST_COLUMNS)
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise BadInput("Row %(line)s has a cell of more than %(most)s characters.", line=line, most=LONGEST_CELL)


def _csv(data: bytes) -> Iterator[tuple[int, list[str]]]:
    if b"\x00" in data[:4096]:
        raise BadInput("This is neither a CSV file in UTF-8 nor an XLSX file. Save the sheet as one of them.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise BadInput(
            "Line %(line)s has characters that are not UTF-8. Save the sheet as “CSV UTF-8”, or as XLSX.", line=line
        ) from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=lambda one: (first.count(one), one == ","))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        begun = 1
        for cells in reader:
            yield begun, [_tidy(cell) for cell in cells]
            begun = reader.line_num + 1
    except csv.Error as problem:
        raise BadInput(
            "Line %(line)s cannot be read (%(why)s). Check its quotation marks.", line=reader.line_num, why=str(problem)
        ) from None


def _xlsx(data: bytes) -> Iterator[tuple[int, list[str]]]:
    import openpyxl
    from defusedxml.common import DefusedXmlException

    damaged = "This XLSX file is damaged, or it is another kind of file. Save the sheet again as XLSX or as CSV UTF-8."
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise BadInput("This file unpacks to more than 100 MB. Copy the rows that you need into a new file.")
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        for line, cells in enumerate(sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 50), start=1):
            yield line, [_cell(cell) for cell in cells[: MOST_COLUMNS + 1]]
    except BadInput:
        raise
    except Exception as problem:  # openpyxl raises whatever it stumbles over
        if isinstance(problem, DefusedXmlException) or isinstance(problem.__cause__, DefusedXmlException):
            damaged = "This file defines its own XML entities, as no spreadsheet does. It was not read."
        raise BadInput(damaged) from None


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == datetime.min.time() else value.isoformat(" ", "minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _tidy(str(value))


def _tidy(text: str) -> str:
    """A cell without characters that nobody sees."""
    return "".join(one for one in text if one.isprintable() or one == "\n").strip()
