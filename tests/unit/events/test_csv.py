"""CSV: lines are split as the format says, and told apart by their numbers."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.definition import POS
from engine.errors import InputError
from engine.events.csv import read_csv
from engine.events.inputs import InputFile
from engine.events.lines import NOT_UTF8, QUOTING, TOO_FEW, TOO_MANY, split_lines
from engine.events.raw import RawBatch
from unit.events.samples import COLUMNS, HEADER, line

Write = Callable[..., Path]


def read(path: Path, **options: int) -> list[RawBatch]:
    return list(read_csv(InputFile(path, "csv"), POS, COLUMNS, **options))


def table(batches: list[RawBatch]) -> tuple[dict[int, str | None], dict[int, str]]:
    """Good rows' ids and bad rows' reasons, by line number."""
    good: dict[int, str | None] = {}
    bad: dict[int, str] = {}
    for batch in batches:
        lines = batch.lines_of(pl.int_range(len(batch.frame), eager=True))
        good |= dict(zip(lines, batch.frame["trans_num"], strict=True))
        bad |= dict(batch.bad.select("line", "kind").iter_rows())
        assert batch.read == len(batch.frame) + len(batch.bad)
    return good, bad


def test_only_columns_in_use_are_kept_and_everything_is_text(write: Write) -> None:
    frame = read(write([line(1)], header=HEADER))[0].frame
    assert frame.columns == ["trans_num", *COLUMNS]
    assert set(frame.dtypes) == {pl.String}
    assert frame["merchant"].to_list() == ['fraud_Rau, and "Sons"']


def test_bad_lines_keep_their_numbers(write: Write) -> None:
    lines = [line(1), line(2) + "|more", "", line(3)[:-2], line(4), "\r", "x", line(5) + "|"]
    good, bad = table(read(write(lines)))
    assert good == {2: "id-0001", 6: "id-0004"}
    assert bad == {3: TOO_MANY, 5: TOO_FEW, 8: TOO_FEW, 9: TOO_MANY}


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 200, 1 << 20])
def test_blocks_change_nothing(write: Write, block_bytes: int) -> None:
    lines = [line(n) if n % 7 else "|" * n for n in range(40)]
    path = write(lines)
    assert table(read(path, block_bytes=block_bytes)) == table(read(path))
    assert len(table(read(path))[0]) == 35  # the line of seven separators has eight fields


def test_crlf_bom_and_a_last_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    text = "\r\n".join([HEADER, line(1), line(2, lat=""), line(3)])
    for content in (text, text.replace("\r\n", "\n"), text + "\r\n"):
        path.write_bytes(b"\xef\xbb\xbf" + content.encode())
        batches = read(path)
        assert table(batches) == ({2: "id-0001", 3: "id-0002", 4: "id-0003"}, {})
        frame = pl.concat(batch.frame for batch in batches)
        assert frame["is_fraud"].to_list() == ["0", "0", "0"]
        assert frame["lat"].to_list() == ["40.5", None, "40.5"]


def test_gzip_goes_by_content(tmp_path: Path) -> None:
    packed = gzip.compress(f"{HEADER}\n{line(1)}\n".encode())
    for name in ("log.csv.gz", "log.csv"):
        (tmp_path / name).write_bytes(packed)
        assert table(read(tmp_path / name))[0] == {2: "id-0001"}
    many = gzip.compress("\n".join([HEADER, *map(line, range(5000))]).encode())
    (tmp_path / "cut.csv.gz").write_bytes(many[: len(many) // 2])
    with pytest.raises(InputError, match=r"cut\.csv\.gz: cannot be read"):
        read(tmp_path / "cut.csv.gz")
    (tmp_path / "plain.csv.gz").write_text(HEADER)
    with pytest.raises(InputError, match="not gzip"):
        read(tmp_path / "plain.csv.gz")


def test_lines_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    good = [line(1), line(2).replace("Sons", "Söhne"), line(3)]
    content = "\n".join([HEADER, *good]).encode() + b"\n" + line(4).encode("utf-8")[:-1] + b"\xff\n"
    path.write_bytes(content)
    batches = read(path)
    assert table(batches) == ({2: "id-0001", 3: "id-0002", 4: "id-0003"}, {5: NOT_UTF8})
    assert batches[0].frame["merchant"][1] == 'fraud_Rau, and "Söhne"'


def test_a_header_alone_has_no_rows(write: Write) -> None:
    assert table(read(write([]))) == ({}, {})
    assert table(read(write(["", "\r", ""]))) == ({}, {})


COMMA = HEADER.replace("|", ",")


def test_quoted_fields_between_commas(write: Write) -> None:
    lines = [
        'a,4111,1758834000,1.25,"Rau, and ""Sons""",home,40.5,0',
        '"b",4111,1758834000,1.25,"""x""",,40.5,"0"',
        'c,4111,1758834000,1.25,"Rau, open,home,40.5,0',
        'd,4111,1758834000,1.25,5" pipe,home,40.5,0',
        'e,4111,1758834000,1.25,"x"y,home,40.5,0',
        'f,4111,1758834000,1.25,"x,y",home,40.5,0,"1,2"',
        'g,4111,1758834000,1.25,"x,y",home',
        'h,4111,1758834000,1.25,"",home,40.5,0',
        'i,4111,1758834000,1.25,"line',
        'break",home,40.5,0',
        "j,4111,1758834000,1.25,plain,home,40.5,0",
    ]
    batches = read(write(lines, header=COMMA))
    good, bad = table(batches)
    assert good == {2: "a", 3: "b", 9: "h", 12: "j"}
    assert bad == {
        4: QUOTING, 5: QUOTING, 6: QUOTING, 7: TOO_MANY, 8: TOO_FEW, 10: QUOTING, 11: QUOTING,
    }  # fmt: skip
    merchants = batches[0].frame["merchant"].to_list()
    assert merchants[:2] == ['Rau, and "Sons"', '"x"']


