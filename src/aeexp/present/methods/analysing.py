"""What was sought among the factors, and measured of them."""

from collections.abc import Iterator

from aeexp.analysis.clustering import clusters, separation
from aeexp.analysis.clustering.knn_vote import NEIGHBOURS
from aeexp.analysis.evidence import linear
from aeexp.analysis.factors.interpretation import SAMPLE as JACOBIANS
from aeexp.analysis.latent import neighbourhoods
from aeexp.config.spec import (
    ClusteringSpec,
    Experiment,
    Partition,
    describe,
)
from aeexp.data import Classes
from aeexp.data.prepare import Problem
from aeexp.text import EACH_BY, counted, listed, named, names


def analysis(experiment: Experiment, problem: Problem) -> str:
    """Return the paragraph on clusterings and measures."""
    return " ".join(
        [
            *_clusterings(experiment, problem),
            _reconstruction(experiment, problem),
            *_neighbourhoods(len(problem.x)),
            *_clusters(experiment, problem),
            _attribution(experiment, problem),
        ]
    )


def _clusterings(experiment: Experiment, problem: Problem) -> Iterator[str]:
    specs = experiment.clustering.values()
    if found := [f"{describe(spec)}{_how(spec, problem)}" for spec in specs]:
        yield f"The latent factors were clustered by {listed(found, *EACH_BY)}."


def _how(spec: ClusteringSpec, problem: Problem) -> str:
    """Return how many clusters were sought, and in which rows if not in all."""
    rows = len(problem.x)
    most = spec.most_rows or rows
    number_of = _number(spec, problem, min(rows, most)) if isinstance(spec, Partition) else ""
    if rows <= most:
        return number_of
    return (
        f"{number_of}, in {most:,} rows drawn at random, each other row joining the cluster of"
        f" most of its {NEIGHBOURS} nearest among them [@cover1967]"
    )


def _number(spec: Partition, problem: Problem, rows: int) -> str:
    """Return how the number of clusters came about; rows: that were clustered."""
    label = problem.data.label
    if spec.n_clusters is not None:
        return f", with {counted(spec.n_clusters, 'cluster')}, a number set beforehand"
    if clusters.several_classes(label):
        count = counted(min(len(label.names), rows), "cluster")
        return f", with {count}, a number taken from the classes of {named(label.name)}"
    tried = min(rows, clusters.MOST_TRIED)
    most = max(2, min(clusters.MOST_CLUSTERS, tried - 1))
    if most == 2:
        return ", with 2 clusters, as the rows are too few for more"
    sampled = f", in {tried:,} rows drawn at random," if rows > tried else ""
    return (
        f", with that number of clusters from 2 to {most} whose mean silhouette"
        f" [@rousseeuw1987]{sampled} was highest"
    )


def _reconstruction(experiment: Experiment, problem: Problem) -> str:
    train, features = len(problem.rows.train), problem.x.shape[1]
    components = counted(min(experiment.model.latent_dim, train, features), "component")
    over = "training and held-out rows" if len(problem.rows.val) else "all rows"
    near = ", by subspace iteration [@halko2011]" if features > linear.EXACT else ""
    return (
        f"Reconstruction of {over} was assessed by the mean squared error of the preprocessed"
        " features and by R² relative to the mean of the training rows, and compared with that by"
        f" a principal component analysis [@jolliffe2016] of the training rows with {components}"
        f"{near}."
    )


def _neighbourhoods(rows: int) -> Iterator[str]:
    neighbours = min(neighbourhoods.NEIGHBOURS, (rows - 1) // 2)
    if neighbours < 1:
        return
    sampled = ", over rows drawn at random [@cochran1977]" if rows > neighbourhoods.MOST else ""
    yield (
        "Preservation of neighbourhoods was assessed by trustworthiness and continuity"
        f" [@venna2001] with {counted(neighbours, 'neighbour')}{sampled}."
    )


def _clusters(experiment: Experiment, problem: Problem) -> Iterator[str]:
    if not experiment.clustering:
        return
    sampled = ", over rows drawn at random" if len(problem.x) > separation.MOST else ""
    yield (
        "Separation of the clusters was assessed by the mean silhouette"
        f" [@rousseeuw1987]{sampled}, the Davies–Bouldin index [@davies1979] and the"
        " Caliński–Harabasz index [@calinski1974]."
    )
    labels = problem.data.labels
    if classes := [each.name for each in labels if isinstance(each, Classes)]:
        yield (
            f"Their agreement with the classes of {names(classes)} was assessed by the adjusted"
            " Rand index [@hubert1985], adjusted and normalised mutual information [@vinh2010],"
            " homogeneity, completeness and V-measure [@rosenberg2007], the Fowlkes–Mallows index"
            " [@fowlkes1983] and the accuracy of the best one-to-one matching [@kuhn1955]."
        )


def _attribution(experiment: Experiment, problem: Problem) -> str:
    weighted, rows = experiment.model.own_method("weighted"), len(problem.x)
    if weighted and weighted():
        return "Features were tied to factors by the weights of the encoder."
    some = f"{JACOBIANS:,} rows drawn at random" if rows > JACOBIANS else f"all {rows:,} rows"
    return f"Features were tied to factors by the mean Jacobian of the encoder over {some}."
