"""Sphinx: the pages in this folder, and the reference drawn from the docstrings."""

from importlib.metadata import version as version_of
from itertools import groupby

import attrs
from sphinx.application import Sphinx

project = "couponhub"
author = "The couponhub developers"
project_copyright = author
version = release = version_of("couponhub")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "couponhub"
html_show_sphinx = False

default_role = "code"  # the docstrings write `name`, as Markdown does
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
napoleon_use_ivar = True  # attrs fields are documented once, in their class
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist"]


def show_as_written(  # noqa: PLR0917 - Sphinx' signature
    app: Sphinx,  # noqa: ARG001 - Sphinx' signature
    what: str,  # noqa: ARG001 - Sphinx' signature
    name: str,  # noqa: ARG001 - Sphinx' signature
    obj: object,  # noqa: ARG001 - Sphinx' signature
    options: object,  # noqa: ARG001 - Sphinx' signature
    lines: list[str],
) -> None:
    """Keep the line breaks of examples (paragraphs that are indented) and of drawn trees."""
    shown: list[str] = []
    for filled, paragraph in groupby(lines, key=bool):
        written = list(paragraph)
        drawn = any(line.startswith("├") for line in written)
        if drawn or (filled and written[0].startswith("    ")):
            shown += ["::", ""]
        shown += [f"    {line}" for line in written] if drawn else written
    lines[:] = shown


def tell_of_fields(  # noqa: PLR0917 - Sphinx' signature
    app: Sphinx,  # noqa: ARG001 - Sphinx' signature
    what: str,  # noqa: ARG001 - Sphinx' signature
    name: str,  # noqa: ARG001 - Sphinx' signature
    obj: object,
    options: object,  # noqa: ARG001 - Sphinx' signature
    lines: list[str],
) -> None:
    """Add what the metadata of a class's fields says of them, as the section that napoleon knows."""
    if not (isinstance(obj, type) and attrs.has(obj)):
        return
    told = [(one.name, one.metadata["about"]) for one in attrs.fields(obj) if "about" in one.metadata]
    if told:
        lines += ["", "Attributes:", *(f"    {field}: {about}" for field, about in told), ""]


def setup(app: Sphinx) -> None:
    """Run before napoleon (500), which indents what the sections hold."""
    app.connect("autodoc-process-docstring", tell_of_fields, priority=300)
    app.connect("autodoc-process-docstring", show_as_written, priority=400)
