"""The whole page: it loads nothing, hides nothing, and is the same each time."""

import re
from dataclasses import replace
from typing import Any

import pytest

from engine.catalog import notebook
from engine.definition import feature_set
from engine.model.held_against import Figure
from engine.report import plates
from engine.report.ablation_plots import added, alone
from engine.report.drawing import Drawing
from engine.report.frame import Html
from engine.report.job import MOST_PLOTS, most_plots, training_report
from engine.report.judged import Judged
from unit.report.judgements import DAY, MONDAY, judged, with_metrics
from unit.report.pages import parsed

EVENTS = judged(
    [0.9, 0.1, 0.9, 0.6, 0.2, 0.3],
    [1, 1, 0, 1, 0, 0],
    cards=[1, 2, 3, 4, 5, 5],
    times=[5, DAY, 8 * DAY, 9 * DAY, 10 * DAY, 11 * DAY],
    amounts=[1234.5, 4.0, 2.0, 3.0, 1.0, 1.0],
)
# Where words alone are looked at, and what is drawn is drawn in another test.
UNDRAWN = Drawing(Html("<svg></svg>"), b"")
PNG = b"\x89PNG\r\n\x1a\n"


def page_of(one: Judged) -> str:
    return training_report(one)["report.html"].decode()


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plates, "drawn", lambda *_: UNDRAWN)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return training_report(EVENTS)


@pytest.fixture(scope="module")
def page(files: dict[str, bytes]) -> str:
    return files["report.html"].decode()


def test_it_loads_nothing(page: str) -> None:
    found = parsed(page)
    assert not {"script", "link", "img", "iframe", "object", "embed"} & set(found.tags)
    assert all(load.startswith("#") for load in found.loads)
    assert {load[1:] for load in found.loads} <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert "http:" not in page
    assert "https:" not in page


def test_its_plots_stand_in_it_and_beside_it(files: dict[str, bytes], page: str) -> None:
    images = [name for name in files if name.startswith("plots/")]
    assert len(images) == MOST_PLOTS == parsed(page).tags.count("svg")
    assert all(files[name].startswith(PNG) for name in images)
    assert sorted(files) == sorted([*images, "report.html"])


def test_the_same_again_in_one_process(files: dict[str, bytes]) -> None:
    assert training_report(EVENTS) == files


def test_it_says_how_it_came_about(page: str) -> None:
    text = parsed(page).text
    figures = EVENTS.metrics["figures"]
    recall = figures["at_threshold.recall"]
    assert f"{recall['value']:.3f}" in text
    assert f"[{recall['low']:.3f}, {recall['high']:.3f}]" in text
    for said in ("max-f1", "x.parquet", "f" * 64, "2 days", "2024-12-30", "1,234.50"):
        assert said in text
    assert "--split time --threshold max-f1 --label-delay 2d --seed 7" in text


def test_cards_are_masked(page: str) -> None:
    assert not any(str(card) in page for card in EVENTS.cards.tolist())
    assert "*" * 12 in page


@pytest.mark.usefixtures("undrawn")
def test_hostile_words_stay_words() -> None:
    hostile = "</style><script>alert(1)</script>\"'&"
    doc = replace(notebook.features[2], doc=hostile)
    every = [*notebook.features[:2], doc, *notebook.features[3:]]
    features = feature_set("notebook", notebook.schema, every)
    one = judged([0.9, 0.8, 0.1], [1, 0, 1], features=features)
    manifest = one.run.manifest
    data = manifest["data"] | {"file": hostile}
    run = replace(one.run, manifest=manifest | {"id": hostile, "data": data})
    found = parsed(page_of(replace(one, run=run)))
    assert "script" not in found.tags
    assert found.tags.count("style") == 1
    assert found.text.count(hostile) >= 3  # its heading, the file, the reason of the false alarm


@pytest.mark.usefixtures("undrawn")
def test_an_anomaly_score_has_a_section_if_it_was_asked_for(page: str) -> None:
    assert "anomaly" not in page
    told = {
        "with": {"average_precision": [0.5, 0.4, 0.6], "roc_auc": [0.9, None, None]},
        "without": {"average_precision": [0.45, 0.35, 0.55], "roc_auc": [None, None, None]},
        "figure": "average_precision",
        "differences": {"average_precision": [0.05, -0.01, 0.1], "roc_auc": [None, None, None]},
        "validation": {
            "with": {"value": 0.7, "low": 0.6, "high": 0.8},
            "without": {"value": 0.75},
            "difference": {"value": -0.05, "low": -0.0625, "high": -0.03125},
        },
        "used": True,
        "sentence": "It did not help <much>.",
    }
    text = parsed(page_of(with_metrics(EVENTS, anomaly=told))).text
    for said in (
        "It did not help <much>.",
        "0.500 [0.400, 0.600]",
        "+0.0500 [-0.0100, +0.1000]",
        "0.700 [0.600, 0.800]",
        "-0.0500 [-0.0625, -0.0312]",
    ):
        assert said in text


def figure_of(value: float | None, low: float | None = None, high: float | None = None) -> Figure:
    return {"value": value, "low": low, "high": high}


FAMILIES: dict[str, Any] = {
    "whole": figure_of(0.75, 0.7, 0.8),
    "chance": 0.0125,
    "families": [
        {
            "family": "card <of> mine",
            "features": ["velocity_60s", "velocity_5m"],
            "gain": 0.625,
            "without": figure_of(0.5, 0.4, 0.6),
            "adds": figure_of(0.25, 0.2, 0.3),
            "alone": figure_of(0.625, 0.6, 0.65),
            "validation": {"value": 0.125},
            "verdict": "adds",
        },
        {
            "family": "everyone",
            "features": ["hour"],
            "gain": 0.375,
            "without": figure_of(0.8125, 0.8, 0.82),
            "adds": figure_of(-0.0625, -0.1, 0.05),
            "alone": figure_of(None),
            "validation": figure_of(-0.03125, -0.04, -0.02),
            "verdict": "not shown to add anything",
        },
    ],
}


