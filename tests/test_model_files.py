"""A model is read back unchanged, and a changed, swapped or malicious file is refused."""

import io
import json
import pickle
import re
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentences import Sentences

from aeexp.config.options import OPTIONS
from aeexp.config.shapes import shapes
from aeexp.config.spec import Activation, Autoencoder, Deep, Experiment
from aeexp.pipeline.run import run
from aeexp.runs import StoredModel, read_model, write
from aeexp.runs.arrays import MOST_BYTES, Layout, most_bytes, pack, unpack
from aeexp.runs.artifact import Artifact, Model, Support
from aeexp.runs.manifest import SCHEMA, digest
from aeexp.runs.write import write_json

SCHEMA_1 = Path(__file__).parent / "runs" / "schema_1"
FEATURES = ["a", "b", "ü"]
SPEC = Deep(latent_dim=2, hidden=[4])
Edit = Callable[[Path], None]


def model() -> Model:
    rng = np.random.default_rng(0)
    values = {"latent_dim": 2, "hidden": [4], "activation": Activation.relu}
    return Model(
        "model",
        architecture={"spec": "Deep", "features": FEATURES, **values},
        preprocessing={
            "spec": "Standard",
            "features": FEATURES,
            "offset": [0.5, 1.0, -2],
            "scale": [1.0, 2.0, 3.0],
        },
        weights={
            name: rng.normal(size=shape).astype(np.float32)
            for name, shape in (shapes(SPEC, 3) or {}).items()
        },
        export=b"not looked at",
    )


