"""What is private to one side is private in the chain too."""

from dsa.domain.integrity import commitment
from dsa.persistence import heads, history
from dsa.services import commenting, drafting, evidence
from dsa.services.timeline_events import events_shown
from tests.engine.town import Town


def test_a_private_event_tells_the_chain_nothing_but_that_it_happened(town: Town) -> None:
    reference = town.bring_to(town.start("AAA", "AAB"), "drafting")
    drafter, stranger = town.actor("AAA", "drafter"), town.actor("AAB", "information_governance")
    drafting.save_section(town.ctx, drafter, reference, "purpose", {"aims": "To plan better"}, seen_revision=1)
    commenting.comment(town.ctx, drafter, reference, "Too vague", section="purpose", question="aims")
    with town.ctx.database.reading() as session:
        loaded = heads.load(session, reference)
        assert loaded is not None
        bodies = [e["body"] for e in evidence.audit_of(town.ctx, session, loaded)["events"]]
        private = [body for body in bodies if body["kind"] in ("SectionSaved", "CommentMade")]
        assert len(private) == 2
        assert all(body["facts"] == {} for body in private)
        mine = history.private_facts(session, loaded.head.id, drafter.organisations)
        assert {facts["section"] for facts in mine.values()} == {"purpose"}
        assert history.private_facts(session, loaded.head.id, stranger.organisations) == {}
        seen = [event.told for event in events_shown(town.ctx, session, loaded, drafter)]
        assert seen
    assert all(commitment("salt", "words") not in str(body) for body in private)
