"""The contracts that every plugin must keep, as functions a plugin's own tests can call.

>>> import pytest
>>> from genbench.testing import MODEL_CHECKS, small_tasks
>>> @pytest.mark.parametrize("check", MODEL_CHECKS)
... @pytest.mark.parametrize("task", small_tasks(), ids=lambda task: task.name)
... def test_contract(check, task):
...     check("squared-hinge-gan", task)
"""

from genbench.testing.claims import CLAIM_CHECKS
from genbench.testing.metrics import METRIC_CHECKS
from genbench.testing.models import (
    MODEL_CHECKS,
    check_compiled_agrees,
    conditional_tasks,
    ensemble,
    small_tasks,
)
from genbench.testing.tasks import TASK_CHECKS

__all__ = [
    "CLAIM_CHECKS",
    "METRIC_CHECKS",
    "MODEL_CHECKS",
    "TASK_CHECKS",
    "check_compiled_agrees",
    "conditional_tasks",
    "ensemble",
    "small_tasks",
]
