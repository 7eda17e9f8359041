"""A training like an earlier one: its settings, read from the manifest that it left."""

from pathlib import Path

from engine.errors import InputError
from engine.model.calibration import METHODS
from engine.model.run import MANIFEST, Run
from engine.model.split import split_options_from_json
from engine.model.threshold import read_rule
from engine.train.options import Options


def like(run: Run, *, features: Path, out: Path, name: str) -> Options:
    """The options that a run was trained with, for another one.

    Parameters
    ----------
    run
        The run.
    features, out, name
        What the other is to be trained on, its folder of runs, its name.

    Raises
    ------
    InputError
        If the manifest does not tell, as that of a run from before it did.
    """
    where = str(run.path / MANIFEST)
    try:
        told, seed = run.manifest["options"], int(run.manifest["seed"])
        split = split_options_from_json(told, seed, where)
        return Options(
            features=features,
            out=out,
            id=name,
            model=run.model.kind,
            split=split,
            rule=read_rule(told["threshold"]),
            alert_cost=float(told["alert_cost"]),
            calibration=METHODS[METHODS.index(told["calibration"])],
            cards_per_day=int(told["cards_per_day"]),
            resamples=int(told["resamples"]),
            without=tuple(map(str, told.get("without", ()))),
            anomaly=bool(told.get("anomaly", False)),
            seed=seed,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"{where}: the settings of the training cannot be read (was {error!r})",
            hint="train anew with python -m engine.train",
        ) from error
