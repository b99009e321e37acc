"""What tables are called in a paper."""

from pathlib import Path

from aeexp.methods.wording import describe, named, number
from aeexp.spec import Blobs, BreastCancer, Diabetes, Digits, Iris, SCurve, SwissRoll, Table, Wine
from aeexp.web.wording import counted

DISTRIBUTED = "as distributed with scikit-learn [@pedregosa2011]"


@describe.register
def _(spec: Wine) -> str:
    return f"chemical measurements of wines of 3 cultivars [@forina1991], {DISTRIBUTED}"


@describe.register
def _(spec: Iris) -> str:
    return f"lengths and widths of the sepals and petals of irises [@fisher1936], {DISTRIBUTED}"


@describe.register
def _(spec: BreastCancer) -> str:
    return f"measurements of cell nuclei in breast tumours [@street1993], {DISTRIBUTED}"


@describe.register
def _(spec: Digits) -> str:
    return f"images of handwritten digits, 8 × 8 pixels each [@alpaydin1998], {DISTRIBUTED}"


@describe.register
def _(spec: Diabetes) -> str:
    return f"measurements of patients with diabetes [@efron2004], {DISTRIBUTED}"


@describe.register
def _(spec: SwissRoll) -> str:
    return f"points on a Swiss roll [@tenenbaum2000] {_generated(spec)}"


@describe.register
def _(spec: SCurve) -> str:
    return f"points on an S-shaped sheet {_generated(spec)}"


def _generated(spec: SwissRoll | SCurve) -> str:
    noise = f"with normal noise of standard deviation {number(spec.noise)}"
    return (
        f"{noise if spec.noise else 'without noise'}, generated with scikit-learn"
        f" [@pedregosa2011] (seed {spec.seed})"
    )


@describe.register
def _(spec: Blobs) -> str:
    clouds = counted(spec.centers, "isotropic Gaussian cloud")
    return (
        f"{clouds} of standard deviation {number(spec.spread)}, generated with scikit-learn"
        f" [@pedregosa2011] (seed {spec.seed})"
    )


@describe.register
def _(spec: Table) -> str:
    return f"the table {named(Path(spec.path).stem)}"
