"""Sweeps by other engines, each started for real on this machine: `nox -s extras`."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from command_line import files, read, statuses, sweep
from conftest import BACKEND
from hydra.test_utils.launcher_common_tests import LauncherTestSuite

from aeexp.runs import Job, Ledger, Run

pytestmark = pytest.mark.extras
for engine in ("ray", "hydra_plugins.hydra_joblib_launcher", "submitit"):
    pytest.importorskip(engine)

Aeexp = Callable[..., subprocess.CompletedProcess[str]]
QUICK = ("training.epochs=3", "figures=none", "evidence=none")
ENDLESS = ("training.early_stopping.patience=1000000", "figures=none", "evidence=none")
FAULTY = 13  # the seed of jobs that fail
FAULT = f"""
import sys
command = " ".join(sys.orig_argv)
if any(word in command for word in ("--multiprocessing-fork", "loky", "submitit")):
    from aeexp.pipeline import results
    before_training = results.before_training
    def faulty(experiment, problem):
        if experiment.seed == {FAULTY}:
            raise RuntimeError("a fault of its own")
        return before_training(experiment, problem)
    results.before_training = faulty
"""
"""Python runs this when a process starts: it makes jobs fail, on every node."""
HEAD, NODES = "127.0.0.2", ("127.0.0.3", "127.0.0.4")


@pytest.fixture
def aeexp(aeexp: Aeexp) -> Aeexp:
    """Run the command line in a new process: launchers start processes in different ways."""
    return lambda *overrides, env=None: aeexp(*overrides, env=env or dict(os.environ))


@dataclass(frozen=True)
class Cluster:
    """Ray's head and two nodes on loopback addresses. folder: for all their files."""

    folder: Path
    port: int
    env: Mapping[str, str]

    @property
    def overrides(self) -> list[str]:
        return ["hydra/launcher=ray", f"hydra.launcher.address={HEAD}:{self.port}"]

    def start(self, address: str, *options: str) -> None:
        """Start a node with its own cache of compiled programs."""
        options = options or (f"--address={HEAD}:{self.port}", "--num-cpus=1")
        command = [sys.executable, "-m", "ray.scripts.scripts", "start"]
        subprocess.run(
            [*command, f"--node-ip-address={address}", *options],
            env=self.env | {"JAX_COMPILATION_CACHE_DIR": str(self.folder / address)},
            capture_output=True,
            check=True,
        )

    def processes(self) -> list[psutil.Process]:
        return [p for p in psutil.process_iter(["cmdline"]) if str(self.folder) in _command(p)]

    def trainers(self) -> list[psutil.Process]:
        children = [child for process in self.processes() for child in process.children()]
        return [child for child in children if _command(child).startswith("ray::_Trainer")]


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""


def faulty(folder: Path) -> dict[str, str]:
    """Return the environment of processes in which jobs of one seed fail."""
    (folder / "sitecustomize.py").write_text(FAULT)
    return os.environ | {"PYTHONPATH": str(folder)}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="ray-"))  # pytest's is too long for a socket
    with socket.socket() as free:
        free.bind((HEAD, 0))
        port = free.getsockname()[1]
    secret = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    ray = Cluster(folder, port, faulty(folder) | secret | {"RAY_USAGE_STATS_ENABLED": "0"})
    try:
        ray.start(HEAD, "--head", f"--port={port}", f"--temp-dir={folder}", "--num-cpus=0")
        for address in NODES:
            ray.start(address)
        yield ray
    finally:
        for node in ray.processes():
            for process in (*node.children(recursive=True), node):
                process.kill()
        shutil.rmtree(folder)


def jobs(root: Path) -> list[Job]:
    return list(Ledger(sweep(root)).jobs().values())


