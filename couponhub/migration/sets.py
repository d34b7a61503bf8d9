"""From sources to the classes of codes, each code in one of them, and to the files that will be sent."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs

from couponhub.code_desk.sources import NamedCodes, Sources, list_of
from couponhub.codes import intersect, subtract
from couponhub.codes.joins.settings import SetsSettings
from couponhub.codes.writing import csv_rows
from couponhub.errors import LocalError
from couponhub.intake.source import name_of
from couponhub.migration.code_files import as_set, code_file, create, digest_of, lines_of
from couponhub.migration.held_codes import CLASSES, FoundCodes
from couponhub.models import CodeFileRules, MigrationCounts, PlanSource
from couponhub.state import TextCodeSet

ISSUED_COLUMNS = ("customer_kind", "customer", "code", "issued_at", "expires_at")


@attrs.frozen(kw_only=True)
class CodesOfSources:
    """The codes of the sources that were named.

    Attributes:
        sets: In the order of the sources; a code may stand in several.
        sources: As they were named.
    """

    sets: tuple[TextCodeSet, ...]
    sources: tuple[PlanSource, ...]


@attrs.frozen(kw_only=True)
class CodeClasses:
    """The codes of the source list, each in one class.

    Attributes:
        folder: Where `all.csv`, `issued.csv`, `redeemed.csv`, `expired.csv` and `free.csv` lie.
        counts: Of each; `unknown` is not told yet.
        given_out: Codes that customers hold, or held.
        from_holders: Codes that no source of codes has, and a customer does.
        fingerprints: Of each class that is not empty, by its name.
        kinds: How many issued codes are held by customers who are named by a kind of identifier; "" for nobody knows whom.
        ends: How many issued codes end at a moment of their own, as in JSON; "" for none that is known.
    """

    folder: Path
    counts: MigrationCounts
    given_out: int
    from_holders: int
    fingerprints: Mapping[str, str]
    kinds: Mapping[str, int]
    ends: Mapping[str, int]


def read_codes(named: Iterable[NamedCodes], sources: Sources) -> CodesOfSources:
    """Read the sources of codes.

    Raises:
        NotFound: Nothing was sent from here to a list that is named.
        UsageError: A file is no code file, or has faulty rows, which are told by line.
        LocalError: One cannot be read, or changed while it was.
    """
    sets: list[TextCodeSet] = []
    read: list[PlanSource] = []
    for source in named:
        found = _texts(source, sources)
        rows = sum(text.count(b"\n") for one in found for text in one.texts())
        if list_of(source) is None:
            name, digest = name_of(source), file_digest(Path(name_of(source)))
        else:
            name, digest = str(source), hashlib.sha256(_set_digest(found, sources).encode()).hexdigest()
        sets += found
        read.append(PlanSource(role="codes", name=name, rows=rows, sha256=digest))
    return CodesOfSources(sets=tuple(sets), sources=tuple(read))


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hex.

    Raises:
        LocalError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LocalError(f"cannot read {path}: {error.strerror}") from error


def classify(
    codes: CodesOfSources,
    found: FoundCodes,
    folder: Path,
    *,
    rules: CodeFileRules,
    is_over: bool,
    engine: SetsSettings | None = None,
) -> CodeClasses:
    """Sort all codes into classes, and write each to a file.

    Args:
        codes: Of the sources.
        found: What was given out; codes of it that no source has belong to the list, too.
        folder: A new private folder.
        rules: How the source's vendor compares codes.
        is_over: The source list has ended: its codes are expired, but for those that were redeemed.
        engine: Of large sets; None for this process.

    Raises:
        LocalError: The disk is full, a source was removed meanwhile, or the cluster failed.
        ConfigError: What the cluster takes is missing.
    """
    folder.mkdir(mode=0o700)
    sets: Sequence[TextCodeSet] = (*codes.sets, *(one for one in found.every if one.size))
    total = subtract(sets, (), folder / "all.csv", folder, rules=rules, engine=engine).apart
    every = as_set(folder / "all.csv")
    in_sources = total
    if any(one.size for one in found.every) and codes.sets:
        in_sources = (
            total
            - subtract((every,), codes.sets, folder / "held.csv", folder, rules=rules, engine=engine).apart
        )
    texts: dict[str, TextCodeSet] = {}
    for name in CLASSES:
        path = folder / f"{name}.codes.csv"
        intersect((every,), found.classes[name], path, folder, rules=rules, engine=engine)
        texts[name] = as_set(path)
    given_out = [one for name in CLASSES for one in found.classes[name]]
    free = subtract((every,), given_out, folder / "free.codes.csv", folder, rules=rules, engine=engine).apart
    texts["free"] = as_set(folder / "free.codes.csv")
    groups: dict[str, tuple[TextCodeSet, ...]] = {
        name: (texts[name],) for name in ("redeemed", "expired", "free")
    }
    if is_over:
        groups = {**groups, "expired": (texts["expired"], texts["free"]), "free": ()}
    for name, group in groups.items():
        code_file(folder / f"{name}.csv", group)
    kinds, ends = _write_issued(folder / "issued.csv", texts["issued"], found)
    groups["issued"] = (texts["issued"],)
    counts = {name: sum(map(lines_of, group)) for name, group in groups.items()}
    return CodeClasses(
        folder=folder,
        counts=MigrationCounts(all=total, **counts),
        given_out=total - free,
        from_holders=total - in_sources,
        fingerprints={
            name: digest_of(text for one in groups[name] for text in one.texts())
            for name in (*CLASSES, "free")
            if counts[name]
        },
        kinds=kinds,
        ends=ends,
    )


def _write_issued(
    path: Path, issued: TextCodeSet, found: FoundCodes
) -> tuple[Mapping[str, int], Mapping[str, int]]:
    kinds: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    with create(path) as file:
        file.write(csv_rows([ISSUED_COLUMNS]))
        for codes in issued.batches() if issued.size else ():
            holders = list(found.holders(codes))
            kinds.update(one.kind for one in holders)
            ends.update(one.expires_at for one in holders)
            file.write(
                csv_rows(
                    [
                        (one.kind, one.customer, code, one.issued_at, one.expires_at)
                        for one, code in zip(holders, codes, strict=True)
                    ]
                )
            )
    return dict(kinds), dict(ends)


def _texts(source: NamedCodes, sources: Sources) -> tuple[TextCodeSet, ...]:
    """Return the codes of a source as files, which those that the state keeps are, or are copied to."""
    texts: list[TextCodeSet] = []
    for number, one in enumerate(sources.code_sets(source)):
        if isinstance(one, TextCodeSet):
            texts.append(one)
            continue
        path = sources.workspace / f"copy-{len(list(sources.workspace.iterdir()))}-{number}"
        with create(path) as file:
            for batch in one.batches():
                file.write("".join(f"{code}\n" for code in batch).encode())
        texts.append(TextCodeSet(path))
    return tuple(texts)


def _set_digest(sets: Sequence[TextCodeSet], sources: Sources) -> str:
    from couponhub.codes import fingerprint  # noqa: PLC0415 - of lists alone

    return fingerprint(sets, b"", sources.workspace)
