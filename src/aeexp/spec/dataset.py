"""Where the rows come from."""

from dataclasses import dataclass

from aeexp.spec._spec import Spec, param


@dataclass(kw_only=True)
class DatasetSpec(Spec):
    """A table of numbers, perhaps with labels."""


@dataclass(kw_only=True)
class Wine(DatasetSpec):
    """178 wines x 13 chemical measurements, 3 cultivars (Forina et al., 1991)."""


@dataclass(kw_only=True)
class Iris(DatasetSpec):
    """150 flowers x 4 lengths and widths, 3 species (Fisher, 1936)."""


@dataclass(kw_only=True)
class BreastCancer(DatasetSpec):
    """569 tumours x 30 measurements of cell nuclei, 2 diagnoses (Street et al., 1993)."""


@dataclass(kw_only=True)
class Digits(DatasetSpec):
    """1,797 handwritten digits x 64 pixels, 10 digits (Alpaydin and Kaynak, 1998)."""


@dataclass(kw_only=True)
class Diabetes(DatasetSpec):
    """442 patients x 10 measurements, progression as numeric target (Efron et al., 2004)."""


@dataclass(kw_only=True)
class SwissRoll(DatasetSpec):
    """A sheet rolled up in 3 dimensions; its numeric target is the position along the roll."""

    samples: int = param(1000, "Number of rows.", at_least=2)
    noise: float = param(0.0, "Standard deviation of the noise added to each value.", at_least=0)
    seed: int = param(0, "Seed of the generated data.", at_least=0, below=2**32)


@dataclass(kw_only=True)
class SCurve(DatasetSpec):
    """A sheet bent to an S in 3 dimensions; its numeric target is the position along the S."""

    samples: int = param(1000, "Number of rows.", at_least=2)
    noise: float = param(0.0, "Standard deviation of the noise added to each value.", at_least=0)
    seed: int = param(0, "Seed of the generated data.", at_least=0, below=2**32)


@dataclass(kw_only=True)
class Blobs(DatasetSpec):
    """Gaussian clouds of known membership: structure that is there to be found."""

    samples: int = param(500, "Number of rows.", at_least=2)
    features: int = param(10, "Number of columns.", at_least=1)
    centers: int = param(4, "Number of clouds, which are the classes.", at_least=1)
    spread: float = param(1.0, "Standard deviation of each cloud.", above=0)
    seed: int = param(0, "Seed of the generated data.", at_least=0, below=2**32)
