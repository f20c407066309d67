"""The documentation of signed URLs: its samples produce valid URLs, and its table is correct."""

import json
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from app.imaging.transform import Transform
from tests.contract.test_samples import NODE, Ran, run
from tests.contract.test_signed import PNG, Private, private_in
from tests.documented import DOCS
from tests.pichub import served

PAGE = (DOCS / "signed-urls.md").read_text()
CALLS = {
    "python": "print(signed_url(*{given}))",
    "js": "console.log(signedUrl(...{given}));",
}


@pytest.fixture(scope="module")
async def private(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Private]:
    async with served(tmp_path_factory.mktemp("server") / "data") as server:
        yield await private_in(server)


async def sample(language: str, folder: Path, *given: str | int) -> Ran:
    """Run the documented function in its language."""
    (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    program, script = {"python": (sys.executable, "a.py"), "js": (NODE, "a.mjs")}[language]
    (folder / script).write_text(code + CALLS[language].replace("{given}", json.dumps(given)))
    return await run(program, folder / script)


@pytest.mark.parametrize("language", CALLS)
@pytest.mark.parametrize(
    ("transform", "seconds", "status"),
    [("", 60, 200), ("w=80&fm=webp", 60, 200), ("w=80&fm=webp", -1, 404), ("fm=webp&w=80", 60, 404)],
)
async def test_samples_sign_valid_urls(
    private: Private, tmp_path: Path, language: str, transform: str, seconds: int, status: int
) -> None:
    home = private.home
    secret = await home.services.images.keyring.signing_secret()
    ran = await sample(language, tmp_path, home.url, secret, private.id, transform, seconds)
    assert ran.code == 0, ran.err
    response = await home.client.get(ran.out.strip())
    assert response.status_code == status
    if status == 200:
        assert (response.content == PNG) == (transform == "")


def test_documented_table_of_signed_texts() -> None:
    rows = re.findall(r"^\| `([^`]+=[^`]*)` \| (?:`([^`]+)`)? ?\|$", PAGE, re.MULTILINE)
    assert len(rows) == 7
    for query, text in rows:
        assert Transform.parse(dict(parse_qsl(query))).query() == text
