"""Do other tools read our history as we mean it? For developers; needs pm4py, which no part of the project may import.

One rule: this runs in an environment of its own. Make it once, then give it three files of the same history:

    python -m venv build/peers && build/peers/bin/pip install pm4py
    for f in csv xes ocel; do .venv/bin/dsa events export --format $f --out build/ours.$f; done
    mv build/ours.ocel build/ours.json
    build/peers/bin/python tools/check_exports.py build/ours.csv build/ours.xes build/ours.json

Prints the counts of each and exits 1 where they differ.
"""

import sys
from importlib import import_module
from typing import Any

_CASE, _ACTIVITY, _TIME = "case:concept:name", "concept:name", "time:timestamp"


def counts(log: Any) -> dict[str, Any]:
    """Events, cases, activities and the most frequent activity of a table of events."""
    often = log[_ACTIVITY].value_counts()
    return {
        "events": len(log),
        "cases": int(log[_CASE].nunique()),
        "activities": len(often),
        "each activity": dict(sorted(often.to_dict().items())),
    }


def main() -> int:
    """Compare the three."""
    pm4py, pandas = import_module("pm4py"), import_module("pandas")
    as_csv, as_xes, as_ocel = sys.argv[1:4]
    table = pandas.read_csv(as_csv, dtype={_CASE: str}, keep_default_na=False)
    table[_TIME] = pandas.to_datetime(table[_TIME], utc=True, format="ISO8601")
    found = {
        "CSV": counts(pm4py.format_dataframe(table, case_id=_CASE, activity_key=_ACTIVITY, timestamp_key=_TIME)),
        "XES": counts(pm4py.convert_to_dataframe(pm4py.read_xes(as_xes))),
    }
    ocel = pm4py.read_ocel2_json(as_ocel)
    flat = pm4py.ocel_flattening(ocel, "agreement")
    found["OCEL"] = counts(flat)
    for name, one in found.items():
        sys.stdout.write(f"{name}: {one['events']} events, {one['cases']} cases, {one['activities']} activities\n")
    kinds = ocel.objects["ocel:type"].value_counts().to_dict()
    sys.stdout.write(
        f"OCEL objects: {kinds}; event to object {len(ocel.relations)}, object to object {len(ocel.o2o)}\n"
    )
    same = found["CSV"] == found["XES"] == found["OCEL"]
    sys.stdout.write("The three say the same.\n" if same else "They differ.\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
