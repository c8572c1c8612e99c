"""Where the number behind a forecast leads. One rule: nowhere, unless the reader may see all that it counts."""

from dsa.services.agreements_list import Filters
from dsa.services.outlook import Outlook
from dsa.web import outlook_words
from dsa.web.agreements import address


def shown(outlook: Outlook | None, reference: str) -> dict[str, str]:
    """The sentences of ``outlook_words.shown``, with the ``address`` of the signed ones, empty where there is none.

    A forecast rests on every agreement of the installation; who takes part in some of them learns their number alone.
    """
    found = outlook_words.shown(outlook)
    if outlook is None or not outlook.all_seen or not outlook.rests_on:
        return found | {"address": ""} if found else found
    return found | {"address": address(Filters(forecast_of=reference))}
