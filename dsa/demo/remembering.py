"""A judge that remembers what it said of texts that differ in their dates and bodies alone.

One rule: it only ever answers for answers of the demonstration (``large.answers_of``). All that names a body or a day
there follows from the theme by one rule, so what may go forward for some may for all; a test holds this against the
judge.
"""

from collections.abc import Mapping
from typing import Any

from dsa.demo.history import ASKS
from dsa.domain.checking import Judgement, judge
from dsa.domain.form import Form

# What the theme says, and what reviewers may have asked to be added.
_OF_THE_THEME = ("aims", "doc_type", "classification", "power_known", *(key for _, key, *_ in ASKS))


class RememberingJudge:
    """Judges each text once, whatever its dates and its bodies."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Judgement] = {}

    @property
    def asked(self) -> int:
        """How many texts it had to judge."""
        return len(self._known)

    def __call__(self, form: Form, answers: Mapping[str, Any], *, facts: Mapping[str, Any], **more: Any) -> Judgement:
        """What ``checking.judge`` says, or said of the same text with other dates and bodies."""
        said = tuple(answers.get(key) for key in _OF_THE_THEME)
        key = (said, frozenset(answers), len(answers["parties"]), bool(facts["sign_off_requested"]))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = judge(form, answers, facts=facts, **more)
        return found
