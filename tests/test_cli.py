"""The command line as a user meets it: words in, files, a few lines and an exit code out."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import BACKEND
from sentences import Sentences

from aeexp.app import cli
from aeexp.config.spec import Backend
from aeexp.present.terminal.run import Terminal
from aeexp.runs.progress import Progress

Run = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("training.epochs=3", "figures=none", "evidence=none")


def directory(root: Path) -> Path:
    (run,) = root.glob("outputs/*/*/run.json")
    return run.parent


def files(root: Path) -> set[str]:
    return {str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()}


def read(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / name).read_text())


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Say words that are refused in one line, with exit code 2 and nothing written."""

    def run(*words: str) -> str:
        (tmp_path / "file").touch()
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["aeexp", *words])
        with pytest.raises(SystemExit) as end:
            cli.main()
        told = capsys.readouterr()
        assert end.value.code == 2
        assert told.err.count("\n") == 1
        assert told.out == ""
        assert files(tmp_path) == {"file"}
        return told.err

    return run


def test_a_run_leaves_exactly_what_the_contract_says(aeexp: Run, tmp_path: Path) -> None:
    done = aeexp("training.epochs=3")
    assert done.returncode == 0, done.stderr
    folder = directory(tmp_path)
    figures = {"loss", "latent", "latent_kmeans", "latent_dbscan", "weights", "weights_map"}
    figures |= {"contingency_kmeans", "contingency_dbscan", "reconstruction"}
    model = {"architecture.json", "preprocessing.json", "weights.npz", "model.keras"}
    model |= {"manifest.json", "support.npz"}
    assert files(folder) == {
        *("run.json", "metrics.json", "interpretation.json", "aeexp.log"),
        *("report.html", "methods.md", "references.bib"),
        *("history.csv", "latents.csv", "weights.csv", "reconstruction.csv"),
        *(f"figures/{name}.png" for name in figures),
        *(f"model/{name}" for name in model),
        *(f".hydra/{name}.yaml" for name in ("config", "overrides", "hydra")),
    }
    record = read(folder, "run.json")
    assert record["status"] == "COMPLETED"
    assert record["verdict"]["sentence"] in done.stdout
    stages = {"import", "load", "build", "train", "compile", "analyse", "figures", "total"}
    stages |= {"evidence"}
    assert set(record["seconds"]) == stages
    assert str(folder.relative_to(tmp_path)) in done.stdout.replace("\n", "")
    with (folder / "latents.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 178
    weights = np.load(folder / "model" / "weights.npz")
    assert weights["z/kernel"].shape == (13, 3)


FEW = ("evidence.repeats=2", "evidence.permutations=1", "evidence.clouds=1", "evidence.planted=1")


def test_evidence_leaves_exactly_what_the_contract_says(aeexp: Run, tmp_path: Path) -> None:
    done = aeexp("training.epochs=3", *FEW, "evidence.sizes=[1]", "evidence.labels=5")
    assert done.returncode == 0, done.stderr
    with_evidence = files(directory(tmp_path))
    aeexp("training.epochs=3", "evidence=none", "hydra.run.dir=alone")
    figures = {"baselines", "scree", "rnx", "reproducibility", "null", "power", "cards", "probes"}
    figures |= {"consensus_kmeans", "consensus_dbscan"}
    tables = {"baselines", "scree", "rnx", "evidence", "power", "repeats", "labels"}
    tables |= {"factors", "importance", "traversals", "associations"}
    assert with_evidence - files(tmp_path / "alone") == {
        *(f"figures/{name}.png" for name in figures),
        *(f"{name}.csv" for name in tables),
        *("answer.json", "stability.json"),
    }
    sentences = read(directory(tmp_path), "answer.json")["sentences"]
    assert len(sentences) == 5
    assert all(each["sentence"] in done.stdout for each in sentences)


@pytest.mark.engine
def test_a_run_is_told_in_plain_lines_where_there_is_no_terminal(aeexp: Run) -> None:
    done = aeexp(*QUICK)
    first, second, *rest = done.stdout.splitlines()
    assert first == (
        "wine: 178 rows × 13 features, 3 classes (cultivar); 142 to train on, 36 held out"
    )
    assert second.startswith("shallow autoencoder 13-3-13; Adam lr 0.001, mse, 3 epochs")
    assert [line.split()[1] for line in rest if line.startswith("epoch ")] == ["1/3", "2/3", "3/3"]
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_repeats_have_a_row_each(aeexp: Run, tmp_path: Path) -> None:
    done = aeexp(*QUICK, "repeats=3")
    assert done.returncode == 0, done.stderr
    assert "seed 0, and 2 models to hold it against" in done.stdout
    with (directory(tmp_path) / "repeats.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["seed"] for row in rows] == ["0", "1", "2"]
    metrics = read(directory(tmp_path), "metrics.json")
    assert metrics["loss"] == float(rows[0]["loss"])
    assert metrics["val_loss.n"] == 3


def test_a_population_is_told_by_its_median_its_best_and_who_still_trains(
    capsys: pytest.CaptureFixture[str],
) -> None:
    nothing = np.full(3, np.nan)
    losses = [3.0, 1.0, 2.0]
    for loss, val_loss in ((losses, [0.3, 0.1, 0.2]), (losses, nothing), (nothing, nothing)):
        Terminal().on_epoch(Progress(10, 20, np.array(loss), np.array(val_loss), members=4))
    assert capsys.readouterr().out.splitlines() == [
        "epoch 10/20  val_loss median 0.2, best 0.1, 3/4 training",
        "epoch 10/20  loss median 2, best 1, 3/4 training",
        "epoch 10/20  loss median nan, best nan, 3/4 training",
    ]


@pytest.mark.skipif(BACKEND is not Backend.jax, reason="runs on JAX")
def test_f58_a_second_process_compiles_nothing_and_a_damaged_cache_is_mended(
    aeexp: Run, tmp_path: Path
) -> None:
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    del environment["JAX_COMPILATION_CACHE_DIR"]  # the suite's own

    def run(lr: float) -> subprocess.CompletedProcess[str]:
        return aeexp(*QUICK, "repeats=2", f"optimizer.lr={lr}", env=environment)

    def programs() -> set[str]:
        return {name for name in files(tmp_path / "cache") if name.endswith("-cache")}

    first = run(0.1).stdout
    compiled = programs()
    second = run(0.2).stdout  # no part of the program
    assert compiled
    assert programs() == compiled
    assert second != first
    for path in (tmp_path / "cache").rglob("*-cache"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    third = run(0.1)
    assert third.stderr == ""
    assert third.stdout.splitlines()[:-1] == first.splitlines()[:-1]  # but for its directory
    assert programs() == compiled
    sizes = [path.stat().st_size for path in (tmp_path / "cache").rglob("*-cache")]
    fourth = run(0.1)
    assert fourth.stderr == ""
    assert [p.stat().st_size for p in (tmp_path / "cache").rglob("*-cache")] == sizes


def test_on_a_terminal_there_is_a_bar(tmp_path: Path, backend: Backend) -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "aeexp", *QUICK, f"backend={backend.value}"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=follower, stderr=follower) as process:
        os.close(follower)
        told = b""
        while True:
            try:
                told += os.read(leader, 65536)
            except OSError:  # the other end was closed
                break
        process.wait()
    os.close(leader)
    assert "━".encode() in told
    assert b"val_loss" in told


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["model=deeep"], id="option"),
        pytest.param(["regulariser=[l1,foo]"], id="one of several"),
        pytest.param(["experiment=foo"], id="experiment"),
        pytest.param(["modle=deep"], id="group"),
        pytest.param(
            ["model.latnt_dim=3"],
            id="key",
        ),
        pytest.param(["+model.new=1"], id="added key"),
        pytest.param(
            ["clustering.hdbscan.min_samples=3"],
            id="an option not chosen",
        ),
        pytest.param(
            ["model.latent_dim=abc"],
            id="type",
        ),
        pytest.param(
            ["training.early_stopping.patience=x"],
            id="optional",
        ),
        pytest.param(["model.hidden=x"], id="list"),
        pytest.param(["training=3"], id="part"),
        pytest.param(["model.activation=rellu"], id="choice"),
        pytest.param(["model.latent_dim=0"], id="bound"),
        pytest.param(
            ["clustering.dbscan.eps=-1"],
            id="bound of one of several",
        ),
        pytest.param(["seed=-1"], id="seed"),
        pytest.param(["optimizer.lr=nan"], id="nan"),
        pytest.param(["model=null"], id="null"),
        pytest.param(["~model"], id="left out"),
        pytest.param(["model=deep,shallow"], id="sweep without multirun"),
        pytest.param(["deep"], id="no key"),
        pytest.param(
            ["dataset.label=[treatment <i>arm</i>,age]"],
            id="names with signs",
        ),
        pytest.param(["hydra.run.dir=a<b"], id="name with a sign"),
        pytest.param(["model.hidden=[32,16"], id="half a bracket"),
        pytest.param(["backend=mxnet"], id="backend"),
        pytest.param(
            ["clustering.kmeans.n_clusters=179"],
            id="f18_more_clusters_than_rows",
        ),
        pytest.param(["dataset=blobs", "dataset.samples=1000000000000"], id="memory"),
        pytest.param(
            ["dataset=blobs", f"dataset.samples=1{'0' * 400}"],
            id="overflow",
        ),
        pytest.param(["split.validation=0.999"], id="no rows left"),
        pytest.param(
            ["model.batch_norm=true", "training.batch_size=1"],
            id="f19_batches_of_one",
        ),
        pytest.param(
            ["training.loss=binary_crossentropy"],
            id="no probabilities",
        ),
        pytest.param(["hydra.run.dir=file/run"], id="directory"),
        pytest.param(["--multirun", "model.latent_dim=2,0"], id="one job of a sweep"),
        pytest.param(["--cfg", "job", "model=foo"], id="--cfg"),
    ],
)
def test_bad_words_get_one_line_and_leave_nothing(
    words: list[str], sentences: Sentences, refused: Callable[..., str], backend: Backend
) -> None:
    chosen = [] if words[0].startswith("backend=") else [f"backend={backend.value}"]
    sentences.check(refused(*words, *chosen))