def started(root: Path, overrides: list[str], **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "aeexp", "--multirun", *overrides, f"backend={BACKEND.value}"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def wait_for(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with suppress(ValueError):  # the files do not exist yet
            if value := condition():
                return value
        time.sleep(0.2)
    raise TimeoutError


def assert_same_as_alone(aeexp: Aeexp, run: Path, *overrides: str) -> None:
    alone = run.parents[4] / "alone" / run.name
    aeexp(*overrides, f"hydra.run.dir={alone}")
    assert files(run) == files(alone)
    metrics, expected = Run(run).metrics, Run(alone).metrics
    assert metrics == pytest.approx(expected, rel=1e-4, abs=1e-6, nan_ok=True)
    assert read(run / "run.json")["config_hash"] == read(alone / "run.json")["config_hash"]


def test_each_node_trains_a_chunk_and_a_failed_job_does_not_affect_others(
    aeexp: Aeexp, tmp_path: Path, cluster: Cluster
) -> None:
    varied = ["model.latent_dim=1,2,3", f"seed=0,{FAULTY}"]
    done = aeexp("--multirun", *cluster.overrides, *varied, *QUICK, env=cluster.env)
    assert done.returncode == 1, done.stderr
    assert "nodes: 2, chunks: 3, 3 jobs" in done.stdout
    assert statuses(sweep(tmp_path)) == 3 * ["COMPLETED", "FAILED"]
    assert jobs(tmp_path)[1].error == "RuntimeError: a fault of its own"
    for node in NODES:
        assert any((cluster.folder / node).glob("*-cache"))  # it has compiled a program
    for number, latent_dim in ((0, 1), (4, 3)):
        overrides = (f"model.latent_dim={latent_dim}", "seed=0", *QUICK)
        assert_same_as_alone(aeexp, sweep(tmp_path) / str(number), *overrides)


def test_a_lost_node_fails_only_its_own_jobs(tmp_path: Path, cluster: Cluster) -> None:
    overrides = [*cluster.overrides, "training.epochs=3,1000000", *ENDLESS]
    with started(tmp_path, overrides, env=cluster.env) as process:
        wait_for(lambda: statuses(sweep(tmp_path)) == ["COMPLETED", None])
        (trainer,) = wait_for(lambda: len(trainers := cluster.trainers()) == 1 and trainers)
        node = trainer.parent()
        (address,) = [address for address in NODES if address in _command(node)]
        node.kill()
        output, _ = process.communicate(timeout=60)
    cluster.start(address)
    assert process.returncode == 1
    assert "lost on the cluster: its node" in output
    assert statuses(sweep(tmp_path)) == ["COMPLETED", "FAILED"]
    assert read(sweep(tmp_path) / "1" / "run.json")["status"] == "FAILED"


def test_ctrl_c_stops_the_nodes_and_keeps_finished_runs(tmp_path: Path, cluster: Cluster) -> None:
    overrides = [*cluster.overrides, "training.epochs=3,1000000", *ENDLESS]
    with started(tmp_path, overrides, env=cluster.env) as process:
        wait_for(lambda: statuses(sweep(tmp_path)) == ["COMPLETED", None])
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Stopping" in output
    assert statuses(sweep(tmp_path)) == ["COMPLETED", None]
    assert {"run.json", "aeexp.log", ".hydra/config.yaml"} <= files(sweep(tmp_path) / "0")
    wait_for(lambda: not cluster.trainers())
    assert (sweep(tmp_path) / "summary.html").exists()


def test_an_address_without_a_cluster_is_reported(aeexp: Aeexp, tmp_path: Path) -> None:
    overrides = ("hydra/launcher=ray", "hydra.launcher.address=nowhere")
    done = aeexp("--multirun", *overrides, "seed=0,1", *QUICK)
    assert done.returncode == 2
    assert done.stderr.startswith("hydra.launcher.address=nowhere: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param(["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], id="joblib"),
        pytest.param(["hydra/launcher=submitit_local"], id="submitit"),
    ],
)
class TestPublishedLaunchers:
    """The launchers that the Hydra project publishes."""

    def test_a_run_equals_the_same_run_alone(
        self, aeexp: Aeexp, tmp_path: Path, overrides: list[str]
    ) -> None:
        common = ("optimizer=sgd", "model=linear", *QUICK)
        done = aeexp("--multirun", *overrides, *common, "optimizer.lr=1e30,0.01")
        assert done.returncode == 3, done.stderr
        assert statuses(sweep(tmp_path)) == ["DIVERGED", "COMPLETED"]
        assert_same_as_alone(aeexp, sweep(tmp_path) / "1", *common, "optimizer.lr=0.01")
        assert (sweep(tmp_path) / "summary.html").exists()

    def test_a_failed_job_is_recorded_and_repeated_by_resuming(
        self, aeexp: Aeexp, tmp_path: Path, overrides: list[str]
    ) -> None:
        environment = faulty(tmp_path)
        done = aeexp("--multirun", *overrides, f"seed=0,{FAULTY}", *QUICK, env=environment)
        assert done.returncode == 1, done.stderr
        assert statuses(sweep(tmp_path)) == ["COMPLETED", "FAILED"]
        resume = [sys.executable, "-m", "aeexp", "resume", sweep(tmp_path)]
        alone = subprocess.run(resume, check=False, capture_output=True, text=True)
        assert alone.returncode == 2
        assert f"repeat the setting: aeexp resume {sweep(tmp_path)} {overrides[0]}" in alone.stderr
        again = subprocess.run([*resume, *overrides], check=False, env=environment)
        assert again.returncode == 1
        for name in ("1", "1-unfinished-1"):
            assert read(sweep(tmp_path) / name / "run.json")["status"] == "FAILED"
        assert not (sweep(tmp_path) / "0-unfinished-1").exists()

    def test_a_killed_process_gives_a_one_line_error_and_a_summary(
        self, tmp_path: Path, overrides: list[str]
    ) -> None:
        with started(tmp_path, [*overrides, "training.epochs=3,1000000", *ENDLESS]) as process:
            wait_for(lambda: statuses(sweep(tmp_path)) == ["COMPLETED", None])
            run = wait_for(lambda: jobs(tmp_path)[1].directory)
            pid = wait_for(lambda: read(sweep(tmp_path) / run / "run.json")["pid"])
            os.kill(pid, signal.SIGKILL)
            _, output = process.communicate(timeout=120)
        assert process.returncode == 1
        assert output.splitlines()[-1].startswith(("TerminatedWorkerError: ", "UncompletedJobErr"))
        assert statuses(sweep(tmp_path)) == ["COMPLETED", None]
        assert (sweep(tmp_path) / "summary.html").exists()


@pytest.mark.filterwarnings("ignore:(.|\n)*Future Hydra versions", "ignore:(.|\n)*version_base")
@pytest.mark.parametrize(("launcher_name", "overrides"), [pytest.param("ray", [], id="ray")])
class TestLauncher(LauncherTestSuite):
    """Hydra's own test suite for launchers."""
