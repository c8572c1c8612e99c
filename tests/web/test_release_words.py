"""What a copy for release says of each event."""

import re

from dsa.domain.events import SENTENCES
from dsa.services import release_words


def test_what_happened_is_told_in_whole_phrases_of_every_kind_of_event() -> None:
    for kind in SENTENCES:
        told = release_words.happened(kind)
        assert not re.search(r"%|“|[:(,]$|\b(for|in|on|to|at|of|with|the|a|the section|the task)$", told), (kind, told)
        assert len(told.split()) > 1, kind
