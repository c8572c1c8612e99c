"""Checks on dates, and on numbers that are given twice (R47-R51, R54).

One rule: dates counted from the last signature are compared with each other, never with a guess at that day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from dsa.domain.answered import texts, whole
from dsa.domain.conditions import answered
from dsa.domain.relative_dates import fix
from dsa.domain.rules.registry import BLOCK, WARN, Case, Hit, rule
from dsa.domain.values import duration_days, duration_text, fixed_date

# Days counted from the last signature are laid on a line that begins here, so that two of them can be compared.
_SIGNED = date(2001, 1, 1)
RECURRING = ("recurring_bulk", "real_time", "ad_hoc", "access_in_place")
BANDS = {
    "under_100": (0, 99), "100_999": (100, 999), "1000_9999": (1_000, 9_999), "10000_99999": (10_000, 99_999),
    "100000_999999": (100_000, 999_999), "1m_plus": (1_000_000, 10**15),
}  # fmt: skip
KEPT_FOR = re.compile(
    r"\b(?:kept|keep|retain\w*|delet\w*|destroy\w*|dispos\w*)\b[^.;\n]{0,60}?\b(\d{1,3}) (day|week|month|year)s?", re.I
)


def _point(case: Case, value: object) -> tuple[str, date] | None:
    """A date on its own line: "fixed", or "signed" for one counted from the last signature where that is unknown."""
    fixed = fixed_date(value)
    if fixed:
        return "fixed", fixed
    if not isinstance(value, Mapping):
        return None
    if value.get("after") == "start":
        begin = _point(case, case.answers.get("start")) if isinstance(case.answers.get("start"), str) else None
    else:
        known = case.day("last_signature")
        begin = ("fixed", known) if known else ("signed", _SIGNED)
    if begin is None:
        return None
    counted = {unit: max(0, min(whole(value.get(unit)) or 0, 36_500)) for unit in ("months", "days")}
    return begin[0], fix(counted, begin[1])


def _later(case: Case, first: str, second: str) -> bool:
    """Whether the first date is known to be after the second."""
    one, other = _point(case, case.answers.get(first)), _point(case, case.answers.get(second))
    return one is not None and other is not None and one[0] == other[0] and one[1] > other[1]


@rule("R47", BLOCK, "start", "end", "review", cites=("ICO data sharing code of practice, review",), partly=("today",))
def dates_are_in_order(case: Case) -> Iterator[Hit]:
    """Start, review and end are in order, and the start is not before everybody could sign."""
    if _later(case, "start", "end"):
        yield Hit("The agreement ends before it starts. Change one of the dates.", ("start", "end"))
    if _later(case, "review", "end"):
        yield Hit("The review comes after the end. Give an earlier date for the review.", ("review", "end"))
    start, today = fixed_date(case.answers.get("start")), case.day("today")
    if start and today and start < today and "last_signature" not in case.facts:
        yield Hit("The start has passed, and not everybody has signed. Count it from the last signature.", ("start",))


@rule("R48", WARN, "start", cites=("NHS DARS, term of data sharing agreement",), needs=("issued",))
def start_is_within_a_year_of_issue(case: Case) -> Iterator[Hit]:
    """The start is at most 12 months after the document is issued."""
    start, issued = fixed_date(case.answers.get("start")), case.day("issued")
    if start and issued and (start - issued).days > 366:
        yield Hit("The start is more than 12 months after the document was issued. Choose an earlier one.")


@rule("R49", BLOCK, "first_transfer", "start", cites=("NHS DARS, term of data sharing agreement",),
      partly=("last_signature",))  # fmt: skip
def nothing_moves_before_everybody_signed(case: Case) -> Iterator[Hit]:
    """No transfer is dated before the last signature or before the start."""
    first, signed = fixed_date(case.answers.get("first_transfer")), case.day("last_signature")
    if first and signed and first < signed:
        yield Hit("The first transfer is before the last signature. Move it after.", ("first_transfer",))
    elif _later(case, "start", "first_transfer"):
        yield Hit("The first transfer is before the agreement starts. Move it after.", ("first_transfer", "start"))
    if _later(case, "first_transfer", "last_transfer"):
        yield Hit("The last transfer is before the first one. Change one of the dates.", ("last_transfer",))


@rule("R50", WARN, "retention", "end", cites=("UK GDPR Article 5(1)(e)",))
def keeping_beyond_the_end_has_a_reason(case: Case) -> Iterator[Hit]:
    """Data kept for longer than the agreement runs has a reason."""
    start, end = _point(case, case.answers.get("start")), _point(case, case.answers.get("end"))
    if start is None or end is None or start[0] != end[0]:
        return
    runs = (end[1] - start[1]).days
    for number, row in enumerate(case.rows("retention")):
        days = duration_days(row.get("period"))
        if days is not None and days > runs + 31 and not answered(row.get("legal_reason")):
            yield Hit(
                f"Data is kept for {duration_text(str(row.get('period')))}, longer than the agreement runs. Give the "
                "reason.",
                (f"retention[{number}].legal_reason",),
            )


@rule("R51", WARN, "last_transfer", "nature", cites=("ICO data sharing code of practice, review",))
def regular_sharing_has_a_last_transfer(case: Case) -> Iterator[Hit]:
    """Sharing that repeats has a date for its last transfer."""
    if case.word("nature") in RECURRING and not answered(case.answers.get("last_transfer")):
        yield Hit("The sharing repeats but has no last transfer. Give the date on which it stops.")


@rule("R54", WARN, "retention", "frequency", "volume_band", cites=("ICO data sharing code of practice",))
def numbers_given_twice_agree(case: Case) -> Iterator[Hit]:
    """Two sections do not give different retention, frequency or volume."""
    if case.word("nature") == "one_off" and case.word("frequency") not in ("", "once"):
        yield Hit("The data is shared once, but is sent more often. Change one of the two.", ("nature", "frequency"))
    if case.word("nature") in ("recurring_bulk", "real_time") and case.word("frequency") == "once":
        yield Hit("The data is shared regularly, but sent once. Change one of the two.", ("nature", "frequency"))
    yield from _volumes(case)
    yield from _periods(case)


def _volumes(case: Case) -> Iterator[Hit]:
    least, most = BANDS.get(case.word("volume_band"), (0, 10**18))
    for number, row in enumerate(case.rows("datasets")):
        records = whole(row.get("records"))
        if records is not None and records > most:
            yield Hit(
                f'"{row.get("name")}" has {records:,} records, more than the volume that is given. Change one of them.',
                (f"datasets[{number}].records", "volume_band"),
            )
    counts = [whole(row.get("records")) for row in case.rows("datasets")]
    known = [count for count in counts if count is not None]
    if known and len(known) == len(counts) and sum(known) < least:
        yield Hit(
            "The data sets have fewer records than the volume that is given. Change one of them.", ("volume_band",)
        )


def _periods(case: Case) -> Iterator[Hit]:
    """A period of keeping that the text mentions is one of those in the retention table."""
    listed = {duration_days(row.get("period")) for row in case.rows("retention")} - {None}
    if not listed:
        return
    for key, value in case.answers.items():
        if key in ("retention", "records", "backup_deletion"):
            continue
        for path, text in texts(value, key):
            for found in KEPT_FOR.finditer(text):
                days = duration_days(f"P{found[1]}{found[2][0].upper()}")
                if days not in listed:
                    message = f'"{found[0].strip()}" does not agree with the retention table. Change one of the two.'
                    yield Hit(message, (path, "retention"))
