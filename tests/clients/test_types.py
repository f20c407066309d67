from tests import npm
from tests.clients.conftest import Clients


def test_graphql_codegen_types_compile(clients: Clients) -> None:
    folder = clients.folder / "types"
    npm.CLIENTS.run(
        npm.CLIENTS.program("@graphql-codegen/cli", "esm/bin.js"), "--config", "codegen.json", folder=folder
    )
    npm.CLIENTS.run(npm.CLIENTS.program("typescript", "bin/tsc"), "--project", ".", folder=folder)
