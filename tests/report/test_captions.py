from typing import Any

from genbench.report.captions import captions, spaces


def method(model: str, **known: Any) -> dict[str, Any]:
    return {"model": model, "metric": "modes", "value": 1.0, "ci_low": 0.0, "ci_high": 2.0, **known}


def said(*rows: dict[str, Any]) -> list[str]:
    return captions(["modes"], rows, rows)


def test_each_space_is_explained_once() -> None:
    (sentence,) = spaces(["frechet_lenet@1k", "kid_lenet@1k", "modes@2500"])
    assert sentence == (
        "_lenet: 64 features of the small classifier that ships with genbench; "
        "compares with nothing published."
    )


def test_a_frame_that_knows_nothing_more_says_nothing() -> None:
    assert said(method("gan"), method("vae")) == []


def test_equal_work_is_said_once_and_unequal_work_is_not() -> None:
    assert said(method("gan", work=1.0e12), method("vae", work=1.1e12)) == ["Equal work: 1.05 TFLOP a seed."]
    assert said(method("gan", work=1.0e12), method("vae", work=1.2e12)) == []
    assert said(method("gan", work=1.0e12), method("vae")) == []


def test_where_nothing_is_told_apart_the_seeds_that_it_would_take_are_said() -> None:
    (sentence,) = said(method("gan", needed=None), method("vae", needed=3000), method("rbm", needed=12))
    assert sentence == (
        "No two methods can be told apart by modes; "
        "seeds a method that it would take to tell the best from: rbm 12, vae 3,000."
    )
