import re
from pathlib import Path

import pytest

import genbench.citations
from genbench.citations import bibtex, references
from genbench.types import InputError

TEXT = Path(genbench.citations.__file__).with_name("references.bib").read_text(encoding="utf-8")


def test_every_entry_is_found_once() -> None:
    assert len(references()) == TEXT.count("\n@") + 1
    assert "\n\n".join(references().values()) + "\n" == TEXT


def test_entries_are_sorted_by_year() -> None:
    years = [re.findall(r"year += \{(\d{4})\}", entry) for entry in references().values()]
    assert all(len(year) == 1 for year in years)
    assert years == sorted(years)


@pytest.mark.parametrize("key", sorted(references()))
def test_an_entry_says_who_what_and_when(key: str) -> None:
    entry = bibtex(key)
    assert entry.count("{") == entry.count("}")
    assert all(f"  {field} " in entry for field in ("author", "title", "year"))
    assert re.search(r"journal|booktitle|institution|howpublished|eprint", entry)
    assert re.search(r"\d{4}", key) is not None


def test_a_plugins_own_entry_is_answered_as_it_is() -> None:
    assert bibtex("\n@misc{own, title = {Own}}\n") == "@misc{own, title = {Own}}"


def test_an_unknown_key_is_answered_with_close_ones() -> None:
    with pytest.raises(InputError, match="did you mean goodfellow2014gan"):
        bibtex("goodfellow2014gans")
