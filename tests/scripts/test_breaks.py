"""A release's schema is a failure: what breaks it is found before it is made."""

import subprocess
from pathlib import Path

import pytest

from scripts.breaks import changes, last_release, main, may_break

BEFORE = """
type Query { image(id: ID!, size: Int): Image  images: [Image!]! }
type Image { id: ID!  title: String }
enum Fit { COVER }
"""
AFTER = """
type Query { image(id: ID!, size: Int, page: Int!): Image  images: [Image!]!  albums: Int }
type Image { id: ID! }
enum Fit { COVER FILL }
"""
PYPROJECT = '[project]\nname = "x"\nversion = "{}"\n'


def git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True)


def write(folder: Path, schema: str, version: str) -> None:
    (folder / "schema.graphql").write_text(schema)
    (folder / "pyproject.toml").write_text(PYPROJECT.format(version))


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A repository with a release, and a commit after it."""
    git(tmp_path, "init")
    write(tmp_path, BEFORE, "1.2.0")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "One")
    git(tmp_path, "tag", "v1.2.0")
    git(tmp_path, "tag", "very-good")
    git(tmp_path, "commit", "--allow-empty", "-m", "Two")
    return tmp_path


def test_what_fails_a_client_is_breaking_and_what_may_surprise_it_is_dangerous() -> None:
    found = changes(BEFORE, AFTER)
    assert found.breaking == [
        "A required argument Query.image(page:) was added.",
        "Field Image.title was removed.",
    ]
    assert found.dangerous == ["Enum value Fit.FILL was added."]
    assert changes(BEFORE, BEFORE) == changes(BEFORE, BEFORE.replace("images:", "tags: Int images:"))


def test_the_last_release_is_the_newest_tag_of_a_version(released: Path) -> None:
    release = last_release(released)
    assert release is not None
    assert (release.tag, release.schema) == ("v1.2.0", BEFORE)


@pytest.mark.parametrize(("version", "status"), [("1.2.1", 1), ("1.3.0", 1), ("2.0.0", 0)])
def test_a_break_needs_a_version_that_says_so(
    released: Path, capsys: pytest.CaptureFixture[str], version: str, status: int
) -> None:
    write(released, AFTER, version)
    assert main(released) == status
    printed = capsys.readouterr().out
    assert "breaks v1.2.0: " in printed
    assert "title" in printed
    assert "dangerous since v1.2.0: " in printed


def test_what_only_adds_passes(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(released, BEFORE.replace("images:", "tags: Int images:"), "1.2.1")
    assert main(released) == 0
    assert capsys.readouterr().out == ""


def test_without_a_release_it_says_so_and_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, AFTER, "1.2.1")
    assert main(tmp_path) == 0
    git(tmp_path, "init")
    assert main(tmp_path) == 0
    assert capsys.readouterr().out.count("no release to compare with") == 2


@pytest.mark.parametrize(
    ("tag", "version", "may"),
    [
        ("v0.1.0", "0.1.9", False),
        ("v0.1.0", "0.2.0", True),
        ("v0.9.0", "1.0.0", True),
        ("v1.0.0", "1.9.0", False),
        ("v1.9.0", "2.0.0rc1", True),
    ],
)
def test_a_version_may_break_another_as_semver_says(tag: str, version: str, *, may: bool) -> None:
    assert may_break(tag, version) is may
