"""Server-sent events: the rules of the WHATWG, in any pieces, in bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.live.sse import Event, Parser

MOST = 64
# Little pieces of which streams are made, so that what is rare elsewhere is common here.
PIECES = st.sampled_from(
    [
        *(b"\n", b"\r", b"\r\n", b"\n\n", b"data", b"data:", b"data: ", b"id: ", b"id", b"event: "),
        *(
            b"event",
            b"retry: ",
            b"retry",
            b":",
            b" ",
            b"7",
            b"x",
            b"\x00",
            b"\xff",
            b"\xef\xbb\xbf",
        ),
        *("é".encode(), b"y" * 40, b"data: " + b"z" * 70 + b"\n", b"id: 1\ndata: a\n\n"),
    ]
)
STREAMS = st.lists(PIECES, max_size=60).map(b"".join)


def events(*parts: bytes, most: int = MOST, last_id: str = "") -> list[Event]:
    parser = Parser(last_id, most)
    return [event for part in parts for event in parser.feed(part)]


def data(*parts: bytes) -> list[bytes | None]:
    return [event.data for event in events(*parts)]


def by_the_rules(stream: bytes) -> tuple[list[Event], str, float | None, int]:
    """The standard's algorithm, line by line over all that there is."""
    found: list[Event] = []
    last_id, buffered_id, retry, comments = "", "", None, 0
    name, held, too_large = "", list[bytes](), False
    whole = stream.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for line in whole.split(b"\n")[:-1]:
        if not line:
            last_id = buffered_id
            if too_large or held:
                content = None if too_large else b"\n".join(held)
                found.append(Event(name or "message", last_id, content))
            name, held, too_large = "", [], False
            continue
        if line.startswith(b":"):
            comments += 1
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if len(line) > MOST:
            too_large |= field in {b"data", b"event", b"id"} and b":" in line
        elif field == b"data":
            held.append(value)
            too_large |= sum(len(one) + 1 for one in held) > MOST
        elif field == b"event":
            name = value.decode(errors="replace")
        elif field == b"id" and value.decode(errors="replace").isprintable():
            buffered_id = value.decode(errors="replace")
        elif field == b"retry" and value.isdigit():
            retry = int(value) / 1_000
    return found, last_id, retry, comments


@given(STREAMS)
def test_events_are_those_of_the_standard(stream: bytes) -> None:
    parser = Parser("", MOST)
    found = parser.feed(stream)
    assert (found, parser.last_id, parser.retry, parser.comments) == by_the_rules(stream)


@given(STREAMS, st.data())
def test_pieces_make_no_difference(stream: bytes, draw: st.DataObject) -> None:
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    whole, cut, single = Parser("", MOST), Parser("", MOST), Parser("", MOST)
    expected = whole.feed(stream)
    assert [event for piece in pieces for event in cut.feed(piece)] == expected
    assert [event for byte in stream for event in single.feed(bytes([byte]))] == expected
    for parser in (cut, single):
        assert (parser.last_id, parser.retry, parser.comments) == (
            whole.last_id,
            whole.retry,
            whole.comments,
        )


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [b"a"]),
        (b"data:a\n\n", [b"a"]),
        (b"data:  a\n\n", [b" a"]),
        (b"data\n\n", [b""]),
        (b"data: a\ndata: b\n\n", [b"a\nb"]),
        (b"data\ndata\n\n", [b"\n"]),
        (b"data: a\r\rdata: b\r\n\r\n", [b"a", b"b"]),
        (b"\xef\xbb\xbfdata: a\n\n", [b"a"]),
        (b"\n\n\n", []),
        (b"event: x\n\n", []),
        (b"data: a\n", []),
        (b"data: cut off", []),
        (b"nothing: known\ndata: a\nDATA: b\n\n", [b"a"]),
        (b"data: \xc2\x85\xe2\x80\xa8\x0b\x0c\n\n", [b"\xc2\x85\xe2\x80\xa8\x0b\x0c"]),
    ],
)
def test_data(stream: bytes, expected: list[bytes]) -> None:
    assert data(stream) == expected


