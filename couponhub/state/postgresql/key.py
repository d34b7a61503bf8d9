"""The key of customers' hashes of a store that many machines share: each must have the same one."""

from pathlib import Path

from couponhub.errors import LocalError
from couponhub.forking import ProcessLock
from couponhub.paths import user_folder
from couponhub.state.hashing import HashKey
from couponhub.state.maintenance import StatePart
from couponhub.state.postgresql.database import PostgresqlDatabase
from couponhub.state.postgresql.facts import FINGERPRINT, read_facts
from couponhub.state.settings import StoreSettings
from couponhub.state.sqlite.files import file_name, private_folder
from couponhub.state.store_key import StoreKey


class SharedKey:
    """The key of a store in PostgreSQL: of the settings, or in a file of this machine. The database knows its fingerprint.

    Args:
        database: Of the store.
    """

    def __init__(self, database: PostgresqlDatabase) -> None:
        self._database = database
        self._stored = StoreKey(database.settings, lambda: key_file(database.settings))
        self._lock = ProcessLock()
        self._key: HashKey | None = None

    def get(self) -> HashKey:
        """Return the key; of a store that has none yet it is made, and is the store's from then on.

        Raises:
            LocalError: This machine has none, or another one; or as of `Database`.
        """
        with self._lock:
            if self._key is None:
                self._key = self._found() or self._made()
            return self._key

    def refuse_other(self, *, seconds: float | None = None) -> None:
        """Compare this machine's key with the store's; nothing is made.

        Args:
            seconds: For connecting and for each answer; None for the usual ones.

        Raises:
            LocalError: As of `get`.
        """
        self._found(seconds)

    def part(self) -> StatePart | None:
        """Return the file of this machine, as `Maintenance.status` tells of it; None when the settings hold the key."""
        if self._stored.is_configured:
            return None
        try:
            file = key_file(self._database.settings)
        except LocalError:
            return None  # whoever needs it is told
        size = file.stat().st_size if file.exists() else None
        return StatePart(name="key", place=str(file), holds="the key of the customers' hashes", bytes=size)

    def matching(self, fingerprint: str) -> HashKey:
        """Return this machine's key, if it is the one with that fingerprint. The database is not asked.

        Raises:
            LocalError: As of `get`.
        """
        place = self._database.place
        if not self._stored.is_configured and not key_file(self._database.settings).exists():
            raise LocalError(
                f"the store {place} was made with a key that this machine lacks: there is no {self._stored.place}",
                hint="copy that file from a machine that has it, or set [store] key to one key on all machines",
            )
        key = self._stored.read()
        if key.check != fingerprint:
            # Every customer would seem to have nothing.
            raise LocalError(
                f"the store {place} was made with another key than {self._stored.place}",
                hint="use the key of the machines that share the store, in [store] key or in that file",
            )
        return key

    def _found(self, seconds: float | None = None) -> HashKey | None:
        with self._database.looking(seconds=seconds) as database:
            fingerprint = read_facts(database).get(FINGERPRINT)
        return None if fingerprint is None else self.matching(fingerprint)

    def _made(self) -> HashKey:
        try:
            if not self._stored.is_configured:
                private_folder(key_file(self._database.settings).parent)
            key = self._stored.make()
        except OSError as error:
            raise LocalError(
                f"no key of the store can be written to {self._stored.place}: {error.strerror}",
                hint="set [store] key, the same on all machines",
            ) from error
        with self._database.transaction() as database:
            # Another machine may make one at this moment: the first counts.
            database.execute(
                "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
                (FINGERPRINT, key.check),
            )
            fingerprint = read_facts(database)[FINGERPRINT]
        return self.matching(fingerprint)


def key_file(settings: StoreSettings) -> Path:
    """Return the place of the key on this machine, when the settings hold none.

    Raises:
        LocalError: This user has no home where it could lie.
    """
    folder = user_folder("state")
    if folder is None:
        raise LocalError(
            "there is no place for the store's key: this user has no home", hint="set [store] key"
        )
    return folder / "keys" / f"{file_name(settings.place.partition('://')[2])}.key"
