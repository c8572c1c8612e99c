"""A walker that does whatever anybody could do next. One rule: it may be refused, but never with a traceback."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from dsa.domain.errors import Problem
from dsa.domain.reasons import DELAY_CODES
from dsa.domain.workflow import OUTCOMES
from dsa.persistence import timetables, work
from dsa.services import drafting, holding, moves, permitting, reviewing, timetabling
from dsa.services.signing import sign, to_sign
from tests.engine.town import Town, verdict_of

Pick = Callable[[int], int]
Act = tuple[str, Callable[[], object]]
_CODES = sorted(DELAY_CODES - {"RESOURCE"})


class Walker:
    """Takes one agreement through steps that ``pick`` chooses (a number below the one given)."""

    def __init__(self, town: Town, reference: str, pick: Pick) -> None:
        self.town, self.reference, self.pick = town, reference, pick
        self.done: list[str] = []

    def step(self) -> None:
        """Let some time pass and do one thing that is offered; a refusal changes nothing."""
        minutes = (0, 0, 7, 300, 1440, 10_000)[self.pick(6)]
        self.town.clock._now += timedelta(minutes=minutes)
        if self.pick(12) == 0:
            self.town.clock._now -= timedelta(minutes=45)  # a clock that was put right
        acts = self._acts()
        name, act = acts[self.pick(len(acts))]
        try:
            act()
        except Problem as problem:
            name += f" (refused: {problem})"
        self.done.append(name)

    def _acts(self) -> list[Act]:
        loaded = self.town.loaded(self.reference)
        acts: list[Act] = [("wait", self.town.carry_out)]
        for task in loaded.tasks:
            if task.status == "open":
                # what takes an agreement onward is offered more often than what sends it back
                acts += self._on_task(task) * (3 if task.required else 1)
            elif task.kind in ("decision", "advice", "check", "in_principle"):
                acts.append((f"take back {task.key}", lambda key=task.key: self._take_back(key)))
        acts += self._moves(loaded) + self._drafting(loaded) + self._holds(loaded) + self._answers(loaded)
        acts += self._timetable(loaded)
        return acts

    def _on_task(self, task: Any) -> list[Act]:
        key = task.key
        good = "signed" if task.kind == "signature" else None
        offered = OUTCOMES[task.kind]
        return [
            (f"decide {key} well", lambda: self.town.decide(self.reference, key, good)),
            (f"decide {key} well", lambda: self.town.decide(self.reference, key, good)),
            (f"decide {key}", lambda: self._decide(key, task.kind, offered[self.pick(len(offered))])),
            (f"ask about {key}", lambda: self._ask(key)),
            (f"claim {key}", lambda: reviewing.claim(self._ctx, self._holder(key), self.reference, key)),
        ]

    @property
    def _ctx(self) -> Any:
        return self.town.ctx

    def _holder(self, key: str) -> Any:
        return self.town.holder(key, self.reference)

    def _seen(self) -> int:
        return self.town.seen(self.reference)

    def _decide(self, key: str, kind: str, outcome: str) -> None:
        if outcome == "signed":
            page = to_sign(self._ctx, self._holder(key), self.reference, key)
            seen = page.document_sha256
            sign(self._ctx, self._holder(key), self.reference, key, seen=None, seen_sha256=seen, confirmed=True)
            return
        verdict = verdict_of(outcome, kind, note="Between ourselves.")
        reviewing.decide_task(self._ctx, self._holder(key), self.reference, key, verdict, seen=self._seen())

    def _ask(self, key: str) -> None:
        reviewing.ask_question(self._ctx, self._holder(key), self.reference, key, "Why so many?", seen=self._seen())

    def _take_back(self, key: str) -> None:
        reviewing.take_approval_back(
            self._ctx, self._holder(key), self.reference, key, "I read it again.", seen=self._seen()
        )

    def _moves(self, loaded: Any) -> list[Act]:
        found: list[Act] = []
        ends = ("withdraw", "reject", "vary")
        for role in ("drafter", "operational", "accountable"):
            actor = self.town.actor(loaded.lead.code, role)
            with self._ctx.database.reading() as session:
                offered = permitting.choices(self._ctx, session, actor, loaded)
            for choice in offered:
                if choice.move.id in ends and self.pick(8):
                    continue
                found.append((f"{role}: {choice.move.id}", lambda a=actor, m=choice.move.id: self._move(a, m)))
        return found * 3

    def _move(self, actor: Any, move_id: str) -> None:
        moves.move(self._ctx, actor, self.reference, move_id, seen=self._seen(), reason="It is time.")

    def _drafting(self, loaded: Any) -> list[Act]:
        def save() -> None:
            section = ("purpose", "security", "retention")[self.pick(3)]
            question = {"purpose": "aims", "security": "named_user_count", "retention": "retention"}[section]
            value: Any = f"Aim {self.pick(3)}" if section == "purpose" else self.pick(4)
            with self._ctx.database.reading() as session:
                from dsa.persistence import drafts

                saved = drafts.sections_of(session, loaded.head.id)
            revision = saved[section].revision if section in saved else 0
            drafter = self.town.actor(loaded.lead.code, "drafter")
            drafting.save_section(
                self._ctx, drafter, self.reference, section, {question: value}, seen_revision=revision
            )

        return [("save a section", save)]

    def _holds(self, loaded: Any) -> list[Act]:
        def begin() -> None:
            codes = [party.code for party in loaded.parties]
            outside = self.pick(2) == 0
            awaited = "Review board" if outside else codes[self.pick(len(codes))]
            until = (self._ctx.clock.now() + timedelta(days=(1, 30)[self.pick(2)])).date()
            drafter = self.town.actor(loaded.lead.code, "drafter")
            holding.begin_hold(
                self._ctx, drafter, self.reference, code=_CODES[self.pick(len(_CODES))], awaited=awaited,
                outside=outside, until=until, seen=self._seen(), note="For us alone.",
            )  # fmt: skip

        def end() -> None:
            drafter = self.town.actor(loaded.lead.code, "drafter")
            holding.end_hold(self._ctx, drafter, self.reference, seen=self._seen())

        return [("end the hold", end)] * 6 if loaded.head.on_hold else [("begin a hold", begin)]

    def _timetable(self, loaded: Any) -> list[Act]:
        codes = [party.code for party in loaded.parties]
        actor = self.town.actor(codes[self.pick(len(codes))], "information_governance")
        with self._ctx.database.reading() as session:
            stored = timetables.load(session, loaded.head.id)
            dates = timetabling.suggested(self._ctx, session, loaded)
        pending = stored.pending
        seen = pending.seq if pending is not None else None
        last = {stage: day + timedelta(days=7 * self.pick(3)) for stage, day in list(dates.items())[-1:]}
        code, owner = _CODES[self.pick(len(_CODES))], codes[self.pick(len(codes))]
        acts: list[Act] = [
            ("propose", lambda: timetabling.propose(self._ctx, actor, self.reference, dates, seen_proposal=seen)),
            ("change", lambda: timetabling.propose_change(
                self._ctx, actor, self.reference, last, code=code, owner=owner
            )),
        ]  # fmt: skip
        if seen is not None:
            acts += [("accept", lambda: timetabling.accept(self._ctx, actor, self.reference, seen))] * 3
            acts.append(("refuse", lambda: timetabling.refuse_change(self._ctx, actor, self.reference, seen, "No.")))
        return acts

    def _answers(self, loaded: Any) -> list[Act]:
        with self._ctx.database.reading() as session:
            waiting = [q.id for q in work.queries(session, loaded.head.id) if q.answered_at is None]
            asked = [r.id for r in work.change_requests(session, loaded.head.id) if r.status == "open"]
        drafter = self.town.actor(loaded.lead.code, "drafter")
        acts: list[Act] = []
        for number in waiting:
            acts.append(
                ("answer", lambda n=number: reviewing.answer_question(
                    self._ctx, drafter, self.reference, n, "Because the law asks for it."
                ))
            )  # fmt: skip
        for number in asked:
            acts.append(("respond", lambda n=number: drafting.respond(self._ctx, drafter, self.reference, n, "Done.")))
        return acts * 4
