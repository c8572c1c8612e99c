"""The font of what is written into a signature's place. One rule: it is embedded once, in the base revision.

Every signature then refers to it: no signature carries a font of its own (70 ms and 10 kB each), and all conform to
PDF/A. The glyphs a later signature may need are therefore chosen here: Latin with Welsh, and common punctuation.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import pydyf
from fontTools import subset
from fontTools.ttLib import TTFont

NAME = "Stamp"
_CHARACTERS = [*range(0x20, 0x7F), *range(0xA0, 0x180), 0x2013, 0x2014, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2026]


@dataclass(frozen=True)
class Glyphs:
    """How text becomes glyph numbers, and how wide each is (thousandths of the size)."""

    numbers: Mapping[str, int]
    widths: Mapping[int, float]

    def hexadecimal(self, text: str) -> str:
        """``text`` as the operand of Tj; what the font lacks becomes a question mark."""
        return "".join(f"{self.numbers.get(each, self.numbers['?']):04X}" for each in text)

    def width(self, text: str, size: float) -> float:
        """How wide ``text`` is in points at ``size``."""
        return sum(self.widths.get(self.numbers.get(each, 0), 500) for each in text) * size / 1000


@lru_cache(maxsize=2)
def _subset(font_file: bytes) -> tuple[bytes, dict[str, int], list[int], dict[str, float]]:
    options = subset.Options(
        hinting=False, layout_features=[], notdef_outline=True, name_IDs=[6], recalc_timestamp=False
    )
    options.drop_tables += ["FFTM"]
    font = TTFont(io.BytesIO(font_file), recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=_CHARACTERS)
    subsetter.subset(font)
    numbers = {chr(code): font.getGlyphID(name) for code, name in font.getBestCmap().items()}
    scale = 1000 / font["head"].unitsPerEm
    order = font.getGlyphOrder()
    widths = [round(font["hmtx"][name][0] * scale) for name in order]
    box, metrics = font["head"], font["hhea"]
    shape = {
        "ascent": round(metrics.ascent * scale),
        "descent": round(metrics.descent * scale),
        "cap": round(font["OS/2"].sCapHeight * scale),
        **{side: round(getattr(box, side) * scale) for side in ("xMin", "yMin", "xMax", "yMax")},
    }
    out = io.BytesIO()
    font.save(out)
    return out.getvalue(), numbers, widths, shape


def embed(pdf: pydyf.PDF, font_file: bytes) -> bytes:
    """Embed the font in a document that is being written; returns the reference for a resource dictionary."""
    data, numbers, widths, shape = _subset(font_file)
    base = "/DSASTP+LiberationSans"
    descriptor = _descriptor(pdf, data, shape, base)
    descendant = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/CIDFontType2",
            "BaseFont": base,
            "CIDSystemInfo": pydyf.Dictionary(
                {"Registry": pydyf.String("Adobe"), "Ordering": pydyf.String("Identity"), "Supplement": 0}
            ),
            "CIDToGIDMap": "/Identity",
            "FontDescriptor": descriptor.reference,
            "W": pydyf.Array([0, pydyf.Array(widths)]),
        }
    )
    pdf.add_object(descendant)
    mapping = pydyf.Stream([_to_unicode(numbers)], compress=True)
    pdf.add_object(mapping)
    font = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/Type0",
            "BaseFont": base,
            "Encoding": "/Identity-H",
            "DescendantFonts": pydyf.Array([descendant.reference]),
            "ToUnicode": mapping.reference,
        }
    )
    pdf.add_object(font)
    reference: bytes = font.reference
    return reference


def _descriptor(pdf: pydyf.PDF, data: bytes, shape: Mapping[str, float], base: str) -> pydyf.Dictionary:
    stream = pydyf.Stream([data], pydyf.Dictionary({"Length1": len(data)}), compress=True)
    pdf.add_object(stream)
    descriptor = pydyf.Dictionary(
        {
            "Type": "/FontDescriptor",
            "FontName": base,
            "Flags": 4,
            "FontBBox": pydyf.Array([shape["xMin"], shape["yMin"], shape["xMax"], shape["yMax"]]),
            "ItalicAngle": 0,
            "Ascent": shape["ascent"],
            "Descent": shape["descent"],
            "CapHeight": shape["cap"],
            "StemV": 80,
            "FontFile2": stream.reference,
        }
    )
    pdf.add_object(descriptor)
    return descriptor


def _to_unicode(numbers: Mapping[str, int]) -> bytes:
    # A soft hyphen or no-break space shares its glyph with a plain one: the first character stands for it.
    by_glyph: dict[int, str] = {}
    for character, number in sorted(numbers.items()):
        by_glyph.setdefault(number, character)
    pairs = [f"<{number:04X}> <{ord(character):04X}>" for number, character in sorted(by_glyph.items())]
    blocks = []
    for start in range(0, len(pairs), 100):
        part = pairs[start : start + 100]
        blocks.append(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar")
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
        + "\n".join(blocks)
        + "\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    ).encode("ascii")


def read_glyphs(to_unicode: bytes, widths: list[float]) -> Glyphs:
    """The glyphs of the embedded font, read back from a document: its ToUnicode stream and its widths."""
    pairs = re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]{4})>", to_unicode.split(b"endcodespacerange", 1)[-1])
    numbers = {chr(int(code, 16)): int(glyph, 16) for glyph, code in pairs}
    return Glyphs(numbers, dict(enumerate(widths)))
