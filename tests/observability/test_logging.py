"""How lines look, for people and for programs."""

import json
import logging
import sys
from io import StringIO

import pytest

from app.errors import DatabaseUnreachable
from app.observability import logging as logs
from app.observability.logging import (
    JsonFormatter,
    RequestInfo,
    TextFormatter,
    bind,
    mask_passwords,
    request_context,
)


def said(formatter: logging.Formatter, message: str, *args: object, **more: object) -> str:
    heard = StringIO()
    logger = logging.Logger("pichub.test")
    handler = logging.StreamHandler(heard)
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    logger.warning(message, *args, **more)  # type: ignore[arg-type]
    return heard.getvalue()


def test_a_line_for_people_has_time_level_logger_and_request() -> None:
    with request_context(RequestInfo("abcd1234")):
        line = said(TextFormatter(), "it took %d s", 3)
    time, _, rest = line.partition(" ")
    assert len(time) == len("2026-01-01T00:00:00.000Z")
    assert rest == "WARNING pichub.test: it took 3 s request=abcd1234\n"
    assert "request=" not in said(TextFormatter(), "nobody asked")


def test_a_line_for_programs_is_an_object_with_its_facts() -> None:
    with request_context(RequestInfo("abcd1234")):
        line = json.loads(said(JsonFormatter(), "done\nand dusted", extra={"facts": {"status": 200}}))
    assert line.pop("time")
    assert line == {
        "level": "warning",
        "logger": "pichub.test",
        "message": "done\nand dusted",
        "request_id": "abcd1234",
        "status": 200,
    }


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_traceback_is_told_without_passwords(formatter: logging.Formatter) -> None:
    try:
        raise OSError("postgres://pichub:hunter2@10.0.0.7/pichub refused")  # noqa: TRY301
    except OSError:
        line = said(formatter, "lost redis://:hunter2@cache", exc_info=sys.exc_info())
    assert "Traceback" in line
    assert "postgres://10.0.0.7/pichub refused" in line
    assert "hunter2" not in line


def test_a_message_can_not_begin_a_line_of_its_own() -> None:
    assert said(TextFormatter(), "name %s", "x\n2026 ERROR\x1b[2J").count("\n") == 1


def test_what_is_learnt_of_a_request_is_noted_and_no_request_needs_nothing() -> None:
    bind(account_id="acc_1")
    asked = RequestInfo("abcd1234")
    with request_context(asked):
        bind(account_id="acc_1")
        bind(operation="query")
    assert (asked.account_id, asked.operation) == ("acc_1", "query")


def test_text_without_a_sign_in_stays_as_it_is() -> None:
    assert mask_passwords("ann@example.org http://a/b") == "ann@example.org http://a/b"


def test_an_engine_that_is_away_is_a_line_and_a_mistake_of_ours_says_where(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("pichub.test")
    for error in (DatabaseUnreachable(), KeyError("x")):
        logs.log_failure(log, error, "it could not be done")
    assert [(each.levelname, bool(each.exc_info)) for each in caplog.records] == [
        ("WARNING", False),
        ("ERROR", True),
    ]
    assert "it could not be done: The database is unreachable" in caplog.text
