"""The sentences on the best setting of a sweep, and what the sweep shows about its parameters."""

from collections.abc import Iterator
from math import isfinite

from aeexp.analysis.evidence.claims import SAME
from aeexp.analysis.sweep.effects import Effect
from aeexp.analysis.sweep.judgement import STABILITY, Judgement
from aeexp.present.text.sentence import Sentence, p_value_text
from aeexp.present.text.sweep import setting_text, spread_text, value_text
from aeexp.text import counted, listed, number

MOST_EFFECTS = 4
LEVEL, TWO_SIDED = 0.05, 1.96


def chosen(judgement: Judgement) -> Iterator[Sentence]:
    """Yield the sentences of a sweep's answer."""
    several = len(judgement.comparison.ranked) > 1
    if several:
        yield _best(judgement)
        yield from _test(judgement)
    if any(run.metrics.get(STABILITY) is not None for run in judgement.best.completed):
        yield from _evidence(judgement)
    elif several:
        sentence = "Not tested: the runs have no evidence (evidence=none)."
        yield Sentence("chance", "undecided", sentence)
    if several:
        yield from _parameters(judgement)


def _best(judgement: Judgement) -> Sentence:
    comparison, best, good = judgement.comparison, judgement.best, judgement.good
    ranked, metric = comparison.ranked, comparison.headline or ""
    text = f"{setting_text(best)}: {metric} {spread_text(judgement.validation)}"
    if lost := len(best.outcomes) - sum(run.completed for run in best.outcomes):
        text += f", {lost} of its {len(best.outcomes)} runs not completed"
    second = f"{setting_text(ranked[1])}: {spread_text(ranked[1].spread(metric))}"
    if good.unknown == len(ranked) - 1:
        return Sentence(
            "best",
            "undecided",
            f"{text}. Next is {second}. Their difference may be chance: train each with several"
            " seeds.",
        )
    if len(good.settings) > 1:
        count = f"{len(good.settings)} of {len(ranked)} settings are as good"
        return Sentence("best", "undecided", f"{text}. {count}, within one standard error.")
    text += (
        f". None of the other {len(ranked) - 1} is within one standard error; next is {second}."
    )
    return Sentence("best", "yes", text)


def _test(judgement: Judgement) -> Iterator[Sentence]:
    metric = judgement.comparison.headline or ""
    mse, r2, pca = (
        judgement.best.spread(name)
        for name in ("reconstruction.test.mse", "reconstruction.test.r2", "baseline.pca.test.mse")
    )
    if mse.n:
        as_well = f"; PCA with as many factors: {number(pca.mean)}" if pca.n else ""
        yield Sentence(
            "test",
            "yes" if r2.mean > 0 else "no",
            f"On test rows, which the choice did not use, its error (MSE) is {spread_text(mse)}"
            f" and R² {number(r2.mean)}{as_well}.",
        )
    elif metric.startswith(("val_loss", "reconstruction.val")):
        yield Sentence(
            "test",
            "undecided",
            f"There are no test rows, and {metric} is too optimistic, because the setting was"
            " chosen by it. Set split.test=0.2.",
        )


def _evidence(judgement: Judgement) -> Iterator[Sentence]:
    if chance := judgement.chance:
        claim = "yes" if chance.p <= LEVEL else "no"
        text = f"R² {number(chance.observed)}, {p_value_text(chance.p, chance.tables, 'tables')}"
        if chance.settings > 1:
            text += (
                f", corrected for the choice from {chance.settings} settings, which was made on"
                f" each permuted table, too; uncorrected p = {chance.uncorrected:.2g}"
            )
        verb = "has" if claim == "yes" else "has no clear"
        yield Sentence("chance", claim, f"The table {verb} structure beyond chance ({text}).")
    else:
        yield Sentence(
            "chance",
            "undecided",
            "The choice cannot be corrected for: the settings have no permuted tables in common.",
        )
    difference, error = judgement.advantage
    if isfinite(difference) and isfinite(error):
        half = TWO_SIDED * error
        claim = "yes" if difference > half else "no" if difference < -half else "undecided"
        what = {"yes": "a smaller", "no": "a larger"}.get(claim, "about the same")
        yield Sentence(
            "pca",
            claim,
            f"It has {what} error {'as' if claim == 'undecided' else 'than'} PCA (Δ MSE"
            f" {number(difference)} ± {number(half)}, 95 % interval).",
        )
    same = judgement.best.spread(STABILITY).mean
    if isfinite(same):
        claim, sign = ("yes", "≥") if same >= SAME else ("no", "<")
        verb = "find" if claim == "yes" else "do not find"
        text = (
            f"Its repeats {verb} the same reconstructions (linear CKA {same:.3f} {sign} {SAME})."
        )
        yield Sentence("stability", claim, text)


def _parameters(judgement: Judgement) -> Iterator[Sentence]:
    effects = judgement.effects
    if not effects.effects:
        return
    metric = judgement.comparison.headline
    clear = [effect for effect in effects.effects if effect.low > 0]
    has_intervals = any(isfinite(effect.low) for effect in effects.effects)
    shown = (clear or effects.effects)[:MOST_EFFECTS]
    text = f"{metric} is better by " + "; ".join(map(_effect_text, shown)) + "."
    unclear = [effect.key for effect in effects.effects if effect not in shown]
    if unclear and clear:
        text += f" No clear effect: {listed(unclear)}."
    for pair in effects.interactions[:2]:
        text += f" The effect of {pair.one} depends on {pair.other} (p = {pair.p:.2g})."
    if more := len(effects.interactions[2:]):
        text += f" So do {counted(more, 'other pair')}."
    claim = "yes" if clear else "no" if has_intervals else "undecided"
    yield Sentence("parameters", claim, text)


def _effect_text(effect: Effect) -> str:
    text = f"{number(effect.difference)} with {effect.key}={value_text(effect.best)}"
    text += f" than with {value_text(effect.worst)}"
    if isfinite(effect.low):
        text += f" (95 % interval {number(effect.low)} to {number(effect.high)})"
    return text
