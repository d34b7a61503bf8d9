"""Files of this machine that must not outlive their process, whatever the state is kept in: a lock beside them tells.

The locks are SQLite's, which end with their process on every platform.
"""

from couponhub.state.sqlite.lockfile import held_lockfile, reap, reap_all, remove_folder

__all__ = ["held_lockfile", "reap", "reap_all", "remove_folder"]
