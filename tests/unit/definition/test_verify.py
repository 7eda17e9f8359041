import re
from dataclasses import replace

import pytest

from conformance.logs import LOG
from engine.definition import (
    POS,
    Feature,
    FeatureSet,
    Schema,
    column,
    feature,
    feature_set,
    hour,
    if_else,
    key,
    money_type,
)
from engine.definition.nodes import (
    Aggregate,
    Call,
    Column,
    Expression,
    Literal,
    Operand,
    Window,
)
from engine.definition.verify import verify
from engine.errors import DefinitionError

amt, fraud, time = column("amt"), column("is_fraud"), column("unix_time")
card = key("cc_num")
past = card.ever()
late = card.last(days=28, delay_days=7)


def refused(expression: Expression, schema: Schema = LOG) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        feature_set("mine", schema, [feature("bad", expression, "not well formed")])
    assert caught.value.what.startswith("feature 'bad' of 'mine': ")
    assert "(was " in caught.value.what
    assert caught.value.hint
    assert str(caught.value) == f"{caught.value.what}\nhint: {caught.value.hint}"
    return caught.value


@pytest.mark.parametrize(
    ("expression", "what", "was", "hint"),
    [
        (column("cc_num"), "a number, a condition or a text", "card", "number"),
        (past.last(time), "a number, a condition or a text", "time", "seconds"),
        (column("amount"), "no such column", "'amount'", "amt"),
        (past.sum("lat"), "sum takes", "float", "money_type"),
        (Literal(float("inf")) + amt, "a literal is finite", "inf", "1e9"),
        (amt.fill(float("nan")), "a literal is finite", "nan", "1e9"),
        (amt + 2**63, "64 bits", str(2**63), "float"),
        (Literal(-(2**63) - 1).fill(0), "64 bits", str(-(2**63) - 1), "float"),
        (column("category").eq("\ud800"), "made of characters", repr("\ud800"), "UTF-8"),
        (
            Call("exact_mean", (amt, amt, amt)),
            "exact_mean is not for authors",
            "exact_mean",
            "mean",
        ),
        (
            Aggregate("sum_of_squares", amt, ("cc_num",), Window(None)),
            "sum_of_squares is not for authors",
            "sum_of_squares(amt)",
            "std",
        ),
        (
            Call("one_of", (column("category"), Literal("a"), column("merchant"))),
            "one_of compares with literals",
            "one_of(category, 'a', merchant)",
            ".eq(",
        ),
        (key("card").ever().count(), "no such key column", "'card'", "cc_num"),
        (key("lat").ever().count(), "identifies an entity", "'lat', float", "card, text or int"),
        (key("is_fraud").ever(delay_days=1).count(), "an entity", "'is_fraud'", "no label"),
        (key("cc_num", "cc_num").ever().count(), "names a column once", "('cc_num'", "drop"),
        (past.sum(past.count()), "at events, not at other aggregates", "sum(count", "outside"),
        (past.where(past.exists()).count(), "not at other aggregates", "count()", "outside"),
        (past.where(amt).count(), "where takes a condition", "amt", "compare"),
        (past.where(amt.eq("a")).count(), "eq takes two values", "money", "schema"),
        (past.sum(column("terminal")), "could overflow", "terminal", "low and high"),
        (past.mean(if_else(amt > 1, 2**31, 0)), "could overflow", "if_else", "2^30"),
        (
            Aggregate("count", None, (), Window(-1)),
            "length is at least nothing",
            "-1 µs",
            "look back",
        ),
        (
            Aggregate("count", None, (), Window(0, -1)),
            "delay is at least nothing",
            "-1 µs",
            "look back",
        ),
        (
            Aggregate("count", None, (), Window(60_000_000.0)),  # type: ignore[arg-type]  # under test
            "length is a whole number of microseconds",
            "60000000.0",
            "int",
        ),
        (
            Aggregate("count", None, (), Window(0, delay=True)),
            "delay is a whole number of microseconds",
            "True",
            "int",
        ),
        (card.last(seconds=0.5).count(), "length is a whole number", "500000 µs", "finer unit"),
        (past.count() / card.last(delay_seconds=0.1).count(), "delay is a whole", "100000", "unit"),
        (Aggregate("count", None, (), Window(2**61 + 1)), "at most 2^61", "µs", "ever()"),
        (
            Aggregate("previous", amt, (), Window(1_000_000)),
            "previous has no window",
            "1s",
            "use last",
        ),
        (Aggregate("previous", amt, (), Window(None, 1_000_000)), "no window", "1s ago", "last"),
        (fraud, "'is_fraud' is a label", "is_fraud", "delay"),
        (amt + fraud.fill(0), "'is_fraud' is a label", "is_fraud", "delay"),
        (past.mean(fraud), "'is_fraud' is a label", "mean over for ever", "delay_days"),
        (past.where(fraud.eq(1)).count(), "'is_fraud' is a label", "count", "delay_days"),
        (late.mean(fraud) + fraud, "'is_fraud' is a label", "is_fraud", "delay"),
        (hour(column("label_time")), "says that there is one", "'label_time'", "delayed window"),
        (late.count("label_time"), "says that there is one", "'label_time'", "delayed window"),
    ],
    ids=str,
)
def test_what_is_not_well_formed_is_refused(
    expression: Expression, what: str, was: str, hint: str
) -> None:
    error = refused(expression)
    assert what in error.what
    assert was in error.what.split("(was ", 1)[1]
    assert hint in error.hint


