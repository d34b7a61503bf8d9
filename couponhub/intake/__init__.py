"""Files of rows, in whatever they come: unpacked, decoded, and taken apart into cells, with the lines they stand on.

Code files and usage reports are read through it. It knows neither: which columns are meant, and what is wrong with a
row, say those who read. Damage is told in one line that quotes no cell. Memory stays bounded whatever the size of the
file, but for workbooks.
"""
