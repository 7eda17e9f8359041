"""Simulated inputs: made once, used again, and gone unless they are to be kept."""

from pathlib import Path

import pytest

from benchmarks import simulated
from benchmarks.simulated import Simulated, workspace


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    made: list[Simulated] = []

    def make(self: Simulated, file: Path, *, threads: int) -> None:
        assert threads == 1
        made.append(self)
        file.write_text("rows")

    monkeypatch.setattr(Simulated, "make", make)
    return made


SOME = Simulated(rows=10, cards=2, days=1)


def test_a_kept_file_is_used_again_and_stays(tmp_path: Path, made: list[Simulated]) -> None:
    folder = tmp_path / "new" / "folder"
    for keep in (True, False, False):
        with workspace(folder, keep=keep) as space:
            assert space.provide(SOME, threads=1).read_text() == "rows"
            (space.scratch / "other").write_text("anything")
        assert [path.name for path in folder.iterdir()] == [SOME.file_name]
    assert made == [SOME]


def test_a_file_that_is_not_kept_is_gone_whatever_happens(
    tmp_path: Path, made: list[Simulated]
) -> None:
    folder = tmp_path / "folder"

    def interrupted() -> None:
        with workspace(folder, keep=False) as space:
            space.provide(SOME, threads=1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert made == [SOME]
    assert not folder.exists()


def test_a_name_tells_all_that_determines_the_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    others = [
        Simulated(rows=11, cards=2, days=1),
        Simulated(rows=10, cards=3, days=1),
        Simulated(rows=10, cards=2, days=2),
        Simulated(rows=10, cards=2, days=1, seed=1),
    ]
    names = {one.file_name for one in [SOME, *others]}
    monkeypatch.setattr(simulated, "_simulator_digest", lambda: "changed")
    assert len(names | {SOME.file_name}) == 6
