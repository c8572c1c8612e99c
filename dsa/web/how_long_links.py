"""The agreements behind the numbers of “How long it takes”. One rule: a link leads to as many as it says, so that what
imported sheets reported, which is in no list of agreements, is no part of it.
"""

from dataclasses import dataclass, replace

import numpy as np

from dsa.insight.cohorts import GIVEN_UP, OPEN, SIGNED
from dsa.services.agreements_list import Filters
from dsa.services.how_long import Group, HowLong, Split
from dsa.web.agreements import address
from dsa.web.wording import gettext, ngettext

KNOWN = "known"
_ENDINGS = {"signed": SIGNED, "open": OPEN, "withdrawn": GIVEN_UP}


@dataclass(frozen=True, slots=True)
class Number:
    """A count of agreements in words; ``here`` of them are in the list at ``href``, in ``words_here``."""

    count: int
    words: str
    here: int
    words_here: str
    href: str


@dataclass(frozen=True, slots=True)
class Behind:
    """A group of agreements and the filters that stand for it."""

    group: Group
    filters: Filters

    def ended(self) -> dict[str, Number]:
        """Those that ended in each way: signed, open, withdrawn."""
        return {name: self._ended(name) for name in _ENDINGS}

    def all(self) -> Number:
        """All of them."""
        here = self.group.agreements - self.group.reported
        words = [ngettext("%(num)d agreement", "%(num)d agreements", count) for count in (self.group.agreements, here)]
        return self._number(self.group.agreements, here, replace(self.filters, ended=KNOWN), *words)

    def bare(self, name: str) -> Number:
        """Those that ended in a way, or all (``known``), as a bare number for the cell of a table."""
        one = self.all() if name == KNOWN else self._ended(name)
        return replace(one, words=f"{one.count:,}", words_here=f"{one.here:,}")

    def lasted(self, day: float | None) -> Number:
        """Those that lasted at least so many working days; none for a day that was not reached."""
        if day is None:
            return Number(0, "0", 0, "0", "")
        count = int((self.group.curve.lengths.days >= day).sum())
        here = count - int((self.group.sheets.days >= day).sum())
        exactly = np.format_float_positional(day, trim="-")
        narrowed = replace(self.filters, ended=KNOWN, lasted=exactly)
        return self._number(count, here, narrowed, f"{count:,}", f"{here:,}")

    def _ended(self, name: str) -> Number:
        group = self.group
        count = group.curve.lengths.count(_ENDINGS[name])
        here = count - group.sheets.count(_ENDINGS[name])
        words = [_ended_words(name, each) for each in (count, here)]
        return self._number(count, here, replace(self.filters, ended=name), *words)

    def _number(self, count: int, here: int, filters: Filters, words: str, words_here: str) -> Number:
        return Number(count, words, here, words_here, address(filters))


def behind(found: HowLong, split: Split, *, route: str) -> tuple[Behind, Behind | None, Behind | None]:
    """The filters of the whole, of those before and of those after."""
    whole = Filters(route=route, one_in=str(found.one_in) if found.one_in > 1 else "")
    if found.before is None or found.after is None:
        return Behind(found.whole, whole), None, None
    if split.on is not None:
        day = split.on.isoformat()
        before, after = replace(whole, begun_before=day), replace(whole, begun_from=day)
    else:
        version = str(split.version or 0)
        before, after = replace(whole, version_before=version), replace(whole, version_from=version)
    return Behind(found.whole, whole), Behind(found.before, before), Behind(found.after, after)


def _ended_words(name: str, count: int) -> str:
    if name == "signed":
        return gettext("%(count)s signed", count=f"{count:,}")
    if name == "open":
        return gettext("%(count)s still open", count=f"{count:,}")
    return gettext("%(count)s withdrawn or rejected", count=f"{count:,}")
