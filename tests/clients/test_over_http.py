"""GraphQL over HTTP as its own auditors read it."""

from tests.clients.conftest import Clients

AUDITS = 61


def test_every_audit_of_graphql_over_http_is_passed(clients: Clients) -> None:
    results = clients.told("audit.js")
    assert [result for result in results if result[2] != "ok"] == []
    assert len(results) == AUDITS
