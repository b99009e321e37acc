"""Hydra's conformance tests: our launchers do for any task function what its own do."""

import pytest
from hydra.test_utils.launcher_common_tests import LauncherTestSuite


@pytest.mark.filterwarnings("ignore:(.|\n)*Future Hydra versions", "ignore:(.|\n)*version_base")
@pytest.mark.parametrize(
    ("launcher_name", "overrides"),
    [pytest.param(name, [], id=name) for name in ("population", "process")],
)
class TestLaunchers(LauncherTestSuite):
    """The suite that Hydra holds its launchers to."""
