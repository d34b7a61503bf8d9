"""The rows of large reports: taken apart, hashed and sorted many at once, with NumPy.

What comes of it is what `taking` and the exact reader make of the same rows: a block is only taken where it would find
in it what is found here.
"""