def test_families_have_a_section_if_it_was_asked_for(page: str, files: dict[str, bytes]) -> None:
    assert 'id="ablation"' not in page
    one = replace(EVENTS, ablation=FAMILIES)
    found = training_report(one)
    images = {name for name in found if name.startswith("plots/")}
    assert len(images) == most_plots(one) == most_plots(EVENTS) + 2
    assert images - set(files) == {"plots/ablation-added.png", "plots/ablation-alone.png"}
    assert training_report(one) == found
    text = parsed(found["report.html"].decode()).text
    for said in (
        "card <of> mine",
        "velocity_60s, velocity_5m",
        "62.5\u00a0%",
        "0.625[0.600, 0.650]",
        "+0.2500[+0.2000, +0.3000]",
        "+0.1250",
        "-0.0625[-0.1000, +0.0500]",
        "not shown to add anything",
        "scores at random would have 1.25\u00a0%",
        "the average precision of the whole, 0.750, less that without it",
    ):
        assert said in text, said
    # What adds most stands first, in the plots too, and what could not be measured in none.
    for chart in (added(FAMILIES["families"]), alone(FAMILIES)):
        domains = re.findall(r"'domain': \['card <of> mine', 'everyone'\]", str(chart.to_dict()))
        assert domains
    assert "'value': None" not in str(alone(FAMILIES).to_dict())


@pytest.mark.usefixtures("undrawn")
def test_without_amounts_there_is_no_money() -> None:
    text = parsed(page_of(judged([0.9, 0.1, 0.9, 0.2], [1, 1, 0, 0]))).text
    assert "do not tell every amount" in text
    assert "money of fraud" not in text


def test_a_test_part_of_one_day() -> None:
    one = judged([0.9, 0.1, 0.9, 0.2], [1, 1, 0, 0], span=(MONDAY, MONDAY + DAY))
    files = training_report(one)
    assert "within one day" in files["report.html"].decode()
    assert len(files) == MOST_PLOTS - 2 + 1


def test_where_nothing_is_flagged_or_all_is_right() -> None:
    nothing = parsed(page_of(judged([0.4, 0.1], [1, 0]))).text
    assert "it flags nothing" in nothing
    assert "There are no false alarms" in nothing
    assert "There are no misses" in parsed(page_of(judged([0.9, 0.1], [1, 0]))).text


def test_where_the_least_is_to_flag_nothing() -> None:
    """No score stands for it: the next one above all would read as one that flags."""
    one = judged([0.9, 0.8, 0.7, 0.1], [0, 0, 1, 0], amounts=[9.0, 9.0, 3.0, 9.0])
    text = parsed(page_of(one)).text
    assert "3.00 if nothing were flagged" in text
    assert "That would have been the least in hindsight" in text
    assert "The circle" not in text
    there = {"precision": 0.0, "recall": 0.0, "alerts_per_day": 0.0}
    text = parsed(page_of(replace(one, thresholds=one.thresholds | {"there": there}))).text
    assert "0.0 alerts a day: no score is as high, as each alert" in text


@pytest.mark.usefixtures("undrawn")
def test_of_frauds_of_amount_0_no_share_of_money_is_told() -> None:
    lead = parsed(page_of(judged([0.9, 0.1], [1, 0], amounts=[0.0, 5.0]))).text
    assert "of all fraud is flagged." in lead
    assert "– of its money" not in lead


@pytest.mark.usefixtures("undrawn")
def test_a_random_split_is_said_to_flatter() -> None:
    text = parsed(page_of(judged([0.9, 0.1], [1, 0], split="random"))).text
    assert "these numbers flatter" in text


@pytest.mark.usefixtures("undrawn")
def test_a_forest_has_no_shap_values() -> None:
    text = parsed(page_of(judged([0.9, 0.1], [1, 0], kind="random_forest"))).text
    assert "no SHAP values" in text
    assert "SHAP, in scores" not in text


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0.0, "known at once: between two parts there is no gap."),
        (1.0, "Between two parts lies the 1 day until labels are known"),
        (2.0, "Between two parts lie the 2 days until labels are known"),
    ],
)
def test_the_gap_in_words(days: float, words: str) -> None:
    text = parsed(page_of(judged([0.9, 0.1], [1, 0], label_delay_days=days))).text
    assert words in text


@pytest.mark.usefixtures("undrawn")
def test_events_labelled_too_late_are_told_of() -> None:
    one = judged([0.9, 0.1], [1, 0])
    assert "labelled only after" not in parsed(page_of(one)).text
    manifest = one.run.manifest
    some = replace(
        one, run=replace(one.run, manifest=manifest | {"data": manifest["data"] | {"late": 1_234}})
    )
    words = "without 1,234 events labelled only after the next part begins"
    assert words in parsed(page_of(some)).text


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "of which 1 has no label and has no"),
        (1_234, "of which 1,234 have no label and have no"),
    ],
)
def test_events_without_a_label_are_told_of(count: int, words: str) -> None:
    one = judged([0.9, 0.1], [1, 0])
    assert "no label" not in parsed(page_of(one)).text
    manifest = one.run.manifest
    data = manifest["data"] | {"unlabelled": count}
    some = replace(one, run=replace(one.run, manifest=manifest | {"data": data}))
    assert words in parsed(page_of(some)).text
