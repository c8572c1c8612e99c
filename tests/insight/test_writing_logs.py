"""Our history as CSV, XES and OCEL: what is written is read again as the same log."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dsa.insight.eventlog import EventLog
from dsa.insight.measures import measures
from dsa.insight.reading import read_log
from dsa.insight.write_log import EventRow, write_csv, write_ocel, write_xes

BEGAN = datetime(2026, 3, 2, 9, 0, tzinfo=timezone(timedelta(hours=1)))
Writer = Callable[[Iterable[EventRow]], Iterator[str]]


def row(agreement: str, activity: str, hours: float, **said: object) -> EventRow:
    plain = {"post": "Legal adviser", "organisation": "DWP", "parties": ("DWP", "LCC"), "route": "fast"}
    return EventRow(agreement=agreement, activity=activity, at=BEGAN + timedelta(hours=hours), **(plain | said))  # type: ignore[arg-type]


ROWS = [
    row("NA", 'ask <"first"> & look', 0),
    row("NA", "sign, then date", 30.5, started=BEGAN + timedelta(hours=4), status="signed", document="NA v1"),
    row("007", 'ask <"first"> & look', 2, organisation="LCC", review="legal of LCC", target_working_days=10),
    row("007", "line\nbreak \x0b", 5),
]


def read_back(writer: Writer) -> EventLog:
    return read_log(io.BytesIO("".join(writer(ROWS)).encode()), name="ours")


@pytest.mark.parametrize("writer", [write_csv, write_xes, write_ocel])
def test_what_is_written_is_read_again(writer: Writer) -> None:
    log = read_back(writer)
    assert [case.removeprefix("agreement:") for case in log.case_ids] == ["NA", "007"]
    assert [log.at[n + 1] - log.at[n] for n in (0, 2)] == [30.5 * 3.6e9, 3 * 3.6e9]
    assert log.activities[:2] == ['ask <"first"> & look', "sign, then date"]
    assert log.resources == ["Legal adviser"]
    assert log.open_cases == frozenset({1})


def test_the_three_give_the_same_figures() -> None:
    csv_, xes, ocel = (measures(read_back(writer)) for writer in (write_csv, write_xes, write_ocel))
    assert csv_["service_time_h"] == xes["service_time_h"]
    for one in (csv_, xes, ocel):
        one.pop("service_time_h", None)
        one.pop("activities")  # XML cannot hold every character
        one.pop("end_activities")
        one.pop("top_variants")
        one.pop("dfg_top40")
        one.pop("time_since_previous_event_h")
    assert csv_ == xes == ocel


def test_a_spreadsheet_finds_no_formula() -> None:
    written = "".join(write_csv([row("=1+1", "@sum", 0, stage="-2")]))
    cells = list(csv.reader(io.StringIO(written)))[1]
    assert (cells[0], cells[1], cells[8]) == ("'=1+1", "'@sum", "'-2")


def test_objects_of_every_kind_are_related() -> None:
    found = json.loads("".join(write_ocel(ROWS)))
    agreement = next(one for one in found["objects"] if one["id"] == "agreement:NA")
    assert [one["value"] for one in agreement["attributes"] if one["name"] == "status"] == ["open", "signed"]
    other = next(one for one in found["objects"] if one["id"] == "agreement:007")
    assert [one["value"] for one in other["attributes"]] == ["open", "fast"]  # written when it changes, not each time
    assert {one["qualifier"] for one in agreement["relationships"]} == {"party", "document"}
    assert {one["type"] for one in found["objects"]} == {"agreement", "organisation", "review", "document"}
    assert [one["name"] for one in found["eventTypes"]] == list(dict.fromkeys(one.activity for one in ROWS))
    ids = {one["id"] for one in found["objects"]}
    assert all(link["objectId"] in ids for event in found["events"] for link in event["relationships"])
    assert found["events"][0]["time"] == datetime(2026, 3, 2, 8, 0, tzinfo=UTC).isoformat()
