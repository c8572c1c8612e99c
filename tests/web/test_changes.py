"""Responding to requests for changes, and answering reviewers' questions."""

import pytest

from dsa.services import reviewing
from dsa.services.reviewing import Change
from tests.web.page_client import PageClient
from tests.web.world import World


@pytest.fixture
def returned(world: World) -> str:
    """An agreement that came back from the check with two requests."""
    reference = world.agreement_in("check_draft")
    changes = (
        Change("purpose", "The aims say nothing about students.", question="aims"),
        Change("data", "Say how good the data is."),
    )
    world.do_task(reference, "check_text:slc", "changes", changes=changes)
    assert world.stage(reference) == "drafting"
    return reference


@pytest.fixture
def drafter(pages: PageClient, world: World) -> PageClient:
    pages.sign_in(world.person("HMRC", "drafter"))
    return pages


def test_each_request_is_changed_answered_and_sent_back(drafter: PageClient, world: World, returned: str) -> None:
    page = drafter.get(f"/agreements/{returned}/draft")
    assert "Respond to 2 requests for changes" in page.text
    assert "There is a problem" in page.text
    page = drafter.follow("Respond to 2 requests")
    assert "2 of 2 requests have no response yet." in page.text
    assert "Student Loans Company: Check the draft" in page.text
    page = drafter.follow("Change the section: Purpose and need")
    assert "The aims say nothing about students." in page.text
    page = drafter.press("Save and continue", aims="Check the income of students before the first payment.")
    assert page.h1 == "Requests for changes"
    numbers = [name.split("-")[1] for form in page.forms() for name in form.names() if name.startswith("response-")]
    page = drafter.press("Mark as done: Purpose and need, 1", {f"response-{min(numbers, key=int)}": ""}, status=422)
    assert page.errors == ["Write what you changed, or why you did not."]
    drafter.press("Mark as done: Purpose and need, 1", {f"response-{min(numbers, key=int)}": "We name students."})
    page = drafter.press("Mark as done: Data, 2", {f"response-{max(numbers, key=int)}": "It is said already."})
    assert "Every request has a response." in page.text
    drafter.follow("Check and send again")
    page = drafter.press("Send for checking")
    assert world.stage(returned) == "check_draft"
    assert world.loaded(returned).head.round == 2


def test_without_requests_the_page_says_so(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    assert "Nobody has asked for changes." in drafter.get(f"/agreements/{reference}/changes").text


def test_a_reviewers_question_is_answered(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    asker = world.actor("SLC", "security")
    reviewing.ask_question(world.ctx, asker, reference, "security:slc", "Where is it kept?", seen=None)
    page = drafter.get(f"/agreements/{reference}/questions/1")
    assert "Where is it kept?" in page.text
    page = drafter.press("Send the answer", answer="  ", status=422)
    assert page.errors == ["Write your answer."]
    page = drafter.press("Send the answer", answer="In two data centres in England.")
    assert page.h1 == "The question is answered"
    assert "In two data centres in England." in page.text
    assert "What happens next" in page.text
    again = drafter.post(f"/agreements/{reference}/questions/1", {"answer": "Twice"}, status=409)
    assert "answered already" in again.text
    drafter.get(f"/agreements/{reference}/questions/7", status=404)


def test_only_the_drafter_of_the_lead_answers(pages: PageClient, world: World, returned: str) -> None:
    pages.sign_in(world.person("SLC", "drafter"))
    page = pages.get(f"/agreements/{returned}/changes")
    assert not [name for form in page.forms() for name in form.names() if name.startswith("response-")]
    pages.post(f"/agreements/{returned}/changes", {"request": "1", "response-1": "Mine"}, status=403)


@pytest.mark.parametrize("request_id", ["", "x", "-1", "9" * 40, "9999"])
def test_responses_to_no_request_are_refused(drafter: PageClient, world: World, returned: str, request_id: str) -> None:
    drafter.get(f"/agreements/{returned}/changes")
    status = 404 if request_id == "9999" else 400
    drafter.post(
        f"/agreements/{returned}/changes", {"request": request_id, f"response-{request_id}": "x"}, status=status
    )


def test_a_response_may_be_long_but_not_endless(drafter: PageClient, world: World, returned: str) -> None:
    drafter.get(f"/agreements/{returned}/changes")
    page = drafter.post(f"/agreements/{returned}/changes", {"request": "1", "response-1": "x" * 5_000}, status=422)
    assert "4000 characters or fewer" in page.errors[0]
