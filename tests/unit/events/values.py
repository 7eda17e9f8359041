"""Values of JSON that try a reader's patience."""

from hypothesis import strategies as st

DIGITS = st.one_of(
    st.text("0123456789", max_size=22),
    st.integers(0, 2**65).map(str),
    st.integers(0, 10**7).map(str),
)
NUMBERS_AS_TEXT = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "", "", " ", "\t", "\x0b", "\x1c", "\u00a0", "\u2003"]),
        st.sampled_from(["", "", "", "-", "+", "--"]),
        DIGITS,
        st.sampled_from(["", "", ".", ",", "_"]),
        st.one_of(st.just(""), st.integers(0, 99).map("{:02}".format), DIGITS),
        st.sampled_from(["", "", "", "e3", "E-2", "e+1", "e", "e400", "e-400", "f", "٣", "\x00"]),
        st.sampled_from(["", "", "", " ", "\n", "\r\n", "\x1f", "\u0085"]),
    ),
)
AS_NUMBERS = st.one_of(
    st.integers(-(2**63) - 2, 2**64 + 1),
    st.integers(-(2**129), 2**129),
    st.integers(-10, 10_000_000),
    st.integers(-(10**9), 10**9).map(lambda n: n / 100),
    st.integers(-(10**9), 10**9).map(lambda n: n / 1000),
    st.integers(-(2**53), 2**53).map(float),
    st.floats(),
    st.sampled_from([2**53, 2**53 + 1, 2**63, 2**64, 2**127, 10**16, 10**400, -0.0, 5e-324, 1e15]),
)
TEXTS = st.one_of(
    NUMBERS_AS_TEXT,
    st.text(st.characters(), max_size=8),
    AS_NUMBERS.map(str),
    st.sampled_from(
        (
            *(
                "",
                " ",
                "  12 ",
                "nan",
                "-NaN",
                "inf",
                "-Infinity",
                "iNf",
                "true",
                "F",
                " Yes ",
                "n",
            ),
            *("0x1", "1_0", "9" * 19, "9" * 20, "1" * 20, "\ud800", "a\udfffb", "é", "4111 1111"),
            *("1e-9999999999999999999", "-0.0000000000000001", "0e9999999999999999999", "1", "00"),
            *("0.00049999999999999999", "0.0005", "0.0015", "5.5", "12.345", "12.345" + "0" * 20),
        )
    ),
)
VALUES_OF_JSON = st.one_of(
    TEXTS, AS_NUMBERS, st.booleans(), st.none(), st.just([1]), st.just({"a": "b"})
)
