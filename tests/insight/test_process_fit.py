"""A process fitted from what was seen plays as what was seen; changes are offered only where they apply."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dsa.insight.levers import Place, levers, moves_for, shorten, simulate, worlds_of
from dsa.insight.process_fit import Fitted, Piece, _worked, fit, from_json
from dsa.insight.simulation import play
from dsa.insight.survival import survival_curve

PHASES = ("drafting", "review", "sign_off")


def seen(*, size: int = 400, at_once: bool = True, back: float = 0.25, follow: float = 1e9) -> Fitted:
    """Agreements whose lengths hang together (a slow one is slow in everything), some that come back, and cases that
    are still open where they are followed for a time only."""
    chance = np.random.default_rng(1)
    pieces, totals, returned = [], {}, {}
    for case in range(size):
        slow, at = float(chance.lognormal(0, 0.6)), float(case * 2)
        began, stop = at, case * 2 + follow
        comes_back = bool(chance.random() < back)
        for visit in (1, 2) if comes_back else (1,):
            at = _add(pieces, case, "drafting", visit, ["drafting"], at, [slow * 8], stop)
            days = [slow * float(chance.lognormal(2.2, 0.4)) for _ in range(4)]
            names = ["legal:ours", "security:ours", "data_protection_advice:ours", "legal:theirs"]
            at = _add(pieces, case, "review", visit, names, at, days, stop, in_turn=not at_once)
        at = _add(pieces, case, "sign_off", visit, ["sign:ours", "sign:theirs"], at, [slow * 12, slow * 9], stop)
        totals[case] = (min(at, stop) - began, at <= stop)
        returned[case] = int(comes_back)
    return fit(
        pieces, phases=PHASES, totals=totals, returned=returned, returns=("review",), back_to="drafting",
        return_share=back, per_day=0.5,
    )  # fmt: skip


def _add(
    pieces: list[Piece], case: int, phase: str, visit: int, names: list[str], at: float, days: list[float],
    stop: float, *, in_turn: bool = False,
) -> float:  # fmt: skip
    last = at
    for name, length in zip(names, days, strict=True):
        begins = last if in_turn else at
        if begins < stop:
            pieces.append(
                Piece(case, phase, visit, name, "", begins, min(begins + length, stop), begins + length <= stop)
            )
        last = max(last, begins + length)
    return last


def test_played_again_it_takes_as_long_as_it_took_slow_ones_that_are_still_open_counted() -> None:
    for follow in (1e9, 60.0):
        fitted = seen(follow=follow)
        whole = seen()
        days = play(fitted.process, fitted.luck(np.random.default_rng(2), 4000)).days
        truth = play(whole.process, whole.luck(np.random.default_rng(3), 4000)).days
        assert np.median(days) == pytest.approx(np.median(truth), rel=0.08)
    assert seen(follow=60.0).rests_on < 310


def test_lengths_that_hang_together_stay_together() -> None:
    """The spread of the whole is that of slow and quick agreements, not that of independent pieces."""
    fitted = seen(size=600, back=0.0)
    whole = play(fitted.process, fitted.luck(np.random.default_rng(2), 3000)).days
    assert np.std(np.log(whole)) > 0.5
    number = fitted.tasks.index("drafting")
    other = fitted.tasks.index("sign:ours")
    assert np.corrcoef(fitted.lengths[:, number, 0], fitted.lengths[:, other, 0])[0, 1] > 0.99


def test_what_is_kept_and_read_again_plays_the_same() -> None:
    fitted = seen(size=60)
    again = from_json(json.loads(json.dumps(fitted.as_json())))
    one, other = (play(each.process, each.luck(np.random.default_rng(4), 200)).days for each in (fitted, again))
    np.testing.assert_allclose(one, other, atol=0.02)


def test_work_that_waited_is_told_from_work_that_was_worked_on() -> None:
    """Two at once: the third begins when the first is done."""
    pieces = [
        Piece(number, "review", 1, "legal", "legal", opened, ended, True)
        for number, (opened, ended) in enumerate([(0.0, 4.0), (0.0, 6.0), (1.0, 9.0), (2.0, 7.0)])
    ]
    lengths = {piece.case: days for piece, days in _worked(pieces, 2)}
    assert lengths == {0: 4.0, 1: 6.0, 2: 5.0, 3: 1.0}


def test_only_what_applies_is_offered_and_structure_is_recognised() -> None:
    at_once, in_turn = seen(), seen(at_once=False)
    assert "at_once:review" in {one.name for one in levers(in_turn)}
    assert not [one.name for one in levers(at_once) if one.name.startswith("at_once")]
    assert "returns" not in {one.name for one in levers(seen(back=0.0))}
    found = simulate(in_turn, chance=np.random.default_rng(1), agreements=300, runs=6)
    saved = {one.name: one for one in found.savings}
    assert saved["at_once:review"].low > 0
    assert saved["cap"].low > 0
    assert saved["returns"].low > 0
    assert found.half < found.most


def in_review(standing: dict[str, float], *, returns: int = 0) -> Place:
    return Place("review", frozenset({"drafting"}), standing, frozenset(standing), returns)


def test_for_one_agreement_only_the_work_that_decides_when_it_ends_is_worth_hurrying() -> None:
    fitted = seen()
    alone = {"legal:ours": 1.0}
    _, savings = shorten(fitted, in_review(alone), on_hold=None, chance=np.random.default_rng(1))
    decides = next(one for one in savings if one.name == "now:legal:ours")
    standing = {**alone, "security:ours": 1.0, "data_protection_advice:ours": 1.0, "legal:theirs": 1.0}
    to_go, savings = shorten(fitted, in_review(standing), on_hold=None, chance=np.random.default_rng(1))
    beside = next(one for one in savings if one.name == "now:legal:ours")
    assert decides.saved > 3 * beside.saved > 0  # the others would hold it up all the same
    assert to_go > beside.saved
    assert [one.rank for one in savings] == sorted(one.rank for one in savings)
    held, with_hold = shorten(fitted, in_review(standing), on_hold=200.0, chance=np.random.default_rng(1))
    assert held == pytest.approx(to_go + 200)
    assert with_hold[0].name == "end_hold"
    again, _ = shorten(fitted, in_review(standing), on_hold=None, chance=np.random.default_rng(1))
    assert again == to_go


def test_what_comes_after_review_is_done_once_even_where_fewer_drafts_come_back() -> None:
    fitted = seen(back=0.5)
    number = fitted.tasks.index("sign:ours")
    assert np.isfinite(fitted.lengths[:, number]).all()
    curve = survival_curve(play(fitted.process, fitted.luck(np.random.default_rng(2), 500)).days, np.ones(500, bool))
    assert curve.reached(0.5).value is not None


def test_from_behind_review_nothing_comes_back_and_no_more_remains_than_ever_remained() -> None:
    fitted = seen(back=0.5)
    behind = frozenset({"drafting", "review"})
    ages = {"sign:ours": 10.0, "sign:theirs": 10.0}
    longest = float(np.nanmax(fitted.lengths[:, [fitted.tasks.index(name) for name in ages]])) - 10.0
    in_sign_off = Place("sign_off", behind, ages, frozenset(ages))
    for process, luck in worlds_of(fitted, in_sign_off, chance=np.random.default_rng(1)):
        assert play(process, luck).days.max() <= longest
    half, savings = shorten(fitted, in_sign_off, on_hold=None, chance=np.random.default_rng(1))
    left = [fitted.lengths[:, fitted.tasks.index(name), 0] for name in ages]
    alone = [float(np.median(one[one > 10.0] - 10.0)) for one in left]
    assert max(alone) * 0.9 <= half <= 2 * max(alone)
    assert not {"returns", "merged", "cap"} & {one.name for one in savings}, "ten of ten days are over"
    # A stage between that was never seen to take any time: what is behind it is behind.
    between, _ = shorten(fitted, Place("board", behind, {}), on_hold=None, chance=np.random.default_rng(1))
    whole = play(fitted.process, fitted.luck(np.random.default_rng(1), 900)).days
    assert between < np.median(whole) / 2


def test_the_days_that_a_signature_has_lasted_count_in_what_it_may_take() -> None:
    fitted = seen(back=0.0)
    behind = frozenset({"drafting", "review"})
    place = Place("sign_off", behind, {"sign:ours": 2.0, "sign:theirs": 8.0}, frozenset({"sign:ours", "sign:theirs"}))
    moves = {one.name: one for one in moves_for(fitted, place)}
    process, luck = next(worlds_of(fitted, place, chance=np.random.default_rng(1)))
    assert play(*moves["cap"].apply(process, luck)).days.max() <= 8.0
    theirs = play(process, luck).days
    capped = moves["cap"].apply(process, luck)[1].lengths
    assert capped["sign:theirs"][:, 0].max() <= 2.0
    assert moves["delegated"].apply(process, luck)[1].lengths["sign:ours"][:, 0].max() <= 1.0
    assert theirs.max() > 8.0


def test_in_a_later_round_the_returns_already_used_count() -> None:
    fitted = seen(back=0.5, size=300)
    fitted = replace(fitted, returned=np.where(np.arange(len(fitted.returned)) % 9 == 0, 2, fitted.returned))
    most = fitted.process.most_returns
    for used in range(most + 2):
        luck = fitted.luck(np.random.default_rng(1), 400, used=used)
        back = (luck.returns < fitted.process.return_share).sum(axis=1)
        assert back.max() <= max(0, most - used)
        assert luck.lengths["legal:ours"].shape == (400, most + 1)
    once = fitted.luck(np.random.default_rng(1), 400, used=1)
    again = (once.returns < fitted.process.return_share).any(axis=1).mean()
    truth = (fitted.returned >= 2).sum() / (fitted.returned >= 1).sum()
    assert again == pytest.approx(truth, abs=0.1)
