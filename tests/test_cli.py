"""The command line: overrides in; files, a few lines and an exit code out."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from command_line import files, read
from conftest import BACKEND
from sentences import Sentences

from aeexp.app import cli
from aeexp.config.spec import Backend
from aeexp.present.terminal.run import Terminal, losses
from aeexp.present.text.sentence import LONGEST, QUESTIONS
from aeexp.runs.progress import MemberProgress, Progress

Run = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("training.epochs=3", "figures=none", "evidence=none")


def directory(root: Path) -> Path:
    (run,) = root.glob("outputs/*/*/run.json")
    return run.parent


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Run arguments that are refused with one line and exit code 2; return the line."""

    def run(*arguments: str) -> str:
        (tmp_path / "file").touch()
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["aeexp", *arguments])
        with pytest.raises(SystemExit) as end:
            cli.main()
        output = capsys.readouterr()
        assert end.value.code == 2
        assert output.err.count("\n") == 1
        assert output.out == ""
        assert files(tmp_path) == {"file"}
        return output.err

    return run


def test_a_run_writes_exactly_the_documented_files(aeexp: Run, tmp_path: Path) -> None:
    done = aeexp("training.epochs=3")
    assert done.returncode == 0, done.stderr
    folder = directory(tmp_path)
    assert (tmp_path / "outputs" / "latest").resolve() == folder.resolve()
    figures = {"loss", "latent", "latent_kmeans", "weights", "weights_map"}
    figures |= {"contingency_kmeans", "reconstruction", "by_label"}
    model = {"architecture.json", "preprocessing.json", "weights.npz", "model.keras"}
    model |= {"manifest.json", "support.npz"}
    assert files(folder) == {
        *("run.json", "metrics.json", "interpretation.json", "aeexp.log"),
        *("report.html", "methods.md", "references.bib"),
        *("history.csv", "latents.csv", "weights.csv", "reconstruction.csv", "outliers.csv"),
        *(f"figures/{name}.png" for name in figures),
        *(f"model/{name}" for name in model),
        *(f".hydra/{name}.yaml" for name in ("config", "overrides", "hydra")),
    }
    record = read(folder / "run.json")
    assert record["status"] == "COMPLETED"
    assert record["verdict"]["sentence"] in done.stdout
    stages = {"import", "load", "build", "train", "compile", "analyse", "figures", "total"}
    stages |= {"evidence", "turn"}
    assert set(record["seconds"]) == stages
    assert str(folder.relative_to(tmp_path)) in done.stdout.replace("\n", "")
    with (folder / "latents.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 178
    weights = np.load(folder / "model" / "weights.npz")
    assert weights["z/kernel"].shape == (13, 3)


FEW = ("evidence.repeats=2", "evidence.permutations=1", "evidence.clouds=1", "evidence.planted=1")


def test_evidence_adds_exactly_the_documented_files(aeexp: Run, tmp_path: Path) -> None:
    done = aeexp("training.epochs=3", *FEW, "evidence.sizes=[1]", "evidence.labels=5")
    assert done.returncode == 0, done.stderr
    with_evidence = files(directory(tmp_path))
    aeexp("training.epochs=3", "evidence=none", "hydra.run.dir=alone")
    figures = {"baselines", "scree", "rnx", "reproducibility", "null", "power", "cards", "probes"}
    figures |= {"consensus_kmeans"}
    tables = {"baselines", "scree", "rnx", "evidence", "null", "power", "repeats", "labels"}
    tables |= {"factors", "importance", "traversals", "associations"}
    assert with_evidence - files(tmp_path / "alone") == {
        *(f"figures/{name}.png" for name in figures),
        *(f"{name}.csv" for name in tables),
        *("answer.json", "stability.json"),
    }
    sentences = read(directory(tmp_path) / "answer.json")["sentences"]
    asked = [sentence["about"] for sentence in sentences]
    assert asked[0] == "structure"
    assert asked[-1] == "next"
    for sentence in sentences:
        assert f"{QUESTIONS[sentence['about']]} {sentence['short']}" in done.stdout
        assert len(sentence["short"]) <= LONGEST
    assert sentences[-1]["command"].startswith("aeexp evidence.repeats=2 ")
    assert f"  {sentences[-1]['command']}\n" in done.stdout
    assert len(done.stdout.splitlines()) <= 25


@pytest.mark.engine
def test_without_a_terminal_progress_is_printed_in_plain_lines(aeexp: Run) -> None:
    done = aeexp(*QUICK)
    first, second, *rest = done.stdout.splitlines()
    assert first == (
        "wine: 178 rows × 13 features, 3 classes (cultivar); 142 training, 36 validation rows"
    )
    assert second.startswith("shallow autoencoder 13-3-13; Adam lr 0.001, mse, 3 epochs")
    assert rest[0].startswith("the model of this run: 3 epochs  loss ")
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_each_repeat_has_a_row(aeexp: Run, tmp_path: Path) -> None:
    done = aeexp(*QUICK, "repeats=3")
    assert done.returncode == 0, done.stderr
    assert "seed 0; 2 control models" in done.stdout
    with (directory(tmp_path) / "repeats.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["seed"] for row in rows) == ["0", "1", "2"]  # the model shown is first
    metrics = read(directory(tmp_path) / "metrics.json")
    assert metrics["loss"] == float(rows[0]["loss"])
    assert metrics["val_loss.n"] == 3


def test_progress_of_a_population_shows_median_best_and_number_of_active_members() -> None:
    nothing = np.full(3, np.nan)
    several = [3.0, 1.0, 2.0]
    for loss, val_loss, text in (
        (several, [0.3, 0.1, 0.2], "val_loss median 0.2, best 0.1, 3/4 training"),
        (several, nothing, "loss median 2, best 1, 3/4 training"),
        (nothing, nothing, "loss median nan, best nan, 3/4 training"),
    ):
        assert losses(Progress(10, 20, np.array(loss), np.array(val_loss), members=4)) == text


def test_progress_is_that_of_the_own_model_with_the_time_left_ever_more_rarely(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 200, 2))
    monkeypatch.setattr("time.monotonic", lambda: float(next(seconds)))
    terminal = Terminal()
    terminal.on_phase("training", own=True)
    others = np.array([9.0, 0.1])  # of controls
    for epoch in range(1, 41):
        own = MemberProgress(epoch, 5 / epoch, 6 / epoch)
        terminal.on_epoch(Progress(epoch, 40, others, others, 2, own))
    assert capsys.readouterr().out.splitlines() == [
        "training: epoch 6/40  loss 0.8333  val_loss 1  at most 68 s left",
        "training: epoch 17/40  loss 0.2941  val_loss 0.3529  at most 46 s left",
        "training: epoch 38/40  loss 0.1316  val_loss 0.1579  at most 4 s left",
    ]


@pytest.mark.skipif(BACKEND is not Backend.jax, reason="runs on JAX")
def test_f58_a_second_process_reuses_compiled_programs_and_repairs_a_damaged_cache(
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
    second = run(0.2).stdout  # the learning rate is no part of the program
    assert compiled
    assert programs() == compiled
    assert second != first
    for path in (tmp_path / "cache").rglob("*-cache"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    third = run(0.1)
    assert third.stderr == ""
    assert third.stdout.splitlines()[:-1] == first.splitlines()[:-1]  # except for the directory
    assert programs() == compiled
    sizes = [path.stat().st_size for path in (tmp_path / "cache").rglob("*-cache")]
    fourth = run(0.1)
    assert fourth.stderr == ""
    assert [p.stat().st_size for p in (tmp_path / "cache").rglob("*-cache")] == sizes


def test_a_terminal_shows_a_progress_bar(tmp_path: Path, backend: Backend) -> None:
    pty = pytest.importorskip("pty")
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "aeexp", *QUICK, f"backend={backend.value}"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=follower, stderr=follower) as process:
        os.close(follower)
        output = b""
        while True:
            try:
                output += os.read(leader, 65536)
            except OSError:  # the other end was closed
                break
        process.wait()
    os.close(leader)
    assert "━".encode() in output
    assert b"loss 0." in output


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["model=deeep"], id="option"),
        pytest.param(["regulariser=[l1,foo]"], id="one of several"),
        pytest.param(["experiment=foo"], id="experiment"),
        pytest.param(["modle=deep"], id="group"),
        pytest.param(["model.latnt_dim=3"], id="key"),
        pytest.param(["model=shallow", "+model.new=1"], id="added key"),
        pytest.param(["clustering.hdbscan.min_samples=3"], id="an option not chosen"),
        pytest.param(["model.latent_dim=abc"], id="type"),
        pytest.param(["training.early_stopping.patience=x"], id="optional"),
        pytest.param(["model=shallow", "model.hidden=x"], id="list"),
        pytest.param(["training=3"], id="part"),
        pytest.param(["model=shallow", "model.activation=rellu"], id="choice"),
        pytest.param(["model.latent_dim=0"], id="bound"),
        pytest.param(["clustering.kmeans.n_clusters=0"], id="bound of one of several"),
        pytest.param(["seed=-1"], id="seed"),
        pytest.param(["optimizer.lr=nan"], id="nan"),
        pytest.param(["model=null"], id="null"),
        pytest.param(["~model"], id="left out"),
        pytest.param(["model=deep,shallow"], id="sweep without multirun"),
        pytest.param(["deep"], id="no key"),
        pytest.param(["dataset.label=[treatment <i>arm</i>,age]"], id="names with signs"),
        pytest.param(["model.latent_dim=a<b"], id="value with a sign"),
        pytest.param(["model.hidden=[32,16"], id="half a bracket"),
        pytest.param(["backend=mxnet"], id="backend"),
        pytest.param(["clustering.kmeans.n_clusters=179"], id="f18_more_clusters_than_rows"),
        pytest.param(["dataset=blobs", "dataset.samples=1000000000000"], id="memory"),
        pytest.param(["dataset=blobs", f"dataset.samples=1{'0' * 400}"], id="overflow"),
        pytest.param(["split.validation=0.999"], id="no rows left"),
        pytest.param(
            ["model=shallow", "model.batch_norm=true", "training.batch_size=1"],
            id="f19_batches_of_one",
        ),
        pytest.param(
            ["training.loss=binary_crossentropy", "split.validation=0.2"], id="no probabilities"
        ),
        pytest.param(["hydra.run.dir=file/run"], id="directory"),
        pytest.param(["--multirun", "model.latent_dim=2,0"], id="one job of a sweep"),
        pytest.param(["--cfg", "job", "model=foo"], id="--cfg"),
    ],
)
def test_invalid_overrides_get_a_one_line_error_and_write_nothing(
    overrides: list[str], sentences: Sentences, refused: Callable[..., str], backend: Backend
) -> None:
    chosen = [] if overrides[0].startswith("backend=") else [f"backend={backend.value}"]
    sentences.check(refused(*overrides, *chosen))


