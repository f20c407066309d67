import pickle
import re

import pytest

from app.errors import (
    MEGABYTE,
    Busy,
    CorruptImage,
    FieldError,
    Invalid,
    InvalidParameter,
    MissingScope,
    NotFound,
    PicHubError,
    RateLimited,
    SlowConsumer,
    TooLarge,
    TooManyPixels,
    TooSlow,
    Unauthorized,
    UnsupportedFormat,
    WrongOffset,
    excerpt,
    format_period,
    format_size,
)


def test_too_large_has_the_documented_text() -> None:
    error = TooLarge(limit=50 * MEGABYTE, actual=75 * MEGABYTE + 300)
    assert error.message == "File size exceeds maximum limit"
    assert error.details == "Maximum file size is 50MB. Your file is 75MB."


def test_too_large_of_unknown_size_has_no_size() -> None:
    assert (
        TooLarge(limit=50 * MEGABYTE).details == "Maximum file size is 50MB. Your file is larger than that."
    )


def test_unauthorized_has_the_documented_text() -> None:
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
def test_sizes_are_formatted_in_units_of_1024(size: int, text: str) -> None:
    assert format_size(size) == text


def test_a_size_just_above_a_limit_differs_from_the_limit() -> None:
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
def test_periods_are_formatted_in_the_largest_whole_unit(seconds: int, text: str) -> None:
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
def test_errors_survive_pickling(error: PicHubError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert vars(copy) == vars(error)
    assert str(copy) == str(error)


def test_an_excerpt_is_printable_and_of_bounded_length() -> None:
    assert excerpt("a\n\x00'") == repr("a\n\x00'")
    assert len(excerpt("x" * 10_000)) == 80
    assert excerpt(b"\xff") == r"b'\xff'"


def test_a_template_is_formatted_with_its_facts() -> None:
    error = Busy(
        "{size:size} in {seconds:period} for {name:quoted}", reason="slow", size=2048, seconds=120, name="a'b"
    )
    assert error.details == """2KB in 2 minutes for "a'b\""""
    assert error.params == {"reason": "slow", "size": 2048, "seconds": 120, "name": "a'b", "retry_after": 1}
    assert Busy("no {facts}").details == "no {facts}"


def test_invalid_has_the_params_of_each_field() -> None:
    too_long = FieldError(
        "too_long", "This may have at most {limit} characters; it has {actual}.", limit=2, actual=3
    )
    error = Invalid({"name": [too_long]})
    assert error.message == "This may have at most 2 characters; it has 3."
    assert error.details == f"name: {error.message}"
    assert error.params == {
        "reason": "invalid_fields",
        "fields": {"name": [{"reason": "too_long", "limit": 2, "actual": 3}]},
    }


def test_a_stored_error_is_read_again() -> None:
    error = TooLarge(limit=1, actual=2)
    copy = PicHubError.from_dict(error.to_dict())
    assert copy.to_dict() == error.to_dict()
    assert isinstance(copy, TooLarge)


def test_an_error_stored_by_an_earlier_version_is_read() -> None:
    stored = {
        "code": "PAYLOAD_TOO_LARGE",
        "message": "File too large",
        "details": "Too {large}",
        "fields": {},
    }
    error = PicHubError.from_dict(stored)
    assert (error.message, error.details) == ("File too large", "Too {large}")
    assert error.params == {"reason": "too_large"}


@pytest.mark.parametrize(
    "error",
    [
        InvalidParameter("w", 0, "an integer from 1 to 8192"),
        TooLarge(limit=50 * MEGABYTE, actual=75 * MEGABYTE),
        RateLimited(policy="api", key="", limit=60, period=7200, remaining=0, retry_after=30),
        WrongOffset(offset=5, sent=7),
        SlowConsumer(1000),
        TooSlow(10),
        TooManyPixels("too_many_frames", "The image has more than {limit} frames.", limit=300),
    ],
    ids=lambda error: type(error).__name__,
)
def test_params_have_every_number_of_a_message(error: PicHubError) -> None:
    numbers = re.findall(r"\d[\d,.]*", f"{error.message} {error.details}".replace(",", ""))
    facts = set(re.findall(r"\d+", str(error.params)))
    units = {str(int(fact) // unit) for fact in facts for unit in (60, 3600, 86_400, MEGABYTE)}
    allowed = str(error.params.get("allowed", ""))
    assert [n for n in numbers if n.rstrip(".") not in facts | units and n not in allowed] == []
