"""What the dashboard says of errors is held to what the server says."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import errors
from app.errors import MEGABYTE, Invalid, PicHubError
from app.graphql.server import trusted_documents
from app.resolvers import quotas
from app.resolvers.validation import Validator

MESSAGES = Path(__file__).parents[2] / "app" / "web" / "ui" / "dashboard" / "messages"
OTHERS = {"PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_SUPPORTED"}
"""Of who asks by id, as no page of ours does."""


def codes() -> set[str]:
    """Every code that the server has for an error."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    domain = {kind.code for kind in kinds if issubclass(kind, PicHubError)}
    said = set(re.findall(r'"([A-Z_]{8,})"', Path(trusted_documents.__file__).read_text()))
    return domain | (said - OTHERS)


def test_each_code_has_a_sentence_in_both_languages() -> None:
    tables = re.findall(r"titles: \{(.*?)\n    \}", (MESSAGES / "problems.ts").read_text(), re.DOTALL)
    named = [set(re.findall(r"^\s+([A-Z_]+):", table, re.MULTILINE)) for table in tables]
    assert named == [codes() | {"NETWORK"}] * 2


def translated() -> list[re.Pattern[str]]:
    """What is there in Chinese; the patterns mean the same here and there."""
    return [re.compile(text) for text in re.findall(r"/(\^.*\$)/,", (MESSAGES / "said.ts").read_text())]


def sentences() -> Iterator[str]:
    """What the server says in detail to who uses the dashboard, each in its own words."""
    rules = Validator()
    rules.single_line("name", "", max_length=200)
    rules.single_line("name", "a\nb", max_length=2)
    rules.text("description", "a\0", max_length=200)
    rules.username("username", "?")
    rules.password("password", "short", username="someone")
    rules.password("password", "administrator", username="administrator")
    rules.tags("tags", [str(number) for number in range(51)])
    for complaints in rules.errors.values():
        yield from complaints
    usage = quotas.Usage(bytes=3 * MEGABYTE, images=3, quota=4 * MEGABYTE)
    raised: list[PicHubError] = [
        errors.TooLarge(limit=MEGABYTE),
        errors.TooLarge(limit=MEGABYTE, actual=2 * MEGABYTE),
        errors.UnsupportedFormat("SVG"),
        errors.UnsupportedFormat(),
        errors.NotFound("image", "img_1"),
        errors.MissingScope("images:write", ["images:read"]),
        errors.RateLimited(policy="upload", who="", limit=1000, period=60, remaining=0, retry_after=90),
        quotas._full(usage, ""),
        quotas._full(usage, quotas._describe_size(MEGABYTE)),
        quotas._full(usage, "upload has 1MB"),
    ]
    yield from (error.details for error in raised)
    invalid: list[Invalid] = [errors.TooSlow(10), errors.TooHeavy()]
    for error in invalid:
        yield from error.fields["image"]


@pytest.mark.parametrize("sentence", list(sentences()))
def test_what_the_server_says_in_detail_is_known_in_chinese(sentence: str) -> None:
    assert any(pattern.fullmatch(sentence) for pattern in translated())


@pytest.mark.parametrize("file", ["imaging/declared.py", "imaging/decoder.py"])
def test_what_is_wrong_with_a_picture_is_known_in_chinese(file: str) -> None:
    source = (MESSAGES.parents[3] / file).read_text()
    known = translated()
    for sentence in re.findall(r'(?:CorruptImage|TooManyPixels)\("(.*?)"\)', source):
        assert any(pattern.fullmatch(sentence) for pattern in known), sentence
