"""The command `pichub`."""

import gc
from importlib import import_module

import click

COMMANDS = {
    "serve": "serve",
    "worker": "worker",
    "migrate": "serve",
    "upload": "upload",
    "account": "accounts",
    "token": "tokens",
    "secret": "secret",
    "webhook": "webhook",
    "sweep": "sweep",
    "copy-database": "copy",
    "copy-storage": "copying",
    "doctor": "doctor",
    "health": "health",
    "schema": "schema",
}
"""Each command, and the module here that has it."""


class LazyGroup(click.Group):
    """Commands that are imported when they are called: a server starts without what only others need."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        gc.disable()  # what is imported stays: to look through it again and again is a tenth of a start
        try:
            command: click.Command = getattr(
                import_module(f"app.cli.{COMMANDS[cmd_name]}"), cmd_name.replace("-", "_")
            )
        finally:
            gc.freeze()
            gc.enable()
        return command


@click.group(cls=LazyGroup)
@click.version_option(package_name="pichub")
def main() -> None:
    """PicHub: an image host that you run yourself."""
