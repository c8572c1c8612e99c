"""Comments stay with their side until shared; contacts stand beside the text and change none of it."""

import json

import pytest

from dsa.domain.errors import BadInput, Conflict, NotAllowed, NotFound, Refused
from dsa.persistence import contacts, drafts, history, work
from dsa.services import document_page, obligations, timeline_events
from dsa.services.commenting import comment, comments_on, resolve_comment, share_comment
from dsa.services.moving import open_for
from dsa.services.reviewing import Condition
from tests.web.world import World, world

__all__ = ["world"]
SECRET = "We doubt the safeguards of the other side"
HUGE = 10**30


def say(world: World, reference: str, code: str = "SLC", words: str = SECRET, **more: object) -> int:
    """A comment of an organisation's legal adviser; gives its id."""
    actor = world.actor(code, "legal")
    comment(world.ctx, actor, reference, words, **{"section": "purpose", **more})  # type: ignore[arg-type]
    return comments_on(world.ctx, actor, reference)[-1].id


def read(world: World, reference: str, code: str, role: str = "drafter") -> list[str]:
    return [row.text for row in comments_on(world.ctx, world.actor(code, role), reference)]


def test_a_comment_is_its_own_sides_until_it_is_shared(world: World) -> None:
    reference = world.agreement_in("review")
    found = say(world, reference)
    assert read(world, reference, "SLC") == [SECRET]
    assert read(world, reference, "HMRC") == []
    assert read(world, reference, "NAO", "auditor") == []
    assert read(world, reference, "SLC", "administrator") == []
    share_comment(world.ctx, world.actor("SLC", "drafter"), reference, found)
    assert read(world, reference, "HMRC") == read(world, reference, "NAO", "auditor") == [SECRET]
    with pytest.raises(Conflict):
        share_comment(world.ctx, world.actor("SLC", "drafter"), reference, found)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_private_comment_enters_no_export_and_does_not_say_where_it_was_made(world: World) -> None:
    reference = world.agreement_in("review")
    say(world, reference, section="security", question="named_user_count", quote="a secret quote")
    for code, role in (("HMRC", "drafter"), ("NAO", "auditor"), ("SLC", "legal")):
        actor = world.actor(code, role)
        audit = document_page.audit_json(world.ctx, actor, reference)
        content = document_page.agreement_json(world.ctx, actor, reference)
        assert SECRET.encode() not in audit + content
        assert b"a secret quote" not in audit + content
        made = [e["body"] for e in json.loads(audit)["events"] if e["body"]["kind"] == "CommentMade"]
        assert [body["facts"] for body in made] == [{}]
    with world.ctx.database.reading() as session:
        other = world.actor("HMRC", "drafter")
        loaded = open_for(world.ctx, session, other, reference)
        shown = timeline_events.events_shown(world.ctx, session, loaded, other)
        assert not [each for each in shown if "commented" in each.message or each.notes]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_comment_stays_on_the_version_on_which_it_was_made(world: World) -> None:
    reference = world.agreement_in("drafting")
    say(world, reference, "HMRC", "On the draft.")
    world.onward(reference)
    say(world, reference, "HMRC", "On the first.")
    say(world, reference, "HMRC", "Read before it was frozen.", version=0)
    say(world, reference, "HMRC", "On one that is not there.", version=7)
    rows = comments_on(world.ctx, world.actor("HMRC", "drafter"), reference)
    assert [row.version_number for row in rows] == [0, 1, 0, 1]


def test_nobody_replies_to_shares_or_resolves_what_they_may_not_read(world: World) -> None:
    reference = world.agreement_in("review")
    found, other = say(world, reference), world.actor("HMRC", "drafter")
    head = world.loaded(reference).head
    for number in (found, 999, -1, HUGE):
        messages = set()
        with pytest.raises(NotFound) as problem:
            comment(world.ctx, other, reference, "Hm.", section="purpose", reply_to=number)
        messages.add(str(problem.value))
        for act in (share_comment, resolve_comment):
            with pytest.raises(NotFound) as problem:
                act(world.ctx, other, reference, number)
            messages.add(str(problem.value))
        assert messages == {"There is no such comment that you may see. Look at the list of comments again."}
    with pytest.raises(NotAllowed):
        comment(world.ctx, world.actor("NAO", "auditor"), reference, "Hm.", section="purpose")
    with pytest.raises(NotFound):
        comment(world.ctx, world.actor("DWP", "drafter"), reference, "Hm.", section="purpose")
    assert world.loaded(reference).head.head_seq == head.head_seq


