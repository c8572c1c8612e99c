"""Changes to a process in words: what is done, and what that assumes. One rule: everything here is called simulated."""

from dsa.domain.workflow import ROLES
from dsa.insight import levers
from dsa.insight.whatif import Saving
from dsa.services.process_model import Rules
from dsa.services.standing_work import Standing
from dsa.web.time_words import number
from dsa.web.wording import gettext

LEAST = 0.5  # working days: less is nothing to speak of


def title(saving: Saving, rules: Rules, standing: tuple[Standing, ...] = (), *, of_one: bool = False) -> str:
    """What is changed; ``of_one``: for a single agreement, where ours are the posts of whoever leads it."""
    kind, _, of = saving.name.partition(":")
    if kind == "now":
        return _now(of, rules, standing)
    if kind == "at_once":
        stage = gettext(rules.stage_titles.get(of, of))
        return gettext("%(stage)s: everybody at once instead of one after another", stage=stage)
    if kind == "one_more":
        return gettext("One more person: %(role)s", role=gettext(ROLES.get(of, of)))
    delegated = number(levers.DELEGATED)
    known = {
        "cap": gettext("Every signature within %(days)s working days", days=number(levers.SIGN_CAP)),
        "delegated": (
            gettext("Authority delegated: the lead's signature within %(days)s working days", days=delegated)
            if of_one
            else gettext("Authority delegated: our signature within %(days)s working days", days=delegated)
        ),
        "precedent": gettext(
            "Reviews of agreements with a precedent take half as long (%(share)s of 100)",
            share=round(100 * levers.PRECEDENT_SHARE),
        ),
        "returns": gettext("Half as many drafts come back from review"),
        "merged": (
            gettext("The lead's security and data protection reviews as one")
            if of_one
            else gettext("Our security and data protection reviews as one")
        ),
        "end_hold": gettext("The hold ends today"),
    }
    return known[kind]


def assumes(saving: Saving) -> str:
    """What that takes for granted."""
    kind = saving.name.partition(":")[0]
    return {
        "now": gettext("It is done within a working day; everything else stays as it is."),
        "at_once": gettext("Each takes as long as it did when it waited for the one before."),
        "one_more": gettext("The new person works as fast as the others do."),
        "cap": gettext("Everybody keeps to it."),
        "delegated": gettext("A person with the authority is always there."),
        "precedent": gettext("Which agreements have a precedent is chance; nothing else about them differs."),
        "returns": gettext("What comes back takes as long to put right as it did."),
        "merged": gettext("It takes as long as the longer of the two did, and the people of both do it."),
        "end_hold": gettext("Otherwise it runs to the day that was given for it."),
    }[kind]


def saved(saving: Saving) -> str:
    """``12 working days (10 to 14)``; ``nothing to speak of`` where the interval holds zero."""
    low, high = _rounded(saving.low), _rounded(saving.high)
    if max(abs(saving.low), abs(saving.high)) < LEAST:
        return gettext("less than half a working day")
    if not saving.certain:
        return gettext("nothing that is certain (%(low)s to %(high)s working days)", low=low, high=high)
    if saving.saved < 0:
        return gettext("costs %(days)s working days (%(low)s to %(high)s)", days=_rounded(-saving.saved),
                       low=_rounded(-saving.high), high=_rounded(-saving.low))  # fmt: skip
    return gettext("%(days)s working days (%(low)s to %(high)s)", days=_rounded(saving.saved), low=low, high=high)


def _rounded(value: float) -> str:
    return number(round(value, 1) + 0.0)


def _now(task: str, rules: Rules, standing: tuple[Standing, ...]) -> str:
    task = task.rpartition("/")[2]  # without the stage that tells it from work of the same name in another
    found = next((one for one in standing if one.name == task), None)
    named = task.partition(":")[0]
    what = gettext(found.title if found else rules.stage_titles.get(named, named))
    who = ", ".join(found.who) if found else ""
    return gettext("%(who)s: %(what)s, done now", who=who, what=what) if who else what
