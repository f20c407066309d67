"""The command `pichub`."""

import click

from app.cli.accounts import account
from app.cli.schema import print_schema
from app.cli.secret import secret
from app.cli.serve import migrate, serve
from app.cli.tokens import token
from app.cli.webhook import webhook


@click.group()
@click.version_option(package_name="pichub")
def main() -> None:
    """PicHub: an image host that you run yourself."""


for command in (serve, migrate, print_schema, account, token, secret, webhook):
    main.add_command(command)
