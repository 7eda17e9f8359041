"""Gaps are strict, and the README tells of them."""

from pathlib import Path

import pytest

from backends import backend_or_skip
from conformance.broad import broad
from conformance.logs import log
from engine.backends import BACKENDS, load_backend
from engine.backends.support import BEGIN, END, GAPS, Gap, main, support_table, with_table
from engine.definition import FeatureSet
from engine.definition.aggregates import AGGREGATES
from engine.definition.functions import FUNCTIONS
from engine.definition.nodes import Aggregate, Call, Expression
from engine.errors import InputError, SentinelError

README = Path(__file__).parents[3] / "README.md"
AUTHORED = {
    "aggregate": {name for name, spec in AGGREGATES.items() if not spec.internal},
    "function": {name for name, spec in FUNCTIONS.items() if not spec.internal},
}
EVENTS = log(unix_time=[1, 2], cc_num=1)


def uses(expression: Expression, gap: Gap) -> bool:
    match expression:
        case Call(function, args):
            mine = (gap.kind, gap.name) == ("function", function)
            return mine or any(uses(arg, gap) for arg in args)
        case Aggregate(name, argument, _, _, where):
            inner = [part for part in (argument, where) if part is not None]
            mine = (gap.kind, gap.name) == ("aggregate", name)
            return mine or any(uses(part, gap) for part in inner)
        case _:
            return False


def check(gap: Gap) -> None:
    """Fails unless the gap names what is there and its backend refuses it."""
    assert gap.backend in BACKENDS
    assert gap.name in AUTHORED[gap.kind]
    assert gap.note
    with_it = [each for each in broad().features if uses(each.expression, gap)]
    assert with_it, f"the broad set has no feature with {gap.name}"
    for each in with_it:
        alone = FeatureSet("alone", broad().schema, (each,))
        with pytest.raises(SentinelError):
            load_backend(gap.backend).compute(alone, EVENTS)


@pytest.mark.parametrize("gap", GAPS, ids=str)
def test_a_gap_is_refused_by_its_backend(gap: Gap) -> None:
    check(gap)


def test_gaps_are_declared_once() -> None:
    names = [(gap.backend, gap.kind, gap.name) for gap in GAPS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_no_gap_is_supported(backend: str) -> None:
    mine = [gap for gap in GAPS if gap.backend == backend]
    rest = tuple(
        each for each in broad().features if not any(uses(each.expression, gap) for gap in mine)
    )
    supported = FeatureSet("supported", broad().schema, rest)
    assert backend_or_skip(backend).compute(supported, EVENTS).columns == list(supported.names)


def test_a_gap_that_works_after_all_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
        check(Gap("polars", "aggregate", "count", "not_yet", "it does"))


@pytest.mark.parametrize(
    "gap",
    [
        Gap("flink", "aggregate", "count", "not_yet", "no such backend"),
        Gap("polars", "aggregate", "median", "not_yet", "no such aggregate"),
        Gap("polars", "function", "count", "not_yet", "no such function"),
        Gap("polars", "function", "exact_mean", "never", "not for authors"),
    ],
)
def test_a_gap_that_names_nothing_fails(gap: Gap) -> None:
    with pytest.raises(AssertionError):
        check(gap)


def test_the_table_has_a_row_for_everything_and_a_column_for_everyone() -> None:
    lines = support_table().splitlines()
    for kind, names in AUTHORED.items():
        (header,) = [line for line in lines if line.startswith(f"| {kind} |")]
        assert header.endswith(f"| {' | '.join(BACKENDS)} |")
        for name in names:
            (row,) = [
                line
                for line in lines
                if line.startswith(f"| `{name}` |") and line.count("|") == header.count("|")
            ]
            assert row.endswith(" | yes" * len(BACKENDS) + " |")


def test_the_table_tells_of_gaps() -> None:
    gap = Gap("polars", "aggregate", "n_unique", "not_upstream", "polars cannot count.")
    lines = support_table([gap]).splitlines()
    (row,) = [line for line in lines if line.startswith("| `n_unique` |")]
    assert row.count("not upstream") == 1
    assert lines[-1] == "polars has no aggregate `n_unique` (not upstream): polars cannot count."


def test_the_table_goes_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert main([str(page)]) == 0
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\n| aggregate |")
    assert text.endswith(f"|\n\n{END}\nafter\n")
    assert with_table(text) == text


@pytest.mark.parametrize("text", ["", BEGIN, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_without_its_marks_it_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no place for the table"):
        with_table(text)


def test_the_readme_is_not_stale() -> None:
    text = README.read_text("utf-8")
    assert with_table(text) == text, "run `make readme`"
