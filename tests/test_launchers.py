"""Hydra's conformance tests for launchers: aeexp's run any task function."""

import pytest
from hydra.core.plugins import Plugins
from hydra.errors import MissingConfigException
from hydra.test_utils.launcher_common_tests import LauncherTestSuite
from hydra.version import VersionBase
from packaging.version import Version

from aeexp.config.explain import explain
from aeexp.config.hydra_private import VERSION

Plugins.instance()  # register options before the tests, which restore the state at their start


@pytest.mark.filterwarnings("ignore:(.|\n)*Future Hydra versions", "ignore:(.|\n)*version_base")
@pytest.mark.parametrize(
    ("launcher_name", "overrides"),
    [pytest.param(name, [], id=name) for name in ("population", "process")],
)
class TestLaunchers(LauncherTestSuite):
    """Hydra's test suite for launchers, which assumes the defaults of Hydra 1.1."""

    @pytest.fixture(autouse=True)
    def version_base(self, monkeypatch: pytest.MonkeyPatch) -> None:
        if VERSION:
            monkeypatch.setattr(VersionBase.instance(), "version_base", Version("1.1"))


@pytest.mark.parametrize(
    ("option", "extra"), [("ray", "ray"), ("joblib", "joblib"), ("submitit_slurm", "submitit")]
)
def test_the_error_of_a_launcher_that_is_not_installed_names_its_extra(
    option: str, extra: str
) -> None:
    missing = MissingConfigException("not found", f"hydra/launcher/{option}")
    assert explain(missing) == (
        f'hydra/launcher={option} needs {extra.capitalize()}: pip install "aeexp[{extra}]".'
    )