@pytest.mark.parametrize("missing", ["tensorflow", "torch"])
def test_f46_a_backend_that_is_not_installed_is_named_with_its_command(
    missing: str, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeexp.backend.find_spec", lambda _: None)
    assert f'pip install "aeexp[{missing}]"' in refused(f"backend={missing}")


def test_help_explains_every_option_without_keras(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['aeexp', '--help']; import aeexp.app.cli as c\n"
        "try: c.main()\n"
        "finally: sys.stderr.write(' '.join({'keras', 'numpy', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    for word in ("model.latent_dim=3", "early_stopping.patience=null", "tutorial_deep", "hdbscan"):
        assert word in done.stdout


@pytest.mark.extras
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")
@pytest.mark.parametrize("words", [["evidence=quick"], ["--multirun", "seed=0,1", *QUICK]])
def test_a_run_imports_no_other_backend(tmp_path: Path, words: list[str]) -> None:
    code = (
        f"import sys; sys.argv = {['aeexp', *words, 'training.epochs=3', 'backend=jax']}\n"
        "import aeexp.app.cli as c\n"
        "try: c.main()\n"
        "finally: sys.stderr.write(' '.join({'tensorflow', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


@pytest.mark.parametrize("words", [["--cfg", "job"], ["--info", "defaults"]], ids=" ".join)
def test_hydra_s_own_questions_are_answered(aeexp: Run, tmp_path: Path, words: list[str]) -> None:
    done = aeexp(*words, "model=deep")
    assert done.returncode == 0, done.stderr
    assert "deep" in done.stdout or "hidden" in done.stdout
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["optimizer=sgd", "optimizer.lr=1e30", "model=linear"], id="no number"),
        pytest.param(["optimizer.lr=1e6", *QUICK[:1]], id="beyond all use"),
    ],
)
def test_f10_a_lost_loss_ends_with_status_diverged_and_exit_code_3(
    aeexp: Run, tmp_path: Path, words: list[str]
) -> None:
    done = aeexp(*words)
    assert done.returncode == 3
    assert "lower optimizer.lr" in done.stdout
    folder = directory(tmp_path)
    assert read(folder, "run.json")["status"] == "DIVERGED"
    assert read(folder, "run.json")["verdict"]["epoch"] == 1
    assert set(read(folder, "metrics.json").values()) == {None}
    assert (folder / "history.csv").exists()
    assert (folder / "figures" / "loss.png").exists()
    assert not (folder / "model").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs the shell's limit on file sizes")
