# SPDX-License-Identifier: GPL-2.0-only
"""One ``Cargo.toml``: read, inherited from its workspace, validated, refused with a reason.

The format is Cargo's (https://doc.rust-lang.org/cargo/reference/manifest.html).  Keys that have no
meaning here are ignored, as Cargo ignores unknown ones; what would change the build and cannot be
done is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pipeline.crate import workspace
from pipeline.crate.document import Document
from pipeline.crate.metadata import module_info
from pipeline.crate.model import Edition  # noqa: TC001 - pydantic reads it at run time
from pipeline.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.crate.model import ModuleInfo

NAME = "Cargo.toml"
_RESERVED = {"core", "alloc", "std", "test", "proc_macro", "compiler_builtins"}
_NAME = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
_Name = Annotated[str, StringConstraints(pattern=_NAME)]
_Ident = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
_Feature = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_+.-]{0,127}$")]
_Version = Annotated[
    str,
    StringConstraints(pattern=r"^\d{1,9}\.\d{1,9}\.\d{1,9}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$"),
]
_NoNul = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
_DEPENDENCY_TABLES = ("build-dependencies", "build_dependencies")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class PackageTable(_Table):
    """``[package]``, after inheritance."""

    name: _Name
    version: _Version = "0.0.0"
    edition: Edition = "2015"
    authors: list[_NoNul] = Field(default=[])
    description: _NoNul = ""
    license: _NoNul = ""
    build: str | bool | None = None
    links: str | None = None
    metadata: dict[str, Any] = Field(default={})


class LibTable(_Table):
    """``[lib]``."""

    name: _Ident | None = None
    path: _NoNul | None = None
    proc_macro: bool = Field(default=False, alias="proc-macro")
    crate_type: list[str] = Field(default=[], alias="crate-type")


class DependencyTable(_Table):
    """One entry of ``[dependencies]``; a plain version string comes as ``{version = …}``."""

    path: _NoNul | None = None
    git: str | None = None
    package: _Name | None = None
    features: list[str] = Field(default=[])
    default_features: bool = Field(default=True, alias="default-features")
    optional: bool = False


class FeaturesTable(_Table):
    """The whole of ``[features]``."""

    features: dict[_Feature, list[str]]


@dataclass(frozen=True)
class DependencySpec:
    """A dependency as declared: ``keys`` is its place, ``key`` what ``dep:key`` names it by.

    ``root`` is the package's folder, resolved; None where the dependency cannot be built, and then
    ``refusal`` and ``mend`` say why: that matters only where it is enabled.
    """

    key: str
    keys: tuple[str, ...]
    package: str
    renamed: bool
    root: Path | None
    features: tuple[str, ...]
    default_features: bool
    optional: bool
    refusal: str = ""
    mend: str = ""


@dataclass(frozen=True)
class Manifest:
    """A package as declared: nothing is enabled yet.  ``features`` has the implicit ones too."""

    document: Document
    root: Path
    name: str
    crate_name: str
    version: str
    edition: Edition
    lib_path: Path
    authors: tuple[str, ...]
    description: str
    license: str
    features: dict[str, tuple[str, ...]]
    dependencies: dict[str, DependencySpec]
    module: ModuleInfo
    has_module_table: bool


def manifest_path(path: Path) -> Path:
    """Return the resolved path of the manifest that ``path``, a folder or the file, stands for."""
    file = path / NAME if path.is_dir() else path
    if file.name != NAME or not file.exists():
        mend = f"name a folder that has a {NAME}, or that file"
        raise UserError(f"no {NAME} here", where=str(path), mend=mend)
    return file.resolve()


def read_manifest(path: Path) -> Manifest:
    """Read the manifest at ``path`` (resolved).  Every fault is a UserError with file and line."""
    document = Document.read(path)
    data = document.data
    table = data.get("package", data.get("project"))
    if not isinstance(table, dict):
        mend = "name one of its members" if "workspace" in data else "add a [package] with a name"
        raise document.error("this manifest describes no package", mend=mend)
    package = document.validate(PackageTable, workspace.inherit_package(document, table), "package")
    lib = document.validate(LibTable, data.get("lib", {}), "lib")
    _refuse_what_runs(document, package, lib)
    info = package.metadata.get("kernel-module")
    dependencies = _dependencies(document)
    return Manifest(
        document=document,
        root=path.parent,
        name=package.name,
        crate_name=_crate_name(document, package, lib),
        version=package.version,
        edition=package.edition,
        lib_path=_lib_path(document, lib),
        authors=tuple(package.authors),
        description=package.description,
        license=package.license,
        features=_features(document, dependencies),
        dependencies=dependencies,
        module=module_info(
            document, info, authors=package.authors, description=package.description
        ),
        has_module_table=info is not None,
    )


def _refuse_what_runs(document: Document, package: PackageTable, lib: LibTable) -> None:
    """Refuse packages whose build runs programs: nothing of ours runs the crate's own code."""
    mend = "generate the files once, commit them, and set build = false"
    if isinstance(package.build, str) or package.build is True:
        raise document.error("a build script cannot be run", "package", "build", mend=mend)
    if package.build is None and (document.path.parent / "build.rs").exists():
        what = "build.rs beside this manifest is a build script, which cannot be run"
        raise document.error(what, "package", mend=mend)
    for table in _DEPENDENCY_TABLES:
        if document.data.get(table):
            what = "build-dependencies need a build script, which cannot be run"
            raise document.error(what, table, mend="remove the table")
    if package.links is not None:
        what = "links needs a build script, which cannot be run"
        raise document.error(what, "package", "links", mend="remove the key")
    if lib.proc_macro or "proc-macro" in lib.crate_type:
        what = "a proc-macro crate is a plug-in of rustc and cannot be built for a kernel"
        mend = "expand the macro (cargo expand) and commit the result, or use macro_rules!"
        raise document.error(
            what, "lib", "proc-macro" if lib.proc_macro else "crate-type", mend=mend
        )


