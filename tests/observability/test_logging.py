"""Log formats for people and for programs."""

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


def formatted(formatter: logging.Formatter, message: str, *args: object, **more: object) -> str:
    output = StringIO()
    logger = logging.Logger("pichub.test")
    handler = logging.StreamHandler(output)
    handler.setFormatter(formatter)
    logger.addHandler(handler)
    logger.warning(message, *args, **more)  # type: ignore[arg-type]
    return output.getvalue()


def test_a_text_line_has_time_level_logger_and_request() -> None:
    with request_context(RequestInfo("abcd1234")):
        line = formatted(TextFormatter(), "it took %d s", 3)
    time, _, rest = line.partition(" ")
    assert len(time) == len("2026-01-01T00:00:00.000Z")
    assert rest == "WARNING pichub.test: it took 3 s request=abcd1234\n"
    assert "request=" not in formatted(TextFormatter(), "outside of a request")


def test_a_json_line_is_an_object_with_its_facts() -> None:
    with request_context(RequestInfo("abcd1234")):
        line = json.loads(formatted(JsonFormatter(), "done\nand stored", extra={"facts": {"status": 200}}))
    assert line.pop("time")
    assert line == {
        "level": "warning",
        "logger": "pichub.test",
        "message": "done\nand stored",
        "request_id": "abcd1234",
        "status": 200,
    }


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_traceback_has_no_passwords(formatter: logging.Formatter) -> None:
    try:
        raise OSError("postgres://pichub:hunter2@10.0.0.7/pichub refused")  # noqa: TRY301
    except OSError:
        line = formatted(formatter, "lost redis://:hunter2@cache", exc_info=sys.exc_info())
    assert "Traceback" in line
    assert "postgres://10.0.0.7/pichub refused" in line
    assert "hunter2" not in line


def test_a_message_cannot_forge_a_line() -> None:
    assert formatted(TextFormatter(), "name %s", "x\n2026 ERROR\x1b[2J").count("\n") == 1


def test_bind_adds_to_the_current_request_if_any() -> None:
    bind(account_id="acc_1")
    info = RequestInfo("abcd1234")
    with request_context(info):
        bind(account_id="acc_1")
        bind(operation="query")
    assert (info.account_id, info.operation) == ("acc_1", "query")


def test_text_without_credentials_is_unchanged() -> None:
    assert mask_passwords("ann@example.org http://a/b") == "ann@example.org http://a/b"


def test_an_unavailable_engine_is_logged_in_one_line_and_a_bug_with_its_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = logging.getLogger("pichub.test")
    for error in (DatabaseUnreachable(), KeyError("x")):
        logs.log_failure(log, error, "it could not be done")
    assert [(record.levelname, bool(record.exc_info)) for record in caplog.records] == [
        ("WARNING", False),
        ("ERROR", True),
    ]
    assert "it could not be done: The database is unreachable" in caplog.text
