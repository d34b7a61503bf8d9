"""A bucket as the place of sets: what is put there, what comes back, and what ends."""

from pathlib import Path

import pytest

from couponhub.codes.joins import places
from couponhub.codes.joins.places import place_run
from couponhub.errors import ConfigError
from tests.kit.buckets import ask


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_a_bucket_holds_the_work_as_long_as_it_runs(
    s3_endpoint: str, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Spelled as the cluster spells it; tables come back by their files alone, and all of it ends, what is others' stays."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    ask(f"{s3_endpoint}/{s3_bucket}/sets/others/0.parquet", "PUT", b"theirs")
    source, folder = tmp_path / "source", tmp_path / "folder"
    source.write_bytes(b"rows" * 1_000_000)
    folder.mkdir()
    with place_run(f"{scheme}://{s3_bucket}/sets", folder) as run:
        assert run.url.startswith(f"{scheme}://{s3_bucket}/sets/couponhub-sets-")
        assert not run.has("1/codes")
        for name in ("000000.parquet", "part-1.parquet", "_SUCCESS", "_temporary/0.parquet", ".part.parquet"):
            run.put(f"1/codes/{name}", source)
        assert run.has("1/codes")
        found = [*run.parts("1/codes", folder)]
        assert [source.read_bytes()] * 2 == [path.read_bytes() for path in found]
        assert {folder} == {path.parent for path in found}
        run.put("2/codes/0.parquet", source)
        run.remove("1")
        assert (False, True) == (run.has("1/codes"), run.has("2/codes"))
    listed = ask(f"{s3_endpoint}/{s3_bucket}?list-type=2").decode()
    assert (1, 1) == (listed.count("<Key>"), listed.count("<Key>sets/others/0.parquet</Key>"))


def test_what_a_killed_process_left_in_a_bucket_ends(
    s3_endpoint: str, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once nothing was put there for a day, by the bucket's clock."""
    from datetime import timedelta

    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    ask(f"{s3_endpoint}/{s3_bucket}/couponhub-sets-left/1/codes/0.parquet", "PUT", b"codes")
    ask(f"{s3_endpoint}/{s3_bucket}/others/0.parquet", "PUT", b"theirs")
    with place_run(f"s3://{s3_bucket}", tmp_path):
        assert "couponhub-sets-left" in ask(f"{s3_endpoint}/{s3_bucket}?list-type=2").decode()
    monkeypatch.setattr(places, "_OLD", timedelta(seconds=-1))
    with place_run(f"s3://{s3_bucket}", tmp_path):
        listed = ask(f"{s3_endpoint}/{s3_bucket}?list-type=2").decode()
        assert "couponhub-sets-left" not in listed
        assert "<Key>others/0.parquet</Key>" in listed


def test_a_bucket_that_is_not_there_is_one_line(
    s3_endpoint: str, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the setting that names it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_endpoint)
    with (
        pytest.raises(
            ConfigError, match=f"there is no bucket to put a set into: s3://not-{s3_bucket}"
        ) as caught,
        place_run(f"s3://not-{s3_bucket}", tmp_path),
    ):
        pass
    assert "correct [sets] place" in str(caught.value.hint)
