"""What code reaches, followed through files alone."""

import subprocess
import sys

import pytest

from genbench import sources

FILES = {
    "__init__.py": "from pack import shown\nfrom pack.tools import exported",
    "shown.py": "def inside():\n    return 7\n",
    "main.py": """
from pack import exported, shown, tools
from pack.data import LIMITS
from pack.tools import aliased as renamed

def start():
    return tools.used() + LIMITS["a"] + exported()

def through_a_method():
    return Thing().run()

def of_the_door():
    return shown.inside()

def late():
    from pack.data import lazy
    return lazy

def by_name(name):
    return getattr(tools, name)

def renaming():
    return renamed()

class Thing:
    def run(self):
        return renamed()
""",
    "tools.py": """
import math

def used():
    return helper()

def helper():
    return 1

def exported():
    return 2

def aliased():
    return 3

def unused():
    return 4

print("a statement")
""",
    "data.py": "LIMITS = {'a': lambda: lazy}\n\ndef lazy():\n    return 5\n",
    "apart.py": "def apart():\n    return 6\n",
}


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """Write a package, with changes of text in it, and give the digest of what a function of it reaches."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "pack").mkdir()

    def digest(root: str, change: tuple[str, str] = ("", "")) -> str:
        assert not change[0] or any(change[0] in text for text in FILES.values())
        for name, text in FILES.items():
            (tmp_path / "pack" / name).write_text(text.replace(*change) if change[0] else text)
        sources.forget()
        return sources.digest(sources.reached([("pack.main", root)]))

    yield digest
    sources.forget()


@pytest.mark.parametrize(
    ("root", "change"),
    [
        ("start", ("return 1", "return 11")),
        ("start", ("return 2", "return 22")),
        ("start", ("return 5", "return 55")),
        ("start", ("a statement", "another")),
        ("through_a_method", ("return 3", "return 33")),
        ("late", ("return 5", "return 55")),
        ("of_the_door", ("return 7", "return 77")),
        ("by_name", ("return 4", "return 44")),
        ("renaming", ("import aliased as", "import unused as")),
    ],
)
def test_what_is_reached_shows(pack, root, change):
    assert pack(root) != pack(root, change)


@pytest.mark.parametrize(
    ("root", "change"),
    [
        ("start", ("return 4", "return 44")),
        ("start", ("return 6", "return 66")),
        ("late", ("return 1", "return 11")),
        ("start", ("    return helper()", "    # a comment\n    return helper( )")),
        ("start", ("    return 1", '    """A docstring."""\n    return 1')),
    ],
)
def test_nothing_else_does(pack, root, change):
    assert pack(root) == pack(root, change)


def test_a_definition_that_is_gone_shows(pack):
    pack("start")
    code = sources.reached([("pack.main", "start")])
    before = sources.digest(code)
    pack("start", ("def helper", "def other"))
    assert sources.digest(code) != before


def test_nothing_is_imported():
    root = ("genbench.engine.run", "execute")
    code = (
        "import sys; from genbench import sources; "
        f"print(len(sources.reached([{root!r}])), [m for m in sys.modules if m[:6] in ('genben', 'torch')])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    count, rest = said.split(maxsplit=1)
    assert int(count) > 20
    assert rest.strip() == "['genbench', 'genbench.sources']"