SUPPORT = {
    "latents": np.linspace(0, 1, 10).reshape(5, 2),
    "clusters/kmeans": np.arange(5),
    "names": np.array(["ä", ""]),
    "none": np.zeros((0, 2), np.float32),
    "known": np.array([True, False]),
    "by_column": np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a run directory with a model, written as a run writes it."""
    write_json(tmp_path / "run.json", {"schema": SCHEMA})
    write(model(), tmp_path)
    write(Support("model/support", SUPPORT), tmp_path)
    return tmp_path


def same(read: dict[str, Any], written: dict[str, Any]) -> bool:
    return read.keys() == written.keys() and all(
        np.array_equal(read[name], written[name]) and read[name].dtype == written[name].dtype
        for name in written
    )


def test_a_model_is_read_back_unchanged(folder: Path) -> None:
    written, read = model(), read_model(folder)
    assert read.architecture == SPEC
    assert read.features == tuple(FEATURES)
    assert read.preprocessing == written.preprocessing
    assert same(read.weights, written.weights)
    assert same(read.support, SUPPORT)
    assert read.schema == SCHEMA


def test_a_model_without_support_has_no_file_for_it(tmp_path: Path) -> None:
    write_json(tmp_path / "run.json", {"schema": SCHEMA})
    write(model(), tmp_path)
    assert not (tmp_path / "model" / "support.npz").exists()
    assert read_model(tmp_path).support == {}


@pytest.mark.parametrize(
    "spec",
    [
        *(
            pytest.param(kind(), id=word)
            for word, kind in OPTIONS["model"].items()
            if word != "auto"  # becomes one of the others
        ),
        pytest.param(Deep(batch_norm=True, hidden=[5, 4, 3]), id="normalised"),
    ],
)
def test_every_model_option_is_read_back_from_its_run(
    spec: Any, tmp_path: Path, tiny: Callable[..., Experiment]
) -> None:
    artifacts: list[Artifact] = list(run(tiny(model=spec)))
    written = next(artifact for artifact in artifacts if isinstance(artifact, Model))
    write_json(tmp_path / "run.json", {"schema": SCHEMA})
    write(written, tmp_path)
    read = read_model(tmp_path)
    assert read.architecture == spec
    assert same(read.weights, dict(written.weights))


def test_f45_a_model_of_schema_1_is_still_read() -> None:
    read: StoredModel = read_model(SCHEMA_1)
    assert read.schema == 1
    assert read.architecture == Deep()
    assert read.features[0] == "alcohol"
    assert read.preprocessing["spec"] == "Standard"
    assert read.weights["encoder_1/kernel"].shape == (13, 32)
    assert read.support == {}


def test_f45_a_model_of_a_newer_schema_is_refused(folder: Path) -> None:
    write_json(folder / "run.json", {"schema": SCHEMA + 1})
    with pytest.raises(ValueError, match="written by a newer aeexp: update"):
        read_model(folder)


def refused(folder: Path) -> str:
    """Return the one-line error of reading a model."""
    with pytest.raises(ValueError, match="Train the model again, or copy it again") as error:
        read_model(folder)
    line = str(error.value)
    assert "\n" not in line
    return line


def truncate(name: str) -> Edit:
    def edit(folder: Path) -> None:
        path = folder / "model" / name
        path.write_bytes(path.read_bytes()[:-10])

    return edit


def swap_weights(folder: Path) -> None:
    arrays = {name: np.zeros_like(array) for name, array in model().weights.items()}
    (folder / "model" / "weights.npz").write_bytes(pack(arrays))


@pytest.mark.parametrize("name", ["architecture.json", "preprocessing.json", "weights.npz"])
def test_f35_a_file_that_is_missing_is_named(folder: Path, name: str) -> None:
    (folder / "model" / name).unlink()
    assert f"{name} is missing" in refused(folder)


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(truncate("weights.npz"), id="truncated"),
        pytest.param(truncate("support.npz"), id="support"),
        pytest.param(swap_weights, id="swapped"),
        pytest.param(truncate("manifest.json"), id="manifest"),
        pytest.param(
            lambda folder: (folder / "model" / "manifest.json").unlink(),
            id="no manifest",
        ),
        pytest.param(lambda folder: (folder / "run.json").unlink(), id="no run"),
    ],
)
def test_f35_a_damaged_or_swapped_file_is_refused(
    folder: Path, edit: Edit, sentences: Sentences
) -> None:
    edit(folder)
    sentences.check(refused(folder))


@pytest.mark.parametrize("schema", [1, 2])
def test_f35_weights_of_another_shape_are_refused(tmp_path: Path, schema: int) -> None:
    other = model()
    weights = dict(other.weights) | {"z/kernel": np.zeros((4, 3), np.float32)}
    write_json(tmp_path / "run.json", {"schema": schema})
    write(Model("model", other.architecture, other.preprocessing, weights, b""), tmp_path)
    assert re.search("do not fit architecture.json|not Layout", refused(tmp_path))


def forge(folder: Path, name: str, content: bytes, arrays: Any = None) -> None:
    """Replace a file of a model and adapt the manifest, as an attacker would."""
    path = folder / "model" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["files"][name] = {"sha256": digest(content), "bytes": len(content)}
    manifest["arrays"] |= {} if arrays is None else {name: arrays}
    path.write_text(json.dumps(manifest))
    (folder / "model" / name).write_bytes(content)


class Harm:
    """Creates a file when it is unpickled."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> Any:
        return Path.touch, (self.sentinel,)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, np.asarray(array), allow_pickle=True)
    return file.getvalue()


