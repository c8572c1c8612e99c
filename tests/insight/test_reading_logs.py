"""The traps of other people's event logs, and files that are not what they should be."""

import gzip
import io
import tracemalloc
from datetime import UTC, datetime

import pytest

from dsa.domain.errors import BadInput
from dsa.insight.eventlog import NONE, Columns, EventLog, moment
from dsa.insight.lifecycle import fold_to_complete, service_times
from dsa.insight.measures import measures
from dsa.insight.observed import warnings
from dsa.insight.reading import read_log

HEAD = "case:concept:name,concept:name,time:timestamp"


def csv(*rows: str, head: str = HEAD) -> bytes:
    return "\n".join([head, *rows, ""]).encode()


def xes(*traces: str) -> bytes:
    return f"<?xml version='1.0'?>\n<log>\n{''.join(traces)}</log>".encode()


def trace(name: str, *events: tuple[str, str, str]) -> str:
    inside = "".join(
        f'<event><string key="concept:name" value="{activity}"/><string key="lifecycle:transition" value="{step}"/>'
        f'<date key="time:timestamp" value="{at}"/></event>\n'
        for activity, at, step in events
    )
    return f'<trace><string key="concept:name" value="{name}"/>\n{inside}</trace>\n'


def read(content: bytes, **columns: str) -> EventLog:
    return read_log(io.BytesIO(content), name="log", columns=Columns(**columns))


def codes(log: EventLog) -> dict[str, int]:
    return {note.code: note.count for note in warnings(log, folded=False)}


def test_a_case_called_na_and_one_called_007_are_cases() -> None:
    log = read(csv("NA,a,2020-01-01T00:00Z", "007,a,2020-01-01T00:00Z", "7,a,2020-01-01T00:00Z"))
    assert log.case_ids == ["NA", "007", "7"]


def test_equal_moments_keep_the_order_of_the_file() -> None:
    log = read(csv("1,first,2020-01-01T10:00Z", "1,second,2020-01-01T10:00Z", "1,zero,2020-01-01T09:00Z"))
    assert [log.activities[one] for one in log.activity] == ["zero", "first", "second"]
    assert codes(log)["equal_times"] == 1


def test_offsets_keep_the_moment() -> None:
    log = read(csv("1,b,2011-01-01T01:30:00.25+03:00", "1,a,2010-12-31T22:20:00+00:00"))
    assert [log.activities[one] for one in log.activity] == ["a", "b"]
    assert moment(int(log.at[1])) == datetime(2010, 12, 31, 22, 30, 0, 250_000, tzinfo=UTC)


def test_times_without_an_offset_and_dates_alone_are_accepted_and_said() -> None:
    log = read(csv("1,a,2020-01-01", "1,b,2020-01-02 10:00:00", "1,c,2020/01/03 11:00"))
    assert {key: count for key, count in codes(log).items() if key in ("dates_only", "naive_times")} == {
        "dates_only": 1,
        "naive_times": 2,
    }


def test_a_date_that_can_be_read_two_ways_is_not_guessed() -> None:
    with pytest.raises(BadInput, match="log, line 3: “03/04/2021” is not a time that can be read in one way"):
        read(csv("1,a,2020-01-01", "1,a,03/04/2021"))


def test_dates_decades_away_are_counted_and_flagged() -> None:
    rows = [f"{one},a,2020-01-01T00:00Z" for one in range(5)]
    log = read(csv(*rows, "0,b,1960-01-01T00:00Z"))
    assert codes(log)["far_dates"] == 1
    assert measures(log)["events"] == 6


def test_life_cycle_steps_double_the_activities_until_they_are_folded() -> None:
    log = read(
        xes(
            trace(
                "1",
                ("check", "2020-01-01T09:00:00Z", "start"),
                ("check", "2020-01-01T10:00:00Z", "START"),
                ("check", "2020-01-01T12:00:00Z", "complete"),
                ("check", "2020-01-01T12:30:00Z", "COMPLETE"),
                ("check", "2020-01-01T12:40:00Z", "complete"),
                ("left", "2020-01-01T13:00:00Z", "suspend"),
            )
        )
    )
    assert len(log) == 6
    assert codes(log)["life_cycle"] == 3
    folded = fold_to_complete(log)
    assert len(folded) == 3
    for one in (log, folded):
        times = service_times(one)
        assert times is not None
        assert times["check"].tolist() == [3.0, 2.5]  # the earliest start first; the third has none


