import click

from app.settings import Settings


@click.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from app.graphql.schema import build_schema  # imported late: the server starts faster

    click.echo(build_schema(Settings()).as_str())
