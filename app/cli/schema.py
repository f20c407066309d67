import click

from app.settings import Settings


@click.command()
def schema() -> None:
    """Print the GraphQL schema."""
    from app.graphql.schema import build_schema  # a server starts faster without it

    click.echo(build_schema(Settings()).as_str())
