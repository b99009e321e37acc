"""What the findings of a run were held against: a sentence or two for each control."""

from collections.abc import Iterator, Sequence

from aeexp.analysis.clustering.consensus import VALID
from aeexp.analysis.evidence.baselines import MOST_FEATURES
from aeexp.analysis.evidence.power import LEVEL
from aeexp.analysis.evidence.stability import REPRODUCIBLE
from aeexp.analysis.labels.probes import MOST_FITS
from aeexp.analysis.latent.neighbourhoods import NEIGHBOURS
from aeexp.config.spec import Experiment
from aeexp.data.prepare import Problem
from aeexp.text import counted, exact, listed, percent


def evidence(experiment: Experiment, problem: Problem, rows: int) -> str:
    """Return the paragraph on controls. rows: of the table they learnt from, 0 without any."""
    if not rows:
        return ""
    said = [*_simpler(experiment, problem, rows)]
    few = rows < len(problem.x)
    if controls := [*_models(experiment, len(experiment.seeds) + few), *_chance(experiment)]:
        said += [sampled(rows)] if few else []
    return " ".join([*said, *controls, *_meaning(experiment, problem)])


def _simpler(experiment: Experiment, problem: Problem, rows: int) -> Iterator[str]:
    whole, features = problem.x.shape
    yield baselines(min(experiment.model.latent_dim, features), features)
    if len(problem.rows.val) > 1:
        yield advantage(len(experiment.seeds) if rows == whole else 1)
    if whole > 2:
        yield maps(min(NEIGHBOURS, (whole - 1) // 2))


def _models(experiment: Experiment, seeds: int) -> Iterator[str]:
    resampled = experiment.evidence.resamples
    models = seeds + resampled
    if resampled:
        yield resamples(resampled)
    if models > 1:
        yield stability(models)
    if models > 1 and experiment.clustering:
        yield consensus()


def _meaning(experiment: Experiment, problem: Problem) -> Iterator[str]:
    if len(problem.rows.val):
        yield factors()
    if problem.data.labels:
        yield associations()
    if problem.data.labels and experiment.evidence.labels and len(problem.rows.val):
        yield labels(experiment.evidence.labels)


def _chance(experiment: Experiment) -> Iterator[str]:
    spec = experiment.evidence
    groups = spec.clouds if experiment.clustering else 0
    if spec.permutations:
        yield permutations(spec.permutations)
    if groups:
        yield clouds(groups)
    if tables := {count for count in (spec.permutations, groups) if count}:
        yield significance(min(tables))
    if spec.permutations and groups:
        yield claims()
    if spec.permutations and spec.planted and spec.sizes:
        yield planted(spec.planted, spec.sizes, spec.share)


def repeats(seeds: Sequence[int]) -> str:
    """Say that training was repeated. seeds: the run's own, and others counting up from it."""
    return (
        f"Training was repeated with {counted(len(seeds) - 1, 'further seed')}, counting up from"
        f" {seeds[0]}, the seed of the model that is reported."
    )


def baselines(factors: int, features: int) -> str:
    """Say which simpler methods stood beside the autoencoder."""
    analysed = (
        " maximum-likelihood factor analysis [@barber2012] with varimax rotation [@kaiser1958]"
    )
    return (
        "The autoencoder was compared with principal component analysis [@jolliffe2016]"
        f"{f',{analysed}' if features <= MOST_FEATURES else ''} and a projection on random"
        f" orthonormal directions [@stewart1980], with {counted(factors, 'dimension')} and fitted"
        " to the training rows."
    )


def advantage(models: int) -> str:
    """Say how errors on held-out rows were compared. models: of the autoencoder."""
    seeds = " and between seeds" if models > 1 else ""
    return (
        "Squared errors on held-out rows were compared row by row, with a standard error from"
        f" their variance between rows{seeds} [@cornfield1956]."
    )


def maps(neighbours: int) -> str:
    """Say how latent spaces were compared. neighbours: of trustworthiness and continuity."""
    return (
        "Latent spaces were compared by trustworthiness and continuity [@venna2001] with"
        f" {counted(neighbours, 'neighbour')}, by the share of K nearest neighbours kept beyond"
        " chance, R_NX(K) [@lee2009; @lee2013], with its area over the logarithm of K [@lee2015],"
        " and by Spearman's rank correlation of the distances [@spearman1904]."
    )


def sampled(rows: int) -> str:
    """Say that controls learnt from some of the rows."""
    return f"The controls below used {counted(rows, 'row')} of the table, drawn at random."


def resamples(count: int) -> str:
    """Say that further models learnt from bootstrap samples."""
    return (
        f"{counted(count, 'further model')} learnt from training rows drawn with replacement"
        " [@efron1979]."
    )


def stability(models: int) -> str:
    """Say how models were compared with each other, the run's own among them."""
    return (
        f"Stability was assessed over {counted(models, 'model')}. Factors were matched one to one"
        " by the greatest sum of absolute correlations [@kuhn1955], and one was called"
        f" reproducible [@himberg2004] from a mean correlation of {REPRODUCIBLE}. Latent spaces"
        " were compared by linear centred kernel alignment [@kornblith2019], by the Procrustes"
        " disparity [@schonemann1966; @gower1975] and by the share of nearest neighbours in"
        " common."
    )


def consensus() -> str:
    """Say how the clusterings of several models were compared."""
    return (
        "Clusterings were compared by the adjusted Rand index [@hubert1985], by a consensus matrix"
        " [@monti2003] with its proportion of ambiguous pairs [@senbabaoglu2014], and by the"
        " Jaccard index of each cluster with the most similar one, which was called reproducible"
        f" from a mean of {VALID} [@hennig2007]."
    )


def permutations(tables: int) -> str:
    """Say what would be found without any structure."""
    return (
        f"Whether there is structure was tested against {counted(tables, 'copy', 'copies')} of the"
        " table with each column permuted on its own, which leaves nothing but the distribution of"
        " each [@buja1992]."
    )


def clouds(tables: int) -> str:
    """Say what would be found without any groups."""
    return (
        "Whether there are groups was tested by their silhouettes [@rousseeuw1987], as by SigClust"
        f" [@liu2008], against {counted(tables, 'table')} drawn from a single Gaussian"
        " distribution with the mean and the covariance of the table."
    )


def significance(tables: int) -> str:
    """Say how a p came about. tables: that an observation was held against."""
    least = exact(float(f"{1 / (tables + 1):.2g}"))
    return (
        "Each such table was scaled, learnt from and measured as the data were. An"
        " empirical p is (1 + b) / (1 + m), where b of m tables reached what was observed"
        f" [@phipson2010]; it is at least {least} for m = {tables:,}."
    )


def claims() -> str:
    """Say in which order hypotheses were tested."""
    return (
        f"At a level of {percent(LEVEL)}, groups were tested only where there was structure, and"
        " those of each clustering only where those before were told from chance, so that the"
        " level holds for all [@marcus1976]."
    )


def planted(tables: int, sizes: Sequence[float], share: float) -> str:
    """Say how it was seen what would have been found.

    tables: for each size. sizes: by how many standard deviations the group was shifted. share: of
    the rows that are in the group.
    """
    shifts = listed([exact(size) for size in sizes])
    return (
        f"The power to find a group was estimated from permuted tables, {tables:,} for each size,"
        f" in which {percent(share)} of the rows were shifted by {shifts} standard deviations in a"
        f" random half of the columns of numbers, as the share with p ≤ {LEVEL} and its interval"
        " [@wilson1927]."
    )


def labels(shuffles: int) -> str:
    """Say how well labels could be told from factors, and what that was held against."""
    return (
        "How well labels can be told from the factors was assessed on held-out rows by nearest"
        " neighbours [@cover1967] and by a linear probe [@alain2016], beside the same from the"
        " preprocessed features and from principal components, and tested against"
        f" {counted(shuffles, 'permutation')} of the labels [@ojala2010; @phipson2010], for the"
        f" linear probe {min(shuffles, MOST_FITS)}."
    )


def factors() -> str:
    """Say how factors were weighed and tied to features."""
    return (
        "A factor was weighed by the explained variance of the held-out rows that is lost without"
        " it. Features were tied to factors by the standardised mean Jacobian of the encoder and"
        " by how far a factor moves when a feature is permuted [@breiman2001]."
    )


def associations() -> str:
    """Say how factors were tied to labels."""
    return (
        "Factors were tied to classes by η², tested by Kruskal and Wallis [@kruskal1952], and to"
        " numbers by Spearman's rank correlation [@spearman1904], with p-values adjusted for the"
        " false discovery rate [@benjamini1995]."
    )
