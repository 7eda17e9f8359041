"""Where windows begin, at the ends of what an instant can be."""

import numpy as np

from engine.backends.polars.layout import make_layout
from engine.backends.polars.plan import Span
from engine.backends.polars.windows import find_bounds

FIRST, LAST = -(2**63), 2**63 - 1


def test_spans_that_pass_64_bits_see_what_they_should() -> None:
    times = np.array([FIRST, FIRST + 1, FIRST + 10, 0, LAST - 1, LAST], dtype=np.int64)
    layout = make_layout(np.zeros(len(times), dtype=np.int64), times)
    spans = [Span(5, 0), Span(5, 2), Span(None, 1)]
    bounds = find_bounds(layout, spans)
    seen = {
        span: [list(range(*pair)) for pair in zip(each.begin, each.end, strict=True)]
        for span, each in bounds.items()
    }
    assert seen[spans[0]] == [[], [0], [], [], [], [4]]
    assert seen[spans[1]] == [[], [], [], [], [], []]
    assert seen[spans[2]] == [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4]]
