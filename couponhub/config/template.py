"""The file that `config init` writes."""

from couponhub.plugin import AdapterPlugin
from couponhub.registry import Registry

_HEAD = """\
# couponhub.toml: the accounts couponhub talks to. Check it with `couponhub config check`, then `couponhub doctor`.
# ${NAME} is read from the environment, ${file:/run/secrets/x} from a file; a literal secret works and is warned about.
"""

_TAIL = """
# How a code file becomes a URL that a vendor can fetch; only needed for vendors that fetch files.
# [staging]
# listen     = "127.0.0.1:0"
# public_url = "https://codes.example.com"    # where the vendor reaches that server

# [store]
# url = "sqlite:///couponhub.db"              # default: a file in the platform's state folder

# [lookup]
# connections = ["loyalty"]                   # default: all
# deadline    = 2.0                           # seconds, for the whole answer

# [server]                                    # of `couponhub serve`
# rate_limit = 0                              # requests a second per token, 0 for any number
# public_url = "https://coupons.example.com"  # where vendors reach it, to report the end of uploads
"""


def template(registry: Registry | None = None) -> str:
    """A commented config file with one connection of each installed adapter."""
    plugins = [entry for entry in (registry or Registry()).all() if isinstance(entry, AdapterPlugin)]
    return _HEAD + "".join(f"\n{plugin.example.strip()}\n" for plugin in plugins) + _TAIL
