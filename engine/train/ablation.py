"""What each family of features adds: the same training without it, and with it alone.

All are judged by the same test part and the same draws of cards. What was held out to stop by, on
which a smaller set can be chosen, is told beside it.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

from engine.clock import elapsed
from engine.definition.families import families_of
from engine.errors import InputError
from engine.model.encoding import Encoding, fit_encoding
from engine.model.features_file import FeatureTable
from engine.model.held_against import FIGURE, Figure, Held, held_against_first
from engine.model.intervals import CONFIDENCE
from engine.model.kinds import Floats, Trained, TrainingData
from engine.model.narrowed import narrowed, set_without
from engine.model.split import Part, Split
from engine.progress import Meter
from engine.train.options import Options

# What is to be learnt of a table's features; and learning it, with words that say what for.
DataOf = Callable[[FeatureTable, Encoding], TrainingData]
Train = Callable[[TrainingData, str], Trained]

ADDS: Final = "adds"
NOT_SHOWN: Final = "not shown to add anything"
NOTHING: Final = "adds nothing"
HARMS: Final = "better without it"
UNSURE: Final = "how surely was not measured"


class Ablation:
    """The ablation of one training.

    Parameters
    ----------
    options, table, parts
        The training's.

    Raises
    ------
    InputError
        If there is nothing to leave out, or the model has an input that is no feature.
    """

    def __init__(self, options: Options, table: FeatureTable, parts: Split) -> None:
        self._options = options
        self._table = table
        self._parts = parts
        self._families = families_of(table.features)
        if options.anomaly:
            raise InputError(
                "--ablation: not with --anomaly, whose score is of all families (was both)",
                hint="train twice; --anomaly says by itself what its score adds",
            )
        if len(self._families) == 1:
            raise InputError(
                f"--ablation: all features of {table.features.name} are of one family, so that "
                f"nothing would be left without it (was {self._families[0].name!r})",
                hint="leave --ablation out, or train on a set with features of several families",
            )

    def measured(
        self, whole: Trained, seconds: float, data_of: DataOf, train: Train, meter: Meter
    ) -> dict[str, Any]:
        """Train, and measure.

        Parameters
        ----------
        whole
            What came of training on all features.
        seconds
            How long that took.
        data_of, train
            What it was trained on, of a table of fewer features; and the same training of that.
        meter
            Shows how far it is.

        Returns
        -------
        dict
            What ``ablation.json`` holds: ``whole``, ``chance`` and ``families``, those that add
            most first. Of each its ``features``; ``gain``, their share in the whole model's
            importance; the figures ``without``, ``alone`` and ``adds``, which is the whole less
            ``without``, each a ``value`` with ``low`` and ``high``; ``validation``, what it adds
            there; and ``verdict``.
        """
        test, held_out = self._parts.test, self._parts.validation
        encoding = self._encoding(self._table)
        on_test = [whole.model.scores(encoding.encoded(self._table.values[test.rows]))]
        on_held_out = [whole.held_out_scores]
        for trained, values in self._trainings(seconds, data_of, train):
            on_test.append(trained.model.scores(values))
            on_held_out.append(trained.held_out_scores)
        meter.begin("ablation", 2 * self._options.resamples, "draw")
        of_test = self._held(on_test, test, meter)
        of_held_out = self._held(on_held_out, held_out, meter)
        importance = dict(zip(self._table.features.names, whole.model.importance(), strict=True))
        labels = self._table.known_labels[test.rows]
        options = self._options
        families = [
            {
                "family": family.name,
                "features": list(family.features),
                "gain": float(sum(importance[name] for name in family.features)),
                "without": of_test[place].alone,
                "adds": of_test[place].below,
                "alone": of_test[place + 1].alone,
                "validation": of_held_out[place].below,
                "verdict": verdict(of_test[place].below),
            }
            for place, family in zip(range(1, len(of_test), 2), self._families, strict=True)
        ]
        return {
            "figure": FIGURE,
            "judged_on": "test",
            "events": len(labels),
            "fraud": int(labels.sum()),
            "intervals": {
                "confidence": CONFIDENCE,
                "resamples": options.resamples,
                "of": "cards",
            },
            "whole": of_test[0].alone,
            "chance": float(labels.mean()),
            "families": sorted(families, key=_falling),
        }

    def _trainings(
        self, seconds: float, data_of: DataOf, train: Train
    ) -> Iterator[tuple[Trained, Floats]]:
        """Of each family without it and alone what was trained, with its inputs of the test."""
        features, every = self._table.features, set(self._table.features.names)
        models, began = 2 * len(self._families), elapsed()
        done = 0
        for family in self._families:
            for words, left_out in (
                (f"without {family.name}", set(family.features)),
                (f"{family.name} alone", every - set(family.features)),
            ):
                # As long as all so far took, the whole among them.
                each = (seconds + elapsed() - began) / (done + 1)
                left = f"about {each * (models - done):.0f} s left"
                done += 1
                said = f", {words} ({done} of {models}, {left})"
                table = narrowed(self._table, set_without(features, left_out))
                encoding = self._encoding(table)
                data = data_of(table, encoding)
                values = encoding.encoded(table.values[self._parts.test.rows])
                del table  # a copy of most of the whole one
                yield train(data, said), values
                del data

    def _encoding(self, table: FeatureTable) -> Encoding:
        return fit_encoding(table.values, self._parts.train.rows, table.features.names)

    def _held(self, scores: list[Floats], part: Part, meter: Meter) -> list[Held]:
        return held_against_first(
            scores,
            self._table,
            part.rows,
            resamples=self._options.resamples,
            seed=self._options.seed,
            progress=lambda _: meter.advance(1),
        )


def verdict(adds: Figure) -> str:
    """What the interval of what a family adds lets one say."""
    value, low, high = adds["value"], adds.get("low"), adds.get("high")
    if value is None:
        return UNSURE
    if low is None or high is None:
        return NOTHING if value == 0 else UNSURE
    if low > 0:
        return ADDS
    return HARMS if high < 0 else NOT_SHOWN


def _falling(family: dict[str, Any]) -> float:
    value = family["adds"]["value"]
    return 0.0 if value is None else -value
