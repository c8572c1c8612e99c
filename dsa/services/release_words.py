"""The texts of a pack for a request for information. One rule: the log repeats no word that it says is withheld."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dsa.domain.events import SENTENCES
from dsa.domain.redaction import EXEMPTIONS, Withheld

LOG_COLUMNS = ("number", "where", "what kind", "times", "decision", "exemption (FOI Act 2000)", "reason", "decided by")
HISTORY_COLUMNS = ("when (UTC)", "what happened", "post", "organisation")
DECISION_COLUMNS = ("when (UTC)", "organisation", "review", "decided by", "outcome")
_KINDS = {
    "name": "name of a person",
    "email": "e-mail address",
    "phone": "telephone number",
    "chosen": "words chosen by a person",
}
_REASONS = {
    "name": "Names a member of staff or a contact.",
    "email": "Reaches a person directly.",
    "phone": "Reaches a person directly.",
}
# What is never in a pack, whole: (where, decision, exemption to consider, why)
_WHOLE = (
    ("legal advice", "not in this pack", "s.42", "Legal advice of any party is never exported."),
    ("private notes and comments", "not in this pack", "", "They belong to one party's side; ask that party."),
    ("contacts beside the text", "not in this pack", "s.40(2)", "Names and details of people; the text names posts."),
)
# kind of event -> what happened, where its sentence in the history goes on with words that are not for everybody
_HAPPENED = {
    "HolderReported": "reported who has it",
    "StandReported": "reported how it stands",
    "PaperAttached": "attached a paper",
    "WorkflowJoined": "let the agreement join the workflow",
    "PartyJoined": "added a party",
    "SectionSaved": "saved a section",
    "CorrectionMade": "corrected an answer",
    "RouteChosen": "moved the agreement to another route",
    "TimetableChangeProposed": "proposed other dates of the timetable",
    "SlipExplained": "said why a day of the timetable was missed",
    "EarlyViewGiven": "gave an early view",
    "DraftChecked": "checked the draft",
    "AdviceGiven": "gave data protection advice",
    "ReviewDecided": "decided a review",
    "ChangesRequested": "asked for changes",
    "ChangesAnswered": "responded to a request for changes",
    "TaskClaimed": "took a task",
    "TaskPassedOn": "passed on a task",
    "ApprovalWithdrawn": "took back an approval",
    "BoardDecided": "recorded the decision of the board or minister",
    "TextLocked": "locked the text",
    "TextSigned": "signed the document",
    "OutsideSignatureEntered": "entered a signature made outside this service",
    "OutsideSignatureConfirmed": "confirmed a signature made outside this service",
    "OutsideSignatureRefused": "refused a signature made outside this service",
    "SignatureDeclined": "declined to sign",
    "HoldBegan": "put the agreement on hold",
    "DueDatesRecomputed": "due dates were worked out again",
    "HolderChased": "asked whoever had it to continue",
    "CommentShared": "shared a comment",
    "ContactReplaced": "replaced a contact",
}


def happened(kind: str) -> str:
    """That an event happened, as a phrase of its own: never what was written about it."""
    return _HAPPENED.get(kind) or SENTENCES.get(kind, kind)


def log_lines(log: Iterable[Withheld], released: Mapping[str, str], *, by: str) -> Iterator[Sequence[str]]:
    """The decision log: what is left out whole, what is withheld where, and what was released against the proposal."""
    number = 0
    for where, decision, exemption, reason in _WHOLE:
        number += 1
        yield (str(number), where, "", "", decision, exemption, reason, "the service, always")
    for each in log:
        number += 1
        wording = each.wording
        section, protects = EXEMPTIONS[wording.exemption]
        who = by if wording.kind == "chosen" else f"proposed by the service, accepted by {by}"
        reason = wording.reason or _REASONS.get(wording.kind, "")
        kind = _KINDS.get(wording.kind, wording.kind)
        yield (str(number), each.place, kind, str(each.times), "withheld", f"{section} {protects}", reason, who)
    for words, reason in released.items():
        number += 1
        yield (str(number), "wherever it stands", "", "", f"released: {words}", "", reason, by)


def readme(reference: str, *, by: str, organisation: str) -> bytes:
    """What is in the pack and what is not, as plain text."""
    return _README.format(reference=reference, by=by, organisation=organisation).encode()


_README = """\
Agreement {reference}: copy for a request for information
Made by: {by}, {organisation}

  agreement.pdf   the text, without the words that are withheld; it is not the signed document and carries no signature
  decisions.csv   who decided what and when, by post
  history.csv     what happened and when, by post; not what was written about it
  withheld.csv    every decision to withhold or to release, with the exemption and the reason

Words are replaced by the section of the Freedom of Information Act 2000 under which they are withheld.

Before this is released: a person must have weighed the public interest where the exemption asks for it, consulted the
other parties, and read the whole copy. The service finds names that it knows, e-mail addresses and telephone numbers;
it cannot know everything that identifies somebody.
"""
