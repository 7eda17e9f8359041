"""``python -m benchmarks.watch COMMAND …``: run a command and print what it took.

It stands between the benchmark and the process that is measured because a process's peak memory,
as the kernel keeps it, begins with that of the process that started it: the benchmark holds
frames, this one next to nothing. Hence no import of ours here but the clock.

What the command prints on standard output is passed on; one line of JSON follows it.
"""

import json
import os
import signal
import subprocess
import sys
from types import FrameType
from typing import Final

from engine.clock import elapsed

# Linux counts the peak in KiB, macOS in bytes.
_PEAK_UNIT: Final = 1 if sys.platform == "darwin" else 1024


def main(command: list[str]) -> int:
    """Run the command to its end, whatever interrupts this process."""
    running: list[int] = []
    asked: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        asked.append(number)
        for pid in running:
            os.kill(pid, signal.SIGTERM)

    # An interrupt from the terminal reaches the command too, which then ends by itself.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, stop)
    began = elapsed()
    process = subprocess.Popen(command)  # noqa: S603 - the benchmark's own command
    running.append(process.pid)
    if asked:  # meanwhile
        process.terminate()
    _, status, usage = os.wait4(process.pid, 0)
    wall = elapsed() - began
    running.clear()
    process.returncode = os.waitstatus_to_exitcode(status)  # it need not be waited for again
    spent = {
        "exit": process.returncode,
        "wall_seconds": wall,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * _PEAK_UNIT,
    }
    sys.stdout.write("\n" + json.dumps(spent) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
