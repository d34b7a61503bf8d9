"""Sets of a hundred million codes in bounded memory: exact, in order, and quick, on NumPy.

Codes stay what they are in files, lines of UTF-8, and are handled a block of some hundred thousand lines at a time.
Hashes say which lines may be equal, never which are: their bytes do (`proof`). NumPy takes a fifth of a second to
import, so nothing imports these modules before there are many codes.
"""
