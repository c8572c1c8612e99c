"""Starting: seven questions, a stop, a proposal, and nothing stored before it is seen."""

import pytest

from dsa.domain.parties import parties_of
from dsa.persistence import drafts
from dsa.services import content
from tests.web.page_client import PageClient, Values
from tests.web.world import World

GOOD: Values = {
    "classification_above": "no",
    "what_people_can_do": "Check declared income before the first payment.",
    "who_holds": "SLC",
    "who_needs": "HMRC",
    "about_people": "identified",
    "once_or_regularly": "once",
    "date_needed-day": "1",
    "date_needed-month": "3",
    "date_needed-year": "2027",
    "consequence_if_not": "False applications would be paid.",
    "accountable": "Deputy Director, Counter Fraud",
}


@pytest.fixture
def drafter(pages: PageClient, world: World) -> PageClient:
    pages.sign_in(world.person("HMRC", "drafter"))
    return pages


def agreements(world: World) -> int:
    with world.ctx.database.writing() as session:
        return drafts.next_number(session, "reference-2026") - 1


def good(**changes: object) -> Values:
    return {**GOOD, **changes}


def test_a_start_is_proposed_and_then_created(drafter: PageClient, world: World) -> None:
    page = drafter.get("/start")
    assert page.h1 == "Start an agreement"
    page = drafter.press("See what we propose", good())
    assert page.h1 == "What we propose"
    assert "Student Loans Company, HM Revenue and Customs" in page.text
    assert "Data usage agreement (one-off)" in page.text
    assert "Standard route" in page.text
    assert "It uses personal data." in page.text
    assert "No history yet" in page.text
    assert "No agreement between these organisations" in page.text
    page = drafter.press("Create the draft")
    reference = page.path.split("/")[2]
    assert "You have completed" in page.text
    loaded = world.loaded(reference)
    assert loaded.head.route == "standard"
    assert loaded.lead.code == "HMRC"
    with world.ctx.database.reading() as session:
        answers = content.flat(content.working_answers(session, loaded.head.id))
    assert answers["aims"] == GOOD["what_people_can_do"]
    assert answers["data_kind"] == ["personal"]
    assert answers["people"] == {"hmrc": {"sro": GOOD["accountable"]}}
    assert answers["doc_type"] == "data_usage_agreement"
    assert {party.key: party.role for party in parties_of(answers)} == {"slc": "discloser", "hmrc": "recipient"}


def test_nothing_of_a_half_filled_start_is_lost(drafter: PageClient) -> None:
    drafter.get("/start")
    page = drafter.press("See what we propose", good(accountable="", **{"date_needed-month": "13"}), status=422)
    assert "When is the data needed: this cannot be 1 month 13 2027: there is no such day." in page.errors
    assert "Answer: Who answers for it on our side?" in page.errors
    values = dict(page.forms()[1].values())
    assert values["what_people_can_do"] == GOOD["what_people_can_do"]
    assert values["who_holds"] == "SLC"
    assert values["about_people"] == "identified"
    assert values["date_needed-month"] == "13"
    page = drafter.press("See what we propose", {"accountable": "A post", "date_needed-month": "3"})
    assert page.h1 == "What we propose"
    page = drafter.press("Change my answers")
    assert dict(page.forms()[1].values())["accountable"] == "A post"


def test_above_the_marking_stops_and_stores_nothing(drafter: PageClient, world: World) -> None:
    drafter.get("/start")
    page = drafter.press("See what we propose", good(classification_above="yes"))
    assert page.h1 == "You cannot use this service for it"
    assert "Nothing that you entered was stored" in page.text
    assert GOOD["what_people_can_do"] not in page.html
    page = drafter.post("/start", {**good(classification_above="yes"), "do": "create"})
    assert page.h1 == "You cannot use this service for it"
    assert agreements(world) == 0


def test_several_organisations_are_chosen_one_after_the_other(drafter: PageClient) -> None:
    drafter.get("/start")
    page = drafter.press("Add another organisation: Who holds the data?", good())
    assert [v for n, v in page.forms()[1].values() if n == "who_holds"] == ["SLC", ""]
    page = drafter.press("See what we propose", {"who_holds": ["SLC", "DWP"]})
    assert "Department for Work and Pensions" in page.text


def test_an_organisation_that_is_not_listed_does_not_stop_the_start(drafter: PageClient, world: World) -> None:
    drafter.get("/start")
    page = drafter.press("See what we propose", good(**{"who_holds-unlisted": "Council of Nowhere\nPort Authority"}))
    assert "Not in the directory of organisations: Council of Nowhere, Port Authority" in page.text
    page = drafter.press("Create the draft")
    assert "Not in the directory of organisations yet: Council of Nowhere, Port Authority" in page.text
    assert len(world.loaded(page.path.split("/")[2]).parties) == 2


@pytest.mark.parametrize(
    ("holds", "needs", "sentence"),
    [
        ("SLC", "DWP", "Choose your own organisation among those that hold or need the data."),
        ("HMRC", "HMRC", "Choose another organisation: an agreement has two parties or more."),
    ],
)
def test_our_own_organisation_and_another_take_part(drafter: PageClient, holds: str, needs: str, sentence: str) -> None:
    drafter.get("/start")
    page = drafter.press("See what we propose", good(who_holds=holds, who_needs=needs), status=422)
    assert page.errors == [sentence]


def test_what_is_negotiated_already_is_shown(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    drafter.get("/start")
    page = drafter.press("See what we propose", good())
    assert f"{reference}: Income check for student finance" in page.text
    assert "Being negotiated" in page.text


def test_copying_begins_with_the_answers_of_another(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    page = drafter.get(f"/start?copy={reference}")
    values = dict(page.forms()[1].values())
    assert values["who_holds"] == "HMRC"
    assert values["who_needs"] == "SLC"
    assert values["about_people"] == "identified"
    assert values["once_or_regularly"] == "once"
    assert values["date_needed-day"] == ""
    drafter.get("/start?copy=DSA-1900-0001", status=404)


def test_only_drafters_start(pages: PageClient, world: World) -> None:
    pages.sign_in(world.person("HMRC", "legal"))
    assert "Only a drafter can start" in pages.get("/start", status=403).text


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"do": "create"},
        {"do": "more:nothing"},
        {"lead": "DWP", "do": "create", **GOOD},
        {"who_holds": ["x" * 5_000] * 300, "do": "propose"},
        {"who_holds-unlisted": "x\n" * 20_000, **GOOD},
        {"first_contact_on-date-day": "99", "first_contact_on-evidence": "x" * 70_000, **GOOD},
        {"first_contact_on-date-day": "1", "first_contact_on-date-month": "1", "first_contact_on-date-year": "2199",
         "first_contact_on-evidence": "A letter", "do": "create", **good()},
        {"title": "\x00" * 100, "about_people": ["identified", "no"], **GOOD},
    ],
)  # fmt: skip
def test_hostile_starts_are_answered_with_a_sentence(drafter: PageClient, sent: Values) -> None:
    drafter.get("/about/cookies")
    answer = drafter.client.post("/start", data={"csrf_token": drafter.token(), **sent})
    assert answer.status_code in (200, 303, 422)
