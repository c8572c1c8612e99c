"""Reading a spreadsheet that somebody uploaded: CSV or XLSX into worksheets of rows of texts.

One rule: cells become text as they stand; a real date becomes YYYY-MM-DD; formulas, links and macros are never run. A
formula without a stored value stays as it is written ("=B2+30"), so that it can be told from an empty cell.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from dsa.domain.errors import BadInput

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 5_000, 60, 2_000
MOST_UNPACKED, MOST_SHEETS, MOST_LINES = 100 * 1024 * 1024, 20, 20_000  # lines with the empty ones among them
_SEPARATORS = (",", ";", "\t")


_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_ROW = re.compile(rb'<(?:\w+:)?row\s[^>]*?\br="(\d{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[ />]")
Lines = Iterator[tuple[int, list[str]]]


def read_sheets(data: bytes) -> dict[str, Any]:
    """{"sheets": [{"name", "rows": [[line, cells], ...], "merged": [[line, column], ...]}, ...]}: the worksheets.

    Rows that hold nothing are left out, and worksheets of fewer than two rows; columns count from 0. ``merged`` are the
    cells that a merged cell above covers: they say what it says. "unread": [[name, message, parameters], ...], the
    worksheets that are not read, and why. Raises BadInput with the line where the first worksheet cannot be read, or
    where there is none.
    """
    sheets: list[dict[str, Any]] = []
    unread: list[tuple[str, str, dict[str, object]]] = []
    for name, lines, covered in _xlsx(data, unread) if data[:4] == b"PK\x03\x04" else [("", _csv(data), {})]:
        try:
            sheet = _rows(lines, covered)
        except BadInput as problem:
            if not sheets:
                raise
            unread.append((name, problem.refusal.message, dict(problem.refusal.params)))
            continue
        if len(sheet["rows"]) > 1:
            sheets.append({"name": name, **sheet})
    if not sheets:
        raise BadInput("The sheet needs a row of headings and at least one row under it.")
    return {"sheets": sheets, "unread": unread}


def _rows(lines: Lines, covered: dict[tuple[int, int], tuple[int, int]]) -> dict[str, Any]:
    """The rows that hold something, merged cells filled down."""
    found: list[tuple[int, list[str]]] = []
    merged: list[tuple[int, int]] = []
    above: dict[tuple[int, int], str] = {}
    sources = set(covered.values())
    columns = {at for _, at in covered}
    count = 0
    for line, cells in lines:
        for at in columns:
            if (line, at) in sources and at < len(cells):
                above[line, at] = cells[at]
            if text := above.get(covered.get((line, at), (0, 0)), ""):
                cells.extend([""] * (at + 1 - len(cells)))
                cells[at] = text
                merged.append((line, at))
        _demand_size(line, cells)
        if not any(cells):
            continue
        count += 1
        if count <= MOST_ROWS + 1:
            found.append((line, cells))
    if count > MOST_ROWS + 1:
        many = "It has %(rows)s rows, and %(most)s can be read at once. Split it into several files."
        raise BadInput(many, rows=f"{count - 1:,}", most=f"{MOST_ROWS:,}")
    return {"rows": found, "merged": merged}


def _demand_size(line: int, cells: list[str]) -> None:
    while cells and not cells[-1]:
        cells.pop()
    if len(cells) > MOST_COLUMNS:
        raise BadInput("Row %(line)s has more than %(most)s columns.", line=line, most=MOST_COLUMNS)
    if any(len(cell) > LONGEST_CELL for cell in cells):
        raise BadInput("Row %(line)s has a cell of more than %(most)s characters.", line=line, most=LONGEST_CELL)


def _csv(data: bytes) -> Lines:
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


def _xlsx(
    data: bytes, unread: list[tuple[str, str, dict[str, object]]]
) -> Iterator[tuple[str, Lines, dict[tuple[int, int], tuple[int, int]]]]:
    """The worksheets that are shown, each with its name, its rows, and which cell covers which. What is not looked into
    is added to ``unread``."""
    import openpyxl
    from defusedxml.common import DefusedXmlException

    damaged = "This XLSX file is damaged, or it is another kind of file. Save the sheet again as XLSX or as CSV UTF-8."
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(each.file_size for each in packed.infolist()) > MOST_UNPACKED:
                raise BadInput("This file unpacks to more than 100 MB. Copy the rows that you need into a new file.")
            values = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            written = openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False)
            shown = [place for place, one in enumerate(values.worksheets) if one.sheet_state == "visible"] or [0]
            _say_unread(values.worksheets, shown, unread)
            for place in shown[:MOST_SHEETS]:
                sheet: Any = values.worksheets[place]
                packed_text = packed.read(sheet._worksheet_path)
                formulas = written.worksheets[place] if _FORMULA.search(packed_text) else None
                lines = list(_lines(sheet, formulas))
                yield sheet.title, _whole(lines, packed_text), _covered(packed_text)
    except BadInput:
        raise
    except Exception as problem:  # openpyxl raises whatever it stumbles over
        if isinstance(problem, DefusedXmlException) or isinstance(problem.__cause__, DefusedXmlException):
            damaged = "This file defines its own XML entities, as no spreadsheet does. It was not read."
        raise BadInput(damaged) from None


def _say_unread(every: Any, shown: list[int], unread: list[tuple[str, str, dict[str, object]]]) -> None:
    """The worksheets that are hidden, and those beyond the number that is read."""
    for place in sorted(set(range(len(every))) - set(shown)):
        unread.append((every[place].title, "It is hidden. Show it in the spreadsheet if it is to be read.", {}))
    for place in shown[MOST_SHEETS:]:
        more = "Only the first %(most)s worksheets of a file are read, and it comes after them."
        unread.append((every[place].title, more, {"most": MOST_SHEETS}))


def _whole(lines: list[tuple[int, list[str]]], text: bytes) -> Lines:
    """The lines, where none with a value lies beyond those that are read. Raises BadInput."""
    last = max(text.rfind(mark) for mark in (b"<v>", b":v>", b"<t>", b":t>"))
    begun = [int(line) for line in _ROW.findall(text[: max(last, 0)])[-1:]]
    if begun and begun[0] > MOST_LINES:
        far = "It has values down to row %(last)s, and %(most)s rows can be read with the empty ones."
        far += " Delete the empty ones."
        raise BadInput(far, last=begun[0], most=MOST_LINES)
    yield from lines


def _lines(sheet: Any, formulas: Any) -> Lines:
    """The rows of a worksheet; of a formula without a stored value the formula."""
    most = {"values_only": True, "max_row": MOST_LINES}
    stored = sheet.iter_rows(**most)
    for line, cells in enumerate(stored, start=1) if formulas is None else ():
        yield line, [_cell(cell) for cell in cells[: MOST_COLUMNS + 1]]
    if formulas is not None:
        for line, (cells, texts) in enumerate(zip(stored, formulas.iter_rows(**most), strict=False), start=1):
            both = zip(cells, texts, strict=False)
            told = (text if value is None and str(text or "").startswith("=") else value for value, text in both)
            yield line, [_cell(cell) for cell in list(told)[: MOST_COLUMNS + 1]]


def _covered(text: bytes) -> dict[tuple[int, int], tuple[int, int]]:
    """The cells (line, column from 0) that a merged cell covers downwards, with the cell whose value they share."""
    found = {}
    for left, top, _, bottom in _MERGED.findall(text):
        at = 0
        for letter in left.decode():
            at = at * 26 + ord(letter) - 64
        for line in range(int(top) + 1, min(int(bottom), MOST_LINES) + 1):
            if at <= MOST_COLUMNS:
                found[line, at - 1] = (int(top), at - 1)
    return found


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
