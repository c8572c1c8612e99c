"""Working answers in words, as the document will say them. One rule: a mistaken answer is shown as it was typed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from dsa.domain.conditions import answered
from dsa.domain.form import Form, Question, is_asked, is_required
from dsa.domain.parties import Party
from dsa.domain.presentation import PresentedAnswer, present
from dsa.services.draft_view import DraftView
from dsa.web.answers_form import as_typed


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """A question with its answer in words (None: not answered) and what is wrong with it."""

    key: str
    question: str
    answer: PresentedAnswer | None
    problem: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class ShownSection:
    """A section with every question that is asked."""

    key: str
    title: str
    answers: tuple[ShownAnswer, ...]


def in_words(
    form: Form, answers: Mapping[str, Any], parties: Collection[Party], mistaken: Collection[str]
) -> dict[str, PresentedAnswer]:
    """Each answer in words, by question; those of the ``mistaken`` questions as typed."""
    good = {key: value for key, value in answers.items() if key not in mistaken}
    content = {"answers": form.sectioned(good), "parties": [party.content() for party in parties]}
    found = {answer.key: answer for section in present(form, content) for answer in section.answers}
    for key, value in answers.items():
        question = form.question(key)
        if question is not None and key not in found and answered(value):
            found[key] = _typed(question, value)
    return found


def _typed(question: Question, value: Any) -> PresentedAnswer:
    return PresentedAnswer(question.key, question.wording, "long", as_typed(value))


def shown_sections(view: DraftView, problems: Mapping[str, str]) -> tuple[ShownSection, ...]:
    """The whole draft as this reader may see it: what is answered, and what has to be.

    Another party sees no private answers.
    """
    words = in_words(view.form, view.answers, view.parties, problems)
    at, found = view.at, []
    for section in view.form.sections:
        asked = [q for q in section.questions if is_asked(q, at) and not (q.private and view.own)]
        asked = [q for q in asked if q.key in words or is_required(q, at)]
        answers = tuple(
            ShownAnswer(q.key, q.wording, words.get(q.key), problems.get(q.key, ""), q.private) for q in asked
        )
        if answers:
            found.append(ShownSection(section.key, section.title, answers))
    return tuple(found)
