# SPDX-License-Identifier: GPL-2.0-only
"""A crate and everything it depends on by path, with features unified as Cargo unifies them.

Cargo's rules: https://doc.rust-lang.org/cargo/reference/features.html.  Resolver 1 and 2 agree for
normal dependencies of one target: a package is built once, with every feature anyone asks for.
"""

from __future__ import annotations

import graphlib
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from pipeline.crate.document import nearest
from pipeline.crate.manifest import Manifest, manifest_path, read_manifest
from pipeline.crate.metadata import KEYS, licenses
from pipeline.crate.model import Crate, Dependency
from pipeline.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.crate.manifest import DependencySpec

MAX_NAME = 55
"""``MODULE_NAME_LEN`` of ``include/linux/module.h`` on 64 bits, without the NUL."""


def load_crate(path: Path, *, features: Sequence[str] = (), default_features: bool = True) -> Crate:
    """Load the package at ``path`` (its folder or ``Cargo.toml``) and its path dependencies.

    ``features`` are enabled in it, ``default`` too unless ``default_features`` is false.  The same
    package is the same object wherever it stands in the graph.  Raises
    :class:`~pipeline.errors.UserError` for anything that cannot be built.
    """
    root = manifest_path(path).parent
    resolver = _Resolver()
    resolver.enable(root, features, default=default_features)
    resolver.run()
    _check_module(resolver.manifests[root])
    _check_names(resolver, root)
    return _crates(resolver, root)


def order(crate: Crate) -> list[Crate]:
    """Return ``crate`` and all it depends on, each once, dependencies before who needs them."""
    found: dict[Path, Crate] = {}
    stack = [(crate, False)]
    while stack:
        current, ready = stack.pop()
        if current.root in found:
            continue
        if ready:
            found[current.root] = current
            continue
        stack.append((current, True))
        stack += [(edge.crate, False) for edge in reversed(current.dependencies)]
    return list(found.values())


def cargo_env(crate: Crate) -> dict[str, str]:
    """Return the variables that ``env!("CARGO_…")`` reads, as Cargo sets them.

    ``CARGO_MANIFEST_DIR`` is not among them: with the path of a checkout in it, the same sources
    in two places would give two different modules.
    """
    numbers, _, pre = crate.version.partition("+")[0].partition("-")
    major, minor, patch = numbers.split(".")
    return {
        "CARGO_CRATE_NAME": crate.crate_name,
        "CARGO_PKG_AUTHORS": ":".join(crate.authors),
        "CARGO_PKG_DESCRIPTION": crate.description,
        "CARGO_PKG_LICENSE": crate.license,
        "CARGO_PKG_NAME": crate.name,
        "CARGO_PKG_VERSION": crate.version,
        "CARGO_PKG_VERSION_MAJOR": major,
        "CARGO_PKG_VERSION_MINOR": minor,
        "CARGO_PKG_VERSION_PATCH": patch,
        "CARGO_PKG_VERSION_PRE": pre,
    }


class _Resolver:
    """The features and optional dependencies that are enabled, grown until nothing changes."""

    def __init__(self) -> None:
        self.manifests: dict[Path, Manifest] = {}
        self.features: dict[Path, set[str]] = {}
        self.enabled: dict[Path, set[str]] = {}
        self._weak: dict[tuple[Path, str], set[str]] = {}
        self._queue: deque[Callable[[], None]] = deque()

    def enable(self, root: Path, features: Sequence[str], *, default: bool) -> None:
        """Ask for the package at ``root`` with ``features``, and its default ones."""
        manifest = self._load(root)
        if default and "default" in manifest.features:
            self._ask(root, "default")
        for feature in features:
            self._ask(root, feature)

    def run(self) -> None:
        """Follow every request to its end."""
        while self._queue:
            self._queue.popleft()()

    def edges(self, root: Path) -> list[DependencySpec]:
        """Return the enabled dependencies of a package, in order of their key."""
        manifest = self.manifests[root]
        return [manifest.dependencies[key] for key in sorted(self.enabled[root])]

    def _ask(self, root: Path, feature: str) -> None:
        """Queue one feature: a chain of packages, however long, is no chain of calls."""
        self._queue.append(partial(self._apply, root, feature))

    def _load(self, root: Path) -> Manifest:
        """Read a manifest once, and ask for what it needs whatever its features."""
        if root not in self.manifests:
            manifest = self.manifests[root] = read_manifest(root / "Cargo.toml")
            self.features[root] = set()
            self.enabled[root] = set()
            for key, spec in manifest.dependencies.items():
                if not spec.optional:
                    self._queue.append(partial(self._need, root, key))
        return self.manifests[root]

    def _need(self, root: Path, key: str) -> None:
        """Enable the dependency ``key`` of the package at ``root``."""
        if key in self.enabled[root]:
            return
        manifest = self.manifests[root]
        spec = manifest.dependencies[key]
        if spec.root is None:
            raise manifest.document.error(spec.refusal, *spec.keys, mend=spec.mend)
        if not (spec.root / "Cargo.toml").is_file():
            what = f"dependency {key!r}: there is no {spec.root / 'Cargo.toml'}"
            raise manifest.document.error(what, *spec.keys)
        self.enabled[root].add(key)
        found = self._load(spec.root)
        if found.name != spec.package:
            what = f"dependency {key!r}: the package at {spec.root} is called {found.name!r}"
            mend = f'write {key} = {{ package = "{found.name}", path = … }}'
            raise manifest.document.error(what, *spec.keys, mend=mend)
        asked = {*spec.features, *self._weak.pop((root, key), ())}
        self.enable(spec.root, sorted(asked), default=spec.default_features)

    def _apply(self, root: Path, feature: str) -> None:
        """Enable one feature, or what a value in ``[features]`` stands for."""
        manifest = self.manifests[root]
        if feature.startswith("dep:"):
            self._dependency_feature(manifest, feature.removeprefix("dep:"), "")
        elif "/" in feature:
            key, _, inner = feature.partition("/")
            self._dependency_feature(manifest, key, inner)
        elif feature in self.features[root]:
            return
        elif feature not in manifest.features:
            what = f"package {manifest.name!r} has no feature {feature!r}"
            mend = nearest(feature, manifest.features)
            raise manifest.document.error(what, "features", mend=mend)
        else:
            self.features[root].add(feature)
            for value in manifest.features[feature]:
                self._ask(root, value)

    def _dependency_feature(self, manifest: Manifest, key: str, inner: str) -> None:
        """Apply ``dep:key`` (``inner`` empty), ``key/inner`` or ``key?/inner``."""
        root = manifest.root
        weak = key.endswith("?")
        key = key.removesuffix("?")
        spec = manifest.dependencies.get(key)
        if spec is None or not (spec.optional or inner):
            kind = "dependency" if inner else "optional dependency"
            what = f"a feature names {key!r}, which is no {kind} of package {manifest.name!r}"
            raise manifest.document.error(what, "features")
        if weak and key not in self.enabled[root]:
            self._weak.setdefault((root, key), set()).add(inner)
            return
        self._need(root, key)
        if inner and spec.root is not None:
            self.enable(spec.root, [inner], default=False)
        if inner and not weak and spec.optional and key in manifest.features:
            self._ask(root, key)