@pytest.mark.parametrize("missing", ["tensorflow", "torch"])
def test_f46_a_missing_backend_is_reported_with_its_install_command(
    missing: str, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aeexp.backend.find_spec", lambda _: None)
    assert f'pip install "aeexp[{missing}]"' in refused(f"backend={missing}")


def test_help_explains_every_option_without_keras(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['aeexp', '--help', 'all']; import aeexp.app.cli as c\n"
        "try: c.main()\n"
        "finally: sys.stderr.write(' '.join({'keras', 'numpy', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    for text in ("model.latent_dim=3", "early_stopping.patience=null", "tutorial_deep", "hdbscan"):
        assert text in done.stdout


@pytest.mark.extras
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow")
@pytest.mark.parametrize("overrides", [["evidence=quick"], ["--multirun", "seed=0,1", *QUICK]])
def test_a_run_imports_no_other_backend(tmp_path: Path, overrides: list[str]) -> None:
    code = (
        f"import sys; sys.argv = {['aeexp', *overrides, 'training.epochs=3', 'backend=jax']}\n"
        "import aeexp.app.cli as c\n"
        "try: c.main()\n"
        "finally: sys.stderr.write(' '.join({'tensorflow', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""


@pytest.mark.parametrize("overrides", [["--cfg", "job"], ["--info", "defaults"]], ids=" ".join)
def test_hydra_s_own_flags_work(aeexp: Run, tmp_path: Path, overrides: list[str]) -> None:
    done = aeexp(*overrides, "model=deep")
    assert done.returncode == 0, done.stderr
    assert "deep" in done.stdout or "hidden" in done.stdout
    assert files(tmp_path) == set()


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["optimizer=sgd", "optimizer.lr=1e30", "model=linear"], id="no number"),
        pytest.param(["optimizer.lr=1e6", *QUICK[:1]], id="huge loss"),
    ],
)
def test_f10_a_diverged_run_has_status_diverged_and_exit_code_3(
    aeexp: Run, tmp_path: Path, overrides: list[str]
) -> None:
    done = aeexp(*overrides)
    assert done.returncode == 3
    assert "lower optimizer.lr" in done.stdout
    folder = directory(tmp_path)
    assert read(folder / "run.json")["status"] == "DIVERGED"
    assert read(folder / "run.json")["verdict"]["epoch"] == 1
    assert set(read(folder / "metrics.json").values()) == {None}
    assert (folder / "history.csv").exists()
    assert (folder / "figures" / "loss.png").exists()
    assert not (folder / "model").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs the shell's limit on file sizes")
