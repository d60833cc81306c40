# SPDX-License-Identifier: GPL-2.0-only
"""``key.workspace = true``: what a package inherits from the manifest of its workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.crate.document import Document

if TYPE_CHECKING:
    from pathlib import Path


def inherit_package(document: Document, table: dict[str, Any]) -> dict[str, Any]:
    """Return ``[package]`` with each ``key.workspace = true`` replaced by the workspace's value."""
    result = dict(table)
    for key, value in table.items():
        if value == {"workspace": True}:
            root = _workspace(document, "package", key)
            shared = root.data["workspace"].get("package", {})
            if not isinstance(shared, dict) or key not in shared:
                what = f"package.{key} is not set in [workspace.package] of {root.path}"
                raise document.error(what, "package", key)
            result[key] = shared[key]
    return result


def inherit_dependency(document: Document, entry: Any, keys: tuple[str, ...]) -> tuple[Any, Path]:
    """Return a dependency's table and the folder that its path is relative to.

    With ``workspace = true`` the entry of ``[workspace.dependencies]`` is taken; ``features`` add
    up, ``optional`` is the member's own, and ``default-features = true`` of the member wins over
    the workspace's ``false``.
    """
    if not isinstance(entry, dict) or entry.get("workspace") is not True:
        return entry, document.path.parent
    root = _workspace(document, *keys)
    shared = root.data["workspace"].get("dependencies", {})
    if not isinstance(shared, dict) or keys[-1] not in shared:
        what = f"dependency {keys[-1]!r} is not in [workspace.dependencies] of {root.path}"
        raise document.error(what, *keys)
    base = shared[keys[-1]]
    base = {"version": base} if isinstance(base, str) else base
    own = {key: value for key, value in entry.items() if key != "workspace"}
    if not isinstance(base, dict):
        return base, root.path.parent
    merged = {**base, **own}
    features = [base.get("features", []), own.get("features", [])]
    if all(isinstance(part, list) for part in features):
        merged["features"] = [*features[0], *features[1]]
    if own.get("default-features") is False:
        merged["default-features"] = base.get("default-features", True)
    return merged, root.path.parent


def _workspace(document: Document, *keys: str) -> Document:
    """Return the manifest of the workspace: the one the package names, or the nearest above it."""
    package = document.data.get("package", {})
    named = package.get("workspace") if isinstance(package, dict) else None
    if isinstance(named, str):
        folders = [(document.path.parent / named).resolve()]
    else:
        folders = [document.path.parent, *document.path.parent.parents]
    for folder in folders:
        path = folder / "Cargo.toml"
        if path.is_file():
            candidate = Document.read(path)
            if isinstance(candidate.data.get("workspace"), dict):
                return candidate
    what = f"{'.'.join(keys)} is inherited from a workspace, and no manifest above has one"
    raise document.error(what, *keys, mend="write the value here")
