"""The documentation agrees with the code."""

import re
from pathlib import Path

import pytest

from app.cli.upload import upload
from app.settings import settings_table
from tests.documented import DOCS, TABLES, with_table

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "scripts" / "README.md", *DOCS.rglob("*.md")]
REPOSITORY_PATH = re.compile(r"`((?:app|compat_rest|scripts|tests|docs)/[^`\s]*)")
BUILT = ("app/web/dist", "app/web/ui/node_modules")
"""Paths that a build creates."""


@pytest.mark.parametrize(("page", "name"), TABLES)
def test_tables_match_the_code(page: str, name: str) -> None:
    text = (DOCS / page).read_text()
    assert with_table(text, name, TABLES[page, name]()) == text, "run python -m tests.documented"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_link_targets_exist(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_exist(page: Path) -> None:
    for path in REPOSITORY_PATH.findall(page.read_text()):
        assert path.startswith(BUILT) or any(ROOT.glob(path)), path


def test_decisions_are_numbered_consecutively() -> None:
    pages = sorted((DOCS / "decisions").glob("*.md"))
    names = [page.name[:5] for page in pages]
    titles = [page.read_text().partition(" ")[2].partition(" ")[0] for page in pages]
    assert names == [f"{number:04}-" for number in range(1, len(pages) + 1)]
    assert titles == [f"{number}." for number in range(1, len(pages) + 1)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_mentioned_settings_exist(page: Path) -> None:
    known = {name for name, _, _ in settings_table()} | {f"{name}_FILE" for name, _, _ in settings_table()}
    known |= {str(option.envvar) for option in upload.params if option.envvar}
    known |= {f"PICHUB_TEST_{engine}_URL" for engine in ("DATABASE", "REDIS", "STORAGE")}
    mentioned = set(re.findall(r"\bPICHUB_[A-Z_]+\b", page.read_text())) - {"PICHUB_X", "PICHUB_X_FILE"}
    mentioned = {name for name in mentioned if not name.startswith("PICHUB_TEST_")}  # settings of the tests
    assert mentioned <= known


def test_every_script_is_documented() -> None:
    scripts = {path.name for path in (ROOT / "scripts").iterdir() if path.is_file() and path.suffix == ""}
    documented = set(re.findall(r"^\| `(\w+)`", (ROOT / "scripts" / "README.md").read_text(), re.MULTILINE))
    assert documented == scripts
