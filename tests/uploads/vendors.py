"""Vendors to upload to: they keep what they were sent, lose answers on demand, and are asked what they hold."""

import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto

import attrs

from couponhub.clock import Deadline
from couponhub.errors import NotFound, OutcomeUnknown
from couponhub.models import (
    CodeFile,
    CodeFileRules,
    CouponList,
    FileUrl,
    ListId,
    Part,
    PartId,
    Tagging,
    UploadStatus,
)


class Killed(BaseException):
    """The process ends here, as far as our code can tell."""


class Lost(Enum):
    """What happens to a submission whose answer is lost."""

    BEFORE = auto()
    """The vendor never got it."""
    AFTER = auto()
    """The vendor has it and shows it."""
    LATE = auto()
    """The vendor has it, but shows it only when asked a second time."""


@attrs.define
class StoredFile:
    """A file at the vendor; `content` is None until it was fetched."""

    part: Part
    content: str | None
    url: str | None = None
    tagging: Tagging | None = None
    callback: str | None = None
    hidden_looks: int = 0

    @property
    def codes(self) -> list[str]:
        """The last column of each row below the header."""
        return [row.rpartition(",")[2] for row in (self.content or "").split("\n")[1:-1]]


@attrs.define
class FakeVendor:
    """What both fakes share.

    Attributes:
        fates: For each coming submission: an error to raise with nothing taken, a way to lose the answer, or
            None to take it; beyond the end all are taken.
        look_faults: For each coming look: an error to raise, or None.
        poll_faults: The same for `get_part`.
        listing_faults: The same for `iterate_parts`.
        list_faults: Errors of the first calls of `prepare_list`; `list_fault` is one of all further calls.
        outcome: Makes a processed part of a pending one, given its codes.
        polls_needed: How often a part is asked for until it is processed.
        deadlines: What each call that takes a deadline was given, in seconds.
        total: How many codes the list was given, as far as the vendor tells.
        deletion_fates: For each coming deletion: a way to lose the answer, or None to answer.
    """

    file_rules: CodeFileRules = attrs.field(factory=lambda: CodeFileRules(code_header="Code", max_rows=2))
    limits: Mapping[str, int] = attrs.field(factory=dict)
    files: list[StoredFile] = attrs.field(factory=list)
    fates: list[BaseException | Lost | None] = attrs.field(factory=list)
    look_faults: list[Exception | None] = attrs.field(factory=list)
    poll_faults: list[Exception | None] = attrs.field(factory=list)
    listing_faults: list[Exception | None] = attrs.field(factory=list)
    list_faults: list[Exception] = attrs.field(factory=list)
    list_fault: Exception | None = None
    outcome: Callable[[Part, list[str]], Part] = lambda part, codes: attrs.evolve(
        part, status=UploadStatus.DONE, vendor_status="OK", accepted=len(codes)
    )
    polls_needed: int = 1
    calls: list[str] = attrs.field(factory=list)
    deadlines: list[float | None] = attrs.field(factory=list)
    deletion_fates: list[Lost | None] = attrs.field(factory=list)
    numbers: int = 0
    total: int | None = None

    @property
    def codes(self) -> list[str]:
        """Every code the vendor holds, sorted: one that it was given twice stands twice."""
        return sorted(code for file in self.files for code in file.codes)

    def advice(self, capability: str) -> str:
        """See `Adapter.advice`."""
        return f"instead of {capability}"

    def check(self, *, deadline: Deadline | None = None) -> str:  # noqa: ARG002 - it answers at once
        """See `Adapter.check`."""
        return ""

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        body: object = None,
    ) -> object:
        """See `Adapter.call`."""
        raise NotImplementedError

    def close(self) -> None:
        """See `Adapter.close`."""

    def quota_left(self) -> Mapping[str, int]:
        """See `Adapter.quota_left`."""
        return {}

    def prepare_list(
        self, list_id: ListId, tagging: Tagging | None, *, deadline: Deadline | None = None
    ) -> CouponList:
        """See `AcceptsFiles.prepare_list`."""
        del tagging
        self.deadlines.append(deadline.remaining() if deadline else None)
        self.calls.append("prepare_list")
        if self.list_faults:
            raise self.list_faults.pop(0)
        if self.list_fault is not None:
            raise self.list_fault
        return CouponList(connection="shop", id=list_id, name="Spring", total=self.total)

    def find_submitted(self, list_id: ListId, name: str, *, deadline: Deadline | None = None) -> Part | None:
        """See `AcceptsFiles.find_submitted`."""
        del list_id
        self.deadlines.append(deadline.remaining() if deadline else None)
        self.calls.append("find_submitted")
        if self.look_faults and (fault := self.look_faults.pop(0)):
            raise fault
        for file in self.files:
            if file.part.name == name:
                file.hidden_looks -= 1
                return file.part if file.hidden_looks < 0 else None
        return None

    def get_part(self, list_id: ListId, part_id: PartId, *, deadline: Deadline | None = None) -> Part:
        """See `ReadsParts.get_part`."""
        del list_id
        self.deadlines.append(deadline.remaining() if deadline else None)
        self.calls.append("get_part")
        if self.poll_faults and (fault := self.poll_faults.pop(0)):
            raise fault
        for file in self.files:
            if file.part.id == part_id:
                self._process(file)
                return file.part
        raise NotFound("no such file")

    def delete_part(self, list_id: ListId, part_id: PartId) -> None:
        """See `DeletesParts.delete_part`."""
        del list_id
        self.calls.append("delete_part")
        fate = self.deletion_fates.pop(0) if self.deletion_fates else None
        kept = [file for file in self.files if file.part.id != part_id]
        if fate is None and len(kept) == len(self.files):
            raise NotFound("no such file")
        if fate is not Lost.BEFORE:
            self.files = kept
        if fate is not None:
            raise OutcomeUnknown("no answer")

    def iterate_parts(self, list_id: ListId) -> Iterator[Part]:
        """See `ReadsParts.iterate_parts`."""
        del list_id
        self.calls.append("iterate_parts")
        if self.listing_faults and (fault := self.listing_faults.pop(0)):
            raise fault
        return iter([file.part for file in self.files])

    def take(self, file: StoredFile) -> Part:
        """Take a file, or not, as the next fate will have it."""
        self.calls.append("submit")
        fate = self.fates.pop(0) if self.fates else None
        if isinstance(fate, BaseException):
            raise fate
        if fate is Lost.BEFORE:
            raise OutcomeUnknown("no answer")
        file.hidden_looks = 1 if fate is Lost.LATE else 0
        self.files.append(file)
        if fate is not None:
            raise OutcomeUnknown("no answer")
        return file.part

    def new_part(self, name: str) -> Part:
        """A part as it is right after its submission."""
        self.numbers += 1
        number = str(self.numbers)
        status = UploadStatus.PENDING
        return Part(id=PartId(number), name=name, status=status, vendor_status="NEW", raw={"id": number})

    def _process(self, file: StoredFile) -> None:
        if self.calls.count("get_part") >= self.polls_needed and file.part.accepted is None:
            file.part = self.outcome(file.part, file.codes)


