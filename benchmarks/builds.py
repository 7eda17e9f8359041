"""Builds as they are timed: ``python -m engine.build`` in a process of its own."""

from pathlib import Path

from benchmarks.measure import Run, run_module


def run_build(
    source: Path, folder: Path, threads: int, *, features: str, engine: str = "polars"
) -> Run:
    """The build of a feature set with one of the engines, as people run it."""
    args = [str(source), "--out", str(folder), "--set", features, "--engine", engine]
    args += ["--threads", str(threads), "--overwrite", "--quiet", "--json"]
    return run_module("engine.build", args, threads=threads)


def without(output: Path, run: Run) -> Run:
    """The run with its output's size instead of its output."""
    run.printed["output_bytes"] = output.stat().st_size
    output.unlink()
    return run