def _check_module(manifest: Manifest) -> None:
    """Check what only the crate that becomes the module must have."""
    where = ("package",)
    if not manifest.has_module_table:
        mend = f'add [{".".join(KEYS)}] with license = "GPL", or runtime = "none"'
        raise manifest.document.error(
            "this crate does not say what module it is", *where, mend=mend
        )
    if manifest.module.runtime != "kernel":
        return
    if not manifest.module.license:
        mend = f"add license: {', '.join(repr(name) for name in licenses())}"
        what = "a kernel module needs a license"
        raise manifest.document.error(what, *KEYS, mend=mend)
    if len(manifest.crate_name) > MAX_NAME:
        what = f"the kernel takes module names of at most {MAX_NAME} bytes"
        raise manifest.document.error(what, *where, "name")


def _check_names(resolver: _Resolver, root: Path) -> None:
    """Refuse two packages with one crate name, and what a crate without the kernel cannot use."""
    top = resolver.manifests[root]
    seen: dict[str, Manifest] = {}
    for manifest in resolver.manifests.values():
        other = seen.setdefault(manifest.crate_name, manifest)
        if other is not manifest:
            what = f"two packages have the crate name {manifest.crate_name!r}: the other is "
            raise manifest.document.error(f"{what}{other.document.path}", "package", "name")
        if top.module.runtime == "none" and manifest.module.runtime == "kernel":
            what = f"{manifest.name!r} needs the kernel, and {top.name!r} that uses it has none"
            raise manifest.document.error(what, *KEYS, mend=f"see runtime in {top.document.path}")
        if top.module.runtime == "kernel" and manifest.crate_name == "kernel":
            what = "the crate name 'kernel' is that of the crate which every kernel module is given"
            mend = "remove the dependency on it: `use kernel::…` works without"
            raise manifest.document.error(what, "package", "name", mend=mend)


def _crates(resolver: _Resolver, root: Path) -> Crate:
    """Make the frozen crates, dependencies first; a cycle is a UserError that shows it."""
    sorter: graphlib.TopologicalSorter[Path] = graphlib.TopologicalSorter()
    for package in resolver.manifests:
        sorter.add(package, *(spec.root for spec in resolver.edges(package) if spec.root))
    crates: dict[Path, Crate] = {}
    try:
        packages = list(sorter.static_order())
    except graphlib.CycleError as error:
        cycle = [resolver.manifests[package] for package in reversed(error.args[1])]
        what = f"path dependencies go in a circle: {' -> '.join(each.name for each in cycle)}"
        raise UserError(what, where=str(cycle[0].document.path)) from None
    for package in packages:
        crates[package] = _crate(resolver, package, crates)
    return crates[root]


def _crate(resolver: _Resolver, package: Path, crates: dict[Path, Crate]) -> Crate:
    """Make one crate whose dependencies are made already."""
    manifest = resolver.manifests[package]
    edges = []
    for spec in resolver.edges(package):
        if spec.root is not None:
            crate = crates[spec.root]
            name = spec.key.replace("-", "_") if spec.renamed else crate.crate_name
            edges.append(Dependency(name, crate))
    return Crate(
        root=package,
        name=manifest.name,
        crate_name=manifest.crate_name,
        version=manifest.version,
        edition=manifest.edition,
        lib_path=manifest.lib_path,
        features=frozenset(resolver.features[package]),
        declared_features=frozenset(manifest.features),
        dependencies=tuple(edges),
        module=manifest.module,
        authors=manifest.authors,
        description=manifest.description,
        license=manifest.license,
    )