def test_f3_a_full_disk_fails_the_run_and_keeps_what_was_written(
    tmp_path: Path, backend: Backend
) -> None:
    words = f"training.epochs=3 backend={backend.value}"
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 16; {sys.executable} -m aeexp {words}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"},
    )
    folder = directory(tmp_path)
    record = read(folder, "run.json")
    assert done.returncode == 1
    assert record["status"] == "FAILED"
    assert "File too large" in record["error"]
    assert record["error"] in done.stdout.replace("\n", " ")
    assert "File too large" in (folder / "traceback.txt").read_text()
    assert (folder / "history.csv").exists()
    assert not [name for name in files(folder) if Path(name).name.startswith(".")]


@pytest.mark.parametrize(
    ("number", "code"),
    [
        pytest.param(signal.SIGINT, 130, id="f7_ctrl_c"),
        pytest.param(signal.SIGTERM, 143, id="f8_sigterm"),
    ],
)
def test_a_signal_ends_the_training_and_keeps_what_was_learnt(
    tmp_path: Path, backend: Backend, number: signal.Signals, code: int
) -> None:
    words = [
        "training.epochs=1000000",
        "figures=none",
        "evidence=none",
        f"backend={backend.value}",
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "aeexp", *words], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()
        process.stdout.readline()
        time.sleep(5)
        process.send_signal(number)
        told, _ = process.communicate(timeout=120)
    assert process.returncode == code
    assert "Stopping as soon as" in told
    folder = directory(tmp_path)
    assert read(folder, "run.json")["status"] == "INTERRUPTED"
    assert read(folder, "metrics.json")["loss"] is not None
    assert (folder / "model" / "weights.npz").exists()


