"""The list of sections, what blocks, first look, sharing, the route, sending."""

import pytest

from dsa.domain.errors import Refused
from dsa.services import drafting, moves, routing, starting
from dsa.services.starting import NewAgreement
from tests.answers import complete_answers
from tests.web.page_client import PageClient
from tests.web.world import World


@pytest.fixture
def drafter(pages: PageClient, world: World) -> PageClient:
    pages.sign_in(world.person("HMRC", "drafter"))
    return pages


def fast(world: World, route: str = "standard") -> str:
    answers = complete_answers("fast", lead="HMRC", other="SLC")
    return starting.start_agreement(world.ctx, world.actor("HMRC", "drafter"), NewAgreement("HMRC", answers, route))


def spoil(world: World, reference: str, section: str, **changes: object) -> None:
    drafting.save_section(world.ctx, world.actor("HMRC", "drafter"), reference, section, changes, seen_revision=1)


def test_a_whole_draft_is_checked_and_sent(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    page = drafter.get(f"/agreements/{reference}/draft")
    assert "You have completed 10 of 10 sections." in page.text
    assert [one for one in page.by_class("govuk-button") if "secondary" not in (one.get("class") or "")]
    page = drafter.follow("Check and send")
    assert "Nothing stops you from sending it" in page.text
    assert "Information governance lead, Student Loans Company: Check the draft, by 9 November 2026" in page.text
    assert "Check declared income before the first payment is made." in page.text
    page = drafter.press("Send for checking")
    assert page.h1 == "The draft is sent for checking"
    assert "What happens next" in page.text
    assert world.stage(reference) == "check_draft"
    page = drafter.get(f"/agreements/{reference}/draft")
    assert "cannot" in page.text.lower()


def test_what_is_missing_blocks_and_leads_to_its_question(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    spoil(world, reference, "data", small_numbers="", subjects_desc="", children="")
    page = drafter.get(f"/agreements/{reference}/draft")
    assert "You have completed 9 of 10 sections." in page.text
    assert "2 answers still needed" in page.text
    page = drafter.get(f"/agreements/{reference}/check")
    assert "Send for checking" not in page.buttons()
    assert "2 things stop you from sending it" in page.text
    link = page.links()["Answer: Describe the people in the data"]
    assert link.endswith("/sections/data?back=check#q-subjects_desc")
    page = drafter.follow("Answer: Describe the people in the data")
    assert 'id="q-subjects_desc"' in page.html
    page = drafter.press("Save and continue", subjects_desc="People who applied.", children="none")
    assert page.h1 == "Check the draft before sending"
    assert "Nothing stops you" in page.text


def test_sending_what_is_blocked_is_refused_with_the_reason(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    drafter.get(f"/agreements/{reference}/check")
    spoil(world, reference, "data", children="")
    page = drafter.press("Send for checking", status=422)
    assert page.errors == [
        "The draft is not complete. Open the list of what is missing, and answer or correct it first."
    ]
    assert world.stage(reference) == "drafting"


def test_sending_an_old_page_is_a_conflict(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    drafter.get(f"/agreements/{reference}/check")
    drafting.share_draft(world.ctx, world.actor("HMRC", "drafter"), reference, seen=None)
    page = drafter.press("Send for checking", status=409)
    assert "Somebody acted on" in page.text


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 30])
def test_a_form_without_its_version_is_refused(drafter: PageClient, world: World, seen: str) -> None:
    reference = world.agreement_in("drafting")
    drafter.get(f"/agreements/{reference}/draft")
    for path in ("share", "check", "draft"):
        drafter.post(f"/agreements/{reference}/{path}", {"seen": seen, "do": "first_look"}, status=400)


def test_a_first_look_is_asked_for_and_its_answers_shown(drafter: PageClient, world: World) -> None:
    reference = world.start()
    drafter.get(f"/agreements/{reference}/draft")
    page = drafter.press("Ask the other parties for a first look")
    assert "asked for a first look" in page.text
    assert world.stage(reference) == "first_look"
    world.do_task(reference, "early_legal:hmrc", "needs", summary="A power")
    page = drafter.get(f"/agreements/{reference}/draft")
    assert "Needs something" in page.text
    assert "Not in yet" in page.text


def test_the_draft_is_shared(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    drafter.get(f"/agreements/{reference}/draft")
    page = drafter.press("Share the draft with the other parties")
    assert "The draft is shared" in page.text
    assert "Share the draft with the other parties" not in page.buttons()


def test_the_fast_route_is_offered_when_the_answers_fit_it(drafter: PageClient, world: World) -> None:
    reference = fast(world)
    world.onward(reference)
    page = drafter.get(f"/agreements/{reference}/draft")
    assert "Your answers now fit the fast route" in page.text
    page = drafter.press("Move to the fast route")
    assert "on the other route now" in page.text
    loaded = world.loaded(reference)
    assert (loaded.head.route, loaded.head.workflow_id, loaded.head.stage) == ("fast", "fast-track", "first_look")
    assert [task.key for task in loaded.tasks if task.status == "open"] == ["in_principle:slc"]
    spoil(world, reference, "data", data_kind=["personal"])
    page = drafter.get(f"/agreements/{reference}/draft")
    assert "your answers no longer fit it" in page.text
    page = drafter.press("Move to the standard route")
    assert world.loaded(reference).head.workflow_id == "standard"
    world.onward(reference)
    assert world.stage(reference) == "drafting"
    drafter.get(f"/agreements/{reference}/draft")


def test_a_route_is_changed_only_where_the_answers_allow_it(drafter: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    drafter.get(f"/agreements/{reference}/draft")
    seen = world.seen(reference)
    page = drafter.post(f"/agreements/{reference}/draft", {"do": "route", "route": "fast", "seen": seen}, status=422)
    assert "It uses personal data." in page.text
    drafter.post(f"/agreements/{reference}/draft", {"do": "route", "route": "scenic", "seen": seen}, status=400)
    drafter.post(f"/agreements/{reference}/draft", {"do": "route", "route": "standard", "seen": seen}, status=422)
    drafter.post(f"/agreements/{reference}/draft", {"do": "dance", "seen": seen}, status=400)


def test_a_whole_fast_agreement_is_sent_on_its_route(drafter: PageClient, world: World) -> None:
    reference = fast(world, "fast")
    world.onward(reference)
    world.onward(reference)
    assert world.stage(reference) == "drafting"
    page = drafter.get(f"/agreements/{reference}/check")
    assert "Nothing stops you from sending it" in page.text
    drafter.press("Send for checking")
    assert world.stage(reference) == "check_draft"


def test_the_fast_route_refuses_an_agreement_whose_answers_no_longer_fit_it(world: World) -> None:
    answers = complete_answers("standard", lead="HMRC", other="SLC")
    new = NewAgreement("HMRC", answers, "fast")
    reference = starting.start_agreement(world.ctx, world.actor("HMRC", "drafter"), new)
    world.onward(reference)
    world.onward(reference)
    drafter = world.actor("HMRC", "drafter")
    with pytest.raises(Refused, match="no longer fit this route"):
        moves.move(world.ctx, drafter, reference, "submit", seen=None)
    routing.change_route(world.ctx, drafter, reference, "standard", seen=None)
    moves.move(world.ctx, drafter, reference, "submit", seen=None)
    assert world.stage(reference) == "check_draft"


def test_a_route_change_by_somebody_else_is_refused(world: World) -> None:
    reference = fast(world)
    world.onward(reference)
    with pytest.raises(Exception, match="You cannot change the draft"):
        routing.change_route(world.ctx, world.actor("SLC", "drafter"), reference, "fast", seen=None)


def test_reviewers_of_our_side_read_the_draft_and_change_nothing(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting")
    pages.sign_in(world.person("HMRC", "legal"))
    page = pages.get(f"/agreements/{reference}/draft")
    assert "You cannot change the draft" in page.text
    page = pages.get(f"/agreements/{reference}/check")
    assert page.h1 == "The draft as it will read"
    assert page.buttons() == ["Sign out"]


def test_private_answers_stay_with_our_side(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("drafting", legal_advice={"reference": "LEGAL-SECRET"})
    pages.sign_in(world.person("HMRC", "drafter"))
    assert "LEGAL-SECRET" in pages.get(f"/agreements/{reference}/check").text
    drafting.share_draft(world.ctx, world.actor("HMRC", "drafter"), reference, seen=None)
    pages.sign_in(world.person("SLC", "drafter"))
    assert "LEGAL-SECRET" not in pages.get(f"/agreements/{reference}/check").html
