"""What a run's findings were held against: a sentence or two for each control."""

from collections.abc import Sequence

from aeexp.methods.wording import counted, joined, number, percent


def repeats(seeds: Sequence[int]) -> str:
    """Say that training was repeated. seeds: the run's own, and others counting up from it."""
    return (
        f"Training was repeated with {counted(len(seeds) - 1, 'further seed')}, counting up from"
        f" {seeds[0]}, the seed of the model that is reported."
    )


def sampled(rows: int) -> str:
    """Say that controls learnt from some of the rows."""
    return f"All controls used {counted(rows, 'row')} of the table, drawn at random."


def baselines(factors: int) -> str:
    """Say which simpler methods stood beside the autoencoder, with as many factors."""
    return (
        "The autoencoder was compared with principal component analysis [@jolliffe2016],"
        " maximum-likelihood factor analysis [@barber2012] with varimax rotation [@kaiser1958] and"
        f" a projection on random orthonormal directions [@stewart1980], each with"
        f" {counted(factors, 'dimension')} and fitted to the training rows."
    )


def maps(neighbours: int) -> str:
    """Say how latent spaces were compared. neighbours: of trustworthiness and continuity."""
    return (
        "Latent spaces were compared by trustworthiness and continuity [@venna2001] with"
        f" {counted(neighbours, 'neighbour')}, by the share of K nearest neighbours kept beyond"
        " chance, R_NX(K) [@lee2009; @lee2013], with its area over the logarithm of K [@lee2015],"
        " and by Spearman's rank correlation of the distances [@spearman1904]."
    )


def resamples(count: int) -> str:
    """Say that further models learnt from bootstrap samples."""
    return (
        f"{counted(count, 'further model')} learnt from training rows drawn with replacement"
        " [@efron1979]."
    )


def stability(models: int) -> str:
    """Say how models were compared with each other, the run's own among them."""
    return (
        f"Stability was assessed over {counted(models, 'model')}. Their factors were matched one"
        " to one by the greatest sum of absolute correlations [@kuhn1955]. Their latent spaces"
        " were compared by linear centred kernel alignment [@kornblith2019], by the Procrustes"
        " disparity [@schonemann1966; @gower1975] and by the share of nearest neighbours in"
        " common. Their clusterings were compared by the adjusted Rand index [@hubert1985], by a"
        " consensus matrix [@monti2003] with its proportion of ambiguous pairs [@senbabaoglu2014],"
        " and by the Jaccard index of each cluster with the most similar one [@hennig2007]."
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
        "Whether there are groups was tested, as by SigClust [@liu2008], against"
        f" {counted(tables, 'table')} drawn from a single Gaussian distribution with the mean and"
        " the covariance of the table."
    )


def significance(tables: int) -> str:
    """Say how a p came about. tables: that each observation was held against."""
    least = number(float(f"{1 / (tables + 1):.2g}"))
    return (
        "Each such table was scaled, learnt from, clustered and measured as the data were. An"
        " empirical p is (1 + b) / (1 + m), where b of m tables reached what was observed"
        f" [@phipson2010]; it is at least {least} for m = {tables:,}."
    )


def planted(tables: int, sizes: Sequence[float], share: float) -> str:
    """Say how it was seen what would have been found.

    tables: for each size. sizes: by how many standard deviations the group was shifted. share: of
    the rows that are in the group.
    """
    shifts = joined([number(size) for size in sizes])
    return (
        f"The power to find a group was estimated from permuted tables, {tables:,} for each size,"
        f" in which {percent(share)} of the rows were shifted by {shifts} standard deviations."
    )


def labels(shuffles: int) -> str:
    """Say how well labels could be told from factors, and what that was held against."""
    return (
        "How well labels can be told from the factors was assessed on held-out rows by nearest"
        " neighbours [@cover1967] and by a linear probe [@alain2016], beside the same from the"
        f" preprocessed features, and tested against {counted(shuffles, 'permutation')} of the"
        " labels [@ojala2010; @phipson2010]."
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
        "Factors were tied to classes by η² and to numbers by Spearman's rank correlation"
        " [@spearman1904], with p-values adjusted for the false discovery rate [@benjamini1995]."
    )
