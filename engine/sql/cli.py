"""The command line: write the SQL of feature sets, or look whether what is written is stale."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from shlex import quote
from typing import Final

from engine.arguments import SET_HELP
from engine.command import EXIT_CODES, EXIT_DONE, Parser, run_command
from engine.errors import InputError
from engine.events.disk import write_bytes, writing
from engine.interrupts import put_off

_OUT: Final = "sql/features"
_STDOUT: Final = "-"
_EXIT_STALE: Final = 1

_DESCRIPTION = """\
Write feature sets as SQL for DuckDB, one file each, to be read and to be run on Parquet files."""

_EPILOG = f"""\
{EXIT_CODES},
  1 a file is stale (--check)

examples:
  python -m engine.sql
  python -m engine.sql --set notebook --out -
  python -m engine.sql --check"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    stale: list[str] = []
    code = run_command(lambda: _prepare(argv, stale))
    return _EXIT_STALE if stale and code == EXIT_DONE else code


def _prepare(argv: Sequence[str] | None, stale: list[str]) -> Callable[[], None]:
    options = _parser().parse_args(argv)
    if options.check and options.out == _STDOUT:
        raise InputError(
            f"--check: there is no file to look at (was --out {_STDOUT})",
            hint="name the folder, or leave --out away",
        )
    if not options.out:
        raise InputError(
            f"--out: no folder (was {options.out!r})", hint="name the folder, or leave --out away"
        )
    if options.out != _STDOUT and Path(options.out).is_file():
        raise InputError(
            f"--out: a file, where a folder is meant (was {options.out!r})",
            hint="name the folder that it is in; the files are called after their sets",
        )
    from engine.catalog import SETS, load_feature_set  # noqa: PLC0415 - after the command line
    from engine.sql.document import document  # noqa: PLC0415 - the same

    names = tuple(SETS) if options.set is None else (options.set,)
    sets = [load_feature_set(name) for name in names]

    def work() -> None:
        texts = {features.name: document(features) for features in sets}
        if options.out == _STDOUT:
            sys.stdout.write("\n".join(texts.values()))
        elif options.check:
            stale.extend(_stale(Path(options.out), texts))
        else:
            _write(Path(options.out), texts)

    return work


def _parser() -> Parser:
    parser = Parser("python -m engine.sql", _DESCRIPTION, _EPILOG)
    add = parser.add_argument
    add(
        "--set",
        default=None,
        metavar="SET",
        help=f"{SET_HELP} (default: each that comes with it)",
    )
    add(
        "--out",
        default=_OUT,
        metavar="DIR",
        help="folder for the files, or - for standard output (default: %(default)s)",
    )
    add("--check", action="store_true", help="write nothing, and say which files are stale")
    return parser


def _stale(folder: Path, texts: dict[str, str]) -> list[str]:
    """The sets whose files are not as they would be written."""
    stale = [name for name, text in texts.items() if _written(folder, name) != text]
    for name in stale:
        path = _path(folder, name)
        is_not = f"not what the feature set {name!r} compiles to" if path.exists() else "not there"
        sys.stderr.write(f"{path}: {is_not}\n")
    if stale:
        where = "" if folder == Path(_OUT) else f" --out {quote(str(folder))}"
        sys.stderr.write(f"hint: write it anew with python -m engine.sql{where}\n")
    return stale


def _written(folder: Path, name: str) -> str | None:
    try:
        return _path(folder, name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _write(folder: Path, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        path = _path(folder, name)
        with put_off():
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
            write_bytes(text.encode(), path)
        sys.stdout.write(f"{path}: {len(text.splitlines()):,} lines\n")


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.sql"
