"""The file that keeps an online state: what is refused, and that it appears whole or not at all."""

import hashlib
from pathlib import Path

import pytest

from conformance.broad import broad
from conformance.logs import LOG, log, over
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import restore, snapshot
from engine.catalog import notebook
from engine.definition import FeatureSet, feature_set
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
