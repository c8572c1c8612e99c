"""One task decided: the page, its refusals, who sees what, and who was first."""

import re

import pytest

from dsa.services import moves, reviewing
from dsa.services.reviewing import Change, Condition, Verdict
from tests.web.page_client import Page, PageClient, words
from tests.web.world import World

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MOST_WORDS = 250


def words_before_the_decision(page: Page) -> int:
    """How many words a person reads between the heading and the decision form."""
    html = page.html
    start = html.index("</h1>") + len("</h1>")
    end = html.index("<form", start)
    text = re.sub(r"<[^>]+>", " ", html[start:end])
    return len(text.split())


def task_of(world: World, pages: PageClient, reference: str, key: str, *, who: tuple[str, str]) -> Page:
    """The task's page as a person of that role sees it."""
    pages.sign_in(world.person(*who))
    return pages.get(f"/agreements/{reference}/tasks/{key}")


@one_database
def test_the_page_says_everything_in_250_words(world: World, pages: PageClient) -> None:
    reference = world.agreement_in("review")
    page = task_of(world, pages, reference, "legal:slc", who=("SLC", "legal"))
    for part in ("Data", "Power", "Route", "Checked", "Changed", "Conditions", "If this waits", "Silence never approves"):
        assert part in page.text
    assert "2 fields about 40,000 people, once, deleted after 6 months" in page.text
    assert "Digital Economy Act 2017, section 56" in page.text
    print(words_before_the_decision(page), page.text[:1500])
    assert words_before_the_decision(page) <= MOST_WORDS