@pytest.mark.parametrize("name", ["", "1st", "a b", "ä", "_hidden", "a-b", "a.b"])
def test_names_become_columns(name: str) -> None:
    with pytest.raises(DefinitionError, match="a name is a letter") as caught:
        feature_set("mine", LOG, [feature(name, amt, "badly named")])
    assert f"(was {name!r})" in caught.value.what


def test_names_differ_in_more_than_their_case() -> None:
    with pytest.raises(DefinitionError, match="'Amount' of 'mine': the name is taken"):
        feature_set("mine", LOG, [feature("amount", amt, "one"), feature("Amount", amt, "two")])


@pytest.mark.parametrize(
    "name", ["event_id", "unix_time", "cc_num", "is_fraud", "label_time", "CC_NUM", "Event_Id"]
)
def test_names_are_not_those_of_columns_beside_the_features(name: str) -> None:
    with pytest.raises(DefinitionError, match="a column that stands beside the features"):
        feature_set("mine", POS, [feature(name, amt, "badly named")])


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(DefinitionError, match="'mine' is empty"):
        feature_set("mine", LOG, [])


def test_what_is_no_expression_is_refused() -> None:
    error = refused(Call("add", (amt, "1")))  # type: ignore[arg-type]  # what is under test
    assert "not an expression" in error.what


def test_money_that_could_overflow_is_refused() -> None:
    amounts = next(spec for spec in POS.columns if spec.name == "amt")
    finer = replace(
        POS,
        columns=tuple(
            replace(amounts, type=money_type(4)) if spec is amounts else spec
            for spec in POS.columns
        ),
    )
    assert "could overflow" in refused(past.sum(amt), finer).what
    # What is not added up may be as large as it likes.
    feature_set("mine", finer, [feature("largest", past.max(amt), "well formed")])


@pytest.mark.parametrize(
    "expression",
    [
        late.mean(fraud),
        late.where(fraud.eq(1)).exists(),
        card.ever(delay_seconds=1).last(fraud),
        past.sum(column("online")),
        past.count("cc_num"),
        key().previous("category"),
        past.min(column("terminal")),
        amt.fill(2**63 - 1),
        key().last(days=1).count(),
        amt.fill(-(2**63)),
        card.last(seconds=0).count(),
    ],
    ids=str,
)
def test_what_is_well_formed_is_accepted(expression: Expression) -> None:
    feature_set("mine", LOG, [feature("good", expression, "well formed")])


