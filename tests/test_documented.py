"""What the documentation says is what the code does."""

import re
from pathlib import Path

import pytest

from app.cli.upload import upload
from app.settings import settings_table
from tests.documented import DOCS, TABLES, with_table

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "scripts" / "README.md", *DOCS.rglob("*.md")]


@pytest.mark.parametrize(("page", "name"), TABLES)
def test_tables_are_printed_from_the_code(page: str, name: str) -> None:
    text = (DOCS / page).read_text()
    assert with_table(text, name, TABLES[page, name]()) == text, "run python -m tests.documented"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_are_spoken_of_exist(page: Path) -> None:
    known = {name for name, _, _ in settings_table()} | {f"{name}_FILE" for name, _, _ in settings_table()}
    known |= {str(option.envvar) for option in upload.params if option.envvar}
    known |= {f"PICHUB_TEST_{engine}_URL" for engine in ("DATABASE", "REDIS", "STORAGE")}
    spoken = set(re.findall(r"\bPICHUB_[A-Z_]+\b", page.read_text())) - {"PICHUB_X", "PICHUB_X_FILE"}
    spoken = {name for name in spoken if not name.startswith("PICHUB_TEST_")}  # of the tests themselves
    assert spoken <= known


def test_every_script_is_told_of() -> None:
    scripts = {path.name for path in (ROOT / "scripts").iterdir() if path.is_file() and path.suffix == ""}
    told = set(re.findall(r"^\| `(\w+)`", (ROOT / "scripts" / "README.md").read_text(), re.MULTILINE))
    assert told == scripts