def test_f3_a_full_disk_fails_the_run_and_keeps_what_was_written(
    tmp_path: Path, backend: Backend
) -> None:
    overrides = f"training.epochs=3 backend={backend.value}"
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 16; {sys.executable} -m aeexp {overrides}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"},
    )
    folder = directory(tmp_path)
    record = read(folder / "run.json")
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
def test_a_signal_ends_the_training_and_saves_the_results(
    tmp_path: Path, backend: Backend, number: signal.Signals, code: int
) -> None:
    overrides = [
        "training.epochs=1000000",
        "model=shallow",
        "split.validation=0.2",
        "figures=none",
        "evidence=none",
        f"backend={backend.value}",
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "aeexp", *overrides],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.readline()
        process.stdout.readline()
        time.sleep(5)
        process.send_signal(number)
        output, _ = process.communicate(timeout=120)
    assert process.returncode == code
    assert "Stopping after the current epoch" in output
    folder = directory(tmp_path)
    assert read(folder / "run.json")["status"] == "INTERRUPTED"
    assert read(folder / "metrics.json")["loss"] is not None
    assert (folder / "model" / "weights.npz").exists()


def test_each_combination_of_a_sweep_has_a_directory(
    aeexp: Run, tmp_path: Path, backend: Backend
) -> None:
    done = aeexp(
        "--multirun", "model=shallow,deep", "seed=0,1", *QUICK, f"backend={backend.value}"
    )
    assert done.returncode == 0, done.stderr
    records = sorted(tmp_path.glob("outputs/multirun/*/*/*/run.json"))
    assert [path.parent.name for path in records] == ["0", "1", "2", "3"]
    assert [read(path.parent / "run.json")["seed"] for path in records] == [0, 1, 0, 1]
    shapes = [read(path.parent / "model" / "architecture.json")["hidden"] for path in records]
    assert shapes == [[], [], [32, 16], [32, 16]]


