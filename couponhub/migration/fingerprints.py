"""Keyed fingerprints of what is to go and of what went, by segments: equal sets are compared without being read again."""

import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import attrs

from couponhub.codes import SegmentDigests, segments_of
from couponhub.migration.kept import KeptMigration
from couponhub.models import CodeFileRules
from couponhub.state import CodeSet

_KEY = "segments.key"
_KEY_BYTES = 32


@attrs.frozen(kw_only=True)
class KeptFingerprints:
    """The fingerprints of one migration, each made when its set is final. What was never kept is made when it is asked for.

    Attributes:
        kept: The files of the migration.
        rules: How the target's vendor compares codes.
    """

    kept: KeptMigration
    rules: CodeFileRules

    def keep_planned(self, batch: int, codes: Iterable[CodeSet], workspace: Path) -> None:
        """Keep the fingerprint of the codes of a batch."""
        self._keep(_planned(batch), codes, workspace)

    def keep_sent(self, upload_id: str, part: int, codes: CodeSet, workspace: Path) -> None:
        """Keep the fingerprint of the codes of a part that was sent, unless it is kept."""
        if self.kept.bytes_of(_sent(upload_id, part)) is None:
            self._keep(_sent(upload_id, part), (codes,), workspace)

    def planned(self, batch: int, codes: Iterable[CodeSet], workspace: Path, key: bytes) -> SegmentDigests:
        """Return the fingerprint of the codes of a batch."""
        return self._found(_planned(batch), codes, workspace, key)

    def sent(
        self, upload_id: str, part: int, codes: Sequence[CodeSet], workspace: Path, key: bytes
    ) -> SegmentDigests:
        """Return the fingerprint of the codes of a part."""
        return self._found(_sent(upload_id, part), codes, workspace, key)

    def key(self) -> bytes:
        """Return the migration's secret, by which its fingerprints are made; a new one where it never had any."""
        return self.kept.bytes_of(_KEY) or secrets.token_bytes(_KEY_BYTES)

    def _keep(self, name: str, codes: Iterable[CodeSet], workspace: Path) -> None:
        if self.kept.bytes_of(_KEY) is None:
            self.kept.keep_bytes(_KEY, secrets.token_bytes(_KEY_BYTES))
        digests = self._made(codes, workspace, self.key())
        self.kept.keep_bytes(name, digests.to_json().encode())

    def _found(self, name: str, codes: Iterable[CodeSet], workspace: Path, key: bytes) -> SegmentDigests:
        content = self.kept.bytes_of(name)
        if content is not None:
            return SegmentDigests.from_json(content.decode())
        return self._made(codes, workspace, key)

    def _made(self, codes: Iterable[CodeSet], workspace: Path, key: bytes) -> SegmentDigests:
        return segments_of(codes, key, workspace, rules=self.rules, are_distinct=True)


def _planned(batch: int) -> str:
    return f"batch-{batch}.segments"


def _sent(upload_id: str, part: int) -> str:
    return f"{upload_id}-{part}.segments"
