"""The kind of file that somebody expects, for the texts of errors."""

import attrs


@attrs.frozen(kw_only=True)
class ExpectedFile:
    """A kind of file, as people are told of it.

    Attributes:
        name: For "this is no ...", such as `code file`.
        export: How to come by one that can be read, for hints.
    """

    name: str
    export: str
