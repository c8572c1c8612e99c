"""Every figure of ``dsa times`` against the answers that pm4py, pandas and lifelines gave for public logs."""

import json
from math import isclose
from pathlib import Path
from typing import Any

import pytest

from dsa.cli.times import times

LOGS = ("running-example", "receipt", "helpdesk", "BPIC2020_DomesticDeclarations")
NOT_OURS = {"seconds", "pm4py"}
RANKED = {"top_variants", "dfg_top40", "handover_of_work_top30", "handover_counts_top30"}


def differences(ours: Any, theirs: Any, place: str) -> list[str]:
    if isinstance(theirs, dict):
        absent = [f"{place}.{key} is missing" for key in theirs if key not in ours]
        shared = [key for key in theirs if key in ours]
        return absent + [one for key in shared for one in differences(ours[key], theirs[key], f"{place}.{key}")]
    if isinstance(theirs, list):
        if len(ours) != len(theirs):
            return [f"{place}: {len(ours)} entries for {len(theirs)}"]
        return [
            one for n, (a, b) in enumerate(zip(ours, theirs, strict=True)) for one in differences(a, b, f"{place}.{n}")
        ]
    if isinstance(theirs, float) and ours is not None:
        return [] if isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9) else [f"{place}: {ours} for {theirs}"]
    return [] if ours == theirs else [f"{place}: {ours} for {theirs}"]


def above_the_cut(ranked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries that cannot fall either way: those that rank above the last one, in one order."""
    rank = next(key for key in ("cases", "count", "value") if key in ranked[0])
    kept = [one for one in ranked if one[rank] > ranked[-1][rank]]
    return sorted(kept, key=lambda one: (-one[rank], json.dumps(one, sort_keys=True)))


@pytest.mark.parametrize("name", LOGS)
def test_every_figure_equals_the_reference_answers(shared: Path, name: str) -> None:
    theirs = json.loads((shared / "eventlogs" / f"{name}.ref.json").read_text())
    ours = times(shared / "eventlogs" / f"{name}.xes.gz")
    json.dumps(ours, allow_nan=False)
    for key in RANKED:
        assert len(ours[key]) == len(theirs[key])
        assert differences(above_the_cut(ours.pop(key)), above_the_cut(theirs.pop(key)), key) == []
    wanted = {key: value for key, value in theirs.items() if key not in NOT_OURS and not key.endswith("_error")}
    assert differences(ours, wanted, name) == []


def test_a_wrong_figure_would_be_seen() -> None:
    assert differences({"a": [1.0, 2]}, {"a": [1.0 + 1e-6, 2]}, "x") == ["x.a.0: 1.0 for 1.000001"]
    assert differences({}, {"a": 1}, "x") == ["x.a is missing"]
