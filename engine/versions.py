"""Which versions of libraries a result was made with."""

import platform
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version


def versions(libraries: Iterable[str]) -> dict[str, str]:
    """Python's version and those of the libraries, by name; some may not be installed."""
    found = {"python": platform.python_version()}
    for library in libraries:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found
