"""Decisions in words: as a choice on a form, and as what was decided. One rule: every outcome has both."""

from dsa.domain.workflow import OUTCOMES
from dsa.web.wording import gettext, mark

ASK, PASS_ON = "ask", "pass_on"

# kind -> outcome -> (the words of the choice, its hint)
CHOICES: dict[str, dict[str, tuple[str, str]]] = {
    "decision": {
        "approved": (mark("Approve"), ""),
        "approved_with_conditions": (
            mark("Approve with conditions"),
            mark("Conditions must be met before data is shared. They do not hold up signing."),
        ),
        "changes": (mark("Send back"), mark("Say which sections should change, and why.")),
    },
    "advice": {
        "support": (mark("Support it"), ""),
        "support_with_conditions": (mark("Support it with conditions"), ""),
        "against": (mark("Advise against it"), mark("Say why below. Somebody else decides and must answer you.")),
    },
    "in_principle": {
        "yes": (mark("Yes, in principle"), ""),
        "no": (mark("No"), mark("Say why below. This ends the agreement.")),
        "not_us": (mark("Not us"), mark("Another organisation should be asked. Say which below.")),
    },
    "early_view": {
        "no_blocker": (mark("No blocker"), mark("As far as can be seen now. A full review comes later.")),
        "needs": (mark("I would need something first"), mark("Say what below.")),
        "blocker": (mark("There is a blocker"), mark("Say what it is below.")),
    },
    "check": {
        "agreed": (mark("Agreed"), mark("The text says what we agreed.")),
        "changes": (mark("Send back"), mark("Say which sections should change, and why.")),
    },
    "record": {
        "done": (mark("They agreed"), ""),
        "changes": (mark("They want changes"), mark("Say which sections should change, and why.")),
    },
}
OTHERS = {
    ASK: (mark("Ask a question"), mark("The drafter answers; then you decide. Nothing is sent back.")),
    PASS_ON: (mark("Not me"), mark("Pass this on to a colleague, or back to your team.")),
}
DECIDED = {
    "approved": mark("approved"),
    "approved_with_conditions": mark("approved with conditions"),
    "changes": mark("sent back"),
    "blocker": mark("sent back: a blocker"),
    "support": mark("supported"),
    "support_with_conditions": mark("supported with conditions"),
    "against": mark("advised against"),
    "yes": mark("yes in principle"),
    "no": mark("no"),
    "not_us": mark("not us"),
    "no_blocker": mark("no blocker"),
    "needs": mark("needs something first"),
    "agreed": mark("agreed"),
    "done": mark("agreed"),
    "signed": mark("signed"),
    "declined": mark("declined to sign"),
}
# A blocker among early views is no sending back.
_EARLY = {"blocker": mark("a blocker")}


def decided(outcome: str | None, kind: str = "") -> str:
    """What was decided, in lower case: "approved with conditions"; "not decided yet" for None."""
    if outcome is None:
        return gettext("not decided yet")
    words = _EARLY.get(outcome) if kind == "early_view" else None
    return gettext(words or DECIDED.get(outcome, outcome))


def offered(kind: str, *, may_ask: bool, may_pass_on: bool) -> list[tuple[str, str, str]]:
    """The choices of a task of this kind: (value, words, hint); asking before sending back, passing on last."""
    rows = [(value, *CHOICES[kind][value]) for value in OUTCOMES[kind] if value in CHOICES[kind]]
    if may_ask:
        rows.insert(2 if kind in ("decision", "advice") else len(rows), (ASK, *OTHERS[ASK]))
    if may_pass_on:
        rows.append((PASS_ON, *OTHERS[PASS_ON]))
    return [(value, gettext(words), gettext(hint) if hint else "") for value, words, hint in rows]
