"""A judge that remembers what it said of texts that differ in their dates alone. For worlds made by the thousand.

One rule: it only ever answers for answers of the demonstration, whose dates all follow from the start by one rule
(``large.live``), so that what may go forward for one start may for every start; a test holds this against the judge.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from dsa.domain.checking import Judgement, judge
from dsa.domain.form import Form

_MOMENTS = re.compile(r"\d{4}-\d\d-\d\d|, 20\d\d(?: \(phase \d+\))?\"")


_PARTIES = 2  # with more parties hardly a text comes again


class RememberingJudge:
    """Judges each text of two parties once, whatever its dates."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool], Judgement] = {}

    @property
    def asked(self) -> int:
        """How many texts it had to judge."""
        return len(self._known)

    def __call__(self, form: Form, answers: Mapping[str, Any], *, facts: Mapping[str, Any], **more: Any) -> Judgement:
        """What ``checking.judge`` says, or said of the same text with other dates."""
        if len(answers["parties"]) > _PARTIES:
            return judge(form, answers, facts=facts, **more)
        text = _MOMENTS.sub("", json.dumps(answers, sort_keys=True, ensure_ascii=False))
        key = (text, bool(facts["sign_off_requested"]))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = judge(form, answers, facts=facts, **more)
        return found
