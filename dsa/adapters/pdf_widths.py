"""How wide the columns of a printed table are. One rule: no word is broken while the page has room for it.

Widths are those of the bundled fonts, in points. They are fixed before the page is laid out: that spares the layout
from measuring every cell twice, and makes a table look the same on every page.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from fontTools.ttLib import TTFont

from dsa.resources import templates_dir

_REGULAR, _BOLD = "LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf"
_MM = 72 / 25.4
SIZE, PAGE = 8.4, 170 * _MM  # .data of agreement.css, and what its margins leave of A4
SIZE_WIDE, PAGE_WIDE = 7.4, 257 * _MM  # the same of .wide .data, on the page turned
PADDING = 2 * 1.6 * _MM + 0.6  # .data th and td; shaping rounds a little
_LONGEST = 108.0  # a word in a cell that is longer (an address of the web) may be broken
_ADDRESS = 30  # characters
_SPACES = re.compile(r"[ \t\n\r]+")  # a no-break space holds what it stands between together


@lru_cache(maxsize=2)
def _advances(name: str) -> dict[str, float]:
    with TTFont(templates_dir() / "document" / "fonts" / name, lazy=True) as font:
        metrics, scale = font["hmtx"], 1 / font["head"].unitsPerEm
        return {chr(code): metrics[glyph][0] * scale for code, glyph in font.getBestCmap().items()}


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a line is in points; a character that the font lacks counts as a wide one."""
    advances = _advances(_BOLD if bold else _REGULAR)
    return sum(advances.get(each, 1.0) for each in text) * size


def column_widths(columns: Sequence[str], rows: Sequence[Sequence[str]], *, wide: bool = False) -> Sequence[float]:
    """Widths in per cent of the page that add up to at most 100.

    Each column holds the longest word of its head, and of its cells unless that is an address; what is left is shared
    by how much there is to say. Where even the heads do not fit beside each other, they share what there is.
    """
    if not columns:
        return ()
    size, page = (SIZE_WIDE, PAGE_WIDE) if wide else (SIZE, PAGE)
    heads = [PADDING + _longest_word([head], size, bold=True) for head in columns]
    cells = [[row[place] for row in rows if place < len(row)] for place in range(len(columns))]
    least = [
        max(head, PADDING + min(_LONGEST, _longest_word(column, size)))
        for head, column in zip(heads, cells, strict=True)
    ]
    if sum(least) > page:
        least = _squeezed(heads, least, page)
    full = [
        max(low, PADDING + _line(column, size), PADDING + text_width(head, size, bold=True))
        for low, column, head in zip(least, cells, columns, strict=True)
    ]
    return tuple(int(1e4 * each / page) / 100 for each in _shared(least, full, page))


def _longest_word(texts: Sequence[str], size: float, *, bold: bool = False) -> float:
    words = {word for text in texts for word in _SPACES.split(text) if len(word) <= _ADDRESS}
    if not words:
        return 0.0
    nearly = max(map(len, words)) * 0.6  # a word of fewer letters is not wider than the longest
    return max(text_width(word, size, bold=bold) for word in words if len(word) >= nearly)


def _line(texts: Sequence[str], size: float) -> float:
    """How wide the longest tenth of the cells would be on one line, on average."""
    longest = sorted(texts, key=len)[-max(1, len(texts) // 10) :]
    return sum(text_width(text[:1000], size) for text in longest) / len(longest) if longest else 0.0


def _squeezed(heads: Sequence[float], least: Sequence[float], page: float) -> list[float]:
    """The heads hold; what is left goes to the cells in proportion. Without any left, all give way alike."""
    left = page - sum(heads)
    if left <= 0:
        return [each * page / sum(heads) for each in heads]
    over = sum(least) - sum(heads)
    return [head + left * (low - head) / over for head, low in zip(heads, least, strict=True)]


def _shared(least: Sequence[float], full: Sequence[float], page: float) -> list[float]:
    """What is left of the page goes to the columns that need more than one line, more to those with more to say."""
    widths = list(least)
    for _ in least:
        left = page - sum(widths)
        wanting = [place for place in range(len(widths)) if full[place] - widths[place] > 0.01]
        if left < 0.01 or not wanting:
            break
        weights = {place: (full[place] - widths[place]) ** 0.7 for place in wanting}
        for place in wanting:
            widths[place] = min(full[place], widths[place] + left * weights[place] / sum(weights.values()))
    left = max(0.0, page - sum(widths))
    return [width + left * width / sum(widths) for width in widths]
