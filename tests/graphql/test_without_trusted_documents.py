"""Without trusted documents, any document is run and ids are not supported."""

from pathlib import Path

from tests.graphql.test_trusted_documents import VIEWER, VIEWER_DATA, apollo, code
from tests.graphql.transports import over_http
from tests.pichub import house


async def test_persisted_queries_are_reported_as_unsupported(tmp_path: Path) -> None:
    async with house(tmp_path / "open") as without:
        response = await over_http(without, apollo("00"))
        assert response["errors"][0]["message"] == "PersistedQueryNotSupported"
        assert code(response) == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert await over_http(without, {"query": VIEWER, **apollo("00")}) == {"data": VIEWER_DATA}


async def test_variable_can_be_named_document_id(tmp_path: Path) -> None:
    text = "query($documentId: ID!) { node(id: $documentId) { id } }"
    params = {"query": text, "variables": '{"documentId": "img_1"}'}
    async with house(tmp_path) as built:
        response = await built.client.get("/graphql", params=params, headers=built.headers)
        assert code(response.json()) == "NOT_FOUND"
