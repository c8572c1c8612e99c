"""What stands where in the printed agreement. One rule: nothing is left out - what is too large goes into an annex.

Pure: frozen content, presented sections and the audit in, a ``View`` for the templates out.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from dsa.adapters.pdf_widths import column_widths

COVER_PARTIES = 10  # more than this and the cover names groups
ANNEX_ROWS = 14
ANNEX_COLUMNS = 6
TIME_STAMPS = 12  # one at issue, one at completion, then one for each yearly renewal
_LONDON = ZoneInfo("Europe/London")
_TITLE_IN_HEADER = 46
_LINE = 95  # characters, about

Say = Callable[..., str]


class Answer(Protocol):
    """One answer as it is shown (``dsa.domain.presentation.PresentedAnswer``)."""

    @property
    def question(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def text(self) -> str | None: ...
    @property
    def items(self) -> Sequence[str]: ...
    @property
    def columns(self) -> Sequence[str]: ...
    @property
    def rows(self) -> Sequence[Sequence[str]]: ...
    @property
    def assumed(self) -> bool: ...


class Section(Protocol):
    """One section as it is shown (``dsa.domain.presentation.PresentedSection``)."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def answers(self) -> Sequence[Answer]: ...


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What the document says of itself beside the text.

    ``mark``: "draft", or "superseded" where a later agreement stands in its place, stamped across every page; or
    "release", a copy with words withheld: it carries no hash, no attachment and no places to sign.
    ``verify_url``: where anybody can check it; printed as text and as a picture to scan. Empty: not printed.
    ``stamped_by``: who stamps the time of its signatures, in words. Empty: not printed.
    """

    mark: str = ""
    verify_url: str = ""
    stamped_by: str = ""

    @property
    def code(self) -> str:
        """The document's code, for whoever types it."""
        return self.verify_url.rpartition("/")[2]

    @property
    def trust_url(self) -> str:
        """Where anybody finds the root certificate: it lies beside (``services.context.TRUST``)."""
        return f"{self.verify_url.rpartition('/')[0]}/trust" if self.verify_url else ""

    @property
    def draft(self) -> bool:
        """Whether this is a draft."""
        return self.mark == "draft"

    @property
    def superseded(self) -> bool:
        """Whether a later agreement stands in its place."""
        return self.mark == "superseded"

    @property
    def release(self) -> bool:
        """Whether words are withheld from this copy."""
        return self.mark == "release"


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with the heads it repeats on each page."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def widths(self) -> Sequence[float]:
        """The share of the page's width that each column gets, in per cent."""
        return column_widths(self.columns, self.rows)


@dataclass(frozen=True, kw_only=True)
class Annex(Table):
    """A table too large for its place, with the answer it belongs to."""

    letter: str
    anchor: str
    number: str
    question: str
    title: str

    @property
    def wide(self) -> bool:
        """Whether it needs the page turned."""
        return len(self.columns) > ANNEX_COLUMNS

    @property
    def widths(self) -> Sequence[float]:
        """As for a table, on the page as it lies."""
        return column_widths(self.columns, self.rows, wide=self.wide)


