"""A suite that repeats one run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_BUDGET = ("seeds", "steps", "batch", "evaluations", "metrics")
_OPTIONAL = ("stop_on", "precision")


def suite_toml(config: Mapping[str, Any]) -> str | None:
    """The suite file that expands to exactly this configuration; None if it is no training run's.

    Options that are None are left out: TOML has no such value, and None is their default.
    """
    if not {"task", "model", "options", "task_options", *_BUDGET} <= config.keys():
        return None
    tables = {"options": ("model", "options"), "task_options": ("task", "task_options")}
    lines = [f"{name} = {_value(config[name])}" for name in _BUDGET if config[name] is not None]
    lines += [f"{name} = {_value(config[name])}" for name in _OPTIONAL if config.get(name) is not None]
    for table, (owner, own) in tables.items():
        if set_ := {key: value for key, value in config[own].items() if value is not None}:
            pairs = ", ".join(f"{_value(key)} = {_value(value)}" for key, value in set_.items())
            lines.append(f"{table}.{_value(config[owner])} = {{ {pairs} }}")
    head = f"description = {_value('A run of ' + config['model'] + ' on ' + config['task'])}"
    names = f"tasks = [{_value(config['task'])}]\nmodels = [{_value(config['model'])}]"
    return "\n".join([head, "", "[[compare]]", names, *lines, ""])


def _value(value: Any) -> str:
    """Numbers, strings, lists of them and booleans are written alike in JSON and TOML."""
    return json.dumps(value, ensure_ascii=False)
