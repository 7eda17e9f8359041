"""Which files an ``INPUT`` argument means."""

import glob
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Final, Literal

from engine.errors import InputError, OutputError

InputKind = Literal["csv", "parquet"]

_SUFFIXES: Final[dict[str, InputKind]] = {
    ".csv": "csv",
    ".txt": "csv",
    ".csv.gz": "csv",
    ".txt.gz": "csv",
    ".gz": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_KINDS: Final = "CSV (.csv, .txt, also .gz) or Parquet (.parquet, .pq)"
_PASSED_OVER: Final = f"inputs are {_KINDS}; hidden files and names starting with _ are passed over"


def called(inputs: Sequence[str]) -> str:
    """What messages call a log: they name what was named, not where its features are for now."""
    return inputs[0] if len(inputs) == 1 else f"{inputs[0]} and {len(inputs) - 1:,} more"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file of a log.

    Parameters
    ----------
    path
        Where it is.
    kind
        How it is read, as its name says.
    """

    path: Path
    kind: InputKind

    @property
    def name(self) -> str:
        """What messages and the quarantine call it: its path as it was given or found."""
        return str(self.path)

    def sha256(self) -> str:
        """The SHA-256 of its content, 64 hexadecimal digits.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        try:
            with self.path.open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise InputError(
                f"{self.name}: cannot be read (was: {error.strerror or error})",
                hint="check that you may read it, or leave it out",
            ) from error


@dataclass(frozen=True, slots=True)
class Results:
    """Where results go, which are no inputs of the run that replaces them.

    Parameters
    ----------
    folder
        The folder of the results.
    names
        What they are called there.
    """

    folder: Path
    names: tuple[str, ...]

    def hold(self, path: Path, base: Path) -> bool:
        """Whether a file that was found below ``base`` is a result.

        All in a folder for results below ``base`` is one; if inputs are sought in the folder for
        results itself, only what goes by the name of one.
        """
        folder, found = self.folder.resolve(), path.resolve()
        if not found.is_relative_to(folder):
            return False
        if not base.resolve().is_relative_to(folder):
            return True
        # A result may be a folder itself.
        return found.relative_to(folder).parts[0] in self.names


def find_inputs(args: Sequence[str], results: Results | None = None) -> tuple[InputFile, ...]:
    """The files that ``args`` mean, in the order of the arguments.

    Parameters
    ----------
    args
        Any mix of files, folders and glob patterns. A folder stands for the CSV and Parquet files
        anywhere below it, sorted by path; names that start with ``.`` or ``_`` are passed over, as
        writers of Parquet folders leave their own marks there. A pattern stands for what it
        matches, sorted by path; files of other kinds among that are passed over, and names that
        start with ``_`` unless the pattern says them. A path that exists is taken as it is,
        whatever characters it holds.
    results
        Where the results will go; folders and patterns do not stand for those of an earlier run.

    Returns
    -------
    tuple of InputFile
        The order of the log. A file that several arguments mean is kept once, where it is first
        meant: a pattern beside a folder is no reason to read an event twice.

    Raises
    ------
    InputError
        If an argument means no file, a named file is neither CSV nor Parquet by its name, or a
        file is empty.
    """
    if not args:
        raise InputError("no input (was nothing)", hint=f"name a file, folder or pattern: {_KINDS}")
    found: dict[Path, InputFile] = {}
    for arg in args:
        for file in _expand(arg, results):
            found.setdefault(file.path.resolve(), file)
    for file in found.values():
        if file.path.stat().st_size == 0:
            raise InputError(
                f"{file.name}: the file is empty (was 0 bytes)",
                hint="a log starts with a header line or is Parquet; leave the file out",
            )
    return tuple(found.values())


def _expand(arg: str, results: Results | None) -> Iterator[InputFile]:
    path = Path(arg)
    if path.is_dir():
        yield from _in_folder(path, results)
    elif path.exists():
        yield _named(path)
    elif glob.has_magic(arg):
        yield from _matches(arg, results)
    else:
        raise InputError(
            f"no such file or folder (was {arg!r})", hint="check the path, or quote the pattern"
        )


def _named(path: Path) -> InputFile:
    kind = kind_of(path)
    if kind is None:
        raise InputError(
            f"{path}: cannot tell what kind of file this is (was {path.name!r})",
            hint=f"inputs are {_KINDS}",
        )
    return InputFile(path, kind)


def _in_folder(
    folder: Path, results: Results | None, *, may_be_empty: bool = False
) -> list[InputFile]:
    files = [
        InputFile(path, kind)
        for path in sorted(folder.rglob("*"))
        if (kind := kind_of(path)) is not None
        and path.is_file()
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        and not (results is not None and results.hold(path, folder))
    ]
    if not files and not may_be_empty:
        raise InputError(
            f"{folder}: the folder holds no inputs (was {str(folder)!r})", hint=_PASSED_OVER
        )
    return files


def _matches(pattern: str, results: Results | None) -> Iterator[InputFile]:
    matched = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]  # noqa: PTH207 - Path.glob takes no absolute pattern
    parts = Path(pattern).parts
    fixed = sum(1 for _ in takewhile(lambda part: not glob.has_magic(part), parts))
    base = Path(*parts[:fixed])
    if not any(part.startswith("_") for part in parts):
        matched = [
            path for path in matched if not any(part.startswith("_") for part in path.parts[fixed:])
        ]
    files = []
    for path in matched:
        if path.is_dir():
            files += _in_folder(path, results, may_be_empty=True)
        elif kind_of(path) is not None and not (results is not None and results.hold(path, base)):
            files.append(_named(path))
    if not files:
        raise InputError(
            f"nothing readable matches the pattern (was {pattern!r})", hint=_PASSED_OVER
        )
    yield from files


def kind_of(path: Path) -> InputKind | None:
    """How a file is read, as its name says; None if it is passed over."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes[-1:] == [".gz"] and suffixes[-2:-1] in ([".parquet"], [".pq"]):
        return None  # Parquet is compressed inside and cannot be read through gzip
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None


def refuse_to_replace(inputs: Iterable[Path], out: Path, option: str) -> None:
    """Refuse to write where inputs are, whatever may be overwritten.

    Parameters
    ----------
    inputs
        What is read.
    out
        The file or the folder that is to be written.
    option
        What messages call it.

    Raises
    ------
    OutputError
        If an input is that file, or lies in that folder, under whatever name.
    """
    place = out.resolve()
    for path in inputs:
        if path.resolve().is_relative_to(place):
            raise OutputError(
                f"{option}: would replace what is read (was {str(out)!r}, which holds {path})"
                if out.is_dir()
                else f"{option}: would replace what is read (was {str(out)!r})",
                hint="write elsewhere",
            )