def test_a_finer_unit_takes_shorter_windows() -> None:
    half = feature("half", card.last(seconds=0.5).count(), "within half a second")
    feature_set("mine", replace(LOG, time_unit="ms"), [half])


@pytest.mark.parametrize(
    "name", ["", "1st", "a b", "a-b", "../../evil", "two\nlines", "a\n", "a\x00", "\ud800"]
)
def test_files_are_called_after_a_set(name: str) -> None:
    with pytest.raises(DefinitionError, match="name of a feature set is a letter") as caught:
        feature_set(name, LOG, [feature("x", amt + 1, "well formed")])
    assert caught.value.what.endswith(f"(was {name!r})")
    assert "files" in caught.value.hint


GOOD = feature("good", amt, "well formed")


@pytest.mark.parametrize(
    ("name", "schema", "features", "said"),
    [
        (7, LOG, [GOOD], "the name of a feature set is a letter, .*(was 7)"),
        ("mine", "LOG", [GOOD], "'mine' has a schema (was 'LOG')"),
        ("mine", LOG, GOOD, "made of a list of features (was "),
        ("mine", LOG, ["a"], "'mine' has nothing but features (was 'a')"),
        ("mine", LOG, "a", "'mine' has nothing but features (was 'a')"),
        ("mine", LOG, [feature(7, amt, "")], "feature 7 of 'mine': a name is .*(was 7)"),  # type: ignore[arg-type]  # under test
    ],
)
def test_what_a_set_is_made_of_is_told(
    name: str, schema: Schema, features: list[Feature], said: str
) -> None:
    with pytest.raises(DefinitionError, match=re.escape(said).replace(r"\.\*", ".*")) as caught:
        feature_set(name, schema, features)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ((1, 2), "'mine' has nothing but features (was 1)"),
        ([GOOD], "'mine' has a tuple of features (was [Feature("),
        ((replace(GOOD, expression="amt"),), "not an expression of the language (was 'amt')"),
        ((replace(GOOD, expression=Column(["amt"])),), "named by texts (was Column("),  # type: ignore[arg-type]  # under test
        ((replace(GOOD, expression=Call("ln", amt)),), "named by texts (was Call("),  # type: ignore[arg-type]  # under test
        (
            (replace(GOOD, expression=Aggregate("count", None, "cc_num", Window(1))),),  # type: ignore[arg-type]  # under test
            "named by texts (was Aggregate(",
        ),
    ],
)
def test_a_set_is_verified_whatever_way_it_was_made(
    features: tuple[Feature, ...], said: str
) -> None:
    with pytest.raises(DefinitionError, match=re.escape(said)):
        verify(FeatureSet("mine", LOG, features))


@pytest.mark.parametrize(
    "expression", [amt == 5, amt != 5, 3, "a", Literal(1) + 2, if_else(Literal(value=True), 1, 2)]
)
def test_a_constant_is_no_feature(expression: Operand) -> None:
    with pytest.raises(DefinitionError, match="looks at columns or at past events") as caught:
        feature_set("mine", LOG, [feature("e", expression, "always the same")])
    assert "a constant)" in caught.value.what
    assert ".eq(…)" in caught.value.hint


def test_expressions_are_nested_so_deep_and_no_deeper() -> None:
    deep: Expression = amt
    for _ in range(149):
        deep = deep + amt
    feature_set("mine", LOG, [feature("good", deep, "deep")])
    assert refused(deep + amt).what.endswith("nested 150 deep at most (was 151)")


def test_a_doc_is_a_text() -> None:
    with pytest.raises(DefinitionError, match=r"a doc is a text \(was None\)"):
        feature_set("mine", LOG, [feature("good", amt, None)])  # type: ignore[arg-type] # refused


def test_the_name_of_a_feature_has_no_control_characters() -> None:
    with pytest.raises(DefinitionError, match="letters, digits and underscores"):
        feature_set("mine", LOG, [feature("x\n", amt + 1, "its name ends with its line")])
