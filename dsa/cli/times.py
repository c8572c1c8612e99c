"""``dsa times FILE``: where the time went in anyone's event log.

One rule: the file is read to its end before anything is written, and what limits the figures is said with them.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import click
import numpy as np

from dsa.domain.errors import BadInput
from dsa.insight.backtest import backtest
from dsa.insight.eventlog import Columns, EventLog
from dsa.insight.lifecycle import fold_to_complete
from dsa.insight.measures import Cases, measures
from dsa.insight.observed import NANO, observed, observed_at_half_and_most, warnings
from dsa.insight.reading import read_log
from dsa.timekeeping.instants import read_date, read_instant

_STANDARD = Columns()
_LONGEST_NAME = 44


@click.command("times")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Every figure, as JSON.")
@click.option(
    "--as-of", metavar="DATE", help="Also say how long cases take as it could be known at the end of this day."
)
@click.option("--fold", type=click.Choice(["complete"]), help="Keep one event per piece of work: its completion.")
@click.option("--case", default=_STANDARD.case, metavar="COL", help="The column that names the case (OCEL: the type).")
@click.option("--activity", default=_STANDARD.activity, metavar="COL", help="The column that says what was done.")
@click.option("--time", "time_", default=_STANDARD.time, metavar="COL", help="The column that says when (ended).")
@click.option("--start", default=_STANDARD.start, metavar="COL", help="The column that says when it began.")
@click.option("--resource", default=_STANDARD.resource, metavar="COL", help="The column that says who did it.")
@click.option(
    "--back-test", "judge", is_flag=True, help="Also say how good forecasts of the open cases would have been."
)
@click.option("--seed", default=1, show_default=True, help="The chance that the back-test draws from.")
def command(
    file: Path,
    as_json: bool,
    as_of: str | None,
    fold: str | None,
    case: str,
    activity: str,
    time_: str,
    start: str,
    resource: str,
    judge: bool,
    seed: int,
) -> None:
    """Where the time went in an event log: durations, waits, rework, handovers, and how long cases really take.

    FILE is CSV, XES or OCEL 2.0 JSON; CSV and XES may be packed with gzip.
    """
    columns = Columns(case=case, activity=activity, time=time_, start=start, resource=resource)
    figures = times(file, columns=columns, as_of=as_of, fold=fold is not None, judge_with=seed if judge else None)
    click.echo(json.dumps(figures, ensure_ascii=False, indent=1) if as_json else "\n".join(_sentences(figures)))


def times(
    file: Path,
    *,
    columns: Columns = _STANDARD,
    as_of: str | None = None,
    fold: bool = False,
    judge_with: int | None = None,
) -> dict[str, Any]:
    """Every figure of the log in ``file``, under the keys of CONTRACTS 7; BadInput where it cannot be read.

    ``judge_with``: the seed of a back-test of forecasts, which is left out where it is None.
    """
    at = _end_of(as_of) if as_of else None
    try:
        with file.open("rb") as stream:
            log = read_log(stream, name=file.name, columns=columns)
    except OSError as problem:
        raise BadInput("%(file)s cannot be read: %(why)s.", file=file.name, why=problem.strerror) from None
    if fold:
        log = fold_to_complete(log)
    figures = {"file": file.name, **_figures(log, at, fold)}
    if judge_with is not None:
        figures["back_test"] = backtest(log, chance=np.random.default_rng(judge_with)).figures()
    return figures


def _figures(log: EventLog, at: int | None, fold: bool) -> dict[str, Any]:
    found = measures(log)
    found["kaplan_meier"] = observed_at_half_and_most(log)
    if at is not None:
        found["kaplan_meier"].append(observed(Cases(log), at=at))
    found["counted"] = "one event per piece of work (its completion)" if fold else "every event"
    found["warnings"] = [
        {"code": note.code, "count": note.count, "message": note.message} for note in warnings(log, folded=fold)
    ]
    return found


def _end_of(text: str) -> int:
    """Nanoseconds since 1970 of the end of a day (UTC), or of a moment."""
    at = read_instant(text) if len(text) > 10 else datetime.combine(read_date(text), time.max, tzinfo=UTC)
    return round(at.timestamp() * 1e6) * NANO


def _sentences(figures: dict[str, Any]) -> Iterator[str]:
    """The figures for people: what matters first, each table with its heading."""
    yield (
        f"{figures['file']}: {_of(figures['cases'], 'case')}, {_of(figures['events'], 'event')}, "
        f"from {_day(figures['first'])} to {_day(figures['last'])}. Counted: {figures['counted']}."
    )
    yield from _durations(figures)
    yield from _with_the_open_ones(figures["kaplan_meier"])
    yield from _where_the_time_went(figures)
    yield from _paths(figures)
    yield from _handovers(figures)
    yield from _months(figures)
    yield from _judged(figures.get("back_test"))
    if figures["warnings"]:
        yield "\nBefore you rely on this"
        for one in figures["warnings"]:
            count = f"{one['count']:,} " if one["count"] else ""
            yield f"  {_capital(count + one['message'])}"


def _of(count: int, what: str) -> str:
    """``1 case``, ``1,204 cases``."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _durations(figures: dict[str, Any]) -> Iterator[str]:
    spread = figures["case_duration_h"]
    yield "\nFrom the first event to the last, as it turned out"
    for label, key in (
        ("half within", "p50"),
        ("85 of 100 within", "p85"),
        ("95 of 100 within", "p95"),
        ("longest", "max"),
    ):
        yield f"  {label:<20}{_length(spread[key]):>12}"


