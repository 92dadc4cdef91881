import os
import resource
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptui.tui.panes.log_file import LONGEST, LogFile


def opened(path: Path, data: bytes) -> LogFile:
    path.write_bytes(data)
    file = LogFile(path)
    assert file.poll()
    return file


def never() -> bool:
    return False


pieces = st.lists(st.sampled_from([b"\n", b"a", b"\xff", b"word " * 30, b"\r", b"x" * (LONGEST - 3)]), max_size=40)


@given(pieces)
def test_rows_put_together_are_the_file(tmp_path_factory, data):
    whole = b"".join(data)
    file = opened(tmp_path_factory.mktemp("log") / "log", whole)

    forward = file.rows_from(0, 10_000)
    backward = file.rows_before(file.size, 10_000)
    file.close()

    assert b"".join(row.data for row in forward) == whole
    assert b"".join(row.data for row in backward) == whole
    assert all(len(row.data) <= LONGEST and b"\n" not in row.data[:-1] for row in forward + backward)


@given(st.lists(st.text("ab\u00e9\u65e5", max_size=8), min_size=1, max_size=30), st.integers(1, 10))
def test_the_last_rows_are_the_last_lines(tmp_path_factory, lines, count):
    file = opened(tmp_path_factory.mktemp("log") / "log", "".join(f"{line}\n" for line in lines).encode())

    rows = file.rows_before(file.size, count)
    file.close()

    assert [row.text for row in rows] == lines[-count:]


@given(st.lists(st.sampled_from([b"needle", b"hay", b"\n", b"nee", b"dle"]), max_size=40), st.integers(0, 100))
def test_find_is_that_of_bytes(tmp_path_factory, data, start):
    whole = b"".join(data)
    file = opened(tmp_path_factory.mktemp("log") / "log", whole)

    first = file.find(b"needle", start, ignore_case=False, cancelled=never)
    last = file.find_last(b"needle", start, ignore_case=False, cancelled=never)
    file.close()

    at, before = whole.find(b"needle", start), whole.rfind(b"needle", 0, start + 5)
    assert (first, last) == (at if at >= 0 else None, before if before >= 0 else None)


def test_a_match_across_two_chunks_is_found(tmp_path):
    data = bytearray(b"-" * (5 << 20))
    for at in ((1 << 20) - 3, (4 << 20) - 2):
        data[at : at + 6] = b"Needle"
    file = opened(tmp_path / "log", bytes(data))

    found = file.find(b"needle", 0, ignore_case=True, cancelled=never)
    last = file.find_last(b"needle", file.size, ignore_case=True, cancelled=never)

    assert (found, last) == ((1 << 20) - 3, (4 << 20) - 2)


def test_a_row_shows_what_stands_after_the_last_carriage_return(tmp_path):
    file = opened(tmp_path / "log", b"epoch 1\repoch 2\repoch 3\r\nnext\n")

    assert [row.text for row in file.rows_from(0, 9)] == ["epoch 3", "next"]


def test_growth_truncation_replacement_and_removal_are_seen(tmp_path):
    path = tmp_path / "log"
    file = LogFile(path)
    seen = [file.poll()]
    path.write_bytes(b"one\n")
    seen += [file.poll(), file.poll()]
    with path.open("ab") as out:
        out.write(b"two\n")
    seen += [file.poll()]
    path.write_bytes(b"1\n")
    seen += [file.poll()]
    (tmp_path / "new").write_bytes(b"another\n")
    os.replace(tmp_path / "new", path)
    seen += [file.poll()]
    assert [row.text for row in file.rows_from(0, 9)] == ["another"]
    path.unlink()
    seen += [file.poll(), file.poll()]

    assert seen == [False, True, False, True, True, True, True, False]
    assert file.rows_before(100, 5) == []


def test_a_huge_file_costs_no_memory(tmp_path):
    path = tmp_path / "log"
    with path.open("wb") as out:  # a hole of 3 GiB without a newline, then a line
        out.seek(3 << 30)
        out.write(b"\nthe end\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    file = LogFile(path)
    file.poll()

    rows = file.rows_before(file.size, 50)
    first = file.rows_from(0, 50)

    assert (rows[-1].text, len(rows), len(first)) == ("the end", 50, 50)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


@pytest.mark.parametrize("kind", ["folder", "missing"])
def test_what_is_no_file_has_no_rows(tmp_path, kind):
    file = LogFile(tmp_path if kind == "folder" else tmp_path / "missing")
    file.poll()

    assert (file.rows_from(0, 5), file.rows_before(file.size, 5)) == ([], [])