def test_a_sweep_gives_every_combination_its_directory(
    aeexp: Run, tmp_path: Path, backend: Backend
) -> None:
    done = aeexp(
        "--multirun", "model=shallow,deep", "seed=0,1", *QUICK, f"backend={backend.value}"
    )
    assert done.returncode == 0, done.stderr
    records = sorted(tmp_path.glob("outputs/multirun/*/*/*/run.json"))
    assert [path.parent.name for path in records] == ["0", "1", "2", "3"]
    assert [read(path.parent, "run.json")["seed"] for path in records] == [0, 1, 0, 1]
    shapes = [read(path.parent / "model", "architecture.json")["hidden"] for path in records]
    assert shapes == [[], [], [32, 16], [32, 16]]


def test_a_sweep_with_a_diverged_run_goes_on_and_says_so(
    aeexp: Run, tmp_path: Path, backend: Backend
) -> None:
    words = ("optimizer=sgd", "optimizer.lr=1e30,0.01", "model=linear")
    done = aeexp("--multirun", *words, *QUICK, f"backend={backend.value}")
    assert done.returncode == 3
    records = sorted(tmp_path.glob("outputs/multirun/*/*/*/run.json"))
    statuses = [read(path.parent, "run.json")["status"] for path in records]
    assert statuses == ["DIVERGED", "COMPLETED"]


def test_runs_that_want_the_same_directory_get_one_each(tmp_path: Path, backend: Backend) -> None:
    words = ["hydra.run.dir=same place", *QUICK, f"backend={backend.value}"]
    command = [sys.executable, "-m", "aeexp", *words]
    started = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) for _ in range(2)
    ]
    assert [process.wait() for process in started] == [0, 0]
    assert {path.parent.name for path in tmp_path.glob("*/run.json")} == {
        "same place",
        "same place-2",
    }
    assert {path.parents[1].name for path in tmp_path.glob("*/.hydra/config.yaml")} == {
        "same place",
        "same place-2",
    }


def test_f44_the_same_words_give_the_same_files_twice(aeexp: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        aeexp(*QUICK, f"hydra.run.dir={name}")
    for name in (
        "metrics.json",
        "history.csv",
        "latents.csv",
        "weights.csv",
        "interpretation.json",
        "model/weights.npz",
    ):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_user_s_own_options_are_found_with_config_dir(
    aeexp: Run, tmp_path: Path, backend: Backend
) -> None:
    (tmp_path / "my own" / "experiment").mkdir(parents=True)
    mine = tmp_path / "my own" / "experiment" / "brief.yaml"
    mine.write_text("# @package _global_\ntraining: {epochs: 2}\nfigures: {dpi: 50}\n")
    done = aeexp("experiment=brief", f"backend={backend.value}", "--config-dir", "my own")
    assert done.returncode == 0, done.stderr
    assert len((directory(tmp_path) / "history.csv").read_text().splitlines()) == 3
