"""The tests on every supported Python that this machine has: `.venv/bin/nox`, or `nox -s tests-3.13 -- tests/lookup`.

A Python that is not here is skipped, and the summary at the end says so: it lists each session as passed, failed or skipped.
This is also how the tests run where there is no make, such as Windows.
"""

import nox

PYTHONS = ("3.11", "3.12", "3.13", "3.14")

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False
nox.options.reuse_venv = "yes"


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Install what is locked, and run the tests; further words are pytest's."""
    session.install("--require-hashes", "--requirement", "requirements-dev.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    session.run(
        "python", "-m", "pytest", "--quiet", "--numprocesses", "auto", "--maxprocesses", "4", *session.posargs
    )


@nox.session
def recipes(session: nox.Session) -> None:
    """Run the programs of the recipes with pandas too, and check them as pyright does in its strict mode."""
    session.install("--require-hashes", "--requirement", "requirements-dev.txt")
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    session.install("pandas", "pandas-stubs", "pyright")
    session.run("python", "-m", "pytest", "--quiet", "tests/docs/test_recipes.py")
    session.run("pyright", "--project", "docs/recipes/pyrightconfig.json")
