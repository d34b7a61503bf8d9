# As much of Airflow 3 as the recipe uses: Airflow itself brings a hundred packages.
from collections.abc import Callable
from datetime import datetime
from typing import Any, ParamSpec, Protocol, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

class PokeReturnValue:
    def __init__(self, is_done: bool) -> None: ...

class _Tasks(Protocol):
    def __call__(self, *, retries: int = ...) -> Callable[[Callable[_P, _T]], Callable[_P, _T]]: ...
    def sensor(
        self, *, poke_interval: float = ..., timeout: float = ..., mode: str = ...
    ) -> Callable[[Callable[_P, PokeReturnValue]], Callable[_P, Any]]: ...

task: _Tasks

def dag(
    *, schedule: str, start_date: datetime, catchup: bool = ...
) -> Callable[[Callable[[], None]], Callable[[], None]]: ...
