"""A feature's value in words, from what its definition says."""

import math
from typing import Final

from engine.definition import Feature, column, log1p
from engine.definition.infer import type_of
from engine.definition.nodes import Aggregate, Call, Column, Expression, Literal, Window
from engine.definition.personal import is_of_holder, is_personal
from engine.definition.schema import Schema
from engine.definition.types import Kind
from engine.words import counted

_WHERE: Final = {
    ("cc_num",): "on this card",
    ("merchant",): "at this merchant",
    ("cc_num", "merchant"): "on this card at this merchant",
    (): "in the whole stream",
}
_MANY: Final = {"category": "categories", "city": "cities", "cc_num": "cards"}
_UNITS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
_OF_VALUES: Final = {
    "sum": "sum",
    "mean": "mean",
    "std": "standard deviation",
    "min": "smallest",
    "max": "largest",
}
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MICROSECONDS: Final = 1_000_000
_LONGEST_IN_HOURS: Final = 48  # a day and a night people count in hours
# That anybody waits for a card's next transaction, where a window has no lower end.
_LONGEST_WAIT: Final = 10 * 366 * 86_400 * _MICROSECONDS


def is_hidden(feature: Feature, schema: Schema) -> bool:
    """Whether a feature's value would tell who the card holder is: age, gender, home.

    Of a person who is held for a fraud, what the card did is said, not who holds it: a model may
    weigh age and gender, but a reason that tells them is none that anybody could act upon.
    """
    expression = feature.expression
    if _has_words(expression):
        return False
    return is_personal(expression) or is_of_holder(expression, schema.event_time)


def is_yes(feature: Feature, schema: Schema) -> bool:
    """Whether a feature is yes or no, 1 or 0."""
    return type_of(feature.expression, schema).kind is Kind.BOOL


def never(expression: Expression) -> float | None:
    """What a time since the last transaction says where there was none, if no time can say it.

    A definition may fill in what a time can be too, such as 0 or the length of its window: of such
    a value nobody can tell whether there was a transaction.
    """
    match expression:
        case Call(
            "fill",
            (
                Aggregate("seconds_since_last", window=window),
                Literal(int() | float() as filled),
            ),
        ):
            return None if _may_be(window, filled) else float(filled)
        case _:
            return None


def phrase(feature: Feature, value: float, usual: float, schema: Schema) -> str:
    """What a feature says of an event, and what it usually says.

    Parameters
    ----------
    feature
        The feature.
    value
        Its value for the event; NaN if it has none.
    usual
        Its median in training; NaN if it had none.
    schema
        The schema that it is defined over.

    Returns
    -------
    str
        Such as ``7 transactions on this card in 15 minutes; usual is 0``, or ``…, as usual`` where
        that would be said twice; without the value where it would tell who the card holder is: age,
        gender, home.
    """
    said = _said(feature.expression, value, usual)
    if said is not None:
        return said
    if is_hidden(feature, schema):
        return f"{feature.doc}; the value is not shown"
    write = _yes if is_yes(feature, schema) else _number
    return _beside(f"{feature.doc}: {write(value)}", write(usual), write(value))


def text_phrase(
    feature: Feature, value: str | None, usual: str | None, schema: Schema, *, is_seen: bool
) -> str:
    """What a text feature says of an event, and what it usually says.

    Parameters
    ----------
    feature
        The feature.
    value
        Its value for the event; None if it has none.
    usual
        The most common one in training; None if it had none.
    schema
        The schema that it is defined over.
    is_seen
        Whether training had such a value.

    Returns
    -------
    str
        Such as ``category of the merchant: travel; usual is gas_transport``; without the value
        where :func:`phrase` leaves it out.
    """
    if is_hidden(feature, schema):
        return f"{feature.doc}; the value is not shown"
    said, known = ("unknown" if one is None else one for one in (value, usual))
    new = "" if is_seen else ", which training did not hold"
    return _beside(f"{feature.doc}: {said}{new}", known, said)


def _has_words(expression: Expression) -> bool:
    return _said(expression, 1.0, 1.0) is not None


def _said(expression: Expression, value: float, usual: float) -> str | None:
    """The words for what has words of its own, None for the rest."""
    if math.isnan(value):
        return None
    said: str | None
    match expression:
        case Call("ln", _) if expression == log1p(column("amt")):
            said = _amount(math.exp(value) - 1, math.exp(usual) - 1)
        case Column("amt"):
            said = _amount(value, usual)
        case Call("day_of_week", (Column(),)):
            # The median of days that come in a circle is none that is usual.
            said = f"on a {_DAYS[round(value)]}, UTC"
        case Call("fill", (Aggregate() as inner, Literal(int() | float() as nothing))):
            said = _aggregate(inner, value, usual, float(nothing))
        case Aggregate():
            said = _aggregate(expression, value, usual, None)
        case _:
            said = None
    return said


