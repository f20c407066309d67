"""Where no documents are trusted, any is run; their ids say nothing."""

from pathlib import Path

from tests.graphql.test_trusted_documents import NOBODY, VIEWER, apollo, code
from tests.graphql.ways import over_http
from tests.pichub import house


async def test_apollos_clients_read_from_the_message_that_there_are_no_documents(tmp_path: Path) -> None:
    async with house(tmp_path / "open") as without:
        answer = await over_http(without, apollo("00"))
        assert answer["errors"][0]["message"] == "PersistedQueryNotSupported"
        assert code(answer) == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert await over_http(without, {"query": VIEWER, **apollo("00")}) == {"data": NOBODY}


async def test_a_variable_may_have_the_name_of_the_id(tmp_path: Path) -> None:
    text = "query($documentId: ID!) { node(id: $documentId) { id } }"
    params = {"query": text, "variables": '{"documentId": "img_1"}'}
    async with house(tmp_path) as built:
        answer = await built.client.get("/graphql", params=params, headers=built.headers)
        assert code(answer.json()) == "NOT_FOUND"
