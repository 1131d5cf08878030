"""`deploy completion`: what a shell needs to complete commands, options and names of sites."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

COMPLETION_EXAMPLES = """\b
Examples:
  deploy completion bash >> ~/.bashrc
  deploy completion zsh >> ~/.zshrc
  deploy completion fish > ~/.config/fish/completions/deploy.fish
"""


@click.command(epilog=COMPLETION_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion script for your shell."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"{shell} is not supported.")
    click.echo(kind(context.find_root().command, {}, "deploy", "_DEPLOY_COMPLETE").source())
