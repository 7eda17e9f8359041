"""The retraining itself: a challenger with the champion's settings, both judged, one in use."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine.clock import elapsed, utc_second
from engine.errors import InputError
from engine.events.disk import write_bytes
from engine.interrupts import leaving, put_off
from engine.model.features_file import read_features, sha256_of
from engine.model.loading import load_run
from engine.model.lock import only_one, switching
from engine.model.moved import moved_from
from engine.model.narrowed import table_for
from engine.model.paired import Rival, paired, rival_of
from engine.model.run import CURRENT, MANIFEST, Run
from engine.model.split import utc_date_of, utc_text
from engine.model.store import check_place, drop_run, json_bytes, make_current
from engine.model.unseen import refuse_seen
from engine.progress import Meter
from engine.retrain.decision import (
    CHALLENGER,
    CHAMPION,
    FEWEST_WITH_FRAUD,
    Decision,
    decide,
)
from engine.retrain.described import described
from engine.retrain.in_use import InUse, in_use, leads_to
from engine.retrain.options import Options
from engine.retrain.page import decision_page
from engine.retrain.window import Window, events_of, newest_labelled, parts_of
from engine.train.again import like
from engine.train.job import train
from engine.train.options import Options as TrainOptions

DECISION: Final = "decision.json"
PAGE: Final = "retrain.html"
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Retraining:
    """A finished retraining.

    Parameters
    ----------
    champion, challenger
        The two runs.
    decision
        What was decided of them.
    content
        What ``decision.json`` holds.
    switched
        Whether ``current`` leads to the challenger now.
    seconds
        How long it took.
    """

    champion: Run
    challenger: Run
    decision: Decision
    content: dict[str, Any]
    switched: bool
    seconds: float


def retrain(options: Options) -> Retraining:
    """Train a challenger, compare it with the champion, and put it in use if it is better.

    Raises
    ------
    SentinelError
        If there is no champion, something was refused or could not be written. Whatever goes
        wrong, the folder of runs holds the runs that it held before, and ``current`` leads where
        it led.
    KeyboardInterrupt
        If it was interrupted. The same holds, unless ``current`` was being switched by then, or was
        before: then the exception says where it leads.
    """
    began = elapsed()
    path = options.runs / CURRENT if options.champion is None else options.champion
    if not path.exists() or not options.runs.is_dir():
        raise InputError(
            f"{path}: there is no champion to challenge (was no such run)",
            hint=f"train the first one: python -m engine.train {options.features} "
            f"--out {options.runs}",
        )
    with only_one(options.runs):
        return _Job(options, path, began).run()


class _Job:
    """One retraining, alone in its folder of runs."""

    def __init__(self, options: Options, path: Path, began: float) -> None:
        self._options = options
        self._began = began
        # Looked at first: who switches while the champion is read is noticed at the end.
        self._in_use = in_use(options.runs)
        self._champion = load_run(path, threads=options.threads)
        self._manifest = sha256_of(self._champion.path / MANIFEST)

    def run(self) -> Retraining:
        options, champion = self._options, self._champion
        like_champion = self._settings()
        described(champion)  # before anything is trained: its manifest may not tell
        table = table_for(
            read_features(options.features, labels_required=True),
            champion.features,
            f"{champion.path} was trained on",
        )
        window = newest_labelled(options, table, like_champion.split)
        refuse_seen(
            champion,
            window.start,
            window.end,
            hint="wait until there are as many newer days with labels, or ask for fewer --days",
        )
        judging = events_of(table, window)
        settings = _challenger(like_champion, window)
        parts = parts_of(table, settings.split)

        def rival(run: Run) -> Rival:
            return rival_of(
                run,
                table,
                judging.rows,
                days=judging.days,
                alert_cost=like_champion.alert_cost,
                cards_per_day=like_champion.cards_per_day,
            )

        of_champion = rival(champion)  # before anything is trained: it may be refused
        since = table.times >= window.start
        moved = moved_from(
            champion,
            table.values[since],
            table.times[since],
            table.card_codes[since],
            window.start,
        )
        place = options.runs / like_champion.id
        check_place(options.runs, like_champion.id, overwrite=None)  # what is dropped is ours
        try:
            challenger = train(settings, table, parts).run
            with Meter("compare", options.resamples, quiet=options.quiet, noun="draw") as meter:
                compared = paired(
                    {CHALLENGER: rival(challenger), CHAMPION: of_champion},
                    resamples=options.resamples,
                    seed=options.seed,
                    progress=lambda _: meter.advance(1),
                )
            decision = self._of_what_is_in_use(decide(compared, options.metric, options.margin))
            content = self._content(challenger, window, decision, compared, moved)
            content["judged_by"]["unlabelled"] = judging.unlabelled
            with leaving() as done:
                decision, content, switched = self._conclude(challenger, decision, content, done)
        except BaseException as error:
            # An interrupt that was put off speaks up after the switch: then it is in use.
            if leads_to(options.runs, place) or not place.exists():
                raise
            drop_run(place)
            if isinstance(error, KeyboardInterrupt):
                raise type(error) from error  # whatever it said is there is not any more
            raise
        return Retraining(
            champion, challenger, decision, content, switched, elapsed() - self._began
        )

    def _settings(self) -> TrainOptions:
        options, champion = self._options, self._champion
        name = options.id or f"{utc_second():%Y%m%dT%H%M%SZ}-{champion.model.kind}"
        check_place(options.runs, name, overwrite=None)
        found = like(champion, features=options.features, out=options.runs, name=name)
        if found.split.kind == "random":
            raise InputError(
                f"{champion.path}: was split at random, so that it has learnt from days it would "
                "be judged by (was --split random)",
                hint="train a champion with --split time",
            )
        return replace(
            found,
            threads=options.threads,
            report=options.report,
            quiet=options.quiet,
            make_current=False,
            overwrite=False,
        )

    def _of_what_is_in_use(self, decision: Decision) -> Decision:
        """The decision, if ``current`` leads to the champion or nowhere: else none was compared."""
        now = self._in_use
        if not decision.promote or now is None or self._is_champion(now):
            return decision
        other = f"{CURRENT} leads to {now.name}, which was not compared: it stays in use."
        return Decision(promote=False, reasons=(*decision.reasons, other))

    def _is_champion(self, now: InUse | None) -> bool:
        return now is not None and now.manifest == self._manifest

    def _told_in_use(self, now: InUse | None) -> dict[str, Any]:
        """What a decision tells of the run in use, before a switch."""
        return {
            "in_use": None if now is None else now.name,
            "champion_in_use": self._is_champion(now),
        }

    def _content(
        self,
        challenger: Run,
        window: Window,
        decision: Decision,
        compared: dict[str, Any],
        moved: dict[str, Any] | None,
    ) -> dict[str, Any]:
        options = self._options
        return {
            "format": FORMAT,
            "decision": decision.word,
            "dry_run": options.dry_run,
            "reasons": list(decision.reasons),
            "metric": options.metric,
            "margin": options.margin,
            "fewest_with_fraud": FEWEST_WITH_FRAUD,
            **self._told_in_use(self._in_use),
            CHAMPION: described(self._champion),
            CHALLENGER: described(challenger),
            "judged_by": {
                "from": utc_text(window.start),
                "until": utc_text(window.end),
                "days": window.days,
            },
            "comparison": compared,
            "drift": moved,
        }

    def _conclude(
        self, challenger: Run, decision: Decision, content: dict[str, Any], done: list[str]
    ) -> tuple[Decision, dict[str, Any], bool]:
        """Write down what is decided, and switch; but leave a switch of somebody else's alone.

        The record comes first: a switch that nobody has a reason for would be worse than none. As
        drawing it takes seconds, what is in use is looked at between record and switch. An
        interrupt is put off for that look and the switch alone; ``done`` is told of the latter.
        """
        folder = challenger.path
        _record(content, folder)
        if not decision.promote or self._options.dry_run:
            return decision, content, False
        with switching(self._options.runs), put_off():
            now = in_use(self._options.runs)
            if now == self._in_use:
                link = make_current(folder)
                done.append(f"it was decided, and {link} leads to {folder.name}")
                return decision, content, True
        moved = f"Meanwhile current was led to {now.name if now else 'nothing'}: it is left there."
        if now is not None and self._in_use is not None and now.name == self._in_use.name:
            moved = f"Meanwhile {now.name} was replaced by another run: it stays in use."
        decision = Decision(promote=False, reasons=(*decision.reasons, moved))
        content = {
            **content,
            **self._told_in_use(now),
            "decision": decision.word,
            "reasons": list(decision.reasons),
        }
        _record(content, folder)
        return decision, content, False


def _challenger(like_champion: TrainOptions, window: Window) -> TrainOptions:
    """The champion's settings, on all that is older than the window by the label delay."""
    split = replace(
        like_champion.split,
        validation_from=None,
        test_from=utc_date_of(window.start),
        until=utc_date_of(window.end),
    )
    return replace(like_champion, split=split)


def _record(content: dict[str, Any], folder: Path) -> None:
    write_bytes(decision_page(content).encode(), folder / PAGE)
    write_bytes(json_bytes(content), folder / DECISION)
