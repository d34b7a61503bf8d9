"""`couponhub migrate`: the commands that prove what became of the codes."""

from datetime import datetime

import click

from couponhub.cli.commands.migrate_runs import named
from couponhub.cli.completing import files
from couponhub.cli.failures import say, tell
from couponhub.cli.numbers import Whole
from couponhub.cli.options import GlobalCommand, GlobalOptions, pass_options
from couponhub.cli.output import as_table, print_one
from couponhub.cli.proof_view import PROOF_FIELDS, print_proof_tables
from couponhub.cli.session import Seconds, opened_hub, told_if_interrupted
from couponhub.errors import UsageError
from couponhub.hub import CouponHub
from couponhub.migration.proofs import fault_of
from couponhub.models import MigrationProof
from couponhub.serialization import error_object, instant_text, to_document


@click.command("verify", cls=GlobalCommand)
@named
@click.option(
    "--sample",
    type=Whole(0),
    default=1000,
    show_default=True,
    metavar="N",
    help="The most customers, and the most free codes, that the target is asked about.",
)
@click.option("--seed", type=int, default=0, metavar="S", help="Chooses the sample: the same one the same.")
@click.option(
    "--out",
    metavar="FILE",
    shell_complete=files,
    help="Name all codes that are not as planned in a new file.",
)
@click.option("--watch", is_flag=True, help="Go on until Ctrl-C, with a line for each change.")
@click.option(
    "--every",
    type=Seconds(),
    metavar="SECONDS",
    help="With --watch: between two looks; default: 60.",
)
@pass_options
def verify(
    options: GlobalOptions,
    *,
    migration: str,
    sample: int,
    seed: int,
    out: str | None,
    watch: bool,
    every: float | None,
) -> None:
    """Compare the target with the plan: each code in one class, and how that is known.

    = is there, - missing, + unexpected, * different, ! could not be known. Exits with 0 only when every code is accounted
    for, nothing is unknown and nothing merely assumed, else with 3. Nothing is changed anywhere.
    """
    if watch and out is not None:
        raise UsageError("--out is of one proof, and --watch makes many", hint="run it once without --watch")
    if every is not None and not watch:
        raise UsageError("--every goes with --watch")
    with opened_hub(options) as hub:
        if watch:
            proof = _watched(hub, migration, sample=sample, seed=seed, every=every or 60.0)
        else:
            with told_if_interrupted("nothing was changed"):
                proof = hub.migrations.verify(migration, sample=sample, seed=seed, out=out)
    _print(options, proof, out)


def _watched(hub: CouponHub, migration: str, *, sample: int, seed: int, every: float) -> MigrationProof:
    """Follow the proofs until somebody ends it; return the last one."""
    proof: MigrationProof | None = None
    try:
        for proof in hub.migrations.watch(migration, sample=sample, seed=seed, every=every):
            say(f"{_local(proof.at)}: {_line(proof)}")
    except KeyboardInterrupt:
        if proof is None:
            say("interrupted; nothing was proven yet")
            raise click.exceptions.Exit(130) from None
    assert proof is not None  # noqa: S101 - watching has no end of its own
    say(_line(proof))
    return proof


def _print(options: GlobalOptions, proof: MigrationProof, out: str | None) -> None:
    document = to_document(proof, raw=False)
    fault = fault_of(proof)
    if fault is not None:
        document["error"] = error_object(fault)
    print_one(options, document, PROOF_FIELDS)
    if as_table(options):
        print_proof_tables(document)
    if out is not None:
        say(f"all codes that are not as planned are in {out}")
    if fault is not None:
        tell(fault)
        raise click.exceptions.Exit(fault.exit_code)


def _line(proof: MigrationProof) -> str:
    if proof.balanced and proof.since is not None:
        return f"balanced since {_local(proof.since)}"
    told = " ".join(f"{sign} {count:,}" for sign, count in proof.classes.items() if count)
    return f"not balanced: {told}"


def _local(moment: datetime) -> str:
    text: str = instant_text(moment)
    return text


COMMANDS = (verify,)