def _amount(value: float, usual: float) -> str:
    return _beside(f"amount {_money(value)}", _money(usual), _money(value))


def _beside(said: str, known: str, same: str) -> str:
    """What is said, with what is usual; ``same`` is how that reads where it is the same."""
    return f"{said}, as usual" if known == same else f"{said}; usual is {known}"


def _aggregate(
    aggregate: Aggregate, value: float, usual: float, nothing: float | None
) -> str | None:
    """``nothing`` is what is filled in for an empty history, if anything is."""
    where = _WHERE.get(aggregate.key)
    if where is None or aggregate.where is not None:
        return None
    place = f"{where}{_within(aggregate.window)}"
    match aggregate.name, aggregate.argument:
        case "count", None:
            found = f"{counted(round(value), 'transaction')} {place}"
            said = _beside(found, _number(usual), _number(value))
        case "n_unique", Column(name):
            many = _MANY.get(name, f"{name}s")
            noun = name if value == 1 else many
            said = _beside(
                f"{_number(value)} different {noun} {place}", _number(usual), _number(value)
            )
        case "exists", None:
            found = "a transaction" if value else "no transaction"
            said = _beside(f"{found} {place} before", _yes(usual), _yes(value))
        case "seconds_since_last", None:
            said = _of_times(aggregate.window, value, usual, nothing, where)
        case ("sum" | "mean" | "std" | "min" | "max") as name, Column("amt"):
            said = _of_amounts(name, value, usual, nothing, place)
        case _:
            return None
    return said


def _may_be(window: Window, seconds: float) -> bool:
    """Whether the last transaction that a window shows may be so long ago."""
    longest = window.delay + (_LONGEST_WAIT if window.length is None else window.length)
    # Divided as times are, so that the window's own ends are met.
    return window.delay / _MICROSECONDS <= seconds <= longest / _MICROSECONDS


def _of_times(window: Window, value: float, usual: float, nothing: float | None, where: str) -> str:
    """What a time since the last transaction says; ``nothing`` as for an aggregate."""
    none = None if nothing is None or _may_be(window, nothing) else nothing

    def told(seconds: float, since: str = "") -> str:
        if seconds == none:
            return "none before"
        unsure = ", or none before" if seconds == nothing else ""
        return f"{duration(seconds)}{since}{unsure}"

    found = f"no transaction {where}{_within(window)} before"
    if value != none:
        found = told(value, f" since the last transaction {where}")
    return _beside(found, told(usual), told(value))


def _of_amounts(name: str, value: float, usual: float, nothing: float | None, place: str) -> str:
    """What a statistic of amounts says; ``nothing`` as for an aggregate."""
    # No transactions add up to 0, whether or not the definition fills that in.
    none = 0.0 if name == "sum" else nothing
    known = f"{_OF_VALUES[name]} {_money(usual)}" if value == none else _money(usual)
    if usual == none and name != "std":
        known = "nothing"
    if value != none:
        return _beside(
            f"{_OF_VALUES[name]} of amounts {_money(value)} {place}", known, _money(value)
        )
    # An amount may be 0 too, and the deviation of one amount, or of equal ones, is.
    found = "no transaction"
    if none == 0:
        found = {"std": "no two different amounts", "min": "no transaction, or one of 0.00,"}.get(
            name, "nothing spent"
        )
    same = f"{_OF_VALUES[name]} {_money(value)}" if name == "std" else "nothing"
    return _beside(f"{found} {place} before", known, same)


def _within(window: Window) -> str:
    length = "" if window.length is None else f" in {duration(window.length / _MICROSECONDS)}"
    return (
        f"{length} until {duration(window.delay / _MICROSECONDS)} ago" if window.delay else length
    )


def duration(seconds: float) -> str:
    """A span of time in the largest unit that leaves it at least one: ``15 minutes``."""
    if math.isnan(seconds):
        return "unknown"
    for size, noun in _UNITS:
        hours = size == _UNITS[0][0] and seconds < _LONGEST_IN_HOURS * 3_600
        if seconds >= size and not hours:
            return _several(seconds / size, noun)
    return _several(seconds, "second")


def _several(amount: float, noun: str) -> str:
    text = f"{amount:,.1f}".removesuffix(".0")
    return f"{text} {noun}" if text == "1" else f"{text} {noun}s"


def _number(value: float) -> str:
    if math.isnan(value):
        return "unknown"
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _money(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:,.2f}"


def _yes(value: float) -> str:
    if math.isnan(value):
        return "unknown"
    return "yes" if value else "no"