def test_a_sweep_continues_after_a_diverged_run_and_exits_with_3(
    aeexp: Run, tmp_path: Path, backend: Backend
) -> None:
    overrides = ("optimizer=sgd", "optimizer.lr=1e30,0.01", "model=linear")
    done = aeexp("--multirun", *overrides, *QUICK, f"backend={backend.value}")
    assert done.returncode == 3
    records = sorted(tmp_path.glob("outputs/multirun/*/*/*/run.json"))
    statuses = [read(path.parent / "run.json")["status"] for path in records]
    assert statuses == ["DIVERGED", "COMPLETED"]


def test_runs_with_the_same_directory_get_different_suffixes(
    tmp_path: Path, backend: Backend
) -> None:
    overrides = ["hydra.run.dir=same place", *QUICK, f"backend={backend.value}"]
    command = [sys.executable, "-m", "aeexp", *overrides]
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


def test_f44_the_same_command_writes_identical_files_twice(aeexp: Run, tmp_path: Path) -> None:
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


def test_config_dir_adds_the_user_s_own_options(
    aeexp: Run, tmp_path: Path, backend: Backend
) -> None:
    (tmp_path / "my own" / "experiment").mkdir(parents=True)
    option = tmp_path / "my own" / "experiment" / "brief.yaml"
    option.write_text("# @package _global_\ntraining: {epochs: 2}\nfigures: {dpi: 50}\n")
    done = aeexp(
        "experiment=brief", "model=shallow", f"backend={backend.value}", "--config-dir", "my own"
    )
    assert done.returncode == 0, done.stderr
    assert len((directory(tmp_path) / "history.csv").read_text().splitlines()) == 3
