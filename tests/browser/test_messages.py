"""The dashboard's translations of errors cover the errors that the server can send."""

import ast
import re
from pathlib import Path

from app import errors
from app.errors import PicHubError
from app.graphql.server import trusted_documents

ROOT = Path(__file__).parents[2]
UI = ROOT / "app" / "web" / "ui"
OTHER_CODES = {"PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_NOT_SUPPORTED"}
"""Codes for clients of persisted queries, which the dashboard does not use."""
API_ONLY = {
    *("authentication_required", "command_line_only", "file_reused", "invalid_token", "result_too_large"),
    *("not_a_file", "not_boolean", "not_integer", "not_text", "not_text_list", "token_required"),
    *("too_many_fields", "too_many_files", "unknown_event", "wrong_count"),
    *(
        "cost_limit_exceeded",
        "document_mismatch",
        "first_and_last",
        "incomplete_body",
        "invalid_boundary",
        "invalid_checksum",
    ),
    *("invalid_connection_params", "invalid_content_length", "invalid_document_id", "invalid_field_name"),
    *(
        "invalid_json",
        "invalid_metadata",
        "invalid_multipart",
        "invalid_operation",
        "invalid_persisted_query",
    ),
    *("not_an_object", "not_multipart", "number_too_long", "preflight_required", "too_deep", "unnamed_part"),
    *("unsupported_header", "unsupported_json", "websocket_sign_in", "wrong_length"),
}
"""Reasons that the dashboard's own requests can't cause."""
GENERIC = {
    *("concurrent_changes", "lock_timeout", "no_worker", "processing", "queue_full", "stopping"),
    *("stored_too_late", "too_many_sign_ins", "invalid", "invalid_fields"),
}
"""Reasons for which the title of the code, or the errors of the fields, say enough."""
REASON_ARGUMENT = {"FieldError": 0, "CorruptImage": 0, "TooManyPixels": 0}


def codes() -> set[str]:
    """Return every error code of the server."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    domain = {kind.code for kind in kinds if issubclass(kind, PicHubError)}
    trusted = set(re.findall(r'"([A-Z_]{8,})"', Path(trusted_documents.__file__).read_text()))
    return domain | (trusted - OTHER_CODES)


def reasons() -> set[str]:
    """Return every reason that is given where an error is raised."""
    found = set()
    for path in [*(ROOT / "app").rglob("*.py"), *(ROOT / "compat_rest").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Dict):
                found |= {
                    value.value
                    for key, value in zip(node.keys, node.values, strict=True)
                    if isinstance(key, ast.Constant)
                    and key.value == "reason"
                    and isinstance(value, ast.Constant)
                }
            if not isinstance(node, ast.Call):
                continue
            position = REASON_ARGUMENT.get(node.func.id if isinstance(node.func, ast.Name) else "")
            if isinstance(node.func, ast.Attribute) and node.func.attr in {"field", "add_error"}:
                position = 1
            if position is not None and len(node.args) > position:
                reason = node.args[position]
                found |= {reason.value} if isinstance(reason, ast.Constant) else set()
            found |= {
                keyword.value.value
                for keyword in node.keywords
                if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant)
            }
    return {reason for reason in found if isinstance(reason, str)}


def translated() -> set[str]:
    return set(re.findall(r"^  (\w+): \(", (UI / "base" / "errors.ts").read_text(), re.MULTILINE))


def test_each_code_has_a_title_in_both_languages() -> None:
    source = (UI / "dashboard" / "messages" / "problems.ts").read_text()
    tables = re.findall(r"titles: \{(.*?)\n    \}", source, re.DOTALL)
    named = [set(re.findall(r"^\s+([A-Z_]+):", table, re.MULTILINE)) for table in tables]
    assert named == [codes() | {"NETWORK"}] * 2


def test_each_reason_is_translated() -> None:
    assert reasons() - API_ONLY - GENERIC - translated() == set()


def test_no_translation_is_without_a_reason() -> None:
    of_classes = {errors._snake_case(name) for name, kind in vars(errors).items() if isinstance(kind, type)}
    assert translated() - reasons() - of_classes == set()
