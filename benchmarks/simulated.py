"""Inputs: files of simulated transactions, made once and used again while nothing changed."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import replay.simulate
from benchmarks.measure import run_module
from benchmarks.progress import say
from engine.events.disk import scratch_folder, writing

SIMULATOR: Final = "replay.simulate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """A file of simulated transactions; equal values give equal files.

    Parameters
    ----------
    rows, cards, days, seed
        As ``python -m replay.simulate`` takes them.
    """

    rows: int
    cards: int
    days: int
    seed: int = 0

    @property
    def file_name(self) -> str:
        """A name that tells all that determines the file, the simulator's code included."""
        return (
            f"{self.rows}-rows-{self.cards}-cards-{self.days}-days-seed-{self.seed}-"
            f"{_simulator_digest()}.parquet"
        )

    def described(self) -> dict[str, Any]:
        """What results keep about it."""
        return asdict(self)

    def make(self, file: Path, *, threads: int) -> None:
        """Simulate it."""
        say(f"simulating {self.rows:,} rows of {self.cards:,} cards")
        numbers = {
            "--rows": self.rows,
            "--cards": self.cards,
            "--days": self.days,
            "--seed": self.seed,
        }
        args = [word for option, value in numbers.items() for word in (option, str(value))]
        run_module(SIMULATOR, [*args, "--out", str(file), "--json"], threads=threads, progress=True)


@dataclass(frozen=True, slots=True)
class Workspace:
    """A folder that holds simulated files, and within it one for all else, which goes at the end.

    Parameters
    ----------
    folder
        For the simulated files.
    scratch
        For what a benchmark writes.
    """

    folder: Path
    scratch: Path
    _made: list[Path]

    def provide(self, simulated: Simulated, *, threads: int) -> Path:
        """The file, found in the folder or made now."""
        return self.keep(simulated.file_name, partial(simulated.make, threads=threads))

    def keep(self, name: str, make: Callable[[Path], object]) -> Path:
        """A file or a folder, found or made now; its name tells all that determines it."""
        path = self.folder / name
        if not path.exists():
            # It takes its name once it is whole, so that what has that name can be used again.
            partly = self.scratch / name
            make(partly)
            partly.replace(path)
            self._made.append(path)
        return path


@contextmanager
def workspace(folder: Path, *, keep: bool) -> Iterator[Workspace]:
    """A workspace in ``folder``.

    However the block ends, nothing is left of what it wrote but, if ``keep``, what can be used
    again; what was there before stays in any case.
    """
    with writing(folder):
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
    made: list[Path] = []
    try:
        with scratch_folder(folder) as scratch:
            yield Workspace(folder, scratch, made)
    finally:
        if not keep:
            for path in made:
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            if new:
                with suppress(OSError):  # somebody else has put something there
                    folder.rmdir()


def _simulator_digest() -> str:
    """Some digits that change with the simulator's code, and with it perhaps its rows."""
    digest = hashlib.sha256()
    for path in sorted(Path(replay.simulate.__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]
