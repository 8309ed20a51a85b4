"""Programs of one task, compiled once and used again while texts and kinds of names stay what they were."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .model.declarations import NetworkDeclaration
from .model.scope import External
from .namespaces import Namespace, same_kind, units
from .prefs import prefs
from .runtime.session import Session

_REMEMBERED = 64  # statements such as `G.v = 'rand()*mV'`


@dataclass(frozen=True, slots=True)
class Prepared:
    """A compiled program of one task, with what it was compiled for."""

    network: NetworkDeclaration
    session: Session
    meanings: dict[str, dict[str, External | None]]
    settings: tuple[str | None, Path | None]

    def fits(self, network: NetworkDeclaration, real: np.dtype[Any], namespaces: Mapping[str, Namespace]) -> bool:
        """Whether the program is that of these texts and names."""
        return (
            self.session.real == real
            and self.settings == _settings()
            and self.network == network
            and all(
                same_kind(namespaces[owner](name), meaning)
                for owner, names in self.meanings.items()
                for name, meaning in names.items()
            )
        )


def prepare(
    network: NetworkDeclaration, real: np.dtype[Any], namespaces: Mapping[str, Namespace], name: str
) -> Prepared:
    """Compile a program of one task.

    :raises EqsnnError: as `compile_network`.
    """
    from .compiler import compile_network

    compiler, cache_dir = settings = _settings()
    compiled = compile_network(
        network, units(), real.name, once=True, name=name, cache_dir=cache_dir, compiler=compiler
    )
    assert compiled.library is not None  # statements run on this machine, wherever networks do
    session = Session(compiled.program, compiled.library, real)
    meanings = {owner: namespace.asked() for owner, namespace in namespaces.items()}
    return Prepared(_without_names(network), session, meanings, settings)


_statements: deque[Prepared] = deque(maxlen=_REMEMBERED)


def prepared_statement(
    network: NetworkDeclaration, real: np.dtype[Any], namespaces: Mapping[str, Namespace]
) -> Prepared:
    """The program of a statement: one of the last that were used, where it fits."""
    for known in _statements:
        if known.fits(network, real, namespaces):
            break
    else:
        known = prepare(network, real, namespaces, "statement")
        _statements.appendleft(known)
    return known


def _settings() -> tuple[str | None, Path | None]:
    return prefs.compiler, prefs.cache_dir


def _without_names(network: NetworkDeclaration) -> NetworkDeclaration:
    """The same declarations, which keep nothing alive that the caller's names stand for."""

    def forgotten(declaration: Any) -> Any:
        return replace(declaration, resolver=_no_name) if hasattr(declaration, "resolver") else declaration

    return replace(
        network, objects=tuple(map(forgotten, network.objects)), context=tuple(map(forgotten, network.context))
    )


def _no_name(name: str) -> External | None:
    return None
