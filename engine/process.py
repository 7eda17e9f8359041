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

A server calls :func:`manage_collector` and :func:`use_large_pages`, a task of Spark's
:func:`spare_modules`; they tell when.
"""

import ctypes
import gc
import os
import sys
from pathlib import Path
from typing import Final

# From glibc's malloc.h.
_M_TRIM_THRESHOLD: Final = -1
_M_TOP_PAD: Final = -2
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8
_MMAP_THRESHOLD_BYTES: Final = 32 << 20  # the largest that glibc takes
_KEPT_BYTES: Final = 1 << 30
_TOP_PAD_BYTES: Final = 64 << 20

# From Linux's mman-common.h; the second is known since Linux 6.1, and refused before.
_MADV_HUGEPAGE: Final = 14
_MADV_COLLAPSE: Final = 25
_LARGE_PAGE_BYTES: Final = 2 << 20
_MAPS: Final = Path("/proc/self/maps")

_manages = False  # whether the collector is managed
_spared = 0  # modules
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
    place, before the first event, and from then on between two micro-batches, every few hundred
    events. A call looks only at what was made since the one before, so it is the cheaper the more
    often it comes. What it leaves is not looked at again: a cycle that is dropped only later stays
    in memory, hence nothing that lasts longer than a micro-batch may be a large one.
    """
    global _manages  # noqa: PLW0603 - so is the collector
    gc.disable()
    # What is left of a call is frozen, so all that was made since is young; and a collection of the
    # young does not give back the memory that the next events need.
    gc.collect(1 if _manages else 2)
    _manages = True
    gc.freeze()


def let_go_of_collector() -> None:
    """Have the collector as it was before :func:`manage_collector`, in a process that lives on."""
    global _manages  # noqa: PLW0603 - so is the collector
    _manages = False
    gc.unfreeze()
    gc.enable()


def spare_modules() -> None:
    """Leave what was imported out of the collections to come.

    Spark lets a worker collect garbage after each task, which goes through all objects that are
    alive. Those of modules are most of them and stay: a tenth of a second for every task.
    """
    global _spared  # noqa: PLW0603 - so is the collector
    if len(sys.modules) != _spared:
        _spared = len(sys.modules)
        gc.collect()
        gc.freeze()


def use_large_pages() -> None:
    """Put what is in memory on pages of 2 MiB, where the system has them.

    An event of one card among many waits for memory more than it computes: what it touches lies on
    some thirty pages of 4 KiB, whose addresses have to be looked up first. On large pages a
    hundred thousand cards took 5 to 10 % less time per event, measured.

    It is for a process that serves events, once its state is in place; it takes about a second for
    each gigabyte. Where the system has no such pages, or does not want them used, nothing happens.
    """
    if not _MAPS.exists():
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for line in _MAPS.read_text("utf-8", "replace").splitlines():
        span, rights, _, _, inode, *name = line.split()
        start, end = (int(address, 16) for address in span.split("-"))
        is_heap = inode == "0" and (not name or name == ["[heap]"])
        if rights.startswith("rw") and is_heap and end - start >= _LARGE_PAGE_BYTES:
            madvise(start, end - start, _MADV_HUGEPAGE)
            madvise(start, end - start, _MADV_COLLAPSE)


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
