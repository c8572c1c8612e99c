"""What a signature shows in its place on the page. One rule: it uses the font that the base revision carries.

So a printed copy says who signed, for whom, when and how; the proof is the signature itself.
"""

from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import content, generic, layout
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.stamp.base import BaseStamp, BaseStampStyle

from dsa.adapters.pdf_font import NAME, Glyphs, read_glyphs

_LARGEST, _SMALLEST, _MARGIN = 7.6, 5.0, 3.5


@dataclass(frozen=True)
class LinesStyle(BaseStampStyle):
    """Lines of text, the first one a little larger, fitted into the place."""

    border_width: int = 0
    lines: tuple[str, ...] = ()

    def create_stamp(
        self, writer: BasePdfFileWriter, box: layout.BoxConstraints, text_params: dict[str, Any]
    ) -> "LinesStamp":
        """The stamp for one field of ``writer``."""
        return LinesStamp(writer, self, box)


class LinesStamp(BaseStamp):
    """Draws the lines with the embedded font."""

    def _render_inner_content(self) -> list[bytes]:
        font, glyphs = _font(self._ensure_writer)
        self.set_resource(content.ResourceType.FONT, pdf_name(f"/{NAME}"), font)
        lines = self.style.lines
        width, height = float(self.box.width) - 2 * _MARGIN, float(self.box.height) - 2 * _MARGIN
        leading = min(height / max(len(lines), 1), _LARGEST * 1.3)
        size = min(_LARGEST, leading / 1.18)
        parts = [b"q 0.07 0.21 0.36 rg BT"]
        baseline = float(self.box.height) - _MARGIN - size
        for line in lines:
            text, fitted = _fitted(line, glyphs, size, width)
            parts.append(f"/{NAME} {fitted:.2f} Tf 1 0 0 1 {_MARGIN} {baseline:.2f} Tm".encode())
            parts.append(f"<{glyphs.hexadecimal(text)}> Tj".encode())
            baseline -= leading
        parts.append(b"ET Q")
        return parts


def _fitted(line: str, glyphs: Glyphs, size: float, width: float) -> tuple[str, float]:
    natural = glyphs.width(line, size)
    if natural <= width:
        return line, size
    smaller = max(_SMALLEST, size * width / natural)
    while len(line) > 1 and glyphs.width(line, smaller) > width:
        line = line[:-2].rstrip() + "…"
    return line, smaller


def _font(writer: BasePdfFileWriter) -> tuple[generic.IndirectObject, Glyphs]:
    fonts = writer.root["/AcroForm"]["/DR"]["/Font"]
    font = fonts[f"/{NAME}"]
    widths = [float(each) for each in font["/DescendantFonts"][0]["/W"][1]]
    return fonts.raw_get(f"/{NAME}"), read_glyphs(font["/ToUnicode"].data, widths)
