"""Tables as CSV files. One rule: no cell can become a formula in somebody's spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(value: object) -> str:
    """The value as text; text that a spreadsheet would run as a formula gets an apostrophe before it."""
    text = "" if value is None else str(value)
    if isinstance(value, int | float):
        return text
    return f"'{text}" if text.startswith(_FORMULA) else text


def csv_answer(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A CSV file to save, with a byte-order mark so that spreadsheets read it as UTF-8."""
    answer = Response(_lines(columns, rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    held = io.StringIO()
    writer = csv.writer(held)
    held.write("\ufeff")
    for row in (columns, *rows):
        writer.writerow([harmless(cell) for cell in row])
        yield held.getvalue()
        held.seek(0)
        held.truncate()
