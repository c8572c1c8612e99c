"""The comments page: whose words are shown to whom, on which version, and what each may do with them."""

import pytest

from dsa.services.commenting import comment, comments_on, share_comment
from tests.web.page_client import PageClient, Values
from tests.web.world import World

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
SECRET = "We doubt the safeguards of the other side"
HUGE = 10**30


def say(world: World, reference: str, code: str = "SLC", words: str = SECRET, **more: object) -> int:
    """A comment of an organisation's legal adviser; gives its id."""
    actor = world.actor(code, "legal")
    comment(world.ctx, actor, reference, words, **{"section": "purpose", **more})  # type: ignore[arg-type]
    return comments_on(world.ctx, actor, reference)[-1].id


def test_before_the_first_comment_the_page_says_what_one_is(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get(f"/agreements/{reference}/comments")
    assert page.h1 == "Comments"
    assert "No comments yet" in page.text
    assert "Comments" in page.links()


def test_a_comment_is_made_shared_answered_and_dealt_with(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    pages.get(f"/agreements/{reference}/comments?section=purpose")
    page = pages.press(
        "Add the comment", section="purpose", question="aims", quote="Pay students right", text="Right for\nwhom?"
    )
    assert page.h1.startswith("Comments on “")
    assert "Only your organisation sees it until you share it." in page.text
    assert "Legal adviser, Student Loans Company, 2 November 2026 at 9:10am, on version 1" in page.text
    assert "Only your organisation sees this" in page.text
    assert "Pay students right" in page.text
    assert "Comments (1 open)" in page.links()
    page = pages.press("Share with all parties: Right for whom?")
    assert "All parties can read it." in page.text
    assert "Shared with all parties" in page.text
    pages.sign_in(world.person("HMRC", "drafter"))
    page = pages.get(f"/agreements/{reference}/comments")
    assert "Right for whom?" in page.text
    (number,) = [row.id for row in comments_on(world.ctx, world.actor("SLC", "legal"), reference)]
    pages.post(f"/agreements/{reference}/comments/{number}/reply", {f"reply-{number}": "The students."})
    page = pages.get(f"/agreements/{reference}/comments")
    assert page.text.index("Right for whom?") < page.text.index("The students.")
    page = pages.press("Mark as dealt with: Right for whom?")
    assert "1 comment that is dealt with" in page.text
    assert "Comments" in page.links()


def test_the_other_side_and_auditors_see_no_private_comment_on_any_page_or_file(
    pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("review")
    found = say(world, reference, quote="quoted in private")
    paths = (
        "", "/comments", "/comments?section=purpose", "/versions", "/versions/1", "/timeline", "/timeline.csv",
        "/audit.json", "/agreement.json", "/conditions", "/contacts",
    )  # fmt: skip
    for code, role in (("HMRC", "legal"), ("NAO", "auditor"), ("HMRC", "administrator"), ("SLC", "administrator")):
        pages.sign_in(world.person(code, role))
        for path in paths:
            answer = pages.client.get(f"/agreements/{reference}{path}")
            assert answer.status_code == 200 or role == "administrator"
            assert SECRET not in answer.text
            assert "quoted in private" not in answer.text
            assert "1 comment" not in answer.text
            assert "1 open" not in answer.text
    pages.sign_in(world.person("HMRC", "legal"))
    tried: tuple[tuple[str, Values], ...] = (("share", {}), ("resolve", {}), ("reply", {f"reply-{found}": "x"}))
    for step, data in (*tried, ("reply", {})):
        pages.post(f"/agreements/{reference}/comments/{found}/{step}", data, status=404)
    share_comment(world.ctx, world.actor("SLC", "legal"), reference, found)
    for code, role in (("HMRC", "legal"), ("NAO", "auditor")):
        pages.sign_in(world.person(code, role))
        assert SECRET in pages.get(f"/agreements/{reference}/comments").text


def test_an_auditor_reads_and_cannot_comment_and_the_look_is_recorded(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("NAO", "auditor"))
    page = pages.get(f"/agreements/{reference}/comments")
    assert "You cannot comment on this agreement" in page.text
    assert "Add the comment" not in page.buttons()
    pages.post(f"/agreements/{reference}/comments", {"section": "purpose", "text": "x"}, status=403)
    assert "Comment on this section" not in pages.get(f"/agreements/{reference}/versions/1").text
    with world.ctx.database.engine.connect() as connection:
        looks = connection.exec_driver_sql("SELECT what FROM access_records ORDER BY id").scalars().all()
    assert looks == ["comments", "version"]


def test_comments_stand_in_the_order_of_the_form_and_can_be_narrowed_to_a_section(
    pages: PageClient, world: World
) -> None:
    reference = world.agreement_in("review")
    say(world, reference, words="On security.", section="security")
    say(world, reference, words="On purpose.")
    pages.sign_in(world.person("SLC", "legal"))
    page = pages.get(f"/agreements/{reference}/comments")
    assert page.text.index("On purpose.") < page.text.index("On security.")
    page = pages.get(f"/agreements/{reference}/comments?section=security")
    assert "On purpose." not in page.text
    assert "Show all comments, with 1 on another section" in page.links()
    assert "On purpose." in pages.get(f"/agreements/{reference}/comments?section=nowhere").text


def test_each_section_of_a_version_and_of_a_task_leads_to_its_comments(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    say(world, reference)
    say(world, reference, words="And another.")
    pages.sign_in(world.person("SLC", "legal"))
    title = "Why you need it"
    page = pages.get(f"/agreements/{reference}/versions/1")
    links = page.links()
    (counted,) = [words for words in links if words.startswith("2 comments")]
    assert links[counted] == f"/agreements/{reference}/comments?section=purpose&version=1"
    assert len([words for words in links if words.startswith("Comment on this section")]) > 5, title
    task = pages.get(f"/agreements/{reference}/tasks/legal:slc")
    assert counted in task.links()
    page = pages.follow(counted)
    assert "And another." in page.text


def test_what_was_read_is_the_version_that_a_comment_is_recorded_on(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    assert "made on version 1" in pages.get(f"/agreements/{reference}/comments?section=purpose&version=1").text
    assert "made on the draft" in pages.get(f"/agreements/{reference}/comments?section=purpose&version=0").text
    for odd in ("7", "-1", "x", str(HUGE)):
        assert "made on version 1" in pages.get(f"/agreements/{reference}/comments?version={odd}").text


def test_mistakes_are_said_at_their_field_and_nothing_typed_is_lost(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    pages.get(f"/agreements/{reference}/comments")
    page = pages.press("Add the comment", quote="Some words", status=422)
    assert page.errors == ["Choose a section", "Write your comment"]
    assert "Some words" in page.html
    page = pages.press("Add the comment", section="purpose", text="x" * 100_000, status=422)
    assert page.errors[0].startswith("Your comment must be 4000 characters or fewer")
    pages.get(f"/agreements/{reference}/comments?section=purpose")
    page = pages.press("Add the comment", section="security", question="aims", text="Hm.", status=422)
    assert page.errors == ["Choose the section or question that the comment is about."]
    number = say(world, reference)
    pages.get(f"/agreements/{reference}/comments")
    page = pages.press("Reply", status=422)
    assert page.errors == ["Write your comment"]
    assert f"reply-{number}" in page.html


@pytest.mark.parametrize("hostile", ["\x00", "x" * 100_000, "\u202e<script>alert(1)</script>", "%s%d{7*7}", "\ud7ff"])
def test_hostile_words_never_break_the_service(pages: PageClient, world: World, hostile: str) -> None:
    reference = world.agreement_in("review")
    number = say(world, reference)
    pages.sign_in(world.person("SLC", "legal"))
    base = f"/agreements/{reference}/comments"
    for values in (
        {"section": hostile, "text": "x"}, {"section": "purpose", "question": hostile, "text": "x"},
        {"section": "purpose", "quote": hostile, "text": "x"}, {"section": "purpose", "text": hostile},
        {"section": "purpose", "text": "x", "version": hostile},
    ):  # fmt: skip
        assert pages.client.post(base, data={"csrf_token": pages.token(), **values}).status_code < 500
    data = {"csrf_token": pages.token(), f"reply-{number}": hostile}
    assert pages.client.post(f"{base}/{number}/reply", data=data).status_code < 500
    assert pages.client.get(base, query_string={"section": hostile, "done": hostile}).status_code < 500
    page = pages.post(base, {"section": "purpose", "quote": hostile, "text": ""}, status=422)
    assert "Write your comment" in page.errors
    assert "<script>alert" not in page.html
    pages.get(base)


def test_numbers_of_comments_that_there_are_not_lead_nowhere(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    pages.sign_in(world.person("SLC", "legal"))
    for number in (0, 999, HUGE):
        for step in ("share", "resolve", "reply"):
            data: Values = {f"reply-{number}": "x"}
            pages.post(f"/agreements/{reference}/comments/{number}/{step}", data, status=404)
            pages.get(f"/agreements/{reference}/comments/{number}/{step}")
    found = say(world, reference)
    pages.post(f"/agreements/{reference}/comments/{found}/share")
    page = pages.post(f"/agreements/{reference}/comments/{found}/share", status=409)
    assert "shared already" in page.text


def test_a_stranger_finds_no_comments(pages: PageClient, world: World) -> None:
    reference = world.agreement_in("review")
    found = say(world, reference)
    share_comment(world.ctx, world.actor("SLC", "legal"), reference, found)
    pages.sign_in(world.person("DWP", "drafter"))
    pages.get(f"/agreements/{reference}/comments", status=404)
    sent: tuple[tuple[str, Values], ...] = (
        ("", {"section": "purpose", "text": "x"}), ("", {}), (f"/{found}/share", {}), (f"/{found}/resolve", {}),
        (f"/{found}/reply", {f"reply-{found}": "x"}),
    )  # fmt: skip
    for path, data in sent:
        pages.post(f"/agreements/{reference}/comments{path}", data, status=404)
