"""What a measurement was made on."""

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    """Processor, cores, memory, system, and how busy all that is (load over 1, 5 and 15 min)."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "cores_allowed": _cores_allowed(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.machine()}",
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def commit() -> str | None:
    """The commit that is checked out, ``-dirty`` if files differ from it; None without git."""
    git = shutil.which("git")
    if git is None:
        return None
    # The lock is optional to bring the index up to date, which is none of a benchmark's business.
    words = ("--no-optional-locks", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    found = subprocess.run(  # noqa: S603 - nothing of it comes from outside
        [git, *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return found.stdout.strip() or None


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _cores_allowed() -> int | None:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
