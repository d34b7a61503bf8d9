"""Proofs as they are written down: without a code, and with the moment from which on all of them were balanced."""

import logging
from datetime import datetime

import attrs

from couponhub.errors import LocalError, Unbalanced
from couponhub.migration.run_log import VERIFIED, RunLog
from couponhub.models import MigrationProof
from couponhub.serialization import from_document, to_document
from couponhub.state import MigrationLog

_log = logging.getLogger(__name__)
_TRIES = 5


def newest_proof(log: RunLog) -> MigrationProof | None:
    """Return the newest proof that was written down, without its differences; None where there is none."""
    document = log.last(VERIFIED).get("proof")
    return None if document is None else from_document(document, MigrationProof)


def written_down(proof: MigrationProof, log: MigrationLog) -> MigrationProof:
    """Write a proof down, and return it with the moment from which on every proof was balanced.

    Where nothing can be written, as in a copy of the state that is only to be read, it is told once and left.
    """
    for attempt in range(_TRIES):
        logged = RunLog.read(log, proof.id)
        proof = attrs.evolve(proof, since=_since(proof, newest_proof(logged)))
        document = to_document(attrs.evolve(proof, differences=()))
        try:
            logged.write(VERIFIED, _message(proof), proof=document)
            break
        except LocalError as error:
            # Somebody may just have written an event of their own, on which a proof does not depend.
            if attempt + 1 == _TRIES or len(RunLog.read(log, proof.id).logged) == len(logged.logged):
                _log.warning("the proof of %s was not written down: %s", proof.id, error.message)
                break
    return proof


def fault_of(proof: MigrationProof) -> Unbalanced | None:
    """Return what is wrong with a proof; None with a balanced one."""
    if proof.balanced:
        return None
    return Unbalanced(
        f"{proof.id} does not balance: {_told(proof)}",
        hint=f"`couponhub migrate verify {proof.id} --out FILE` names the codes; the notes say what could not be known",
    )


def _since(proof: MigrationProof, before: MigrationProof | None) -> datetime | None:
    if not proof.balanced:
        return None
    return before.since if before is not None and before.balanced and before.since else proof.at


def _message(proof: MigrationProof) -> str:
    return "it balances" if proof.balanced else f"it does not balance: {_told(proof)}"


def _told(proof: MigrationProof) -> str:
    words = {"-": "missing", "+": "unexpected", "*": "different", "!": "not to be known"}
    told = [f"{proof.classes[sign]:,} {word}" for sign, word in words.items() if proof.classes.get(sign)]
    assumed, equation = proof.evidence.get("assumed", 0), proof.equation
    if assumed:
        told.append(f"{assumed:,} merely assumed")
    if proof.double_issued:
        told.append(f"{proof.double_issued:,} in two hands")
    if equation.unknown and not proof.classes.get("!"):
        told.append(f"{equation.unknown:,} handed out to nobody knows whom")
    if not equation.balances:
        told.append("the sum of all fates is not the number of codes")
    return ", ".join(told) or "what the source handed out since cannot be found out"
