"""What changed between the revisions of a signed PDF. One rule: whatever is not known to be harmless is a change.

A revision may fill in one signature field that was empty before, and add validation data; every object that it
overwrites is compared with what it was. New objects can only be reached through those, so the cost grows with what was
added and not with the square of the revisions (a general difference analysis took 215 s for 43 parties; this, under 1).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

PAGES, ATTACHMENTS, METADATA, STRUCTURE = "pages", "attachments", "metadata", "structure"
_CATALOG_MAY_GAIN = {"/Version", "/Extensions", "/Perms", "/DSS", "/AcroForm"}
_DSS_KEYS = {"/Type", "/Certs", "/CRLs", "/OCSPs", "/VRI"}
_CHANGES_IN_INFO = {"/ModDate", "/Producer"}
_FIXED_IN_XMP = ("dc:title", "dc:creator", "dc:description", "pdf:Keywords", "xmp:CreatorTool", "xmp:CreateDate")
_CLAIMS = re.compile(r"""(pdf(?:ua|a)id:(?:part|conformance|rev))(?:\s*=\s*["']|>)(\w+)""")


@dataclass(frozen=True, slots=True)
class Change:
    """Something that a revision did and a signature does not explain."""

    part: str
    says: str


def changes(reader: PdfFileReader, fields: list[str]) -> Iterator[Change]:
    """Every unexplained change; ``fields`` names the field that each revision after the first should fill, in order."""
    for revision in range(1, reader.xrefs.total_revisions):
        expected = fields[revision - 1] if revision <= len(fields) else None
        yield from _Step(reader, revision, expected).changes()


class _Step:
    """One revision against the one before it."""

    def __init__(self, reader: PdfFileReader, revision: int, field: str | None) -> None:
        self.reader, self.number, self.field = reader, revision, field
        self.old: HistoricalResolver = reader.get_historical_resolver(revision - 1)
        self.new: HistoricalResolver = reader.get_historical_resolver(revision)

    def changes(self) -> Iterator[Change]:
        """Every change of this revision that filling in one field does not explain."""
        if self.new.refs_freed_in_revision():
            yield Change(STRUCTURE, f"revision {self.number} removes objects")
        for key in ("/Root", "/Info", "/Encrypt"):
            if not _same(_raw(self.old.trailer_view, key), _raw(self.new.trailer_view, key)):
                yield Change(STRUCTURE, f"revision {self.number} replaces {key[1:]} as a whole")
        filled = 0
        for ref in sorted(self.new.explicit_refs_in_revision(), key=lambda each: int(each.idnum)):
            if self.reader.xrefs.get_historical_ref(ref, self.number - 1) is None:
                yield from self._added(ref)
                continue
            before, after = self.old.get_object(ref), self.new.get_object(ref)
            if problem := self._judge(ref, before, after):
                yield problem
            elif _is_field(before) and not _same(before, after):
                filled += 1
        if self.field is None:
            yield Change(STRUCTURE, f"revision {self.number} is not covered by any signature")
        elif filled != 1:
            yield Change(STRUCTURE, f"revision {self.number} fills in {filled} signature fields instead of one")

    def _added(self, ref: generic.Reference) -> Iterator[Change]:
        # A number below the old size that stood for nothing: something old could refer to it and come to life.
        if ref.idnum < int(self.old.trailer_view["/Size"]):
            yield Change(STRUCTURE, f"revision {self.number} fills in object {ref.idnum}, left out before")

    def _judge(self, ref: generic.Reference, before: Any, after: Any) -> Change | None:
        if _same(before, after):
            return None
        if type(before) is not type(after):
            return Change(
                _part(before), f"revision {self.number} puts something else in the place of object {ref.idnum}"
            )
        catalog = self.old.root
        if ref.idnum == self.old.root_ref.idnum:
            return self._catalog(before, after)
        if _points_to(_raw(self.old.trailer_view, "/Info"), ref):
            return self._only(before, after, _CHANGES_IN_INFO, METADATA, "the document properties")
        if _points_to(_raw(catalog, "/Metadata"), ref):
            return (
                None if _xmp(before) == _xmp(after) else Change(METADATA, "the title or claims in the metadata changed")
            )
        if _points_to(_raw(catalog, "/AcroForm"), ref):
            return self._only(before, after, {"/SigFlags"}, STRUCTURE, "the form")
        if self._is_validation_data(ref):
            return None
        names = _raw(catalog, "/Names")
        if _points_to(names, ref) or _points_to(_raw(_at(catalog, "/Names"), "/EmbeddedFiles"), ref):
            return Change(ATTACHMENTS, f"revision {self.number} changes the list of attached files")
        if _is_field(before):
            return self._field(before, after)
        return Change(_part(before), f"revision {self.number} changes {_named(before)} (object {ref.idnum})")

    def _catalog(self, before: Any, after: Any) -> Change | None:
        if found := self._only(before, after, _CATALOG_MAY_GAIN, STRUCTURE, "the catalogue"):
            part = (
                METADATA
                if "Metadata" in found.says
                else ATTACHMENTS
                if re.search("AF|Names", found.says)
                else STRUCTURE
            )
            return Change(part, found.says)
        if "/Perms" in before and not _same(_raw(before, "/Perms"), _raw(after, "/Perms")):
            return Change(STRUCTURE, f"revision {self.number} changes what the certifying seal permits")
        old_form, new_form = _raw(before, "/AcroForm"), _raw(after, "/AcroForm")
        if isinstance(old_form, generic.DictionaryObject) and isinstance(new_form, generic.DictionaryObject):
            return self._only(old_form, new_form, {"/SigFlags"}, STRUCTURE, "the form")
        if not _same(old_form, new_form):
            return Change(STRUCTURE, f"revision {self.number} replaces the form")
        store = _at(after, "/DSS")
        if store is not None and (not isinstance(store, generic.DictionaryObject) or set(store) - _DSS_KEYS):
            return Change(STRUCTURE, f"revision {self.number} adds something other than validation data")
        return None

    def _field(self, before: Any, after: Any) -> Change | None:
        name = str(_at(before, "/T"))
        if name != self.field:
            return Change(PAGES, f"revision {self.number} changes the field {name} and not the one it signs")
        if "/V" in before or "/V" not in after:
            return Change(STRUCTURE, f"revision {self.number} replaces or removes the signature in {name}")
        if found := self._only(before, after, {"/V", "/AP"}, PAGES, f"the field {name}"):
            return found
        looks = _at(after, "/AP")
        shown = _at(looks, "/N")
        if (
            not isinstance(looks, generic.DictionaryObject)
            or set(looks) - {"/N"}
            or not isinstance(shown, generic.StreamObject)
            or "/Matrix" in shown
        ):
            return Change(PAGES, f"the appearance of {name} is not one that this service writes")
        # A viewer scales the appearance's box into the field's rectangle, which did not change: it cannot reach out.
        if set(_at(shown, "/Resources") or ()) - {"/Font"}:
            return Change(PAGES, f"the appearance of {name} shows something other than text")
        return None

    def _is_validation_data(self, ref: generic.Reference) -> bool:
        pointer = _raw(self.old.root, "/DSS")
        if _points_to(pointer, ref):
            return not set(self.new.get_object(ref)) - _DSS_KEYS
        store = _at(self.old.root, "/DSS")
        if store is None:
            return False
        return any(_points_to(_raw(store, key), ref) for key in _DSS_KEYS if key in store)

    def _only(self, before: Any, after: Any, allowed: set[str], part: str, what: str) -> Change | None:
        keys = (set(before) | set(after)) - allowed
        changed = sorted(key[1:] for key in keys if not _same(_raw(before, key), _raw(after, key)))
        if changed:
            return Change(part, f"revision {self.number} changes {', '.join(changed)} in {what}")
        return None


def _raw(dictionary: Any, key: str) -> Any:
    return dictionary.raw_get(key) if dictionary is not None and key in dictionary else None


def _at(dictionary: Any, key: str) -> Any:
    """The entry, followed to what it refers to; None where there is none."""
    return dictionary[key] if isinstance(dictionary, dict) and key in dictionary else None


def _points_to(value: Any, ref: generic.Reference) -> bool:
    return isinstance(value, generic.IndirectObject) and (value.idnum, value.generation) == (ref.idnum, ref.generation)


def _is_field(value: Any) -> bool:
    return isinstance(value, generic.DictionaryObject) and _at(value, "/FT") == "/Sig"


def _same(one: Any, other: Any) -> bool:
    """Whether two objects say the same, references compared by where they point and not followed."""
    if isinstance(one, generic.IndirectObject) or isinstance(other, generic.IndirectObject):
        both = isinstance(one, generic.IndirectObject) and isinstance(other, generic.IndirectObject)
        return both and (one.idnum, one.generation) == (other.idnum, other.generation)
    if isinstance(one, generic.StreamObject) and isinstance(other, generic.StreamObject):
        # encoded_data of an unchanged stream is compared as it stands in the file
        return _same_entries(one, other) and one.encoded_data == other.encoded_data
    if isinstance(one, dict) and isinstance(other, dict):
        return _same_entries(one, other)
    if isinstance(one, list) and isinstance(other, list):
        pairs = zip(_items(one), _items(other), strict=False)
        return len(one) == len(other) and all(_same(a, b) for a, b in pairs)
    return bool(one == other)


def _same_entries(one: Any, other: Any) -> bool:
    if set(one) != set(other):
        return False
    if not hasattr(one, "raw_get") or not hasattr(other, "raw_get"):
        return bool(one == other)
    return all(_same(one.raw_get(key), other.raw_get(key)) for key in one)


def _items(array: Any) -> list[Any]:
    if isinstance(array, generic.ArrayObject):
        return [array.raw_get(index) for index in range(len(array))]
    return list(array)


def _part(value: Any) -> str:
    kind = _at(value, "/Type")
    if kind in ("/EmbeddedFile", "/Filespec") or (isinstance(value, dict) and "/EF" in value):
        return ATTACHMENTS
    if kind in ("/Page", "/Pages", "/Annot", "/Font", "/XObject") or isinstance(value, generic.StreamObject):
        return PAGES
    return STRUCTURE


def _named(value: Any) -> str:
    kind = str(_at(value, "/Type") or "")[1:]
    names = {"Page": "a page", "Annot": "something on a page", "EmbeddedFile": "an attachment"}
    return names.get(kind, f"a {kind} object" if kind else "an object of the text")


def _xmp(stream: Any) -> tuple[object, ...]:
    text = stream.data.decode("utf-8", "replace")
    # The same property may stand as an element or as an attribute.
    fixed = [
        re.findall(rf"<{name}(?:\s[^>]*)?>(.*?)</{name}>|\b{name}=\"([^\"]*)\"", text, re.S) for name in _FIXED_IN_XMP
    ]
    said = tuple(tuple(re.sub(r"<[^>]*>|\s", "", "".join(each)) for each in found) for found in fixed)
    return said, tuple(sorted(set(_CLAIMS.findall(text))))
