"""Opening a PDF that somebody sent. One rule: what was put behind a signed document does not hide the document."""

import io
import re

from pyhanko.pdf_utils.reader import PdfFileReader

from dsa.domain.errors import BadInput

LARGEST = 64 * 1024 * 1024
_END = b"%%EOF"
_RANGE = re.compile(rb"/ByteRange\s*\[\s*0\s+\d{1,9}\s+(\d{1,9})\s+(\d{1,9})\s*\]")


def opened(pdf: bytes) -> PdfFileReader:
    """A reader of the document, up to where it can be read.

    Raises BadInput with a plain sentence for what is no readable PDF: another kind of file, encrypted, cut off, too
    large.
    """
    if len(pdf) > LARGEST:
        raise BadInput("This file is larger than 64 MB. No agreement of this service is; nothing was checked.")
    if not pdf.startswith(b"%PDF-"):
        raise BadInput("This file is not a PDF. Choose the signed PDF of the agreement.")
    if pdf.rfind(_END) < 0:
        raise BadInput("This PDF is cut off: its end is missing. Ask for the file again.")
    for end in _ends(pdf):
        reader = _read(pdf[:end])
        if reader is not None:
            return reader
    raise BadInput("This PDF is damaged or cut off, so nothing in it can be checked. Ask for the file again.")


def _ends(pdf: bytes) -> list[int]:
    """Where the document may end: at the last mark of an end, else where the last signature ends that fits into it."""
    ends = [pdf.rfind(_END) + len(_END)]
    covered = [int(found[1]) + int(found[2]) for found in _RANGE.finditer(pdf)]
    ends += sorted({end for end in covered if end < len(pdf)})[-1:]
    return ends


def _read(pdf: bytes) -> PdfFileReader | None:
    try:
        reader = PdfFileReader(io.BytesIO(pdf + b"\n"))
        if reader.encrypted:
            raise BadInput("This PDF is encrypted. Agreements of this service never are; nothing was checked.")
        _ = reader.root["/Pages"]
    except BadInput:
        raise
    except RecursionError as error:
        raise BadInput("This PDF is nested too deeply to be read. It was not made by this service.") from error
    except Exception:  # a hostile file may break any part of the parser: that is an answer, not a crash
        return None
    return reader
