"""What a backtest's figures, its policy and its contenders are called."""

from collections.abc import Iterator
from typing import Any, Final

from engine.model.figures_text import FORMS, Line, Unit, figure_text
from engine.model.paired import DIFFERENCE
from engine.model.paired_text import SIGNED, paired_rows
from engine.words import counted

OUTCOMES: Final = (
    Line("alerts_per_day", "alerts a day", "number"),
    Line("unlabelled_alerts", "alerts on events without a label", "count"),
    Line("precision", "of alerts acted upon, fraud", "share"),
    Line("recall", "of fraud, stopped", "share"),
    Line("money_saved", "money saved", "money"),
    Line("money_saved_share", "  as a share of all money of fraud", "share"),
    Line("money_saved_net", "  less false alerts", "money"),
    Line("caught_cards", "cards caught", "count"),
    Line("caught_cards_share", "  as a share of defrauded ones", "share"),
    Line("hours_to_first_flag", "hours from first fraud to flag", "number"),
    Line("median_hours_to_first_flag", "  the median", "number"),
    Line("unreviewed", "alerts nobody looked at", "count"),
    Line("over_budget", "flags over the day's budget", "count"),
    Line("blocked", "events on blocked cards", "count"),
    Line("blocked_legitimate", "  legitimate ones", "count"),
)


def said_outcomes(policy: dict[str, Any], outcomes: dict[str, Any]) -> list[Line]:
    """The figures there are, but for those that the policy cannot have."""
    is_on = {
        "unreviewed": policy["reviews"] is not None,
        "over_budget": policy["budget"] is not None,
        "blocked": policy["blocking"] != "none",
        "blocked_legitimate": policy["blocking"] != "none",
    }
    return [line for line in OUTCOMES if line.name in outcomes and is_on.get(line.name, True)]


def unlabelled_text(content: dict[str, Any]) -> str | None:
    """What is done about events without a label, and how many there are; None if there are none."""
    every = content["log"]["unlabelled"]
    if not every:
        return None
    tested = sum(fold["unlabelled"] for fold in content["folds"])
    return (
        f"{counted(every, 'event')} without a label, {tested:,} of them tested: decided on like "
        "all others, but nothing is learnt from them, nor said to be right or wrong"
    )


def beyond_text(content: dict[str, Any]) -> str | None:
    """That labels are not known yet of all days that are tested; None if they are."""
    windows = content["windows"]
    if not windows["beyond_labels"]:
        return None
    return (
        f"tested until {content['folds'][-1]['until']}, but labels are known of events before "
        f"{windows['labels_until']} only, a delay before the log ends: later fraud may count as "
        "legitimate"
    )


def policy_text(policy: dict[str, Any]) -> str:
    """A policy in words."""
    said = ["every event at the threshold or above is flagged"]
    if policy["budget"] is not None:
        said.append(f"at most {counted(policy['budget'], 'alert')} a UTC day")
    if policy["reviews"] is not None:
        said.append(f"at most {counted(policy['reviews'], 'card')} a day looked at")
    if policy["blocking"] == "pool":
        said.append("a flagged card is blocked, what follows on it leaves the pool")
    elif policy["blocking"] == "saved":
        said.append("a flagged card is blocked, fraud that follows on it is saved")
    return "; ".join(said)


def contender_text(contender: dict[str, Any]) -> str:
    """Which model and threshold a contender has, in words."""
    trained = "trained anew for each fold"
    if contender["run"] is not None:
        trained = f"{contender['run']} for all folds"
    return f"{contender['model']}, {trained}; threshold {contender['threshold']}"


def plain(figure: dict[str, float | None] | None, unit: Unit) -> str:
    """A figure's value alone."""
    if figure is None or figure["value"] is None:
        return "-"
    return FORMS[unit].format(figure["value"])


def comparison_rows(content: dict[str, Any]) -> Iterator[list[str]]:
    """For each figure its words, both values and their difference, with intervals, as text."""
    comparison, names = content["comparison"], list(content["contenders"])
    yield from paired_rows(comparison["metrics"])
    for line in said_outcomes(content["policy"], comparison["outcomes"]):
        found = comparison["outcomes"][line.name]
        yield [
            line.words,
            *(figure_text(found[name], FORMS[line.unit]) for name in names),
            figure_text(found[DIFFERENCE], SIGNED[line.unit]),
        ]