@dataclass(frozen=True, kw_only=True)
class PrintedAnswer:
    """One numbered answer."""

    number: str
    question: str
    assumed: bool
    paragraphs: Sequence[str] = ()
    entries: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    annex: Annex | None = None

    @property
    def widths(self) -> Sequence[float]:
        """As for a table."""
        return column_widths(self.columns, self.rows)

    @property
    def short(self) -> bool:
        """Whether the list is so short that it is kept on one page."""
        return sum(len(entry) + _LINE // 2 for entry in self.entries) <= 10 * _LINE


@dataclass(frozen=True, kw_only=True)
class PrintedSection:
    """One numbered section."""

    number: str
    anchor: str
    title: str
    answers: Sequence[PrintedAnswer] = ()
    table: Table | None = None

    @property
    def is_parties(self) -> bool:
        """Whether this is the table of parties."""
        return self.table is not None


@dataclass(kw_only=True)
class View:
    """All that the templates read."""

    language: str
    title: str
    full_title: str
    running_title: str
    reference: str
    version: int
    service: str
    generator: str
    stamped: str
    content_hash: str
    classification: str
    page_mark: str
    watermark: str
    verify_url: str
    stamped_by: str
    code: str
    trust_url: str
    copy: bool
    notices: Sequence[str]
    control: Sequence[tuple[str, str]]
    cover_parties: Sequence[Mapping[str, str]]
    cover_groups: Sequence[Mapping[str, str]]
    sections: list[PrintedSection] = field(default_factory=list)
    annexes: list[Annex] = field(default_factory=list)
    contents: list[Mapping[str, str]] = field(default_factory=list)
    signatures: Mapping[str, Any] = field(default_factory=dict)
    audit: Mapping[str, Any] = field(default_factory=dict)
    time_stamps: Sequence[str] = tuple(f"ts_{number}" for number in range(1, TIME_STAMPS + 1))


def signature_fields(content: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """Each signatory of the frozen content with the name of its field: ``sig_<party key>_<n>``, n counted per party."""
    seen: Counter[str] = Counter()
    fields = []
    for signatory in content.get("signatories", ()):
        party = str(signatory["party"])
        seen[party] += 1
        fields.append((f"sig_{party}_{seen[party]}", signatory))
    return fields


def letter_of(position: int) -> str:
    """A, B, ... Z, AA for the annex at ``position`` (from 0)."""
    letters = ""
    position += 1
    while position:
        position, remainder = divmod(position - 1, 26)
        letters = chr(65 + remainder) + letters
    return letters


def moment(value: object) -> str:
    """An instant (ISO 8601 text) as people in London read it; other text as it stands."""
    text = "" if value is None else str(value)
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    if at.tzinfo is None:
        return text
    local = at.astimezone(_LONDON)
    return f"{local.day} {local:%B %Y, %H:%M} {local.tzname()}"


def moment_in_a_table(value: object) -> str:
    """The same in few letters that stay on one line: "12 Jun 2026, 10:12 BST"."""
    said = moment(value)
    return re.sub(r"^(\d+ [A-Z][a-z]{2})[a-z]* (\d{4}, )", r"\1 \2", said).replace(" ", "\N{NO-BREAK SPACE}")


def number_sections(view: View, sections: Sequence[Section], *, first: int, say: Say) -> None:
    """Number the sections and their answers into ``view``; large tables become annexes."""
    for index, section in enumerate(sections, first):
        printed = []
        for position, answer in enumerate(section.answers, 1):
            printed.append(_answer(view, answer, f"{index}.{position}", say))
        view.sections.append(
            PrintedSection(number=str(index), anchor=f"section-{index}", title=section.title, answers=printed)
        )


def _answer(view: View, answer: Answer, number: str, say: Say) -> PrintedAnswer:
    columns, rows = tuple(answer.columns), tuple(tuple(row) for row in answer.rows)
    if answer.kind == "party" and not columns:
        columns = (say("Organisation"), say("Answer"))
    annex = None
    if rows and (len(rows) > ANNEX_ROWS or len(rows[0]) > ANNEX_COLUMNS):
        letter = letter_of(len(view.annexes))
        annex = Annex(
            columns=columns,
            rows=rows,
            letter=letter,
            anchor=f"annex-{letter.lower()}",
            number=number,
            question=answer.question,
            title=_short(answer.question, 70),
        )
        view.annexes.append(annex)
    paragraphs = [part for part in (answer.text or "").split("\n\n") if part.strip()]
    return PrintedAnswer(
        number=number,
        question=answer.question,
        assumed=bool(answer.assumed),
        paragraphs=paragraphs,
        entries=tuple(answer.items),
        columns=columns,
        rows=() if annex else rows,
        annex=annex,
    )


def cover_of(content: Mapping[str, Any], say: Say) -> tuple[list[Mapping[str, str]], list[Mapping[str, str]]]:
    """The parties and the groups of parties named on the cover."""
    parties = list(content.get("parties", ()))
    if len(parties) <= COVER_PARTIES:
        return [_cover_party(party) for party in parties], []
    groups: Counter[str] = Counter()
    single = []
    for party in parties:
        if party.get("group"):
            groups[str(party["group"])] += 1
        else:
            single.append(party)
    if len(single) > COVER_PARTIES:
        groups[say("organisations")] += len(single)
        single = []
    named: list[Mapping[str, str]] = [{"text": f"{count} {_plural(name)}"} for name, count in groups.items()]
    return [_cover_party(party) for party in single], named


def _cover_party(party: Mapping[str, Any]) -> Mapping[str, str]:
    return {"name": str(party["name"]), "role": role_words(party.get("role"))}


def _plural(name: str) -> str:
    """A group's name after its count; a count that the name brings itself ("41 councils") is not doubled."""
    return name.lstrip("0123456789 ") or name


def words(identifier: object) -> str:
    """An identifier as words: ``joint_controller`` -> "joint controller"; nothing for nothing."""
    return "" if identifier is None else _INITIALS.get(str(identifier), str(identifier).replace("_", " "))


def role_words(role: object) -> str:
    """What a party does here, as the form calls it."""
    return _ROLES.get(str(role), words(role))


_ROLES = {
    "discloser": "gives data",
    "recipient": "gets data",
    "both": "gives and gets data",
    "processor": "handles data for another party",
}
_INITIALS = {"sro": "senior responsible owner", "siro": "senior information risk owner"}


def party_table(content: Mapping[str, Any], say: Say) -> Table:
    """Every party with what it is here."""
    parties = list(content.get("parties", ()))
    grouped = any(party.get("group") for party in parties)
    columns = [say("Organisation"), say("Code"), say("Part in this agreement"), say("Status"), say("Signs")]
    if grouped:
        columns.insert(2, say("Group"))
    rows = []
    for party in parties:
        row = [
            str(party["name"]),
            str(party.get("code") or ""),
            role_words(party.get("role")),
            words(party.get("controller_status")),
            say("yes") if party.get("signs") else say("no"),
        ]
        if grouped:
            row.insert(2, str(party.get("group") or ""))
        rows.append(row)
    return Table(columns=columns, rows=rows)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def running_title(title: str) -> str:
    """The title as it fits the header of a page."""
    return _short(title, _TITLE_IN_HEADER)
