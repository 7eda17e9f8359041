"""The file that keeps an online state: what is refused, and that it appears whole or not at all."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from conformance.broad import broad
from conformance.logs import LOG, log, over
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import capture, restore, snapshot
from engine.backends.online.state import State, state_bytes
from engine.catalog import notebook
from engine.definition import FeatureSet, feature, feature_set, key
from engine.errors import InputError, OutputError

NOTEBOOK = over(LOG, notebook)


def running(features: FeatureSet) -> OnlineFeatures:
    online = OnlineFeatures(features)
    events = log(unix_time=[0, 10, 20], cc_num=[1, 2, 1], merchant="m", amt=[1, 2, 3], is_fraud=0)
    for event in events.iter_rows(named=True):
        online.observe(event)
        online.observe_label(event["event_id"], 1)
    return online


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    snapshot(running(NOTEBOOK), tmp_path / "state")
    return tmp_path / "state"


def test_another_feature_set_is_refused(kept: Path) -> None:
    other = feature_set("other", LOG, NOTEBOOK.features[:3])
    with pytest.raises(
        InputError, match=r"another feature set \(was notebook .*, not other"
    ) as said:
        restore(other, kept)
    assert "engine.build --state" in said.value.hint


def test_another_format_is_refused(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.backends.online.state.FORMAT", 4)
    with pytest.raises(InputError, match=r"another format \(was 3, not 4\)"):
        restore(NOTEBOOK, kept)


def test_any_flipped_byte_and_any_cut_is_noticed(kept: Path) -> None:
    content = kept.read_bytes()
    for at in range(0, len(content), 97):
        kept.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(InputError, match=r"damaged|not a state"):
            restore(NOTEBOOK, kept)
        kept.write_bytes(content[:at])
        with pytest.raises(InputError, match=r"damaged|not a state"):
            restore(NOTEBOOK, kept)
    kept.write_bytes(content)
    assert restore(NOTEBOOK, kept).events == 3


def test_no_file_is_an_error_with_a_hint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file") as said:
        restore(NOTEBOOK, tmp_path / "none")
    assert said.value.hint


def test_a_snapshot_that_cannot_be_written_leaves_what_was_there(
    kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kept.read_bytes()

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        snapshot(running(NOTEBOOK), kept)
    assert kept.read_bytes() == before
    assert [path.name for path in kept.parent.iterdir()] == ["state"]


def test_what_is_kept_is_the_same_however_often_it_is_restored(tmp_path: Path) -> None:
    features = broad()
    snapshot(running(features), tmp_path / "one")
    snapshot(restore(features, tmp_path / "one"), tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def rewritten(kept: Path, old: bytes, new: bytes) -> None:
    """Another content, with the checksum that it should have."""
    whole = kept.read_bytes()[: -hashlib.sha256().digest_size]
    assert old in whole
    whole = whole.replace(old, new, 1)
    kept.write_bytes(whole + hashlib.sha256(whole).digest())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"watermark": 20', b'"watermark": "x"'),
        (b'"lateness": 3600', b'"lateness": null'),
        (b'"fingerprint"', b'"fingerprinx"'),
        (b'"keys0"', b'"keys9"'),
        (b'{"format"', b'{"format'),
        (b'"ids"', b'"idx"'),
        (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"),  # the table's own length
    ],
)
def test_what_something_else_has_written_is_refused(kept: Path, old: bytes, new: bytes) -> None:
    rewritten(kept, old, new)
    with pytest.raises(InputError, match="made by something else") as said:
        restore(NOTEBOOK, kept)
    assert "engine.build --state" in said.value.hint


card, shop = key("cc_num"), key("merchant")
FORGED = feature_set(
    "forged",
    LOG,
    [
        feature("days", card.last(days=2, delay_days=1).sum("is_fraud"), "frauds known by then"),
        feature("points", card.last(days=2).max("points"), "the most points"),
        feature("ever", shop.ever().n_unique("cc_num"), "different cards"),
        feature("sum", shop.ever().sum("points"), "all points"),
        feature("last", shop.ever().last("category"), "the latest category"),
    ],
)


def null(name: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda table: table.with_columns(pl.lit(None, table[name].dtype).alias(name))


def more(name: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda table: table.with_columns((pl.col(name) + 10**6).cast(table[name].dtype))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ids", null("older")),
        ("ids", lambda table: table.select("older", "event_id")),
        ("slips", null("due")),
        ("slips", lambda table: pl.concat([table, table])),
        ("notes", more("slip")),
        ("notes", pl.DataFrame.reverse),
        ("keys0", null("key0")),
        ("keys0", null("off0")),
        ("keys0", lambda table: pl.concat([table, table])),
        ("keys0", lambda table: table.with_columns(pl.col("t").cast(pl.Float64))),
        ("keys0", lambda table: table.head(1)),
        ("keys1", lambda table: table.drop("t")),
        ("log0_1", pl.DataFrame.reverse),
        ("log0_1", null("0")),
        ("log0_1", more("row")),
        ("log0_1", lambda table: table.with_columns(-pl.col("0"))),
        ("log0_1", lambda table: table.with_columns(pl.col("row").cast(pl.Int64))),
        ("pend0_0", more("slip")),
        ("pend0_0", null("slip")),
        ("values", null("value")),
        ("values", lambda table: pl.concat([table, table]).sort("row")),
        ("values", lambda table: table.with_columns(count=pl.col("count") * 0)),
    ],
)
def test_tables_that_no_set_has_written_are_refused(
    tmp_path: Path, name: str, change: Callable[[pl.DataFrame], pl.DataFrame]
) -> None:
    state = capture(running(FORGED))
    name = next(each for each in state.tables if each.startswith(name))
    assert len(state.tables[name])
    kept = tmp_path / "state"
    kept.write_bytes(state_bytes(FORGED, state))
    assert restore(FORGED, kept).events == 3
    tables = state.tables | {name: change(state.tables[name])}
    kept.write_bytes(state_bytes(FORGED, State(state.standing, tables)))
    with pytest.raises(InputError, match="made by something else"):
        restore(FORGED, kept)


def test_a_table_more_is_refused(tmp_path: Path) -> None:
    state = capture(running(FORGED))
    tables = state.tables | {"log9_0": state.tables["log0_0"]}
    (tmp_path / "state").write_bytes(state_bytes(FORGED, State(state.standing, tables)))
    with pytest.raises(InputError, match="other tables"):
        restore(FORGED, tmp_path / "state")