def archive(*members: tuple[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packed) as zip_file:
        for name, content in members:
            zip_file.writestr(name, content)
    return file.getvalue()


def header(shape: str, descr: str = "'<f4'", version: int = 1) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    size = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + text


HONEST = npy(np.zeros(4, np.float32))
ONE = {"x": {"shape": [4], "dtype": "<f4"}}


@pytest.mark.parametrize(
    ("content", "arrays", "message"),
    [
        pytest.param(
            archive(("x.npy", npy(np.array([{}], object)))), ONE, "x.npy of Layout", id="objects"
        ),
        pytest.param(
            archive(("x.npy", HONEST)),
            {"x": {"shape": [4], "dtype": "|O"}},
            "declares an array that is",
            id="objects declared",
        ),
        pytest.param(
            archive(("x.npy", pickle.dumps([1]))),
            ONE,
            "header in x.npy that is not valid",
            id="pickle",
        ),
        pytest.param(pickle.dumps([1]), ONE, "cannot be unpacked", id="no archive"),
        pytest.param(
            archive(("x.npy", header("(1000000000000,)"))), ONE, "x.npy of Layout", id="huge shape"
        ),
        pytest.param(
            archive(("x.npy", header("(1000000000000,)"))),
            {"x": {"shape": [10**12], "dtype": "<f4"}},
            "declares arrays of 4,000,000,000,000 bytes",
            id="huge shape declared",
        ),
        pytest.param(
            archive(("x.npy", header("(4,)"))),
            {"x": {"shape": [-4], "dtype": "<f4"}},
            "declares an array",
            id="negative shape",
        ),
        pytest.param(
            archive(("x.npy", header("(" * 5000 + "4,)"))),
            ONE,
            "header in x.npy that",
            id="deep header",
        ),
        pytest.param(
            archive(("x.npy", header("(4,)", "[('a','<f4')]"))),
            ONE,
            "header in x.npy that",
            id="records",
        ),
        pytest.param(
            archive(("x.npy", header("(4,)", version=2) + bytes(16))),
            ONE,
            "header in x.npy that",
            id="version",
        ),
        pytest.param(
            archive(("../x.npy", HONEST)), ONE, "holds '../x.npy' instead of x", id="path"
        ),
        pytest.param(
            archive(("../x.npy", HONEST)),
            {"../x": ONE["x"]},
            "declares an array under the name '../x'",
            id="path declared",
        ),
        pytest.param(
            archive(("x.npy", HONEST), ("y.npy", HONEST)), ONE, "holds 'x.npy, y.npy'", id="more"
        ),
        pytest.param(
            archive(*((f"{i}", b"") for i in range(50))), ONE, "more members", id="many more"
        ),
        pytest.param(archive(("x.npy", HONEST[:-4])), ONE, "other than 16 bytes", id="short"),
        pytest.param(archive(("x.npy", HONEST + b"1")), ONE, "other than 16 bytes", id="long"),
        pytest.param(
            archive(("x.npy", HONEST), packed=zipfile.ZIP_LZMA), ONE, "compression", id="LZMA"
        ),
    ],
)
def test_f34_an_invalid_archive_of_arrays_is_refused(
    folder: Path, content: bytes, arrays: Any, message: str
) -> None:
    forge(folder, "support.npz", content, arrays)
    assert re.search(message, refused(folder))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_f34_two_members_of_one_name_are_refused(folder: Path) -> None:
    forge(folder, "support.npz", archive(("x.npy", HONEST), ("x.npy", HONEST)), ONE)
    assert "holds 'x.npy, x.npy'" in refused(folder)


@pytest.mark.parametrize("schema", [1, 2])
def test_f34_a_pickle_in_the_weights_is_not_unpickled(folder: Path, schema: int) -> None:
    sentinel = folder / "sentinel"
    harm = np.empty((), object)
    harm[()] = Harm(sentinel)
    members = [(f"{name}.npy", npy(array)) for name, array in model().weights.items()]
    forge(folder, "weights.npz", archive(("z/kernel.npy", npy(harm)), *members[:2], *members[3:]))
    write_json(folder / "run.json", {"schema": schema})
    refused(folder)
    assert not sentinel.exists()
    with np.load(folder / "model" / "weights.npz", allow_pickle=True) as loaded:
        loaded["z/kernel"]
    assert sentinel.exists(), "the pickle creates the file if it is unpickled"


def test_f34_a_lambda_in_the_export_is_not_read(folder: Path) -> None:
    lambda_layer = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}}
    config = json.dumps({"class_name": "Sequential", "config": {"layers": [lambda_layer]}})
    forge(folder, "model.keras", archive(("config.json", config.encode())))
    assert read_model(folder).architecture == SPEC
    (folder / "model" / "model.keras").unlink()
    assert read_model(folder).architecture == SPEC


def test_f34_a_zip_bomb_is_unpacked_up_to_the_declared_size_only(folder: Path) -> None:
    many = 10**8
    bomb = archive(("x.npy", header("(4,)") + bytes(many)), packed=zipfile.ZIP_DEFLATED)
    (folder / "model" / "support.npz").write_bytes(b"")
    tracemalloc.start()
    with pytest.raises(ValueError, match="other than 16 bytes"):
        unpack(bomb, {"x": Layout((4,), "<f4")})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < many / 50


def test_f34_a_file_larger_than_its_arrays_is_not_read(folder: Path) -> None:
    with (folder / "model" / "weights.npz").open("ab") as file:
        file.truncate(10**9)  # a sparse file, which takes no space on disk
    tracemalloc.start()
    assert "is larger than" in refused(folder)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**7