def _with_the_open_ones(seen: list[dict[str, Any]]) -> Iterator[str]:
    yield "\nHow long cases take, the open ones counted, as it could be known on a day"
    yield f"  {'day':<20}{'cases':>8}{'open':>8}{'half by':>14}{'85 of 100 by':>16}{'still watched then':>20}"
    for one in seen:
        half, most = (_length(one[key], days=True) for key in ("median_d", "p85_d"))
        yield (
            f"  {_day(one['observed_at']):<20}{one['cases']:>8,}{one['open']:>8,}{half:>14}{most:>16}"
            f"{one['at_risk']['p85']:>20,}"
        )


def _where_the_time_went(figures: dict[str, Any]) -> Iterator[str]:
    yield "\nWhere the time went: from each activity to the next event"
    yield f"  {'activity':<{_LONGEST_NAME}}{'share':>8}{'times':>9}{'half within':>14}{'9 of 10 within':>16}"
    dwell = figures["dwell_until_next_event_h"]
    for one in figures["bottleneck_rank_by_total_dwell"]:
        wait = dwell[one["activity"]]
        yield (
            f"  {_short(one['activity']):<{_LONGEST_NAME}}{one['share']:>8.1%}{wait['n']:>9,}"
            f"{_length(wait['p50']):>14}{_length(wait['p90']):>16}"
        )
    if "service_time_h" in figures:
        yield "\nThe work itself, from start to completion"
        for name, wait in sorted(figures["service_time_h"].items(), key=lambda found: -found[1]["sum"])[:10]:
            yield (
                f"  {_short(name):<{_LONGEST_NAME}}{'':>8}{wait['n']:>9,}{_length(wait['p50']):>14}"
                f"{_length(wait['p90']):>16}"
            )


def _paths(figures: dict[str, Any]) -> Iterator[str]:
    again = ", ".join(
        f"{_short(name)} ({count:,})"
        for name, count in sorted(figures["rework_cases_per_activity"].items(), key=lambda found: -found[1])[:3]
    )
    yield (
        f"\nPaths: {_of(figures['variants'], 'different one')}; in {figures['rework_case_rate']:.0%} of cases "
        f"something was done again{': ' + again if again else ''}."
    )
    for one in figures["top_variants"][:3]:
        yield (
            f"  {one['cases']:>6,}  {' > '.join(_short(name) for name in one['trace'][:12])}"
            f"{' > ...' if len(one['trace']) > 12 else ''}"
        )


def _handovers(figures: dict[str, Any]) -> Iterator[str]:
    if figures["handover_total"]:
        share = figures["handover_between_different"] / figures["handover_total"]
        yield (
            f"\nHandovers: in {share:.0%} of steps the next event was done by somebody else "
            f"({figures['resources']:,} people or teams)."
        )


def _months(figures: dict[str, Any]) -> Iterator[str]:
    begun, ended = (figures[f"{key}_event"] for key in ("arrivals_per_month_by_first", "completions_per_month_by_last"))
    yield "\nMonth by month"
    yield f"  {'month':<10}{'begun':>8}{'ended':>8}{'in hand on the 1st':>22}"
    for month in sorted({*begun, *ended}):
        in_hand = figures["wip_at_month_start"].get(f"{month}-01")
        yield f"  {month:<10}{begun.get(month, 0):>8,}{ended.get(month, 0):>8,}{'' if in_hand is None else in_hand:>22}"


def _judged(found: dict[str, Any] | None) -> Iterator[str]:
    if found is None:
        return
    yield (
        f"\nForecasts judged on five past days: {_of(found['open_cases'], 'open case')}, "
        f"{found['no_date']:,} of them beyond what history reaches (people would be given no date)"
    )
    yield f"  {'method':<34}{'error, days':>12}{'met':>8}{'met, corrected':>16}"
    named = {"naive": "usual total less time passed", "walks": "stage by stage", "landmark": "cases like it"}
    named |= {"both": "the two averaged", "shown": "averaged, where a date is given"}
    for key, label in named.items():
        one = found["shown"] if key == "shown" else found["methods"][key]
        if one["judged"]:
            yield f"  {label:<34}{one['mean_error_d']:>12.1f}{one['met']:>8.0%}{one['met_corrected']:>16.0%}"


def _day(stamp: str) -> str:
    at = datetime.fromisoformat(stamp)
    return f"{at.day} {at:%B %Y}"


def _length(amount: float | None, *, days: bool = False) -> str:
    """A length of time in the unit that suits it."""
    if amount is None:
        return "not reached"
    hours = amount * 24 if days else amount
    for unit, size, limit in (("min", 1 / 60, 1.5), ("hours", 1, 36)):
        if hours < limit:
            return f"{hours / size:.0f} {unit}"
    return f"{hours / 24:.1f} days"


def _short(name: str) -> str:
    return name if len(name) < _LONGEST_NAME else name[: _LONGEST_NAME - 2] + "…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