def test_the_other_party_cannot_share_what_was_shared_with_it(world: World) -> None:
    reference = world.agreement_in("review")
    found = say(world, reference)
    share_comment(world.ctx, world.actor("SLC", "legal"), reference, found)
    with pytest.raises(NotFound):
        share_comment(world.ctx, world.actor("HMRC", "legal"), reference, found)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_reply_stands_under_the_first_of_its_thread_and_is_shared_after_it(world: World) -> None:
    reference = world.agreement_in("review")
    first = say(world, reference)
    reply = say(world, reference, words="So do we.", section="", reply_to=first)
    again = say(world, reference, words="All of us.", section="legal_power", reply_to=reply)
    rows = comments_on(world.ctx, world.actor("SLC", "legal"), reference)
    assert [(row.section, row.reply_to_id) for row in rows] == [
        ("purpose", None),
        ("purpose", first),
        ("purpose", first),
    ]
    slc = world.actor("SLC", "legal")
    with pytest.raises(Refused):
        share_comment(world.ctx, slc, reference, again)
    share_comment(world.ctx, slc, reference, first)
    assert read(world, reference, "HMRC") == [SECRET]
    share_comment(world.ctx, slc, reference, again)
    assert read(world, reference, "HMRC") == [SECRET, "All of us."]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_comment_is_dealt_with_once_and_its_thread_with_it(world: World) -> None:
    reference = world.agreement_in("review")
    first = say(world, reference)
    reply = say(world, reference, words="Settled.", section="", reply_to=first)
    slc = world.actor("SLC", "drafter")
    resolve_comment(world.ctx, slc, reference, reply)
    rows = comments_on(world.ctx, slc, reference)
    assert [row.resolved_at is not None for row in rows] == [True, False]
    with pytest.raises(Conflict):
        resolve_comment(world.ctx, slc, reference, first)


def test_unseen_characters_are_taken_out_and_long_texts_refused(world: World) -> None:
    reference = world.agreement_in("drafting")
    say(world, reference, "HMRC", "A\x00B\ud800", quote="q\x00\u202e")
    row = comments_on(world.ctx, world.actor("HMRC", "legal"), reference)[0]
    assert (row.text, row.quote) == ("AB?", "q")
    for words in ("", " \x00 ", "x" * 100_000):
        with pytest.raises(BadInput):
            say(world, reference, "HMRC", words)
    for place in ({"section": "nowhere"}, {"question": "nothing"}, {"quote": "x" * 100_000}):
        with pytest.raises(BadInput):
            say(world, reference, "HMRC", "Words.", **place)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_commenting_moves_nothing_and_asks_nobody_to_look_again(world: World) -> None:
    reference = world.agreement_in("review")
    before, drafter = world.loaded(reference).head, world.actor("HMRC", "drafter")
    found = say(world, reference, "HMRC")
    share_comment(world.ctx, drafter, reference, found)
    resolve_comment(world.ctx, drafter, reference, found)
    after = world.loaded(reference).head
    assert (after.version, after.stage, after.holder_owner) == (before.version, before.stage, before.holder_owner)


# ------------------------------------------------------------------------------------------ contacts


def replace(world: World, reference: str, *, code: str = "SLC", **more: str) -> None:
    values = {"party": code.lower(), "duty": "Breach contact", "post": "Duty officer", "name": "", "details": ""}
    obligations.replace_contact(world.ctx, world.actor(code, "drafter"), reference, **{**values, **more})


