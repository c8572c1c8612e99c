"""What changed between two versions, as people read them: by section, by answer, paragraphs first, then words.

One rule: an answer that differs is always listed; how finely it is shown gives way before time does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from dsa.domain.presentation import PresentedAnswer, PresentedSection

MOST_TOKENS = 2_000
_MOST_PAIRS = 100_000  # equal pairs of words are what difflib's time grows with


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words. ``kind``: same, removed or added."""

    kind: str
    text: str


Paragraph = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """An answer that differs. ``kind``: added, removed, changed, or spacing (no word differs)."""

    key: str
    question: str
    kind: str
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class ChangedSection:
    """A section with the answers that differ."""

    key: str
    title: str
    answers: tuple[ChangedAnswer, ...]


def compare(before: Sequence[PresentedSection], after: Sequence[PresentedSection]) -> tuple[ChangedSection, ...]:
    """The sections that differ, in the order of the newer text; sections that are gone come last."""
    old = {section.key: section for section in before}
    new = {section.key: section for section in after}
    found = []
    for key in (*new, *(key for key in old if key not in new)):
        title = (new.get(key) or old[key]).title
        answers = tuple(_answers(_of(old.get(key)), _of(new.get(key))))
        if answers:
            found.append(ChangedSection(key, title, answers))
    return tuple(found)


def changed_keys(sections: Iterable[ChangedSection]) -> frozenset[str]:
    """The keys of every answer that differs."""
    return frozenset(answer.key for section in sections for answer in section.answers)


def _of(section: PresentedSection | None) -> dict[str, PresentedAnswer]:
    return {answer.key: answer for answer in section.answers} if section else {}


def _answers(old: dict[str, PresentedAnswer], new: dict[str, PresentedAnswer]) -> Iterable[ChangedAnswer]:
    for key in (*new, *(key for key in old if key not in new)):
        was, now = old.get(key), new.get(key)
        if was == now:
            continue
        shown = tuple(_paragraphs(paragraphs_of(was) if was else (), paragraphs_of(now) if now else ()))
        question = (now or was).question  # type: ignore[union-attr]
        kind = "added" if was is None else "removed" if now is None else "changed"
        if kind == "changed" and all(piece.kind == "same" for paragraph in shown for piece in paragraph):
            kind = "spacing"
        yield ChangedAnswer(key, question, kind, shown)


def paragraphs_of(answer: PresentedAnswer) -> tuple[str, ...]:
    """An answer as paragraphs: lines of a text, items of a list, rows of a table."""
    if answer.kind == "party":
        return tuple(f"{row[0]}: {row[1]}" if row[0] else row[1] for row in answer.rows)
    if answer.columns:
        return tuple(_row(answer.columns, row) for row in answer.rows)
    if answer.items:
        return answer.items
    return tuple(line.strip() for line in (answer.text or "").splitlines() if line.strip())


def _row(columns: Sequence[str], cells: Sequence[str]) -> str:
    return "; ".join(f"{column}: {cell}" for column, cell in zip(columns, cells, strict=False) if cell)


def _paragraphs(before: Sequence[str], after: Sequence[str]) -> Iterable[Paragraph]:
    for kind, was, now in _aligned([_spaced(text) for text in before], [_spaced(text) for text in after]):
        if kind == "equal":
            yield from ((Piece("same", text),) for text in now)
            continue
        for number in range(max(len(was), len(now))):
            yield words(was[number] if number < len(was) else "", now[number] if number < len(now) else "")


def words(before: str, after: str) -> Paragraph:
    """One paragraph against another, word by word; as a whole where it is too long or too repetitive."""
    pieces: list[Piece] = []
    for kind, was, now in _aligned(before.split(), after.split()):
        if kind == "equal":
            pieces.append(Piece("same", " ".join(now)))
            continue
        if was:
            pieces.append(Piece("removed", " ".join(was)))
        if now:
            pieces.append(Piece("added", " ".join(now)))
    return tuple(pieces)


Run = tuple[str, Sequence[str], Sequence[str]]


def _aligned(before: Sequence[str], after: Sequence[str]) -> Iterable[Run]:
    """Runs of (equal or replace, old, new). What both begin and end with is set aside first."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    middle_before, middle_after = before[start : len(before) - end], after[start : len(after) - end]
    if start:
        yield "equal", before[:start], after[:start]
    if middle_before or middle_after:
        if _too_much(middle_before, middle_after):
            yield "replace", middle_before, middle_after
        else:
            matcher = SequenceMatcher(None, middle_before, middle_after, autojunk=False)
            for tag, a1, a2, b1, b2 in matcher.get_opcodes():
                yield "equal" if tag == "equal" else "replace", middle_before[a1:a2], middle_after[b1:b2]
    if end:
        yield "equal", before[len(before) - end :], after[len(after) - end :]


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    count = 0
    for old, new in zip(before, after, strict=False):
        if old != new:
            break
        count += 1
    return count


def _too_much(before: Sequence[str], after: Sequence[str]) -> bool:
    if len(before) > MOST_TOKENS or len(after) > MOST_TOKENS:
        return True
    there = Counter(before)
    return sum(there[word] for word in after) > _MOST_PAIRS


def _spaced(text: str) -> str:
    return " ".join(text.split())
