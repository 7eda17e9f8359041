"""What ``python -m engine.skew`` finds, says and returns."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.backends import BACKENDS, usual_backends
from engine.catalog import notebook
from engine.skew.cli import main
from engine.skew.engines import REFERENCE_ROWS, default_engines
from unit.build.cases import canonical, write
from unit.skew import broken

TRUE_ENGINES = "polars,online"


def run(capsys: pytest.CaptureFixture[str], log: Path, *options: str) -> tuple[int, dict[str, Any]]:
    code = main([str(log), "--json", "--quiet", "--scratch", str(log.parent), *options])
    assert sorted(path.name for path in log.parent.iterdir()) == [log.name]
    content: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, content


def refused(capsys: pytest.CaptureFixture[str], *args: str) -> str:
    assert main([*args, "--quiet"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "\nhint: " in said.err
    return said.err


def in_feature(name: str, event_ids: list[str], value: pl.Expr) -> broken.Defect:
    """A defect of one feature at some events."""

    def defect(frame: pl.DataFrame) -> pl.DataFrame:
        here = pl.col("event_id").is_in(event_ids)
        return frame.with_columns(pl.when(here).then(value).otherwise(name).alias(name))

    return defect


def test_all_engines_agree(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    code, content = run(capsys, log)
    assert code == 0
    assert content["engines"] == list(usual_backends())
    assert not content["differ"]
    assert content["as_arrived"] is None
    assert content["rows"] == {
        "read": 500,
        "quarantined": 0,
        "duplicates": 0,
        "late": 0,
        "rounded": 0,
        "compared": 500,
    }
    assert [each["feature"] for each in content["settled"]] == list(notebook.names)
    same = {"different": 0, "nulls": 0, "nans": 0, "largest": None, "first": None}
    for each in content["settled"]:
        assert each["compared"] == 500
        assert list(each["engines"]) == list(usual_backends())[1:]
        for difference in each["engines"].values():
            assert {name: difference[name] for name in same} == same


def test_a_defect_is_found_measured_and_explained(
    capsys: pytest.CaptureFixture[str],
    events: pl.DataFrame,
    log: Path,
    break_with: Callable[[broken.Defect], None],
) -> None:
    day = notebook.features[notebook.names.index("user_mean_amt_24h")].expression
    computed = events.select(id="trans_num", card="cc_num", time="unix_time", amt="amt")
    # An event in the middle of a busy day, and two after it.
    history = (
        computed.with_row_index("row")
        .filter(pl.col("card") == pl.col("card").mode().first())
        .sort("row")
    )
    seen_by = [
        history.filter((pl.col("time") >= time - 86_400) & (pl.col("row") < row))
        for row, time in history.select("row", "time").iter_rows()
    ]
    busiest = max(range(len(history) - 2), key=lambda at: len(seen_by[at]))
    ids = history["id"][busiest : busiest + 3].to_list()
    mean = pl.col("user_mean_amt_24h")
    break_with(in_feature("user_mean_amt_24h", ids, mean * (1 + 2**-51)))
    code, content = run(capsys, log, "--engines", "polars,broken,online")
    assert code == 1
    assert content["differ"]
    by_name = {each["feature"]: each for each in content["settled"]}
    for name, each in by_name.items():
        assert each["engines"]["online"]["different"] == 0
        assert each["engines"]["broken"]["different"] == 3 * (name == "user_mean_amt_24h")
    found = by_name["user_mean_amt_24h"]["engines"]["broken"]
    assert 1 <= found["largest"] <= 4
    assert (found["unit"], found["nulls"], found["nans"]) == ("ulp", 0, 0)

    first = found["first"]
    assert first["event_id"] == ids[0]
    assert first["event_time"] == history["time"][busiest]
    for side in ("expected", "got"):
        assert float(first[side]["value"]).hex() == first[side]["hex"]
    assert first["expected"] != first["got"]
    card = str(history["card"][0])
    assert first["event"]["cc_num"] == f"************{card[-4:]}"
    (window,) = first["history"]
    assert window["aggregate"] in str(day)
    assert window["columns"] == ["unix_time", "amt"]
    seen = seen_by[busiest]
    assert window["total"] == len(seen) > 1
    amounts = [f"{amount:.2f}" for amount in seen["amt"]]
    assert [row[1] for row in window["rows"]] == amounts[-20:]
    cents = sum(int(amount.replace(".", "")) for amount in amounts)
    assert float(first["expected"]["value"]) == cents / (len(amounts) * 100)

    said = main([str(log), "--engines", "polars,broken", "--scratch", str(log.parent)])
    text = capsys.readouterr().out
    assert said == 1
    assert "user_mean_amt_24h: broken differs from polars at 3 of 500 events, by at most" in text
    assert f"first at event {ids[0]}" in text
    assert first["expected"]["hex"] in text
    assert first["got"]["hex"] in text
    assert card not in text + json.dumps(content)


def test_null_against_a_value(
    capsys: pytest.CaptureFixture[str],
    events: pl.DataFrame,
    log: Path,
    break_with: Callable[[broken.Defect], None],
) -> None:
    last = events["trans_num"][-1]
    break_with(in_feature("amt_z_user", [last], pl.lit(None)))
    code, content = run(capsys, log, "--engines", "online,broken")
    assert code == 1
    found = content["settled"][notebook.names.index("amt_z_user")]["engines"]["broken"]
    assert (found["different"], found["nulls"], found["largest"]) == (1, 1, None)
    assert found["first"]["got"] == {"value": None, "hex": None}
    assert len(found["first"]["history"]) == 2  # mean and std


def test_nothing_personal_is_shown(
    capsys: pytest.CaptureFixture[str],
    events: pl.DataFrame,
    log: Path,
    break_with: Callable[[broken.Defect], None],
) -> None:
    def everything(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(
            (pl.col(name) + 1).cast(frame.schema[name]).alias(name) for name in notebook.names
        )

    break_with(everything)
    assert main([str(log), "--engines", "polars,broken", "--scratch", str(log.parent)]) == 1
    text = capsys.readouterr().out
    first = events.row(0, named=True)
    assert first["trans_num"] in text
    assert "the event: unix_time" in text
    for name in ("cc_num", "dob", "lat", "long", "city", "first", "last", "street", "ssn"):
        if name in first and len(str(first[name])) > 3:
            assert str(first[name]) not in text, name


def test_a_log_out_of_order_has_settled_values_and_served_ones(
    capsys: pytest.CaptureFixture[str], events: pl.DataFrame, tmp_path: Path
) -> None:
    # Every tenth event arrives five events later than it should.
    place = pl.int_range(pl.len())
    arrival = place + pl.when(place % 10 == 0).then(5.5).otherwise(0.0)
    arrived = events.with_columns(arrival=arrival).sort("arrival").drop("arrival")
    code, content = run(capsys, write(arrived, tmp_path / "late.csv"))
    assert code == 0
    assert not content["differ"]
    times = arrived["unix_time"]
    late = int((times < times.cum_max()).sum())
    served = content["as_arrived"]
    assert content["rows"]["late"] == served["late"] == late > 0
    assert [each["feature"] for each in served["features"]] == list(notebook.names)
    by_name = {each["feature"]: each for each in served["features"]}
    assert by_name["log_amt"]["different"] == 0
    idle = by_name["time_since_last_s"]
    assert idle["compared"] == 500
    settled = _values(arrived, notebook.names, "reference")
    as_served = _served(arrived)
    assert idle["different"] == (settled["time_since_last_s"] != as_served).sum() > 0
    unlike = (settled["time_since_last_s"] != as_served).arg_max() or 0
    assert idle["first"]["event_id"] == arrived["trans_num"][unlike]
    card, time = arrived.row(unlike, named=True)["cc_num"], times[unlike]
    of_card, row = pl.col("cc_num") == card, pl.int_range(pl.len())
    before = arrived.filter(of_card & (pl.col("unix_time") <= time) & (row < unlike))
    after = arrived.filter(of_card & (pl.col("unix_time") < time) & (row > unlike))
    (window,) = idle["first"]["history"]
    assert (window["total"], window["came_later"]) == (len(before) + len(after), len(after))
    assert len(after) > 0


def _values(frame: pl.DataFrame, names: tuple[str, ...], engine: str) -> pl.DataFrame:
    from engine.backends import load_backend

    return load_backend(engine).compute(notebook, canonical(frame)).select(names)


def _served(arrived: pl.DataFrame) -> pl.Series:
    """Each event's seconds since the card's latest one not after it, of those that had arrived."""
    seen: dict[int, list[int]] = {}
    values = []
    for card, time in arrived.select("cc_num", "unix_time").iter_rows():
        earlier = [past for past in seen.setdefault(card, []) if past <= time]
        values.append(float(time - max(earlier)) if earlier else 1e9)
        seen[card].append(time)
    return pl.Series(values)


def test_lateness_is_told_in_words(
    capsys: pytest.CaptureFixture[str], events: pl.DataFrame, tmp_path: Path
) -> None:
    late = write(pl.concat([events[1:], events[:1]]), tmp_path / "late.csv")
    assert main([str(late), "--engines", TRUE_ENGINES, "--scratch", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "as arrived: 1 event came late, 1 of them too late" in text
    assert "time_since_last_s: served 1000000000.0, settled " in text
    assert " by (cc_num) over for ever sees 1 event, 1 of which came after it\n" in text


DAY = 86_400


def after_a_rest(events: pl.DataFrame, seconds: int) -> pl.DataFrame:
    """The events, of which all from the middle on come that much later."""
    rest = pl.when(pl.int_range(pl.len()) < 250).then(0).otherwise(seconds)
    return events.with_columns(unix_time=pl.col("unix_time") + rest)


@pytest.mark.parametrize("late", [False, True])
def test_what_is_served_after_a_long_rest_is_what_live_serves(
    capsys: pytest.CaptureFixture[str], events: pl.DataFrame, tmp_path: Path, *, late: bool
) -> None:
    """The first seven events after it are not believed until the eighth has borne them out."""
    log = after_a_rest(events, 8 * DAY)
    if late:
        log = log[[1, 0, *range(2, 500)]]
    path = write(log, tmp_path / "log.csv")
    code, content = run(capsys, path, "--engines", TRUE_ENGINES)
    assert code == 0
    served = content["as_arrived"]
    assert (served["leap"], served["astray"]) == (7 * DAY, 0)  # borne out in the end
    by_name = {each["feature"]: each for each in served["features"]}
    assert by_name["log_amt"]["different"] == 0
    assert 0 < by_name["seen_merchant_before"]["compared"] == 500
    assert 0 < by_name["time_since_last_s"]["different"] <= 8
    # Whoever believes every clock, or calls that no rest, serves what is settled.
    for leap in ("none", "12d"):
        code, content = run(capsys, path, "--engines", TRUE_ENGINES, "--leap", leap)
        assert code == 0
        assert (content["as_arrived"] is None) is not late


def test_a_wrong_clock_is_no_history_of_what_is_served(
    capsys: pytest.CaptureFixture[str], events: pl.DataFrame, tmp_path: Path
) -> None:
    far = pl.when(pl.int_range(pl.len()) == 250).then(4_000_000_000).otherwise("unix_time")
    path = write(events.with_columns(unix_time=far), tmp_path / "far.csv")
    _, content = run(capsys, path, "--engines", TRUE_ENGINES)
    served = content["as_arrived"]
    assert (served["astray"], served["too_late"]) == (1, 0)
    assert main([str(path), "--engines", TRUE_ENGINES, "--scratch", str(tmp_path)]) == 0
    assert "\n1 event not believed, further off than --leap" in capsys.readouterr().out
    _, content = run(capsys, path, "--engines", TRUE_ENGINES, "--leap", "none")
    served = content["as_arrived"]
    assert (served["leap"], served["astray"], served["too_late"]) == (None, 0, 249)


def test_a_sample_is_whole_cards(
    capsys: pytest.CaptureFixture[str], events: pl.DataFrame, log: Path
) -> None:
    code, content = run(capsys, log, "--sample", "100")
    assert code == 0
    sample = content["sample"]
    assert sample["asked"] == 100
    assert sample["of_cards"] == events["cc_num"].n_unique()
    assert 0 < sample["cards"] < sample["of_cards"]
    assert 100 <= content["rows"]["compared"] < 500
    assert content["rows"]["read"] == 500
    assert {each["compared"] for each in content["settled"]} == {content["rows"]["compared"]}


def test_a_sample_of_a_log_out_of_order(
    capsys: pytest.CaptureFixture[str], events: pl.DataFrame, tmp_path: Path
) -> None:
    shuffled = events.sample(fraction=1.0, shuffle=True, seed=2)
    code, content = run(capsys, write(shuffled, tmp_path / "late.csv"), "--sample", "100")
    assert code == 0
    served = content["as_arrived"]
    assert {each["compared"] for each in served["features"]} == {content["rows"]["compared"]}
    assert 0 < served["late"] < content["rows"]["late"]


def test_what_was_refused_is_counted(
    capsys: pytest.CaptureFixture[str], events: pl.DataFrame, tmp_path: Path
) -> None:
    twice = write(pl.concat([events, events[:3]]), tmp_path / "log.csv")
    lines = twice.read_text().splitlines()
    lines.insert(10, "no row at all")
    twice.write_text("\n".join(lines) + "\n")
    code, content = run(capsys, twice, "--engines", TRUE_ENGINES)
    rows = content["rows"]
    assert code == 0
    assert (rows["read"], rows["quarantined"], rows["duplicates"]) == (504, 1, 3)
    assert sum(content["quarantined"].values()) == 1
    assert rows["compared"] == 500


def test_the_reference_is_compared_where_it_can_be() -> None:
    assert default_engines(REFERENCE_ROWS) == usual_backends()
    assert default_engines(REFERENCE_ROWS + 1) == tuple(
        name for name in usual_backends() if name != "reference"
    )


def test_the_table(capsys: pytest.CaptureFixture[str], log: Path) -> None:
    assert main([str(log), "--engines", TRUE_ENGINES, "--scratch", str(log.parent)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("notebook (")
    assert "500 events, online against polars, bit by bit\n" in text
    assert "13,000 pairs of values compared, 0 differ\n" in text
    for name in notebook.names:
        assert f"\n{name} " in text


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (("--engines", "polars,flink"), "--engines: no such engine (was 'flink')"),
        (("--engines", "polars"), "--engines: one engine alone is not compared (was 'polars')"),
        (("--engines", "polars,polars"), "--engines: an engine is named twice"),
        (("--sample", "0"), "--sample: not a whole number in bounds (was '0')"),
        (("--leap", "0.5s"), "--leap: not a whole number of seconds (was '0.5s')"),
        (("--threads", "many"), "--threads: not a whole number in bounds (was 'many')"),
        (("--set", "mine"), "no such feature set (was 'mine')"),
        (("--scratch", "/no/such/folder"), "/no/such/folder: cannot be written"),
    ],
)
def test_options_that_are_refused(
    capsys: pytest.CaptureFixture[str], log: Path, options: tuple[str, ...], what: str
) -> None:
    assert refused(capsys, str(log), *options).startswith(what)


def test_logs_that_are_refused(
    capsys: pytest.CaptureFixture[str], events: pl.DataFrame, tmp_path: Path
) -> None:
    empty = write(events.clear(), tmp_path / "empty.csv")
    assert refused(capsys, str(empty)).startswith("the log holds no events")
    wrong = write(events.with_columns(amt=pl.lit(-1.0)), tmp_path / "wrong.csv")
    assert refused(capsys, str(wrong)).startswith("every row was refused (was 500 rows)")
    assert "no such file" in refused(capsys, str(tmp_path / "absent.csv"))


def test_the_help_names_every_engine_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(name in text for name in BACKENDS)
    assert "0 no value differs, 1 some settled value does, 2 refused" in text
