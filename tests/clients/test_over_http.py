"""Audits of the GraphQL over HTTP specification."""

from tests.clients.conftest import Clients

AUDITS = 61


def test_graphql_over_http_audits(clients: Clients) -> None:
    results = clients.run("audit.js")
    assert [result for result in results if result[2] != "ok"] == []
    assert len(results) == AUDITS
