"""Workbooks of spreadsheets: the cells of one sheet, of which most can only be meant as text."""

import zipfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from couponhub.errors import UsageError
from couponhub.intake.kinds import OLE
from couponhub.intake.unpacking import refuse_bomb

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

_LARGEST = 2 << 30
"""Unpacked bytes of a workbook, of which all is held in memory; a sheet of a million rows has a tenth of that."""
_MEND = (
    'open it in a spreadsheet, and save the sheet with the rows as "CSV UTF-8", its columns formatted as text'
)


class NotText(str):
    """A cell that holds something else than text; what it is, for people, in place of its value."""

    __slots__ = ()


class SheetRows:
    """The rows of one sheet that are not blank, as wide as the first of them.

    Args:
        file: The workbook.
        is_header: Tells by its first row which of several sheets that are not empty is the one.
        text: Writes a cell that is no text.

    Raises:
        UsageError: It cannot be read, has a password, or several sheets could be meant.
    """

    def __init__(
        self, file: BinaryIO, is_header: Callable[[list[str]], bool], text: Callable[[Any], str] | None = None
    ) -> None:
        self.line_num = 0
        self._text = text or described
        self._sheet = _meant(_opened(file), is_header)
        self.rows = self._read()

    def _read(self) -> Iterator[list[str]]:
        width = 0
        for cells in self._sheet.iter_rows():
            self.line_num += 1
            row = [cell if isinstance(cell, str) else self._text(cell) for cell in cells]
            while len(row) > width and not row[-1].strip():
                row.pop()
            if any(map(str.strip, row)):
                width = width or len(row)
                yield row


def _opened(file: BinaryIO) -> "CalamineWorkbook":
    try:
        import python_calamine as calamine  # noqa: PLC0415 - an extra, and few want it
    except ImportError:
        raise UsageError(
            "the file is a workbook, which needs a library that is not installed",
            hint=f"pip install 'couponhub[files]'; or {_MEND}",
        ) from None
    start = file.read(len(OLE))
    file.seek(0)
    if start != OLE:
        _refuse_bombs(file)
    try:
        return calamine.load_workbook(file)
    except calamine.PasswordError:
        raise _locked() from None
    except Exception as error:  # noqa: BLE001 - the library raises of its own and of Python's what may quote the file
        if start == OLE and _is_encrypted(file):
            raise _locked() from None
        raise UsageError(
            f"the workbook cannot be read, it is damaged or no workbook ({type(error).__name__})", hint=_MEND
        ) from None


def _locked() -> UsageError:
    return UsageError("the workbook is protected by a password", hint=f"take the password off; or {_MEND}")


def _is_encrypted(file: BinaryIO) -> bool:
    """Tell from the names in its directory, which are in UTF-16."""
    file.seek(0)
    return "EncryptedPackage".encode("utf-16-le") in file.read(1 << 20)


def _refuse_bombs(file: BinaryIO) -> None:
    packed = file.seek(0, 2)
    try:
        with zipfile.ZipFile(file) as archive:
            for size in _unpacked_sizes(archive):
                refuse_bomb(size, packed)
                _refuse_size(size)
    except UsageError:
        raise
    except Exception:  # noqa: BLE001 - damage shows as almost anything
        raise UsageError("the workbook is damaged or cut off", hint=_MEND) from None
    file.seek(0)


def _unpacked_sizes(archive: zipfile.ZipFile) -> Iterator[int]:
    """Count what an archive unpacks to. It is read, not believed: what it says of its sizes need not be so."""
    size = 0
    for entry in archive.infolist():
        with archive.open(entry) as member:
            while block := member.read(1 << 20):
                size += len(block)
                yield size


def _refuse_size(size: int) -> None:
    if size > _LARGEST:
        raise UsageError(f"the workbook unpacks to more than {_LARGEST:,} bytes", hint=_MEND)


def _meant(workbook: "CalamineWorkbook", is_header: Callable[[list[str]], bool]) -> "CalamineSheet":
    sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
    filled = [sheet for sheet in sheets if sheet.total_height]
    if not filled:
        raise UsageError("the workbook is empty")
    if len(filled) > 1:
        named = [sheet for sheet in filled if is_header(_first(sheet))]
        if len(named) != 1:
            raise UsageError(
                f"the workbook has {len(filled)} sheets, and none or several have a column that is named as codes",
                hint="save the one with the codes as a file of its own",
            )
        filled = named
    return filled[0]


def _first(sheet: "CalamineSheet") -> list[str]:
    rows = sheet.to_python(skip_empty_area=True, nrows=1)
    return next((cells for row in rows if any(cells := list(map(described, row)))), [])


def described(cell: Any) -> str:
    """Return the text of a cell; of one that holds none, what it is."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return NotText("a truth value")
    return NotText("a number" if isinstance(cell, (int, float)) else "a date or time")
