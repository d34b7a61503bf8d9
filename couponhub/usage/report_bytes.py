"""The text of a report on its way to whoever takes it apart."""

import codecs
from collections.abc import Callable, Iterator

from couponhub.errors import LocalError, UsageError
from couponhub.usage.opening import MakeFault


class ReportBytes:
    """The text of a report in blocks: counted, told, and refused where it is no UTF-8.

    Attributes:
        tail: What stands behind the last line end so far.
    """

    def __init__(
        self,
        blocks: Iterator[bytes],
        most: int,
        told: Callable[[bytes], object],
        fault: MakeFault,
        row: Callable[[], int],
    ) -> None:
        self._blocks = blocks
        self._most = most
        self._told = told
        self._fault = fault
        self._row = row
        self.tail = b""

    def __iter__(self) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        total = 0
        try:
            for block in self._read():
                total += len(block)
                if total > self._most:
                    raise self._fault(
                        f"it is more than {self._most:,} bytes when unpacked",
                        "no report is that large; if it is one, request fewer days at a time",
                    )
                if decoder.getstate()[0] or not block.isascii():
                    decoder.decode(block)
                cut = block.rfind(b"\n") + 1
                self.tail = block[cut:] if cut else self.tail + block
                yield block
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            raise self._fault(
                f"it is neither UTF-8 nor UTF-16 behind row {self._row()}, or it is cut off",
                "convert it to UTF-8; guessing would alter identifiers and codes",
            ) from None

    def _read(self) -> Iterator[bytes]:
        try:
            for block in self._blocks:
                self._told(block)
                yield block
        except (UsageError, LocalError) as error:
            raise self._fault(error.message, error.hint) from error.__cause__