def test_f34_the_total_size_of_arrays_is_limited() -> None:
    half = Layout((MOST_BYTES // 4 // 2 + 1,), "<f4")
    assert most_bytes({"a": half}) > MOST_BYTES // 2
    with pytest.raises(ValueError, match="more than"):
        most_bytes({"a": half, "b": half})


def changed(**changes: Any) -> bytes:
    values = {"spec": "Deep", "features": FEATURES, "latent_dim": 2, "hidden": [4]}
    return json.dumps(values | changes).encode()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"features":' + b"[" * 20 + b"]" * 20 + b"}", id="rather deep"),
        pytest.param(b'{"latent_dim": NaN}', id="NaN"),
        pytest.param(b'{"latent_dim": -Infinity}', id="infinity"),
        pytest.param(b'{"a": 1, "a": 2}', id="twice"),
        pytest.param(b" " * (2**25 + 1), id="huge"),
        pytest.param(b"\xff{}", id="no text"),
        pytest.param(b"[]", id="no object"),
        pytest.param(changed(spec="ModelSpec"), id="base"),
        pytest.param(changed(spec="os.system"), id="no model"),
        pytest.param(changed(spec=["Deep"]), id="no name"),
        pytest.param(changed(more=1), id="unknown key"),
        pytest.param(changed(latent_dim=0), id="bound"),
        pytest.param(changed(latent_dim=2.5), id="type"),
        pytest.param(changed(latent_dim=True), id="truth"),
        pytest.param(changed(hidden=[4, None]), id="element"),
        pytest.param(changed(hidden=[1] * 1001), id="many layers"),
        pytest.param(changed(activation="evil"), id="choice"),
        pytest.param(
            changed(activation=["relu"]),
            id="no choice",
        ),
        pytest.param(changed(features=[]), id="no features"),
        pytest.param(changed(features=[1, 2, 3]), id="numbers"),
        pytest.param(changed(hidden=[5]), id="other layers"),
        pytest.param(changed(hidden=[10**9]), id="huge layers"),
        pytest.param(changed(features=["b", "a", "ü"]), id="order"),
    ],
)
def test_f34_an_invalid_architecture_is_refused(
    folder: Path, content: bytes, sentences: Sentences
) -> None:
    forge(folder, "architecture.json", content)
    sentences.check(refused(folder))


@pytest.mark.parametrize(
    "value", ["[1, 2]", "[1, 2, 1e999]", '[1, 2, "3"]', "null", "[1, 2, null]"]
)
def test_f34_an_invalid_scaling_is_refused(folder: Path, value: str) -> None:
    values = f'{{"features": {json.dumps(FEATURES)}, "offset": [0, 0, 0], "scale": {value}}}'
    forge(folder, "preprocessing.json", values.encode())
    assert re.search("has other than 3 finite numbers as its scale| at scale", refused(folder))


def test_f34_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    other = model()
    weights = dict(other.weights) | {"z/bias": np.full(2, np.nan, np.float32)}
    write_json(tmp_path / "run.json", {"schema": SCHEMA})
    write(Model("model", other.architecture, other.preprocessing, weights, b""), tmp_path)
    assert "weights in z/bias that are not finite" in refused(tmp_path)


def damaged(content: bytes) -> Iterator[bytes]:
    """Yield copies of a file's content, each with one byte changed."""
    for place in range(0, len(content), 7):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        yield bytes(changed)


def test_f34_damage_to_an_archive_is_refused_or_harmless() -> None:
    expected = {"x": Layout((4,), "<f4")}
    for content in damaged(archive(("x.npy", HONEST), packed=zipfile.ZIP_DEFLATED)):
        try:
            assert unpack(content, expected)["x"].shape == (4,)
        except ValueError:
            continue


def test_f35_a_model_of_schema_1_is_checked_against_its_architecture(tmp_path: Path) -> None:
    shutil.copytree(SCHEMA_1, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "model" / "weights.npz"
    path.write_bytes(path.read_bytes()[:-100])
    assert "cannot be unpacked" in refused(tmp_path)


def test_a_dense_architecture_determines_the_names_and_shapes_of_weights() -> None:
    assert shapes(Autoencoder(latent_dim=1), 2) == {
        "z/kernel": (2, 1),
        "z/bias": (1,),
        "x_hat/kernel": (1, 2),
        "x_hat/bias": (2,),
    }