def test_a_byte_order_mark_is_passed_over_once_and_at_the_start_alone() -> None:
    assert data(b"\xef", b"\xbb", b"\xbfdata: a\n\n") == [b"a"]
    assert data(b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\n") == []
    assert data(b"data: a\n\n\xef\xbb\xbfdata: b\n\n") == [b"a"]


def test_a_return_ends_its_line_at_once_and_a_line_feed_after_it_is_its_own() -> None:
    parser = Parser()
    assert [event.data for event in parser.feed(b"data: a\r\r")] == [b"a"]
    assert parser.feed(b"\n") == []
    assert [event.data for event in parser.feed(b"data: b\n\n")] == [b"b"]


def test_names_and_ids() -> None:
    found = events(b"event: ping\nid: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n")
    assert found == [
        Event("ping", "1", b"a"),
        Event("message", "1", b"b"),
        Event("message", "", b"c"),
    ]


@pytest.mark.parametrize("bad", [b"2\x003", b"2\x1b", b"\t2", b"9" * 300])
def test_an_id_that_cannot_be_sent_back_is_ignored(bad: bytes) -> None:
    found = events(b"id: 1\ndata: a\n\nid: " + bad + b"\ndata: b\n\n", most=1_000)
    assert [event.id for event in found] == ["1", "1"]


def test_the_id_of_an_event_that_is_cut_off_does_not_count() -> None:
    parser = Parser("5")
    assert parser.feed(b"id: 6\ndata: a\n") == []
    assert parser.last_id == "5"
    parser.feed(b"\n")
    assert parser.last_id == "6"
    parser.feed(b"id: 7\n\n")  # an id alone counts
    assert parser.last_id == "7"


@pytest.mark.parametrize(
    ("value", "expected"),
    [(b"1500", 1.5), (b"0", 0.0), (b"-1", None), (b"1.5", None), (b"", None), ("٣".encode(), None)],
)
def test_retry(value: bytes, expected: float | None) -> None:
    parser = Parser()
    parser.feed(b"retry: " + value + b"\n")
    assert parser.retry == expected


def test_any_number_of_digits_is_a_long_time() -> None:
    parser = Parser()
    parser.feed(b"retry: " + b"9" * 100_000 + b"\n")
    assert parser.retry is not None
    assert parser.retry > 86_400


def test_what_is_too_large_is_told_without_its_data_and_what_follows_is_whole() -> None:
    long_line = b"id: 1\ndata: " + b"x" * MOST + b"\n\n"
    many_lines = b"event: e\nid: 2\n" + b"data: xxx\n" * 20 + b"\n"
    name = b"event: " + b"x" * MOST + b"\ndata: a\n\n"
    fits = b"id: 3\ndata: " + b"x" * (MOST - 6) + b"\n\n"
    found = events(long_line + many_lines + name + fits)
    assert found == [
        Event("message", "1", None),
        Event("e", "2", None),
        Event("message", "2", None),
        Event("message", "3", b"x" * (MOST - 6)),
    ]


def test_a_long_line_that_is_of_no_event_spoils_none() -> None:
    parser = Parser("", MOST)
    found = parser.feed(b": " + b"x" * 500 + b"\nwhat: " + b"y" * 500 + b"\ndata: a\n\n")
    assert found == [Event("message", "", b"a")]
    assert parser.comments == 1


def test_a_line_of_ten_megabytes_is_never_held() -> None:
    import tracemalloc

    most, piece = 100_000, b"x" * 16_384
    parser = Parser("", most)
    tracemalloc.start()
    try:
        parser.feed(b"id: 1\ndata: ")
        for _ in range(10_000_000 // len(piece)):
            assert parser.feed(piece) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert parser.feed(b"\n\nid: 2\ndata: a\n\n") == [
        Event("message", "1", None),
        Event("message", "2", b"a"),
    ]
    assert peak < 4 * most


def test_many_small_lines_are_not_held_either() -> None:
    parser = Parser("", 1_000)
    for _ in range(5_000):
        assert parser.feed(b"data\n") == []
    assert parser.feed(b"\n") == [Event("message", "", None)]
