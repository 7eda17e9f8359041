"""What a decision tells of each of the two runs."""

from typing import Any

from engine.errors import InputError
from engine.model.run import MANIFEST, Run


def described(run: Run) -> dict[str, Any]:
    """A run as ``decision.json`` tells it, from its manifest."""
    try:
        return _told(run)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{run.path / MANIFEST}: the training cannot be read (was {error!r})",
            hint="train anew with python -m engine.train",
        ) from error


def _told(run: Run) -> dict[str, Any]:
    parts, facts = run.manifest["parts"], run.manifest["training"]
    return {
        "id": run.manifest["id"],
        "model": run.manifest["model"],
        "threshold": run.threshold,
        "training": facts,
        "train": {name: parts["train"][name] for name in ("from", "until", "events", "fraud")},
        "validation": {
            name: parts["validation"][name] for name in ("from", "until", "events", "fraud")
        },
    }
