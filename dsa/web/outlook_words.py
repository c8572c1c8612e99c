"""A forecast in words. One rule: where no date is given the reason stands in its place, and a date has its record."""

from datetime import date

from dsa.services.outlook import FEWEST_JUDGED, Met, Outlook, Record
from dsa.web.page import day
from dsa.web.wording import gettext, mark, ngettext

REFUSALS = {
    "too_little_history": mark("No date yet: too few agreements have been signed here to forecast from."),
    "older_than_anything": mark("No date: it is older than anything that ever finished, in all or in its stage."),
    "since_not_known": mark(
        "No date: since when it stands where it stands is not known, and how long it still takes depends on that."
    ),
    "too_far": mark("No date: it lies beyond the years whose working days are known."),
}


def said(outlook: Outlook) -> str:
    """``Likely by 3 May 2027 (in 120 working days), very likely by 20 June 2027 (in 155 working days)``."""
    if outlook.likely_on is None:
        return refused(outlook.refusal)
    if outlook.very_likely_on is None:
        return gettext("Likely by %(likely)s", likely=with_distance(outlook.likely_on, outlook.likely_in))
    return gettext(
        "Likely by %(likely)s, very likely by %(very_likely)s",
        likely=with_distance(outlook.likely_on, outlook.likely_in),
        very_likely=with_distance(outlook.very_likely_on, outlook.very_likely_in),
    )


def dates(likely: date | None, very_likely: date | None) -> str:
    """``likely by 3 May 2027, very likely by 20 June 2027``; empty without a date."""
    if likely is None:
        return ""
    if very_likely is None:
        return gettext("likely by %(day)s", day=day(likely))
    return gettext("likely by %(day)s, very likely by %(other)s", day=day(likely), other=day(very_likely))


def shown(outlook: Outlook | None) -> dict[str, str]:
    """The sentences of a page of one agreement: said, needed, rests_on with its two parts, record."""
    if outlook is None:
        return {}
    return {
        "said": said(outlook),
        "needed": needed_words(outlook),
        "rests_on": rests_on(outlook),
        "signed": signed_words(outlook),
        "unsigned": f"{outlook.unsigned:,}",
        "record": record_words(outlook.record),
    }


def refused(refusal: str) -> str:
    """Why no date is given."""
    return gettext(REFUSALS.get(refusal, REFUSALS["too_little_history"]))


def with_distance(on: date, days: int) -> str:
    """``3 May 2027 (in 120 working days)``."""
    return gettext("%(day)s (%(distance)s)", day=day(on), distance=distance_words(days))


def distance_words(days: int) -> str:
    """``in 12 working days``, ``today``, ``1 working day ago``."""
    if days == 0:
        return gettext("today")
    if days > 0:
        return ngettext("in %(num)d working day", "in %(num)d working days", days)
    return ngettext("%(num)d working day ago", "%(num)d working days ago", -days)


def rests_on(outlook: Outlook) -> str:
    """How many agreements stand behind it."""
    other = f"{outlook.unsigned:,}"
    return gettext("Rests on %(signed)s and %(other)s not signed.", signed=signed_words(outlook), other=other)


def signed_words(outlook: Outlook) -> str:
    """``24 signed agreements``."""
    return ngettext("%(num)d signed agreement", "%(num)d signed agreements", outlook.rests_on)


def record_words(record: Record) -> str:
    """``Of the last 120 forecasts, 84 % were met.`` While too few can be judged, that no very likely day is given."""
    words = met_words(record.very_likely)
    if record.tested:
        return words
    return gettext(
        "%(words)s A very likely day is given once %(fewest)s can be judged.", words=words, fewest=FEWEST_JUDGED
    )


def met_words(met: Met) -> str:
    """The share that was met, and whether it is of forecasts that were made or of ones made again."""
    if met.share is None:
        return gettext("None of the forecasts can be judged yet: no day has come.")
    words = gettext(
        "Of the last %(said)s forecasts, %(share)s %% were met.", said=f"{met.said:,}", share=round(100 * met.share)
    )
    if met.again:
        words = gettext(
            "Of %(said)s forecasts made again for past days with what was known then, %(share)s %% were met.",
            said=f"{met.said:,}",
            share=round(100 * met.share),
        )
    return words


def needed_words(outlook: Outlook) -> str:
    """Whether it will be there when it is needed; empty where that is not known."""
    if outlook.needed_on is None or outlook.likely_on is None:
        return ""
    if outlook.likely_on > outlook.needed_on:
        return gettext("Likely too late: it is needed by %(day)s.", day=day(outlook.needed_on))
    if outlook.very_likely_on is None:
        return gettext("Likely in time: it is needed by %(day)s.", day=day(outlook.needed_on))
    if outlook.late:
        return gettext("It may be too late: it is needed by %(day)s.", day=day(outlook.needed_on))
    return gettext("Very likely in time: it is needed by %(day)s.", day=day(outlook.needed_on))
