"""The options of each group, including options of installed packages, and their config files.

A package adds options by an entry point in the group `aeexp.options` that names one of its
modules. The module declares options with `aeexp.config.spec.option`. It should not import Keras;
the modules named in `implementation` can. The folder of the module can contain a folder `conf`
with files for Hydra, and a file `references.bib` with the references that the options cite.
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
    "SHARED",
    "class_name",
    "conf_dir",
    "conf_dirs",
    "find_class",
    "require_option",
    "schema_of",
]

ENTRY_POINTS = "aeexp.options"
SEVERAL = ("regulariser", "clustering")
"""Groups that take any number of options; each option has its own key."""
OWN = {group: dict(options) for group, options in OPTIONS.items()}
"""The options of aeexp itself."""
HINTS = get_type_hints(Experiment)
BASES = {g: get_args(HINTS[g])[-1] if g in SEVERAL else HINTS[g] for g in OWN}
"""The base class of each group's options."""
SHARED = {group: tuple(f.name for f in fields(BASES[group])) for group in SEVERAL}
"""The parameters that all options of such a group have. The override `<group>.<name>=…` sets one
of them in each chosen option."""


@dataclass(frozen=True)
class Package:
    """A package that adds options.

    name: of its entry point. conf: its folder of files for Hydra. references: its BibTeX file.
    """

    name: str
    conf: Path | None = None
    references: Path | None = None


def conf_dir() -> Path:
    """Return the folder conf/ of aeexp: in the installed package, else in the checkout."""
    packaged = Path(__file__).parents[1] / "conf"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "conf"


def conf_dirs() -> list[Path]:
    """Return the config folders of aeexp and of all packages."""
    return [conf_dir(), *(package.conf for package in PACKAGES if package.conf)]


def schema_of(group: str, name: str) -> str:
    """Return the entry of an option's defaults list: its schema and its place in the config."""
    return f"/schema/{group}/{name}@{name if group in SEVERAL else '_here_'}"


def class_name(kind: type[Spec]) -> str:
    """Return the name of a class in files: with its module, unless aeexp defines it."""
    is_aeexp = kind.__module__.startswith("aeexp.")
    return kind.__qualname__ if is_aeexp else f"{kind.__module__}.{kind.__qualname__}"


def find_class(name: str) -> type[Spec] | None:
    """Return the class with a name in files: a spec of aeexp or an installed option."""
    declared = {class_name(kind): kind for group in OPTIONS.values() for kind in group.values()}
    kind: Any = declared.get(name) or getattr(spec, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, Spec) else None


def _packages() -> Iterator[Package]:
    """Load the installed packages and yield them; warn of packages that cannot be loaded.

    `OPTIONS` then has the options of the packages that were loaded, and no others.
    """
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name):
        before = {group: dict(options) for group, options in OPTIONS.items()}
        try:
            yield _load(point, before)
        except (Exception, SystemExit) as error:  # noqa: BLE001  (a broken package must not stop aeexp)
            OPTIONS.clear()
            OPTIONS.update(before)
            reason = f"{type(error).__name__}: {error}"
            warnings.warn(f"The options of {point.value} are left out. {reason}", stacklevel=2)


def _load(point: EntryPoint, before: Mapping[str, Mapping[str, type[Spec]]]) -> Package:
    """Import a package, and validate the options that it adds to those from `before`."""
    module = point.load()
    for group, options in OPTIONS.items():
        if group not in BASES:
            raise ValueError(f"There is no group {group}; the groups are {', '.join(BASES)}.")
        for name in options.keys() - before[group].keys():
            require_option(group, name)
    if not hasattr(module, "__path__"):  # a single file: others in its folder are not its own
        return Package(point.name)
    conf, references = (
        Path(module.__file__).with_name(name) for name in ("conf", "references.bib")
    )
    if references.exists():
        references.read_text("utf-8")  # fails here, not when a run is over
    return Package(
        point.name, conf if conf.exists() else None, references if references.exists() else None
    )


def require_option(group: str, name: str) -> None:
    """Reject a class with a wrong base, undeclared fields or invalid defaults.

    Raises:
        TypeError, UserError: The class cannot be an option.
    """
    kind, base, option = OPTIONS[group][name], BASES[group], f"{group}={name}"
    if not issubclass(kind, base):
        raise TypeError(f"{option} must derive from aeexp.config.spec.{base.__name__}.")
    if "__dataclass_params__" not in vars(kind):
        raise TypeError(f"{option} must be a dataclass: @dataclass(kw_only=True).")
    for f in fields(kind):
        if not {"meaning", "bounds"} <= f.metadata.keys():
            raise TypeError(f"{option}: declare {f.name} with aeexp.config.spec.param.")
    kind()  # raises if a default is out of bounds


PACKAGES = [*_packages()]


def key_prefix(group: str, option: str) -> str:
    """Return the start of the keys of an option: "model.", or "clustering.kmeans."."""
    return f"{group}.{option}." if group in SEVERAL else f"{group}."
