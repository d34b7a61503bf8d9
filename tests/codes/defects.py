"""A code file made by hand: every defect that files of codes come with, each on a line that is known."""

DEFECTS = (
    ("A-000001", "", ""),
    ("A-000002", "", ""),
    ("a-000001", "case_twins", "finding"),
    ("A-000002", "duplicates", "finding"),
    ("A-000001 ", "blank_twins", "finding"),
    ("CAF\u00c9-001", "", ""),
    ("CAFE\u0301-001", "lookalikes", "finding"),
    ("A-00000000003", "lengths", "finding"),
    ("1.23457E+11", "the code is a rounded number", "reason"),
    ("123456.0", "the code is a number with a decimal point", "reason"),
    ('"=""00123"""', "the code is a formula", "reason"),
    ("'00123", "the code is text behind an apostrophe", "reason"),
    ("NULL", "the code is a word for nothing", "reason"),
    ("#REF!", "the code is a spreadsheet's error", "reason"),
    ("10-Mar", "the code is a date", "reason"),
    ("TRUE", "the code is a truth value", "reason"),
    ("Total", "the code is a total or another word that spreadsheets add", "reason"),
    ("Code", "the header stands again", "reason"),
    ("voucher", "the code is the name of a column", "reason"),
    ("note", "the code is the name of another column, as where the columns change their order", "reason"),
    ("A\u200b-000004", "an invisible character in the code", "reason"),
    ("A\u0007000005", "a control character in the code", "reason"),
    ("a.buyer@example.com", "the code is an e-mail address", "reason"),
    ("", "no code", "reason"),
    ("A-000006;x", "another number of columns", "reason"),
)
"""What stands in the column of codes, line by line below the header; what a check calls it, and how it tells."""

DEFECTIVE = (
    "".join(f"{cell};note\n" for cell in ("Code", *(cell for cell, _, _ in DEFECTS))).encode()
    + b"A-\xff00007;note\n"
    + b'"never closed;note\nA-000008;note\n'
)
"""The file, with bytes of another encoding and a quote that never closes at its end."""

FAULTY = frozenset(
    {line for line, (_, _, how) in enumerate(DEFECTS, start=2) if how == "reason"}
    | {len(DEFECTS) + 2, len(DEFECTS) + 3}
)
"""The lines on which no code stands that could be sent."""
