"""Names and what they make: models, tasks, metrics, detectors and claims.

Inside the package a decorator registers a factory; another package names its factory in an entry point
group, such as ``[project.entry-points."genbench.models"]``. A factory is a plain function: its parameters
are the options, its docstring the help text.
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from genbench.types import InputError

if TYPE_CHECKING:
    from pydantic import BaseModel

T = TypeVar("T")
Factory = TypeVar("Factory", bound=Callable[..., Any])


_OF_PLUGINS = ("revision", "kind", "tuned")
"""Attributes of a plugin's factory that become those of its entry."""


class PluginWarning(UserWarning):
    """A plugin of another package could not be used; everything else works."""


@dataclass(frozen=True)
class Entry(Generic[T]):
    """A registered factory.

    Attributes:
        cite: a key of ``references.bib``, or a BibTeX entry of the plugin's own.
        origin: the distribution that brought it; None for genbench itself.
        revision: counts the changes of what it computes under the same options; part of a run's key.
        kind: of a task's data, such as ``points``; None if nobody says.
        tuned: of a model: kind of data → options that were found by the pilot search, where they differ from
            the signature's. The signature itself keeps what papers say.
    """

    name: str
    factory: Callable[..., T]
    cite: str | None = None
    origin: str | None = None
    revision: int = 1
    kind: str | None = None
    tuned: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    @property
    def summary(self) -> str:
        """First line of the factory's docstring."""
        return (inspect.getdoc(self.factory) or "").partition("\n")[0]

    @property
    def options(self) -> dict[str, Any]:
        """Every option with its default; `inspect.Parameter.empty` where there is none."""
        return {name: p.default for name, p in inspect.signature(self.factory).parameters.items()}

    def resolve(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """All options, given ones checked and converted, the others at their defaults.

        Raises:
            InputError: an option is unknown, missing, or of the wrong type.
        """
        from pydantic import ValidationError

        known = self.options
        for option in options:
            if option not in known:
                raise InputError(f"{self.name} has no option {option!r}{nearest(option, known)}")
        try:
            checked = self._checker(**options)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise InputError(
                f"option {where!r} of {self.name}: {first['msg'].lower()}, got {first['input']!r}"
            ) from None
        return {name: getattr(checked, name) for name in known}

    @functools.cached_property
    def _checker(self) -> type[BaseModel]:
        from pydantic import ConfigDict, create_model

        hints = inspect.signature(self.factory, eval_str=True).parameters
        fields: dict[str, Any] = {
            name: (hint.annotation, ... if hint.default is hint.empty else hint.default)
            for name, hint in hints.items()
        }
        config = ConfigDict(arbitrary_types_allowed=True, protected_namespaces=())
        return create_model("Options", __config__=config, **fields)

    def create(self, **options: Any) -> T:
        """Call the factory with checked options."""
        return self.factory(**self.resolve(options))


class Registry(Mapping[str, Entry[T]]):
    """The names of one kind. Reading it imports our own room and finds the plugins, once."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry[T]] = {}
        self._loaded = False

    @property
    def group(self) -> str:
        """The entry point group, which is also the name of the room."""
        return f"genbench.{self.kind}s"

    def register(
        self,
        name: str,
        *,
        cite: str | None = None,
        revision: int = 1,
        kind: str | None = None,
        tuned: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Callable[[Factory], Factory]:
        """Decorator that makes a factory known as `name`.

        Args:
            revision: of a model, to be raised when it computes something else under the same options: runs of
                before stay what they are, and are neither kept for, nor mixed with, those of after.
            kind, tuned: see `Entry`.

        Raises:
            InputError: the name is taken by another factory.
        """

        def add(factory: Factory) -> Factory:
            self._add(Entry(name, factory, cite, _origin(factory), revision, kind, tuned or {}))
            return factory

        return add

    def __getitem__(self, name: str) -> Entry[T]:
        self._load()
        if name not in self._entries:
            raise InputError(f"no {self.kind} is called {name!r}{nearest(name, self._entries)}")
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        self._load()
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        self._load()
        return len(self._entries)

    def _add(self, entry: Entry[T]) -> None:
        known = self._entries.get(entry.name)
        if known is not None and known.factory is not entry.factory:
            raise InputError(
                f"two {self.kind}s are called {entry.name!r}: one of {known.origin or 'genbench'}, "
                f"one of {entry.origin or 'genbench'}; rename one"
            )
        self._entries.setdefault(entry.name, entry)

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        importlib.import_module(self.group)
        for point in entry_points(group=self.group):
            self._load_plugin(point)

    def _load_plugin(self, point: EntryPoint) -> None:
        origin = point.dist.name if point.dist else point.value
        try:
            factory = point.load()
            if not callable(factory):
                raise TypeError(f"{point.value} is {factory!r}, which cannot be called")
            inspect.signature(factory, eval_str=True)  # its options, which suites and help texts need
        except (Exception, SystemExit) as error:  # a stranger's code may raise anything
            said = " ".join(f"{type(error).__name__}: {error}".split())
            warnings.warn(
                f"plugin {point.name!r} of {origin} is left out: {said}", PluginWarning, stacklevel=2
            )
            return
        # Outside of the above, since of two with one name neither may win silently.
        if all(entry.factory is not factory for entry in self._entries.values()):
            own = {name: getattr(factory, name) for name in _OF_PLUGINS if hasattr(factory, name)}
            self._add(Entry(point.name, factory, origin=origin, **own))


def forwards(target: Callable[..., Any], *names: str) -> Callable[[Factory], Factory]:
    """Decorator for a factory that passes its ``**options`` on to `target`.

    The options of `target`, or only those in `names`, show as the factory's own, defaults included.
    """
    passed = inspect.signature(target, eval_str=True).parameters

    def publish(factory: Factory) -> Factory:
        signature = inspect.signature(factory, eval_str=True)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        taken = {p.name for p in own}
        more = [passed[name] for name in names or passed if name not in taken]
        keyword = [p.replace(kind=p.KEYWORD_ONLY) for p in (*own, *more)]
        factory.__signature__ = signature.replace(parameters=keyword)  # type: ignore[attr-defined]
        return factory

    return publish


def _origin(factory: Callable[..., Any]) -> str | None:
    package = factory.__module__.partition(".")[0]
    return None if package == "genbench" else package


def nearest(name: str, known: Iterable[str]) -> str:
    """End of a sentence about an unknown name: those that it may have been meant to be, or all."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(close)}?" if close else f"; known are {', '.join(sorted(known))}"


models: Registry[Any] = Registry("model")
tasks: Registry[Any] = Registry("task")
metrics: Registry[Any] = Registry("metric")
detectors: Registry[Any] = Registry("detector")
claims: Registry[Any] = Registry("claim")
