"""What a made world shows of the reference's statistics, from its rows: `python -m tools.world_statistics FILE`.

One rule: it reads the database (SQLite) and nothing of the model. So that hardly any is still under way, it looks at
agreements that began in the first 15 months of the period, and in the 9 months after the process changed.
"""

import argparse
import json
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from dsa.insight.synthetic import DAYS_A_MONTH
from dsa.timekeeping.calendar import WorkingCalendar, calendar_for

# The reference (ANALYTICS 6): months to the signature by percentile, and shares in per cent.
BEFORE = {"P10": 2.7, "P25": 4.0, "P50": 6.3, "P75": 10.0, "P85": 12.8, "P90": 15.1, "P95": 19.1, "P99": 27.9,
          "over 12 months, %": 17.6, "over 20 months, %": 4.2, "spread of logarithms": 0.66, "came back, %": 32.0,
          "withdrawn, %": 11.0}  # fmt: skip
AFTER = {"P50": 3.8, "P95": 10.9}
_ROWS = """
SELECT a.created_at, (SELECT min(s.entered_at) FROM stage_entries s WHERE s.agreement_id = a.id AND s.stage = 'signed'),
       a.stage, a.round
FROM agreements a WHERE a.created_at >= ? AND a.created_at < ?
"""


def main() -> int:
    parser = argparse.ArgumentParser(description="The statistics of a synthetic world of both eras, from its rows.")
    parser.add_argument("file", type=Path)
    with closing(sqlite3.connect(f"file:{parser.parse_args().file}?mode=ro", uri=True)) as made:
        mark = made.execute("SELECT value FROM settings WHERE name = 'demo_world'").fetchone()
        changed = datetime.fromisoformat(json.loads(mark[0])["changed_at"])
        starts = changed - timedelta(days=2 * 365.25)
        calendar, off = calendar_for("ENG"), 0
        for era, wanted, begins, months in (("before", BEFORE, starts, 15), ("after", AFTER, changed, 9)):
            until = begins.timestamp() + months * 365.25 / 12 * 86_400
            rows = made.execute(_ROWS, (int(begins.timestamp()), int(until))).fetchall()
            under_way, found = statistics(rows, calendar)
            print(f"{era}: {len(rows):,} agreements, {under_way:.1f} % still under way")
            for name, value in wanted.items():
                near = abs(found[name] - value) <= 0.1 * value
                off += not near
                print(f"  {name:22s}{found[name]:8.2f}{value:8.2f}  {'' if near else 'more than a tenth off'}")
    return 1 if off else 0


def statistics(
    rows: list[tuple[int, int | None, str, int]], calendar: WorkingCalendar
) -> tuple[float, dict[str, float]]:
    """(per cent still under way, the statistics) of rows (began, signed, stage, round)."""
    months = np.array([
        calendar.working_minutes(datetime.fromtimestamp(began, UTC), datetime.fromtimestamp(signed, UTC))
        / 480 / DAYS_A_MONTH
        for began, signed, _, _ in rows if signed is not None
    ])  # fmt: skip
    withdrawn = sum(stage == "withdrawn" for _, _, stage, _ in rows)
    found = {f"P{at}": float(np.percentile(months, at)) for at in (10, 25, 50, 75, 85, 90, 95, 99)}
    found |= {
        "over 12 months, %": 100 * float((months > 12).mean()),
        "over 20 months, %": 100 * float((months > 20).mean()),
        "spread of logarithms": float(np.log(months).std()),
        "came back, %": 100 * sum(turn > 1 for _, signed, _, turn in rows if signed) / len(months),
        "withdrawn, %": 100 * withdrawn / len(rows),
    }
    return 100 * (len(rows) - len(months) - withdrawn) / len(rows), found


if __name__ == "__main__":
    raise SystemExit(main())
