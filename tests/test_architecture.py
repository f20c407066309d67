"""The architecture, read from the source: layers, import cycles, and class names with one meaning."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ARCHITECTURE = ROOT / "docs" / "architecture.md"

LAYERS = {
    "core": "errors settings ids pagination urls client_address cancellation",
    "support": "coordination observability",
    "toolkits": "imaging storage uploads outbound ratelimits signing caching",
    "persistence": "models migrations db",
    "services": "auth events webhooks jobs",
    "resolvers": "context resolvers",
    "interfaces": "graphql compat_rest web",
    "composition": "asgi lifespan middleware cli jobs.worker",
}
"""Layers from the lowest to the highest, with the packages and modules of each."""
ISOLATED = {"toolkits", "interfaces"}
"""Layers whose packages do not import each other."""
MAX_PACKAGES_PER_LAYER = 8
MAX_MODULES, MAX_PACKAGES = 12, 20
"""Entries at the top of app/, `__init__.py` not counted."""

ORDER = list(LAYERS)
LAYER_OF = {
    name if name == "compat_rest" else f"app.{name}": layer
    for layer, names in LAYERS.items()
    for name in names.split()
}
PACKAGES = sorted(LAYER_OF, key=len, reverse=True)
"""The longest name first, so that `app.jobs.worker` is found before `app.jobs`."""

IMPLEMENTATIONS = {
    "app.storage.disk",
    "app.storage.s3",
    "app.storage.cached",
    "app.ratelimits.memory",
    "app.ratelimits.redis",
    "app.coordination.notifier.redis",
    "app.coordination.locks.redis",
    "app.caching.redis",
    "app.db.config",
    "app.db.lifecycle",
    "app.db.migrate",
}
"""Modules that only `app.lifespan` and their own package import."""


def package_of(module: str) -> str | None:
    """Return `app.imaging` for `app.imaging.render`; None for modules of other projects."""
    return next((name for name in PACKAGES if module == name or module.startswith(f"{name}.")), None)


def _modules(*roots: str) -> Iterator[tuple[str, ast.Module]]:
    for root in roots:
        for path in sorted((ROOT / root).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text())


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the layer they lead to"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = dict(_modules("app", "compat_rest"))
IMPORTS = {name: set(_imports(tree)) for name, tree in MODULES.items()}


def _modules_of(package: str) -> list[str]:
    return [module for module in MODULES if package_of(module) == package]


def test_every_module_belongs_to_a_layer() -> None:
    assert [name for name in MODULES if name != "app" and package_of(name) is None] == []


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_imports_go_down_only(package: str) -> None:
    layer = LAYER_OF[package]
    for module in _modules_of(package):
        for imported in IMPORTS[module]:
            other = package_of(imported)
            if other is None or other == package:
                continue
            upward = ORDER.index(LAYER_OF[other]) > ORDER.index(layer)
            assert not upward, f"{module} ({layer}) imports {imported} ({LAYER_OF[other]})"
            assert layer not in ISOLATED or LAYER_OF[other] != layer, f"{module} imports {imported}"


def test_no_files_import_each_other() -> None:
    graph = {
        module: {name for name in imported if name in MODULES and name != module}
        for module, imported in IMPORTS.items()
    }
    for module, imported in IMPORTS.items():
        # `from app.db import state` names the module; the package itself is not what is used.
        for name in imported & set(MODULES):
            if any(other.startswith(f"{name}.") and other in MODULES for other in imported):
                graph[module].discard(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"import cycle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("package", [p for p in PACKAGES if LAYER_OF[p] == "interfaces"])
def test_interfaces_know_no_rows_pixels_or_files(package: str) -> None:
    for module in _modules_of(package):
        for imported in IMPORTS[module]:
            assert imported.split(".")[0] not in {"tortoise", "PIL", "aiofiles", "aiosqlite", "sqlite3"}, (
                module
            )
            assert not imported.startswith(("app.db", "app.storage.disk")), f"{module} imports {imported}"


@pytest.mark.parametrize(
    "package", [p for p in PACKAGES if ORDER.index(LAYER_OF[p]) < ORDER.index("interfaces")]
)
def test_nothing_below_an_interface_knows_http_servers(package: str) -> None:
    for module in _modules_of(package):
        if module == "app.uploads.multipart":  # reads a request body for both interfaces
            continue
        for imported in IMPORTS[module]:
            assert imported.split(".")[0] not in {"starlette", "strawberry", "uvicorn"}, (
                f"{module} imports {imported}"
            )


def test_scripts_do_not_import_tests() -> None:
    for module, tree in _modules("scripts"):
        assert not any(name.split(".")[0] == "tests" for name in _imports(tree)), module


def test_a_class_name_has_one_meaning() -> None:
    defined = defaultdict(set)
    for module, tree in _modules("app", "compat_rest", "scripts"):
        if not module.startswith(("app.graphql", "app.models", "app.migrations")):
            for node in tree.body:
                if isinstance(node, ast.ClassDef):
                    defined[node.name].add(module)
    assert {name: modules for name, modules in defined.items() if len(modules) > 1} == {}


def test_the_top_of_app_stays_small() -> None:
    entries = {path for path in (ROOT / "app").iterdir() if path.name not in {"__pycache__", "__init__.py"}}
    assert len([path for path in entries if path.suffix == ".py"]) <= MAX_MODULES
    assert len([path for path in entries if path.is_dir()]) <= MAX_PACKAGES
    assert all(len(names.split()) <= MAX_PACKAGES_PER_LAYER for names in LAYERS.values())


def test_the_layers_in_the_documentation_are_these() -> None:
    rows = re.findall(r"^(\w+) {2,}((?:app|compat_rest)\b.*)$", ARCHITECTURE.read_text(), re.MULTILINE)
    documented = {layer: set(re.findall(r"\b(?:app|compat_rest)[.\w]*", line)) for layer, line in rows}
    assert documented == {
        layer: {name for name, of in LAYER_OF.items() if of == layer} for layer in reversed(ORDER)
    }


def test_only_the_settings_read_the_environment() -> None:
    for module, tree in MODULES.items():
        if module == "app.settings":
            continue
        for node in ast.walk(tree):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
            assert name not in {"environ", "getenv"}, f"{module} reads the environment"


def test_only_the_lifespan_chooses_implementations() -> None:
    for module, imported in IMPORTS.items():
        for implementation in IMPLEMENTATIONS & imported:
            own_package = package_of(module) == package_of(implementation)
            assert own_package or module == "app.lifespan", f"{module} chooses an implementation"
