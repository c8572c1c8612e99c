"""A file that a command writes is whole, or what stood there before is still there."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dsa.cli.output import write_file
from dsa.domain.errors import BadInput


def test_a_file_is_written_whole_and_others_may_read_it_as_any_new_file(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        assert write_file(tmp_path / "log.csv", ["é,", b"b\n"]) == 5
    finally:
        os.umask(before)
    assert (tmp_path / "log.csv").read_bytes() == "é,b\n".encode()
    assert (tmp_path / "log.csv").stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["log.csv"]


def test_what_breaks_in_the_middle_leaves_what_stood_there(tmp_path: Path) -> None:
    def breaking() -> Iterator[str]:
        yield "new"
        raise OSError(28, "No space left on device")

    out = tmp_path / "log.csv"
    out.write_text("old")
    with pytest.raises(BadInput, match=r"log\.csv cannot be written: No space left on device"):
        write_file(out, breaking())
    assert out.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["log.csv"]


def test_a_file_that_is_written_again_keeps_who_may_read_it_and_a_link_where_it_leads(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    place, link = tmp_path / "kept" / "log.csv", tmp_path / "log.csv"
    place.write_text("old")
    place.chmod(0o640)
    link.symlink_to(place)
    write_file(link, ["new"])
    assert link.is_symlink()
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("new", 0o640)


def test_a_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, ["through"])
        assert os.read(reader, 100) == b"through"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize(("name", "why"), [("", "Is a directory"), ("none/log.csv", "No such file or directory")])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(BadInput, match=f"cannot be written: {why}"):
        write_file(tmp_path / name, ["text"])
    assert list(tmp_path.iterdir()) == []
