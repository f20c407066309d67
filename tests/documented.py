"""The tables in docs/ that are printed from the code. `python -m tests.documented` writes them anew."""

import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path

from app import settings
from app.events.catalogue import CATALOGUE
from app.imaging import params
from app.uploads.clients.catalogue import UPLOAD_CLIENTS
from app.webhooks import schedule
from app.webhooks.outcomes import DESCRIPTIONS
from compat_rest.errors import STATUS
from compat_rest.routes import API

DOCS = Path(__file__).parents[1] / "docs"


def table(titles: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(titles)]
    lines.append(["---"] * len(lines[0]))
    lines += [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def parameters() -> str:
    rows = [(f"`{name}`", values, default, about) for name, values, default, about in params.table()]
    return table(("parameter", "values", "default", "description"), rows)


def routes() -> str:
    rows = [(f"`{', '.join(methods)}`", f"`/v1{path}`") for path, methods in API.items()]
    return table(("methods", "path"), rows)


def statuses() -> str:
    phrases = {status.value: status.phrase for status in HTTPStatus} | {460: "Checksum Mismatch (of tus)"}
    return table(("status", "code", ""), [(s, f"`{code}`", phrases[s]) for code, s in STATUS.items()])


def attempts() -> str:
    rows = [(str(number), wait, since) for number, wait, since in schedule.table()]
    return table(("attempt", "delay", "after the event"), rows)


def outcomes() -> str:
    return table(("outcome", ""), [(f"`{outcome.value}`", about) for outcome, about in DESCRIPTIONS.items()])


def event_types() -> str:
    rows = [
        (f"`{kind.value}`", " ".join((happening.__doc__ or "").split()))
        for kind, happening in CATALOGUE.items()
    ]
    return table(("type", ""), rows)


def variables() -> str:
    defaults = {
        "PICHUB_TRANSFORM_WORKERS": "one a core",
        "PICHUB_PUBLIC_URL": "",
        "PICHUB_GRAPHQL_DOCUMENTS": "none",
        "PICHUB_TRUSTED_PROXIES": "none",
        "PICHUB_WEBHOOK_ALLOW_NETWORKS": "none",
    }
    rows = [
        (f"`{name}`", defaults.get(name, default), about)
        for name, default, about in settings.settings_table()
    ]
    return table(("variable", "default", "description"), rows)


def graphql_limits() -> str:
    rows = [
        (about, f"{int(default):,}", f"`{name}`")
        for name, default, about in settings.settings_table()
        if name.startswith("PICHUB_GRAPHQL_MAX_")
    ]
    return table(("limit", "default", "setting"), rows)


def events() -> str:
    rows = [(f"`{kind.value}`", " ".join((of.__doc__ or "").split())) for kind, of in CATALOGUE.items()]
    return table(("type", "description"), rows)


def uploaders() -> str:
    rows = [
        (tool.title, f"`/v1/uploaders/{name}`", f"`{tool.filename}`") for name, tool in UPLOAD_CLIENTS.items()
    ]
    return table(("tool", "URL", "file"), rows)


TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("transforms.md", "parameters"): parameters,
    ("events.md", "events"): events,
    ("graphql.md", "limits"): graphql_limits,
    ("rest.md", "routes"): routes,
    ("rest.md", "statuses"): statuses,
    ("settings.md", "settings"): variables,
    ("uploaders.md", "uploaders"): uploaders,
    ("webhooks.md", "events"): event_types,
    ("webhooks.md", "schedule"): attempts,
    ("webhooks.md", "outcomes"): outcomes,
}


def with_table(text: str, name: str, printed: str) -> str:
    """The page with the table between its marks replaced."""
    marks = re.compile(rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- end -->)", re.DOTALL)
    assert marks.search(text), f"the page has no place for the table {name!r}"
    return marks.sub(lambda match: f"{match[1]}\n{printed}\n\n{match[2]}", text, count=1)


if __name__ == "__main__":
    for (page, name), printed in TABLES.items():
        path = DOCS / page
        path.write_text(with_table(path.read_text(), name, printed()))
