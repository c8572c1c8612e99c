"""Makes the golden database of this release: `python tools/make_golden.py`. Kept for ever, so that every later release
can show that it still opens, migrates, moves and verifies what this one wrote.

One rule: a golden database of a release that is out is never made again.
"""

import gzip
import json
import sqlite3
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from dsa import __version__  # noqa: E402
from dsa.persistence import migrating  # noqa: E402
from dsa.persistence.session import Database  # noqa: E402
from tests.engine.town import build_town, form_taken_as_complete  # noqa: E402

STAGES = ("start", "first_look", "drafting", "check_draft", "review", "text_agreed", "sign_off", "preparing", "in_use")


def make(target: Path) -> dict[str, str]:
    """Write the database of agreements in every stage to ``target`` (gzip); gives reference to stage."""
    with tempfile.TemporaryDirectory(prefix="dsa-golden-") as folder:
        path = Path(folder) / "dsa.sqlite3"
        database = Database(f"sqlite:///{path}")
        migrating.upgrade(database)
        town = build_town(database)
        reached = {}
        with form_taken_as_complete(town):
            for stage in STAGES:
                reference = town.bring_to(town.start(), stage)
                reached[reference] = stage
            town.facts["board_needed"] = True
            reached[town.bring_to(town.start(*town.codes), "board")] = "board"
            town.facts["board_needed"] = False
            again = town.bring_to(town.start(), "sign_off")
            town.carry_out()
            town.decide(again, "sign:aab", "declined")
            reached[again] = "drafting"
            reached[town.bring_to(town.start(route="fast"), "review")] = "review"
            ended = town.bring_to(town.start(), "review")
            town.move(ended, "withdraw", reason="Not needed.")
            reached[ended] = "withdrawn"
        database.close()
        with sqlite3.connect(path) as raw:
            raw.execute("PRAGMA journal_mode=DELETE")
            raw.execute("VACUUM")
        raw.close()
        target.mkdir(parents=True, exist_ok=True)
        (target / "dsa.sqlite3.gz").write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    (target / "expected.json").write_text(json.dumps(reached, indent=1) + "\n", encoding="utf-8")
    return reached


if __name__ == "__main__":
    folder_of_release = ROOT / "tests" / "golden" / __version__
    print(f"{folder_of_release.relative_to(ROOT)}: {len(make(folder_of_release))} agreements")
