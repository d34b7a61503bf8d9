"""The planned codes of which each by itself is known what became of it."""

from collections.abc import Iterable, Iterator, Sequence

from couponhub.migration.judgements import Judgement
from couponhub.models import CodeFileRules
from couponhub.state.codesets import comparable


class KnownCodes:
    """Planned codes with the judgement about each; the last one counts.

    Args:
        rules: How the target's vendor compares codes.
    """

    def __init__(self, rules: CodeFileRules) -> None:
        self._rules = rules
        self._judgements: dict[str, Judgement] = {}
        self._spelled: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._judgements)

    def __contains__(self, key: str) -> bool:
        return key in self._judgements

    def key(self, code: str) -> str:
        """Return a code as the target's vendor compares it."""
        return self.keys((code,))[0]

    def keys(self, codes: Sequence[str]) -> Sequence[str]:
        """Return codes as the target's vendor compares them."""
        return comparable(
            codes, ignores_case=self._rules.ignores_case, ignores_blanks=self._rules.ignores_blanks
        )

    def put(self, code: str, judgement: Judgement) -> None:
        """Note the judgement about a planned code."""
        key = self.key(code)
        self._judgements[key] = judgement
        if judgement.is_as_planned:
            self._spelled.pop(key, None)
        else:
            self._spelled[key] = code

    def judgement(self, code: str) -> Judgement | None:
        """Return the judgement about a code; None where nothing is known of it by itself."""
        return self._judgements.get(self.key(code))

    def count_in(self, batches: Iterable[Sequence[str]], *, missing: bool = False) -> int:
        """Count those of the codes that are known; with `missing` those that are known not to be there."""
        return sum(
            1
            for batch in batches
            for key in self.keys(batch)
            if (found := self._judgements.get(key)) is not None
            if not missing or found.code_class.value == "-"
        )

    def others(self, batches: Iterable[Sequence[str]]) -> Iterator[str]:
        """Give those of the codes that are not known, as they are spelled."""
        for batch in batches:
            for key, code in zip(self.keys(batch), batch, strict=True):
                if key not in self._judgements:
                    yield code

    def by_judgement(self) -> Iterator[tuple[Judgement, int, Iterable[str]]]:
        """Give each judgement, how many codes have it, and their names where they are not as planned."""
        counts: dict[Judgement, int] = {}
        names: dict[Judgement, list[str]] = {}
        for key, judgement in self._judgements.items():
            counts[judgement] = counts.get(judgement, 0) + 1
            if key in self._spelled:
                names.setdefault(judgement, []).append(self._spelled[key])
        for judgement, count in counts.items():
            yield judgement, count, names.get(judgement, ())