def test_two_times_for_each_event_give_the_time_of_the_work() -> None:
    log = read(csv("1,a,2020-01-01T12:00Z,2020-01-01T09:00Z", head=HEAD + ",began"), start="began")
    assert measures(log)["service_time_h"]["a"]["sum"] == 3.0


def test_a_log_of_closed_cases_only_is_warned_about() -> None:
    closed = read(csv(*(f"{one},{act},2020-01-0{one}T1{n}:00Z" for one in range(1, 6) for n, act in enumerate("ab"))))
    assert "no_open_cases" in codes(closed)
    with_status = csv("1,a,2020-01-01T00:00Z,open", "2,a,2020-01-01T00:00Z,signed", head=HEAD + ",case:status")
    assert "no_open_cases" not in codes(read(with_status))
    assert "no_open_cases" in codes(read(with_status.replace(b"open", b"done")))


def test_what_begins_or_ends_as_a_month_begins_is_counted_once() -> None:
    """Begun at the first moment of March: in hand then. Ended at that moment: not in hand any more."""
    ends = csv(
        "1,a,2020-02-10T00:00Z", "1,b,2020-03-01T00:00Z", "2,a,2020-03-01T00:00Z", "2,b,2020-03-09T00:00Z",
        "3,a,2020-01-31T00:00Z", "3,b,2020-04-01T00:00Z",
    )  # fmt: skip
    assert measures(read(ends))["wip_at_month_start"] == {"2020-02-01": 1, "2020-03-01": 2, "2020-04-01": 0}


def test_what_the_log_calls_open_is_open_at_its_end() -> None:
    log = read(csv("1,a,2020-01-01T00:00Z,open", "2,a,2020-01-01T00:00Z,signed", head=HEAD + ",case:status"))
    assert log.open_cases == frozenset({0})


def test_columns_may_be_called_otherwise() -> None:
    log = read(csv("7;send;2020-01-01T00:00Z", head="ref;step;when"), case="ref", activity="step", time="when")
    assert (log.case_ids, log.activities) == (["7"], ["send"])
    assert log.resource.tolist() == [NONE]


def test_a_trace_without_events_or_without_a_name_is_said() -> None:
    unnamed = '<event><string key="concept:name" value="a"/><date key="time:timestamp" value="2020-01-01"/></event>'
    log = read(xes(trace("empty"), f"<trace>{unnamed}</trace>"))
    assert log.case_ids == ["trace 2"]
    assert {"empty_cases": 1, "unnamed_cases": 1}.items() <= codes(log).items()


def test_attributes_inside_attributes_are_not_the_events_own() -> None:
    nested = (
        '<trace><string key="concept:name" value="1"/><event><string key="concept:name" value="own">'
        '<string key="concept:name" value="inner"/></string><date key="time:timestamp" value="2020-01-01"/>'
        '<list key="l"><values><string key="org:resource" value="x"/></values></list></event></trace>'
    )
    log = read(xes(nested))
    assert (log.activities, log.resources) == (["own"], [])


OCEL = """{"objectTypes": [{"name": "agreement"}, {"name": "organisation"}],
"events": [
 {"id": "e1", "type": "asked", "time": "2020-01-01T00:00:00Z", "relationships": [
   {"objectId": "a1", "qualifier": "agreement"}, {"objectId": "o1", "qualifier": "owner"}, {"objectId": "a2"}]},
 {"id": "e2", "type": "answered", "time": "2020-01-02T00:00:00Z",
  "attributes": [{"name": "org:resource", "value": "r"}], "relationships": [{"objectId": "a1"}]}],
"objects": [{"id": "a1", "type": "agreement", "attributes": [
   {"name": "status", "time": "2020-01-03T00:00:00Z", "value": "signed"},
   {"name": "status", "time": "2020-01-01T00:00:00Z", "value": "open"}]},
 {"id": "a2", "type": "agreement"}, {"id": "o1", "type": "organisation"}]}"""


def test_an_event_of_several_agreements_counts_in_each() -> None:
    log = read(OCEL.encode())
    assert [(log.case_ids[c], log.activities[a]) for c, a in zip(log.case, log.activity, strict=True)] == [
        ("a1", "asked"), ("a1", "answered"), ("a2", "asked"),
    ]  # fmt: skip
    assert log.open_cases == frozenset()


def test_another_type_of_object_can_be_the_case() -> None:
    assert read(OCEL.encode(), case="organisation").case_ids == ["o1"]
    with pytest.raises(BadInput, match="these types: agreement, organisation"):
        read(OCEL.encode(), case="review")


