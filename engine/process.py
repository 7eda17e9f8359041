"""Settle a process: one that runs a long, threaded job, or one that serves events from memory.

A job calls :func:`settle_in`.

Memory. Every chunk allocates and frees the same few hundred arrays. glibc gives such blocks back to
the system and asks for them again, and each time the system clears every page: a third of the
processor time of computing features, measured. And as each thread keeps for itself what it freed,
memory is kept as often as there are threads; few allocations, of large blocks, can share one place.
Other C libraries are left alone.

Threads. A thread that comes back from a native call waits for the interpreter until the thread that
holds it is asked to let go, 5 ms by default; what a thread does between two native calls takes a
few microseconds. Asking sooner made builds a tenth to a fifth faster. NumPy's linear algebra, which
nothing here calls, keeps to one thread: the others would only wait, and look busy while they do.
OpenMP's threads, which models are trained with, meet many times a second and by default spin until
the last one is there; where another process has a processor, training took fifteen times as long.

Garbage. The job makes hardly any that only the collector could find: it may look less often.

A server calls :func:`manage_collector`, which tells when.
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
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    gc.set_threshold(_ALLOCATIONS)
    sys.setswitchinterval(_SWITCH_SECONDS)
    _keep_freed_memory()


def manage_collector() -> None:
    """Collect garbage now, and have the collector neither run by itself nor look at what is left.

    Left to itself, the collector looks at every object there is once there are a quarter more of
    them than last time. Over the state of many keys this stops the process for as long as hundreds
    of events take, and finds nothing: that state holds no cycles, so what it drops is freed at
    once, frozen or not.

    It is for a process that serves events, and for that process alone to call: when its state is in
    place, before the first event, and from then on between two micro-batches, every few thousand
    events. A call looks only at what was made since the one before, so it is the cheaper the more
    often it comes. What it leaves is not looked at again: a cycle that is dropped only later stays
    in memory, hence nothing that lasts longer than a micro-batch may be a large one.
    """
    gc.disable()
    gc.collect()
    gc.freeze()


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
