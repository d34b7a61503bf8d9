"""`python -m couponhub`: the command line."""

import sys

from couponhub.cli import main

sys.exit(main())