def test_an_object_longer_than_what_is_read_at_once_is_read() -> None:
    events = ",".join(
        f'{{"id":"e{one}","type":"step {one % 5}","time":"2020-01-01T00:00:{one % 60:02d}Z","relationships":'
        f'[{{"objectId":"a"}}],"note":"{"x" * 300}"}}'
        for one in range(8000)
    )
    content = f'{{"objects":[{{"id":"a","type":"agreement"}}],"events":[{events}]}}'
    assert len(content) > 2 << 20
    assert len(read(content.encode())) == 8000


def packed(data: bytes) -> bytes:
    """The data in gzip, the same bytes in every process: test names are made of them."""
    return gzip.compress(data, mtime=0)


BOMB = '<!DOCTYPE log [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<log>&b;</log>'
EVENT = '{"id":"e","type":"t","time":"2020-01-01T00:00Z","relationships":[]}'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "log, line 1: The file is empty"),
        (csv(), "log, line 1: There is no event"),
        (csv("1,a"), "log, line 2: There are 2 values for 3 columns"),
        (csv(",a,2020-01-01"), "log, line 2: The row names no case"),
        (csv("1,,2020-01-01"), "log, line 2: An event has no activity"),
        (csv("1,a,"), "log, line 2: An event has no time"),
        (csv("1,a,0999-01-01"), "log, line 2: .*too far from today"),
        (csv("1,a,2020-01-01", '1,"b'), "log, line 3: this is not CSV"),
        (csv("1,a,2020-01-01") + b"1,caf\xe9,2020-01-01\n", "log, line 3: Byte 6 of the line is not UTF-8"),
        (csv("x" * (1 << 20)), "log, line 2: The line is longer than 1 MB"),
        (csv(head="a,b,a"), "log, line 1: A column stands in the heading twice"),
        (csv(head="id,what,when"), "log, line 1: .*The columns are: id, what, when.*--case, --activity, --time"),
        ("a,b\n".encode("utf-16"), "log, line 1: The text is in UTF-16"),
        (packed(csv("1,a,2020-01-01") * 1000)[:-20], "log, line [0-9]+: Here the packed file is damaged"),
        (packed(xes(trace("1")))[:20], "log, line 1: Here the packed file is damaged"),
        (BOMB.encode(), "log, line 1: The file declares a document type"),
        (b"<html><body/></html>", "log, line 1: The file begins with <html>"),
        (b"<log>\n<trace>\n</log>", "log, line 3: this is not XML"),
        (xes(trace("1"), trace("1")), "log, line 6: A second trace is called “1”"),
        (xes('<trace><event><string value="x"/></event></trace>'), "log, line 3: An attribute has no key"),
        (b"<log>" + b"<a>" * 100, "log, line 1: Attributes are nested"),
        (b"<log><trace a='" + b"x" * (17 << 20), "log, line 1: One value is longer than 16 MB"),
        (b'{"a": [1, 2', "log, line 1: The file ends in the middle"),
        (b'{"a": \n[1, }', "log, line 2: This is not JSON"),
        (b'{"a": \n' + b"[" * 100_000, "log, line 2: Values are nested too deep"),
        (b'{"objects": [{"id": "a"}]}', "log, line 1: An object has no “type”"),
        (f'{{"objects": [{{"id":"a","type":"t"}}],\n"events": [{EVENT},\n{EVENT}]}}'.encode(), "3: A second event"),
        (b'{"objects": [{"id": "a", "type": "t"},\n{"id": "a", "type": "t"}]}', "log, line 2: A second object"),
        (b'{"objects": [{"id": "a", "type": "t"}, {"id": "b", "type": "s"}]}', "types: s, t. Say with --case"),
        (b'{"a": "\xff"}', "log, line 1: From here on the text is not UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_at_its_line(content: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(content)


def test_a_file_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dsa.insight.reading.LARGEST", 1 << 20)
    with pytest.raises(BadInput, match="holds more than"):
        read(gzip.compress(csv(*["1,a,2020-01-01"] * 200_000)))


def test_events_are_held_in_few_bytes() -> None:
    """A million events must fit in a gigabyte with much room: 20,000 may take 20 MB at the very most."""
    content = csv(*(f"{one // 10},step {one % 7},2020-01-01T00:00:00Z" for one in range(20_000)))
    tracemalloc.start()
    try:
        read(content)
        assert tracemalloc.get_traced_memory()[1] < 20_000 * 400
    finally:
        tracemalloc.stop()
