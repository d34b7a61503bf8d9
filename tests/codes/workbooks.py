"""Workbooks as spreadsheets save them, as small as they can be."""

import io
import zipfile
from collections.abc import Sequence
from xml.sax.saxutils import escape

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument'
    '.spreadsheetml.sheet.main+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(*sheets: Sequence[Sequence[str | float]]) -> bytes:
    """An .xlsx file of these sheets; texts are cells of text, numbers are cells of numbers."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _relations([("officeDocument", "xl/workbook.xml")]))
        names = [f"worksheets/sheet{number}.xml" for number, _ in enumerate(sheets, start=1)]
        archive.writestr("xl/_rels/workbook.xml.rels", _relations([("worksheet", name) for name in names]))
        shown = "".join(
            f'<sheet name="S{number}" sheetId="{number}" r:id="r{number}"/>'
            for number, _ in enumerate(sheets, start=1)
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{shown}</sheets></workbook>',
        )
        for name, rows in zip(names, sheets, strict=True):
            archive.writestr(f"xl/{name}", _sheet(rows))
    return content.getvalue()


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    return _RELATIONS.format(
        "".join(
            f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(targets, start=1)
        )
    )


def _sheet(rows: Sequence[Sequence[str | float]]) -> str:
    text = "".join(
        f'<row r="{number}">{"".join(_cell(cell, at, number) for at, cell in enumerate(row))}</row>'
        for number, row in enumerate(rows, start=1)
        if row
    )
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{text}</sheetData></worksheet>'


def _cell(cell: str | float, at: int, row: int) -> str:
    place = f"{chr(65 + at)}{row}"
    if isinstance(cell, str):
        return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    return f'<c r="{place}"><v>{cell}</v></c>'