def _crate_name(document: Document, package: PackageTable, lib: LibTable) -> str:
    """Return the library's name; one that the language's own crates have is refused."""
    name = lib.name or package.name.replace("-", "_")
    if name in _RESERVED:
        keys = ("lib", "name") if lib.name else ("package", "name")
        raise document.error(f"the crate name {name!r} is taken by Rust's own library", *keys)
    return name


def _lib_path(document: Document, lib: LibTable) -> Path:
    """Return the library's root source file, which must be there.

    Its links are not resolved: rustc looks for modules beside the name, not beside the target.
    """
    root = document.path.parent
    path = root / (lib.path or "src/lib.rs")
    if path.is_file():
        return path
    if lib.path is not None:
        raise document.error(f"there is no file {path}", "lib", "path")
    only_bin = "bin" in document.data or (root / "src/main.rs").exists()
    what = "this package has only a program" if only_bin else "this package has no library"
    mend = "a module is a library: put its code into src/lib.rs, or name the file in [lib] path"
    raise document.error(f"{what}: there is no {path}", "package", mend=mend)


def _dependencies(document: Document) -> dict[str, DependencySpec]:
    """Return the normal dependencies by key, those of ``[target.'…']`` too (refused if enabled)."""
    found: dict[str, DependencySpec] = {}
    targets = _table(document, "target")
    for target in targets:
        for key in _table(document, "target", target, "dependencies"):
            spec = _dependency(document, key, "target", target, "dependencies", key)
            what = f"dependency {key!r} is for some targets only, which is not supported"
            mend = "declare it in [dependencies], and use #[cfg] in the source"
            found[key] = DependencySpec(
                **{**vars(spec), "root": None, "refusal": what, "mend": mend}
            )
    for key in _table(document, "dependencies"):
        found[key] = _dependency(document, key, "dependencies", key)
    return found


def _table(document: Document, *keys: str) -> dict[str, Any]:
    """Return the table at ``keys``, empty where there is none."""
    value: Any = document.data
    for depth, key in enumerate(keys, start=1):
        value = value.get(key, {})
        if not isinstance(value, dict):
            raise document.error(f"{'.'.join(keys[:depth])} must be a table", *keys[:depth])
    return value  # type: ignore[no-any-return]


def _dependency(document: Document, key: str, *keys: str) -> DependencySpec:
    """Return one dependency; a registry's or git's is told apart by having no root."""
    raw = _table(document, *keys[:-1])[key]
    if not re.fullmatch(_NAME, key):
        raise document.error(f"{key!r} is no name of a package", *keys)
    raw = {"version": raw} if isinstance(raw, str) else raw
    raw, base = workspace.inherit_dependency(document, raw, keys)
    entry = document.validate(DependencyTable, raw, *keys)
    refusal = mend = ""
    root = None
    if entry.git is not None or entry.path is None:
        source = "git" if entry.git is not None else "a registry"
        refusal = f"dependency {key!r} comes from {source}: nothing is downloaded by a build"
        mend = f'vendor it and use path = "…" ({key} = {{ path = "vendor/{key}" }})'
    else:
        root = (base / entry.path).resolve()
    return DependencySpec(
        key=key,
        keys=keys,
        package=entry.package or key,
        renamed=entry.package is not None,
        root=root,
        features=tuple(entry.features),
        default_features=entry.default_features,
        optional=entry.optional,
        refusal=refusal,
        mend=mend,
    )


def _features(
    document: Document, dependencies: dict[str, DependencySpec]
) -> dict[str, tuple[str, ...]]:
    """Return the declared features, and the one each optional dependency gives implicitly.

    Cargo gives none where ``dep:NAME`` is used anywhere in ``[features]``.
    """
    declared = document.validate(FeaturesTable, {"features": document.data.get("features", {})})
    features = {name: tuple(values) for name, values in declared.features.items()}
    named = {value.removeprefix("dep:") for values in features.values() for value in values
             if value.startswith("dep:")}  # fmt: skip
    for key, spec in dependencies.items():
        if spec.optional and key not in named:
            features.setdefault(key, (f"dep:{key}",))
    return features
