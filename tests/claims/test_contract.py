"""Every claim keeps the contract: its test can come out each way, and its evidence can be made."""

import pytest

from genbench.registry import claims
from genbench.testing import CLAIM_CHECKS


@pytest.mark.parametrize("check", CLAIM_CHECKS)
@pytest.mark.parametrize("name", claims)
def test_contract(check, name):
    check(name)
