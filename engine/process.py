"""Settle a process that runs one long, threaded job.

Memory. Every chunk allocates and frees the same few hundred arrays. glibc gives such blocks back to
the system and asks for them again, and each time the system clears every page: a third of the
processor time of computing features, measured. And as each thread keeps for itself what it freed,
memory is kept as often as there are threads; few allocations, of large blocks, can share one place.
Other C libraries are left alone.

Threads. A thread that comes back from a native call waits for the interpreter until the thread that
holds it is asked to let go, 5 ms by default; what a thread does between two native calls takes a
few microseconds. Asking sooner made builds a tenth to a fifth faster. NumPy's linear algebra, which
nothing here calls, keeps to one thread: the others would only wait, and look busy while they do.

Garbage. The job makes hardly any that only the collector could find: it may look less often.
"""

import ctypes
import gc
import os
import sys
from typing import Final

# From glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_TOP_PAD: Final = -2
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_MMAP_THRESHOLD_BYTES: Final = 32 << 20  # the largest that glibc takes
_KEPT_BYTES: Final = 1 << 30
_TOP_PAD_BYTES: Final = 64 << 20

_SWITCH_SECONDS: Final = 0.0002
_ALLOCATIONS: Final = 1_000_000  # between two collections; 700 by default


def settle_in() -> None:
    """Tune memory, threads and garbage collection; call it once, before NumPy is imported."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(_ALLOCATIONS)
    sys.setswitchinterval(_SWITCH_SECONDS)
    _keep_freed_memory()


def _keep_freed_memory() -> None:
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return
    library.mallopt(_M_ARENA_MAX, 1)
    library.mallopt(_M_MMAP_THRESHOLD, _MMAP_THRESHOLD_BYTES)
    library.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
    library.mallopt(_M_TOP_PAD, _TOP_PAD_BYTES)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
