"""Which options each group has, those of installed packages included, and where files of them are.

A package adds options by an entry point of the group `aeexp.options` that names a module of it.
The module declares them with `aeexp.config.spec.option`; it should not import Keras, which their
`implementation` may. Beside it may lie a folder `conf` of files for Hydra, and a file
`references.bib` of what the options cite.
"""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, get_args, get_type_hints

from aeexp.config import spec
from aeexp.config.spec import OPTIONS, Experiment, Spec

__all__ = [
    "OPTIONS",
    "OWN",
    "PACKAGES",
    "SEVERAL",
    "class_name",
    "conf_dir",
    "conf_dirs",
    "find_class",
    "require_option",
    "schema_of",
]

ENTRY_POINTS = "aeexp.options"
SEVERAL = ("regulariser", "clustering")
"""Groups of which an experiment takes any number of options; each is a key of its own."""
OWN = {group: dict(words) for group, words in OPTIONS.items()}
"""The options that are aeexp's own."""
PARTS = get_type_hints(Experiment)
BASES = {g: get_args(PARTS[g])[-1] if g in SEVERAL else PARTS[g] for g in OWN}
"""What the options of each group derive from."""


@dataclass(frozen=True)
class Package:
    """What adds options. name: of its entry point. folder: of its module, if that is a package."""

    name: str
    folder: Path | None

    @property
    def conf(self) -> Path | None:
        """Return its folder of files for Hydra, if it has one."""
        return self._there("conf")

    @property
    def references(self) -> Path | None:
        """Return its BibTeX file, if it has one."""
        return self._there("references.bib")

    def _there(self, name: str) -> Path | None:
        path = self.folder / name if self.folder else None
        return path if path and path.exists() else None


def conf_dir() -> Path:
    """Return the folder of aeexp's own config groups: the wheel's, else the checkout's."""
    packaged = Path(__file__).parents[1] / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "conf"


def conf_dirs() -> list[Path]:
    """Return the folders of config groups of aeexp and of all packages."""
    return [conf_dir(), *(package.conf for package in PACKAGES if package.conf)]


def schema_of(group: str, name: str) -> str:
    """Return what an option's file takes its values from: its schema, and where they belong."""
    return f"/schema/{group}/{name}@{name if group in SEVERAL else '_here_'}"


def class_name(kind: type[Spec]) -> str:
    """Return how files name a class: with its module, unless it is aeexp's own."""
    own = kind.__module__.startswith("aeexp.")
    return kind.__qualname__ if own else f"{kind.__module__}.{kind.__qualname__}"


def find_class(name: str) -> type[Spec] | None:
    """Return the class that files name so, if it is aeexp's own or an installed option."""
    declared = {class_name(kind): kind for words in OPTIONS.values() for kind in words.values()}
    kind: Any = declared.get(name) or getattr(spec, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, Spec) else None


def _packages() -> Iterator[Package]:
    """Yield installed packages whose options are in `OPTIONS` then; warn of those left out."""
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        before = {group: dict(words) for group, words in OPTIONS.items()}
        try:
            yield _loaded(point, before)
        except (Exception, SystemExit) as error:  # noqa: BLE001  (it must not stop aeexp)
            OPTIONS.clear()
            OPTIONS.update(before)
            reason = f"{type(error).__name__}: {error}"
            warnings.warn(f"The options of {point.value} are left out. {reason}", stacklevel=2)


def _loaded(point: EntryPoint, before: Mapping[str, Mapping[str, type[Spec]]]) -> Package:
    module = point.load()
    for group, words in OPTIONS.items():
        if group not in BASES:
            message = f"There is no group {group}; there are {', '.join(BASES)}."
            raise ValueError(message)
        for name in words.keys() - before[group].keys():
            require_option(group, name)
    is_package = hasattr(module, "__path__")
    package = Package(point.name, Path(module.__file__).parent if is_package else None)
    if package.references:
        package.references.read_text("utf-8")
    return package


def require_option(group: str, name: str) -> None:
    """Refuse a class that cannot be an option: its base, its fields, or its defaults."""
    kind, base, option = OPTIONS[group][name], BASES[group], f"{group}={name}"
    if not issubclass(kind, base):
        message = f"{option} must derive from aeexp.config.spec.{base.__name__}."
        raise TypeError(message)
    if "__dataclass_params__" not in vars(kind):
        message = f"{option} must be a dataclass: @dataclass(kw_only=True)."
        raise TypeError(message)
    for f in fields(kind):
        if not {"meaning", "bounds"} <= f.metadata.keys():
            message = f"{option}: declare {f.name} with aeexp.config.spec.param."
            raise TypeError(message)
    kind()  # refuses defaults that are out of bounds


PACKAGES = [*_packages()]