def test_replacing_a_contact_after_the_lock_changes_no_hash_approval_or_signature(world: World) -> None:
    reference = world.agreement_in("sign_off")
    world.carry_out()
    world.do_task(reference, "sign:slc")

    def standing() -> tuple[object, ...]:
        with world.ctx.database.reading() as session:
            head = world.loaded(reference).head
            newest = drafts.newest_version(session, head.id)
            document = work.document(session, head.id, head.locked_version_id)
            assert newest is not None
            assert document is not None
            return (
                head.version, head.locked_version_id, head.stage, newest.number, newest.hash, newest.content,
                [(a.id, a.version_hash, a.section_hashes) for a in work.live_approvals(session, head.id)],
                [(s.id, s.party_key) for s in work.signatures(session, head.locked_version_id)],
                document.issued_sha256, document.current_sha256,
                [(t.key, t.status, t.outcome) for t in world.loaded(reference).tasks],
            )  # fmt: skip

    before = standing()
    replace(world, reference, name="A. Person", details="0300 000 0000")
    replace(world, reference, code="HMRC", name="B. Person")
    assert standing() == before
    world.do_task(reference, "sign:hmrc")  # the document that was made ready is still the one to sign
    world.carry_out()
    assert world.stage(reference) == "signed"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_contact_is_followed_and_never_overwritten(world: World) -> None:
    reference = world.agreement_in("review")
    replace(world, reference, name="A. Person")
    replace(world, reference, name="B. Person")
    replace(world, reference, duty="Press office", name="C. Person")
    with world.ctx.database.reading() as session:
        rows = contacts.every(session, world.loaded(reference).head.id)
        assert [(r.duty, r.name, r.until_at is None) for r in rows] == [
            ("Press office", "C. Person", True), ("Breach contact", "B. Person", True),
            ("Breach contact", "A. Person", False),
        ]  # fmt: skip
    with pytest.raises(Conflict):
        replace(world, reference, name="B. Person")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_names_and_details_of_contacts_stand_in_no_event_and_no_export(world: World) -> None:
    reference = world.agreement_in("review")
    replace(world, reference, name="A. Person", details="a.person@example.org")
    audit = document_page.audit_json(world.ctx, world.actor("HMRC", "drafter"), reference)
    with world.ctx.database.reading() as session:
        bodies = "".join(e.body for e in history.events(session, world.loaded(reference).head.id)) + audit.decode()
    assert "Duty officer" in bodies
    assert "A. Person" not in bodies
    assert "a.person" not in bodies


def test_only_ones_own_contacts_are_replaced_and_only_with_words_that_can_be_kept(world: World) -> None:
    reference = world.agreement_in("review")
    for wrong in (
        {"party": "hmrc"}, {"party": "nobody"}, {"party": ""}, {"post": " "}, {"duty": "\x00"},
        {"post": "x" * 100_000}, {"name": "x" * 100_000}, {"details": "x" * 100_000},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            replace(world, reference, **wrong)
    with pytest.raises(NotAllowed):
        obligations.replace_contact(
            world.ctx, world.actor("SLC", "legal"), reference, party="slc", duty="a", post="b", name="", details=""
        )
    replace(world, reference, post="Duty\x00 officer", name="\ud800")


def test_evidence_of_a_condition_is_kept_without_unseen_characters(world: World) -> None:
    reference = world.agreement_in("review")
    world.do_task(reference, "legal:slc", "approved_with_conditions", conditions=(Condition("Publish it"),))
    actor = world.actor("HMRC", "operational")
    with world.ctx.database.reading() as session:
        (condition,) = work.conditions(session, world.loaded(reference).head.id)
    for evidence in ("", "\x00", "x" * 100_000):
        with pytest.raises(BadInput):
            obligations.meet_condition(world.ctx, actor, reference, condition.id, evidence)
    with pytest.raises(NotFound):
        obligations.meet_condition(world.ctx, actor, reference, HUGE, "Done.")
    obligations.meet_condition(world.ctx, actor, reference, condition.id, "On the\x00 site.")
    with pytest.raises(Conflict):
        obligations.meet_condition(world.ctx, actor, reference, condition.id, "Again.")
    with world.ctx.database.reading() as session:
        (condition,) = work.conditions(session, world.loaded(reference).head.id)
        assert condition.evidence == "On the site."
