"""`couponhub completion`: what a shell has to read to complete our commands."""

import click

from couponhub.cli.completing import script
from couponhub.cli.options import GlobalCommand
from couponhub.cli.stdout import on_stdout, write

SHELLS = ("bash", "zsh", "fish")


@click.command("completion", cls=GlobalCommand)
@click.argument("shell", type=click.Choice(SHELLS), metavar="bash|zsh|fish")
def command(shell: str) -> None:
    """Print the script that completes commands, options and the names of connections in a shell.

    In ~/.bashrc: eval "$(couponhub completion bash)". In ~/.zshrc, after compinit: eval "$(couponhub completion zsh)".
    For fish: couponhub completion fish > ~/.config/fish/completions/couponhub.fish
    """
    with on_stdout():
        write(script(shell))
