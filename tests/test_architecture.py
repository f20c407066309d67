"""The floors of the house, read from the imports: they go down only, and toolkits do not know each other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

CORE, SUPPORT, TOOLKITS, ROWS, SERVICES, RESOLVERS, FACES, COMPOSITION = range(8)
FLOOR = {
    "app.errors": CORE,
    "app.settings": CORE,
    "app.ids": CORE,
    "app.pagination": CORE,
    "app.urls": CORE,
    "app.client_address": CORE,
    "app.cancellation": CORE,
    "app.coordination": SUPPORT,
    "app.observability": SUPPORT,
    "app.imaging": TOOLKITS,
    "app.storage": TOOLKITS,
    "app.uploads": TOOLKITS,
    "app.outbound": TOOLKITS,
    "app.ratelimits": TOOLKITS,
    "app.signing": TOOLKITS,
    "app.caching": TOOLKITS,
    "app.models": ROWS,
    "app.migrations": ROWS,
    "app.db": ROWS,
    "app.auth": SERVICES,
    "app.events": SERVICES,
    "app.webhooks": SERVICES,
    "app.jobs": SERVICES,
    "app.context": RESOLVERS,
    "app.resolvers": RESOLVERS,
    "app.graphql": FACES,
    "compat_rest": FACES,
    "app.web": FACES,
    "app.asgi": COMPOSITION,
    "app.lifespan": COMPOSITION,
    "app.middleware": COMPOSITION,
    "app.cli": COMPOSITION,
    "app.jobs.worker": COMPOSITION,
}
DRAWING = ROOT / "docs" / "architecture.md"
ALONE = {TOOLKITS, FACES}
"""Floors whose rooms do not know each other."""

NOT_FOR_FACES = {"tortoise", "PIL", "aiofiles", "aiosqlite", "sqlite3"}


def room_of(module: str) -> str | None:
    """`app.imaging` for `app.imaging.render`; None for what is not ours."""
    return next((room for room in FLOOR if module == room or module.startswith(f"{room}.")), None)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in ("app", "compat_rest"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text())


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor they go to"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


MODULES = dict(modules())


@pytest.mark.parametrize("module", [name for name in MODULES if name != "app"])
def test_every_module_stands_on_a_floor_and_imports_go_down_only(module: str) -> None:
    room = room_of(module)
    assert room is not None, f"{module} has no place in the drawing: give its room a floor"
    for imported in imports(MODULES[module]):
        other = room_of(imported)
        if other is None or other == room:
            continue
        assert FLOOR[other] <= FLOOR[room], f"{module} reaches up to {imported}"
        if FLOOR[room] in ALONE:
            assert FLOOR[other] < FLOOR[room], f"{module} knows {imported}, on its own floor"


@pytest.mark.parametrize("module", [n for n in MODULES if n != "app" and FLOOR[room_of(n) or ""] == FACES])
def test_faces_do_not_know_how_rows_pixels_and_files_are_kept(module: str) -> None:
    for imported in imports(MODULES[module]):
        assert imported.split(".")[0] not in NOT_FOR_FACES, f"{module} imports {imported}"
        assert not imported.startswith(("app.db", "app.storage.disk")), f"{module} imports {imported}"


def test_the_drawing_in_the_documentation_is_this_one() -> None:
    drawn = re.findall(r"^(\d) \w+ +(.*)$", DRAWING.read_text(), re.MULTILINE)
    rooms = {
        (int(floor), room)
        for floor, line in drawn
        for room in re.findall(r"\b(?:app|compat_rest)[.\w]*", line)
    }
    assert {room.rstrip(".") for _, room in rooms} == set(FLOOR)
    assert all(FLOOR[room.rstrip(".")] == floor for floor, room in rooms)


def test_only_the_settings_read_the_environment() -> None:
    for module, tree in MODULES.items():
        if module == "app.settings":
            continue
        for node in ast.walk(tree):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
            assert name not in {"environ", "getenv"}, f"{module} reads the environment"


def test_only_the_lifespan_chooses_implementations() -> None:
    chosen = {
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
    for module, tree in MODULES.items():
        for imported in chosen & set(imports(tree)):
            its_own = room_of(module) == room_of(imported)
            assert its_own or module == "app.lifespan", f"{module} chooses an implementation"
