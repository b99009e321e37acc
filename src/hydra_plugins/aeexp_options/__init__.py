"""Hydra's plugin for the config files of packages that add options to aeexp."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from aeexp.config.options import PACKAGES


class PackagesSearchPath(SearchPathPlugin):
    """Appends the config folder of each package to the search path, after aeexp's own."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Append the folders."""
        for package in PACKAGES:
            if package.conf:
                search_path.append(provider=package.name, path=f"file://{package.conf}")