FIELDS = st.text(st.sampled_from('ab," é|'), max_size=6)


@given(
    rows=st.lists(st.lists(FIELDS, min_size=2, max_size=4), min_size=1, max_size=8),
    every=st.booleans(),
)
def test_commas_are_split_as_python_splits_them(rows: list[list[str]], *, every: bool) -> None:
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL
    csv.writer(text, quoting=quoting, lineterminator="\n").writerows(rows)
    lines = split_lines(text.getvalue().encode(), ",", 3)
    assert lines.count == len(rows)
    assert [index for index, _, _ in lines.bad] == [
        n for n, row in enumerate(rows) if len(row) != 3
    ]
    assert list(csv.reader(io.StringIO(lines.good.decode()))) == [r for r in rows if len(r) == 3]


@given(st.lists(st.text(st.sampled_from('a|,"é'), max_size=8), max_size=8))
def test_pipes_are_counted_and_nothing_is_quoted(texts: list[str]) -> None:
    block = "".join(f"{text}\n" for text in texts).encode()
    if not block:
        return
    lines = split_lines(block, "|", 3)
    good = [text for text in texts if text.count("|") == 2]
    assert lines.good == "".join(f"{text}\n" for text in good).encode()
    assert lines.good_count == len(good)
    assert len(lines.bad) == sum(1 for text in texts if text and text.count("|") != 2)


def test_counts_of_separators_do_not_wrap() -> None:
    block = b"a|b\n" + b"|" * 257 + b"\n"
    assert [kind for _, kind, _ in split_lines(block, "|", 2).bad] == [TOO_MANY]
    assert split_lines(b"a\n\nb\n", "|", 1).good == b"a\nb\n"
    wide = b"|".join([b"x"] * 300) + b"\n"
    assert split_lines(wide, "|", 300).good == wide


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (HEADER.replace("|", "\t"), "tabs"),
        (HEADER.replace("|", ";"), "semicolons"),
        (HEADER + "|amt", "names a column twice .was 'amt'"),
        ("  ", "first line is blank"),
        (HEADER.replace("amt", "amount"), r"required column is missing .was 'amt'.; .*amount"),
        (HEADER.replace("trans_num", "number"), "no column identifies an event"),
    ],
)
def test_headers_that_do_not_do(write: Write, header: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read(write([line(1)], header=header))
    assert "log.csv" in caught.value.what
    assert "(was " in caught.value.what
    assert caught.value.hint


def test_a_binary_file_is_no_csv(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(b"PAR1\xff\xfe\n")
    with pytest.raises(InputError, match="header is not UTF-8"):
        read(tmp_path / "log.csv")


def test_quoted_names_may_hold_commas_and_pipes(write: Write) -> None:
    header = '"trans_num",cc_num,unix_time,"amt","x, ""y""|z|w",merchant'
    batches = read(write(["a,4111,1758834000,1.25,note,Rau"], header=header))
    assert table(batches) == ({2: "a"}, {})
    assert batches[0].frame["merchant"].to_list() == ["Rau"]


def test_a_row_in_the_place_of_the_header_is_shown_masked(write: Write) -> None:
    for header in (line(1), line(1).replace("|", ",")):
        with pytest.raises(InputError, match="the header may be missing") as caught:
            read(write([line(2)], header=header))
        assert "id-0001" in caught.value.what
        assert "4111111111111111" not in caught.value.what
        assert len(caught.value.what) < 220


def test_lines_that_end_with_cr_alone_are_said(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes("\r".join([HEADER, line(1), line(2)]).encode())
    with pytest.raises(InputError, match="lines end with CR alone"):
        read(tmp_path / "log.csv")


def test_a_first_line_without_end_is_not_read_whole(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(b"x" * (2 << 20))
    with pytest.raises(InputError, match="the first line does not end"):
        read(tmp_path / "log.csv")
