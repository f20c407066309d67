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
"""Commands, and the modules that define them."""


class LazyGroup(click.Group):
    """Imports commands when they are called, so that the server starts without the imports of the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        gc.disable()  # exclude loaded objects from garbage collection, which would take a tenth of the start
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
    """PicHub: a self-hosted image host."""
