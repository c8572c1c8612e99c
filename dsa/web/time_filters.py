"""What the pages of where the time goes share: filters in the address, links to the agreements behind a number, words.

One rule: a number's link carries the filters of the page, so that it leads to exactly the agreements it counts.
"""

from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlencode

from flask import request

from dsa.domain.errors import BadInput
from dsa.services.agreements_list import ROUTES, Filters
from dsa.services.counting import days_of
from dsa.services.time_scope import Asked, Scope
from dsa.timekeeping.months import Months, read_months
from dsa.web.addresses import asked_words
from dsa.web.agreements import address
from dsa.web.page import page, say
from dsa.web.time_words import days, month_words
from dsa.web.wording import gettext, ngettext


class Figured(Protocol):
    """What a page shows: figures of a scope."""

    @property
    def scope(self) -> Scope:
        """Whose figures these are."""
        ...


def time_page(
    name: str, found: Figured, finding: str, *, status: int = 200, narrowed: bool = True, **more: Any
) -> tuple[str, int]:
    """A page of where the time goes: its sentence, for whom, and links that carry its filters (``narrowed``: all)."""
    return page(
        f"time/{name}.html",
        status=status,
        wide=True,
        found=found,
        finding=finding,
        whose=whose(found.scope),
        link=Links(found.scope, narrowed=narrowed),
        routes=ROUTES,
        **more,
    )


def asked() -> Asked:
    """The filters of the address, in the letters that ids have."""
    return Asked(_id_in("workflow"), _id_in("route"), _id_in("organisation"))


def asked_of_months() -> tuple[Asked, str]:
    """The filters with the months of the address, and what is wrong with those: nothing is narrowed by them then."""
    try:
        return replace(asked(), months=read_months(*months_typed())), ""
    except BadInput as bad:
        return asked(), say(bad.refusal)


def months_typed() -> tuple[str, str]:
    """The months of the address as they were typed, but for what cannot be shown."""
    return asked_words("from", most=40), asked_words("to", most=40)


def months_words(months: Months) -> str:
    """Which agreements the figures are of, in a sentence; empty where all of them."""
    first, last = (month_words(text) if text else "" for text in months.texts())
    if first and last:
        return gettext("Only those started from %(first)s to %(last)s.", first=first, last=last)
    if first:
        return gettext("Only those started in %(first)s or after.", first=first)
    return gettext("Only those started in %(last)s or before.", last=last) if last else ""


def id_in(name: str) -> str:
    """A parameter of the address, in the letters that ids have."""
    return _id_in(name)


def _id_in(name: str) -> str:
    return "".join(c for c in request.args.get(name, "")[:60] if c.isascii() and (c.isalnum() or c in "-_"))


class Links:
    """Addresses of agreements behind numbers, with the page's filters."""

    def __init__(self, scope: Scope, *, narrowed: bool = True) -> None:
        self._same: dict[str, Any] = {"organisation": scope.code} if scope.several else {}
        if narrowed:
            first, last = scope.asked.months.texts()
            self._same |= {"workflow": scope.asked.workflow, "route": scope.asked.route}
            self._same |= {"started_from": first, "started_to": last}

    def __call__(self, **more: Any) -> str:
        """The list narrowed to ``more`` and to what the page is narrowed to."""
        return address(Filters(**{**self._same, **more}))


def csv_address(path: str, scope: Scope, **more: str) -> str:
    """The file beside a page, with the page's filters."""
    asked = scope.asked
    named = {"workflow": asked.workflow, "route": asked.route, "organisation": asked.organisation, **more}
    named |= dict(zip(("from", "to"), asked.months.texts(), strict=True))
    query = urlencode({name: value for name, value in named.items() if value})
    return f"{path}?{query}" if query else path


def whose(scope: Scope) -> str:
    """For whom the figures are, in a sentence, and how old they are."""
    if scope.name:
        return gettext("Agreements that %(organisation)s takes part in.", organisation=scope.name)
    return gettext("All agreements.")


def in_days(minutes: int) -> str:
    """Working minutes as working days in words, to a tenth below ten days."""
    amount = days_of(minutes)
    return days(round(amount, 1) if amount < 10 else round(amount))


def agreements(count: int) -> str:
    """So many agreements."""
    return ngettext("%(num)d agreement", "%(num)d agreements", count)


__all__ = [
    "ROUTES",
    "Links",
    "agreements",
    "asked",
    "asked_of_months",
    "csv_address",
    "id_in",
    "in_days",
    "months_typed",
    "months_words",
    "whose",
]
