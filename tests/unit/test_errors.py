import pickle

import pytest

from app.errors import (
    MEGABYTE,
    Busy,
    CorruptImage,
    Invalid,
    InvalidParameter,
    MissingScope,
    NotFound,
    PicHubError,
    RateLimited,
    TooLarge,
    Unauthorized,
    UnsupportedFormat,
    excerpt,
    format_period,
    format_size,
)


def test_a_file_too_large_is_told_as_documented() -> None:
    error = TooLarge(limit=50 * MEGABYTE, actual=75 * MEGABYTE + 300)
    assert error.message == "File size exceeds maximum limit"
    assert error.details == "Maximum file size is 50MB. Your file is 75MB."


def test_a_file_of_unknown_size_is_told_without_a_number() -> None:
    assert (
        TooLarge(limit=50 * MEGABYTE).details == "Maximum file size is 50MB. Your file is larger than that."
    )


def test_a_bad_token_is_told_as_documented() -> None:
    error = Unauthorized()
    assert error.message == "Invalid or expired API token"
    assert error.details == "Please check your API token and ensure it has not expired"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (50 * MEGABYTE, "50MB"),
        (int(2.5 * MEGABYTE), "2.5MB"),
        (0, "0KB"),
        (MEGABYTE // 2, "512KB"),
        (1536, "1.5KB"),
    ],
)
def test_sizes_are_written_in_units_of_1024(size: int, text: str) -> None:
    assert format_size(size) == text


def test_a_size_just_above_a_limit_never_reads_like_the_limit() -> None:
    assert format_size(50 * MEGABYTE + 1, above=50 * MEGABYTE) == "50.1MB"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "1 minute"),
        (90, "90 seconds"),
        (600, "10 minutes"),
        (86_400, "1 day"),
    ],
)
def test_periods_are_written_in_the_unit_that_they_are_whole_in(seconds: int, text: str) -> None:
    assert format_period(seconds) == text


@pytest.mark.parametrize(
    "error",
    [
        InvalidParameter("w", "x", "a number"),
        MissingScope("images:write", ["images:read"]),
        NotFound("image", "img_1"),
        TooLarge(limit=1, actual=2),
        UnsupportedFormat("PDF"),
        CorruptImage("truncated", "The file is incomplete."),
        RateLimited(policy="api", key="acc_1", limit=60, period=60, remaining=0, retry_after=30),
        Busy("Later", retry_after=3),
        Invalid({"name": ["No."]}),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_whole_out_of_worker_processes(error: PicHubError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


def test_what_was_sent_is_quoted_safely_and_at_bounded_length() -> None:
    assert excerpt("a\n\x00'") == repr("a\n\x00'")
    assert len(excerpt("x" * 10_000)) == 80
    assert excerpt(b"\xff") == r"b'\xff'"
