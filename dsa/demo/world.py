"""The demonstration world: organisations, people, agreements at every stage. One rule: same seed, same world."""

import dataclasses
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from dsa.adapters.chance import SeededChance
from dsa.demo.answers import Answers, whole
from dsa.demo.bodies import AUDITOR, BODIES, BY_CODE, LARGE_WORLD, LEADS, POSTS, DemoBody
from dsa.demo.cast import Cast
from dsa.demo.deferred import DeferredPress, PassingFiles
from dsa.demo.fates import FATES, Fate, fates, lengths
from dsa.demo.history import History
from dsa.demo.itinerary import Stay, itinerary
from dsa.demo.pace import Pace, start_before
from dsa.demo.past_fates import past_fates
from dsa.demo.themes import PERSONAL, STATISTICS, Theme
from dsa.demo.walker import Walker
from dsa.domain.form import Form
from dsa.domain.parties import parties_of
from dsa.domain.tier import tier
from dsa.services import demo_documents
from dsa.services.context import Context
from dsa.services.directory import NewOrganisation
from dsa.services.enlisting import Seat
from dsa.services.starting import NewAgreement
from dsa.timekeeping.calendar import calendar_for
from dsa.timekeeping.clock import SimulatedClock

Says = Callable[[str], None]
_FIRST = ("overview", "parties", "purpose")
MAIN = "DWP"
_WAITING = ("first_look", "check_draft", "review", "sign_off", "start", "drafting", "text_agreed")


@dataclass(frozen=True, slots=True)
class Life:
    """One agreement before it is lived: what it is about, what becomes of it, and when it began."""

    fate: Fate
    theme: Theme
    bodies: tuple[DemoBody, ...]
    stays: tuple[Stay, ...]
    start: datetime
    number: int
    phase: str = ""


def fill(ctx: Context, form: Form, *, agreements: int, seed: int, now: datetime, says: Says = lambda _: None) -> None:
    """Make the world up to ``now``. The database must be migrated, with the definitions published, and be empty."""
    calm = dataclasses.replace(ctx, chance=SeededChance(seed), simulated=True)
    clock = SimulatedClock(now - timedelta(days=1))
    cast = Cast(dataclasses.replace(calm, clock=clock))
    cast.enlist(directory(now.date()))
    cast.ctx = dataclasses.replace(calm, clock=SimulatedClock(now))
    deferred = dataclasses.replace(calm, documents=DeferredPress(), files=PassingFiles(), past=True)
    lives = plan(agreements, seed=seed, now=now)
    for done, life in enumerate(lives, 1):
        _live(calm if life.fate.real else deferred, cast, form, life, seed, now)
        if done % 10 == 0 or done == len(lives):
            says(f"{done} of {len(lives)} agreements")
    demo_documents.mark_filled(ctx, seed=seed, agreements=agreements)


def directory(today: date, *, large: bool = False) -> list[tuple[NewOrganisation, list[Seat]]]:
    """The organisations with their posts; the auditor's last for half a year."""
    found = []
    for body in LARGE_WORLD if large else BODIES:
        new = NewOrganisation(body.code, body.name, body.body_type, body.nation)
        roles = [role for role in POSTS if role != "head_of_sharing" or body.code in LEADS]
        found.append((new, [Seat(role, POSTS[role]) for role in roles]))
    code, name, title = AUDITOR
    auditor = Seat("auditor", title, sees_all=True, until=today + timedelta(days=180))
    found.append((NewOrganisation(code, name, "alb_other", "ENG"), [auditor]))
    return found


