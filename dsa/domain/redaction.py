"""Withholding words from a copy that is released. One rule: each word left out is on the list, with why and where.

The service proposes what names or reaches a member of staff (Freedom of Information Act 2000 section 40(2)); a person
decides. What is withheld is replaced, never just covered.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

STAFF = "s40_2"
# code -> (section of the Freedom of Information Act 2000, what it protects)
EXEMPTIONS: Mapping[str, tuple[str, str]] = {
    STAFF: ("s.40(2)", "personal information of somebody else"),
    "s24": ("s.24", "national security"),
    "s31": ("s.31", "law enforcement"),
    "s35": ("s.35", "making of government policy"),
    "s36": ("s.36", "effective conduct of public affairs"),
    "s38": ("s.38", "health and safety"),
    "s41": ("s.41", "information given in confidence"),
    "s42": ("s.42", "legal professional privilege"),
    "s43": ("s.43", "commercial interests"),
}
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_PHONE = re.compile(r"(?<!\w)(?:\+44[\s-]?(?:\(0\))?[\s-]?|\(?0)\d(?:[\s()-]{0,2}\d){8,9}(?!\w)")
_SHORTEST_NAME = 4


@dataclass(frozen=True, slots=True)
class Wording:
    """Words to withhold wherever they stand. ``kind``: name, email, phone, or chosen by a person (with ``reason``)."""

    words: str
    exemption: str
    kind: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """Words that were withheld in one place, and how often there. ``place``: the answer, such as purpose.why."""

    wording: Wording
    place: str
    times: int


def proposed(value: Any, *, names: Iterable[str]) -> tuple[Wording, ...]:
    """What in the answers names or reaches a person: the ``names`` given, e-mail addresses, telephone numbers."""
    known = sorted({name.strip() for name in names if len(name.strip()) >= _SHORTEST_NAME}, key=len, reverse=True)
    found: dict[Wording, None] = {}
    for _, text in _texts(value, ""):
        for match in _EMAIL.findall(text):
            found[Wording(match.rstrip("."), STAFF, "email")] = None
        for match in _PHONE.findall(text):
            found[Wording(match.strip(), STAFF, "phone")] = None
        for name in known:
            if _pattern(name).search(text):
                found[Wording(name, STAFF, "name")] = None
    return tuple(found)


def redact(value: Any, wordings: Sequence[Wording]) -> tuple[Any, tuple[Withheld, ...]]:
    """The value without the words, each replaced by its exemption, and what was withheld where.

    Longer words go first, so that a name inside an address does not leave half of the address behind.
    """
    ordered = [(each, _pattern(each.words)) for each in sorted(wordings, key=lambda w: -len(w.words))]
    log: list[Withheld] = []

    def within(inner: Any, place: str) -> Any:
        if isinstance(inner, str):
            for each, pattern in ordered:
                inner, times = pattern.subn(f"[withheld: {EXEMPTIONS[each.exemption][0]}]", inner)
                if times:
                    log.append(Withheld(each, place, times))
            return inner
        if isinstance(inner, Mapping):
            return {key: within(each, f"{place}.{key}" if place else str(key)) for key, each in inner.items()}
        if isinstance(inner, list | tuple):
            return [within(each, f"{place}[{number}]") for number, each in enumerate(inner)]
        return inner

    return within(value, ""), tuple(log)


def _pattern(words: str) -> re.Pattern[str]:
    """The words in any case and with any white space between them, standing on their own."""
    spaced = r"\s+".join(re.escape(word) for word in words.split())
    return re.compile(rf"(?<!\w){spaced}(?!\w)", re.IGNORECASE)


def _texts(value: Any, place: str) -> Iterable[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _texts(inner, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _texts(inner, f"{place}[{number}]")
