"""A page that loads nothing, says what it was given, and takes no words for markup."""

import pytest

from engine.report.frame import (
    Column,
    Html,
    Section,
    Tile,
    beside,
    code,
    facts,
    figure,
    joined,
    lines,
    note,
    page,
    paragraph,
    strong,
    table,
    tiles,
)
from unit.report.pages import parsed

HOSTILE = "<script>alert('x')</script> & \"quoted\" </style>"
SAID = [
    paragraph(HOSTILE, strong(HOSTILE), code(HOSTILE)),
    note(HOSTILE),
    tiles([Tile(HOSTILE, HOSTILE, HOSTILE)]),
    facts([(HOSTILE, HOSTILE)]),
    table([Column(HOSTILE), Column("b", "number")], [[HOSTILE, lines([HOSTILE, "x"])]]),
    table([Column("a")], [], caption=HOSTILE),
    figure(Html("<svg></svg>"), HOSTILE, joined(HOSTILE, HOSTILE, between=HOSTILE)),
    beside(paragraph(HOSTILE), paragraph("right")),
]


@pytest.mark.parametrize("piece", SAID, ids=str)
def test_words_are_words_wherever_they_stand(piece: Html) -> None:
    found = parsed(piece.markup)
    assert "script" not in found.tags
    assert HOSTILE in found.text


def test_a_page() -> None:
    whole = page(HOSTILE, HOSTILE, [HOSTILE], [Section("one", HOSTILE, SAID)])
    found = parsed(whole)
    assert found.tags.count("html") == found.tags.count("main") == 1
    assert "script" not in found.tags
    assert found.loads == ["#one"]
    assert 'id="one"' in whole
    assert "default-src 'none'" in whole
    assert whole == page(HOSTILE, HOSTILE, [HOSTILE], [Section("one", HOSTILE, SAID)])


def test_a_row_has_a_piece_for_each_column() -> None:
    with pytest.raises(ValueError, match="zip"):
        table([Column("a"), Column("b")], [["one"]])