def plan(agreements: int, *, seed: int, now: datetime) -> list[Life]:
    """Every life, in the order in which they begin."""
    chance = random.Random(seed)  # noqa: S311 - wanted to be repeatable
    chosen = _chosen(agreements)
    subjects = _Subjects(chance)
    calendar = calendar_for("ENG")
    found = []
    for number, (fate, days) in enumerate(zip(chosen, lengths(chosen, chance), strict=True)):
        theme, bodies, phase = subjects.take(fate)
        stays = tuple(itinerary(fate, days, chance))
        start = start_before(now, sum(stay.days for stay in stays), calendar)
        start += timedelta(minutes=chance.randrange(-50, 120))
        found.append(Life(fate, theme, bodies, stays, min(start, now), number, phase))
    return sorted(found, key=lambda life: (life.start, life.number))


def _chosen(agreements: int) -> list[Fate]:
    """Every stage first, then the main organisation's past, so that its own figures say something; then again."""
    found = [*FATES, *past_fates()]
    more = agreements - len(found)
    return found[:agreements] if more <= 0 else found + fates(len(FATES) + more)[len(FATES) :]


class _Subjects:
    """Themes with the bodies that take part. What waits for somebody today mostly waits for the main organisation."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._left: dict[tuple[str, bool], list[tuple[Theme, str, str]]] = {}
        self._taken: Counter[tuple[str, str, str]] = Counter()

    def take(self, fate: Fate) -> tuple[Theme, tuple[DemoBody, ...], str]:
        """A theme that suits the fate, with its bodies and the phase where the pair shares again."""
        kind = "fast" if fate.route == "fast" else "board" if fate.board else "standard"
        main = fate.ends in _WAITING or fate.begun > 0
        if not self._left.get((kind, main)):
            self._left[kind, main] = self._pairs(kind, main)
        theme, giver, taker = self._left[kind, main].pop()
        bodies = [BY_CODE[giver], BY_CODE[taker]]
        others = [BY_CODE[code] for code in theme.takers if code not in (giver, taker)]
        others += [BY_CODE[code] for code in ("MHCLG", "BHCC", "WG") if code not in (giver, taker, *theme.takers)]
        again = self._taken[theme.title, giver, taker]
        self._taken[theme.title, giver, taker] += 1
        phase = ("", " (second phase)", " (third phase)")[again] if again < 3 else f" (phase {again + 1})"
        return theme, (*bodies, *others[: fate.parties - 2]), phase

    def _pairs(self, kind: str, main: bool) -> list[tuple[Theme, str, str]]:
        themes = STATISTICS if kind == "fast" else [t for t in PERSONAL if t.board == (kind == "board")]
        pairs = [(theme, giver, taker) for theme in themes for giver in theme.givers for taker in theme.takers]
        pairs = [pair for pair in pairs if (MAIN in pair[1:]) == main] or pairs
        self._chance.shuffle(pairs)
        return pairs


def _live(ctx: Context, cast: Cast, form: Form, life: Life, seed: int, now: datetime) -> str:
    clock = SimulatedClock(life.start)
    mine = dataclasses.replace(ctx, clock=clock)
    answers = _answers(life)
    lead = life.bodies[1]
    parties = parties_of(answers)
    first = {key: value for name in _FIRST for key, value in form.sectioned(answers).get(name, {}).items()}
    route = tier(answers, parties)
    new = NewAgreement(
        lead.code, first, life.fate.route, route.reasons, synthetic=True, example=True,
        first_contact_on=None, first_contact_evidence="",
    )  # fmt: skip
    history = History(
        mine, form, life.fate, Pace(clock, calendar_for("ENG")), random.Random(seed * 1000 + life.number),  # noqa: S311
        new, answers, lambda context, wanted: Walker.start(context, cast, wanted), MAIN,
    )  # fmt: skip
    reference = history.live(list(life.stays))
    demo_documents.settle_past(mine, reference, now=now)
    return reference


def _answers(life: Life) -> Answers:
    giver, taker, *more = life.bodies
    began = life.start.date()
    answers = whole(
        life.theme, giver, taker, lead=taker, needed=began + timedelta(days=270), made=began - timedelta(days=20),
        more=tuple(more),
    )  # fmt: skip
    answers["title"] = f"{answers['title']}, {began.year}{life.phase}"
    return answers
