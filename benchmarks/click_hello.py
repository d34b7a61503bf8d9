"""The smallest click program: what any command line of this kind pays before it does anything."""

import click


@click.command()
@click.option("--name", default="world", help="Whom to greet.")
def hello(name: str) -> None:
    """Greet somebody."""
    click.echo(f"Hello, {name}!")


if __name__ == "__main__":
    hello()
