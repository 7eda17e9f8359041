"""Models as scikit-learn's users keep them: joblib pickles, of library classes alone.

None of them needs this project to be read. They run code when they are:
see ``engine.model.loading``.
"""

import io
from typing import Any, Final

import joblib

_COMPRESSION: Final = ("zlib", 3)  # a tenth of the size; trees without a depth limit are large


def pickled(content: object) -> bytes:
    """A compressed joblib pickle; equal for objects that were made equal ways."""
    buffer = io.BytesIO()
    joblib.dump(content, buffer, compress=_COMPRESSION)
    return buffer.getvalue()


def unpickled(content: bytes) -> Any:  # noqa: ANN401 - a pickle may hold anything
    """What was pickled; this runs code, so check where it comes from first.

    Raises
    ------
    ValueError
        If it cannot be read.
    """
    try:
        return joblib.load(io.BytesIO(content))
    except Exception as error:
        raise ValueError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