@attrs.define
class FileVendor(FakeVendor):
    """Takes files that are sent to it."""

    def submit_file(
        self, list_id: ListId, file: CodeFile, tagging: Tagging | None, *, deadline: Deadline | None = None
    ) -> Part:
        """See `AcceptsFiles.submit_file`."""
        del list_id
        self.deadlines.append(deadline.remaining() if deadline else None)
        with file.open() as opened:
            content = opened.read().decode()
        assert (len(content.encode()), content.count("\n") - 1) == (file.size, file.rows)
        return self.take(StoredFile(part=self.new_part(file.name), content=content, tagging=tagging))


@attrs.define
class UrlVendor(FakeVendor):
    """Takes URLs, and fetches them when it begins to process; `fetches` says whether it ever does."""

    fetches: bool = True

    def submit_url(
        self,
        list_id: ListId,
        file: FileUrl,
        name: str,
        callback: str | None,
        *,
        deadline: Deadline | None = None,
    ) -> Part:
        """See `AcceptsFileUrls.submit_url`."""
        del list_id
        self.deadlines.append(deadline.remaining() if deadline else None)
        return self.take(StoredFile(part=self.new_part(name), content=None, url=file.url, callback=callback))

    def _process(self, file: StoredFile) -> None:
        if not self.fetches:
            return
        if file.content is None:
            assert file.url is not None
            with urllib.request.urlopen(file.url, timeout=60) as answer:  # noqa: S310 - our own staging server
                file.content = answer.read().decode()
        # Not super(): attrs makes a new class of this one for its slots.
        FakeVendor._process(self, file)
