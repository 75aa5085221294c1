import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genbench import registry
from genbench.suite import RunConfig, Suite, available_suites, expand, load_suite, split_seeds
from genbench.types import InputError

GOOD = """
description = "two GANs on a ring"
seeds = 2
steps = 100

[[compare]]
tasks = ["ring8", "folder"]
models = ["gan", "dcgan"]
metrics = ["modes@2500"]
[compare.options.dcgan]
width = 32
[compare.sweep.gan]
width = [64, 128]
rate = [0.1, 0.2]
[compare.task_options.folder]
path = "pictures"

[[compare]]
tasks = ["ring8"]
models = ["vae"]
seeds = [7, 3]
steps = 50
"""


def filled(kind: str, **factories: Any) -> registry.Registry[Any]:
    made: registry.Registry[Any] = registry.Registry(kind)
    made._loaded = True  # nothing of the package or of a plugin
    for name, factory in factories.items():
        made.register(name)(factory)
    return made


def gan(width: int = 16, rate: float = 2e-4, betas: tuple[float, float] = (0.5, 0.9)) -> None: ...


def dcgan(width: int = 16) -> None: ...


def vae(decoder: str = "bernoulli", limit: float = math.inf) -> None: ...


def ring8(samples: int = 10) -> None: ...


def folder(path: Path, size: int = 32, data_dir: Path | None = None) -> None: ...


@pytest.fixture(autouse=True)
def small_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "models", filled("model", gan=gan, dcgan=dcgan, vae=vae))
    monkeypatch.setattr(registry, "tasks", filled("task", ring8=ring8, folder=folder))
    monkeypatch.setattr(registry, "metrics", filled("metric", modes=lambda n=2500: None))


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def suite(text: str) -> Path:
        path = tmp_path / "x.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return suite


@pytest.fixture
def good(write: Any) -> Suite:
    return load_suite(write(GOOD))


def by_model(runs: list[RunConfig], model: str) -> list[RunConfig]:
    return [run for run in runs if run.model == model]


def test_expands_every_pair_with_options_sweeps_and_defaults(good: Suite) -> None:
    runs = expand(good)
    assert [(run.task, run.model) for run in runs] == (
        [("ring8", "gan")] * 4
        + [("ring8", "dcgan")]
        + [("folder", "gan")] * 4
        + [("folder", "dcgan"), ("ring8", "vae")]
    )
    swept = [(run.options["width"], run.options["rate"]) for run in by_model(runs, "gan")[:4]]
    assert swept == [(64, 0.1), (64, 0.2), (128, 0.1), (128, 0.2)]
    assert by_model(runs, "dcgan")[0].options == {"width": 32}
    assert by_model(runs, "dcgan")[1].task_options == {"path": "pictures", "size": 32}
    first, last = runs[0], runs[-1]
    assert (first.seeds, first.steps, first.batch, first.evaluations) == ((0, 1), 100, 128, 8)
    assert (last.seeds, last.steps, last.metrics) == ((3, 7), 50, None)
    assert first.metrics == ("modes@2500",)


TUNED = """
description = "one of each kind"
steps = 5
tasks = ["ring8", "digits"]
models = ["gan"]
"""


@pytest.mark.parametrize(
    ("lines", "widths"),
    [
        ("", [64, 32]),
        ('defaults = "published"', [16, 16]),
        ("options.gan.width = 8", [8, 8]),
        ("sweep.gan.width = [1, 2]", [1, 2, 1, 2]),
    ],
)
def test_what_the_suite_leaves_open_is_tuned_to_the_kind_of_data(write, monkeypatch, lines, widths):
    tuned = {"points": {"width": 64, "rate": 0.5}, "small images": {"width": 32}}
    known: registry.Registry[Any] = registry.Registry("model")
    known._loaded = True
    known.register("gan", tuned=tuned)(gan)
    monkeypatch.setattr(registry, "models", known)
    monkeypatch.setattr(registry, "tasks", tasks := registry.Registry("task"))
    tasks._loaded = True
    tasks.register("ring8", kind="points")(ring8)
    tasks.register("digits", kind="small images")(lambda: None)
    head, compare = TUNED.split("steps", 1)
    runs = expand(load_suite(write(f"{head}[[compare]]\nsteps{compare}{lines}")))
    assert [run.options["width"] for run in runs] == widths
    assert runs[0].options["rate"] == (2e-4 if "published" in lines else 0.5)


def test_overrides_replace_and_names_filter(good: Suite) -> None:
    runs = expand(good, models=["gan", "vae"], tasks=["ring8"], seeds=[5], steps=9)
    assert {(run.model, run.seeds, run.steps) for run in runs} == {("gan", (5,), 9), ("vae", (5,), 9)}
    assert {run.task for run in runs} == {"ring8"}
    assert {run.seeds for run in expand(good, seeds=3)} == {(0, 1, 2)}


def test_seeds_can_be_split_into_smaller_runs(good):
    runs = expand(good, models=["gan"], tasks=["ring8"], seeds=5)
    split = split_seeds(runs, 2)
    assert [run.seeds for run in split] == [(0, 1), (2, 3), (4,)] * len(runs)
    assert len({run.key for run in split}) == len(split)
    assert split_seeds(runs, 5) == runs


def test_a_model_the_suite_does_not_mention_joins_every_comparison(
    good: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.models.register("new")(lambda depth=2: None)
    runs = expand(good, models=["new"])
    assert [(run.task, run.steps) for run in runs] == [("ring8", 100), ("folder", 100), ("ring8", 50)]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"models": ["gna"]}, "did you mean gan"),
        ({"tasks": ["ring"]}, "did you mean ring8"),
        ({"models": ["vae"], "tasks": ["folder"]}, "no comparison holds both"),
        ({"models": []}, "no comparison holds both"),
        ({"seeds": 0}, "seeds: expected an integer from 1"),
        ({"seeds": [1, 1]}, "seeds: expected an integer from 1"),
        ({"steps": 0}, "steps: expected an integer >= 1, got 0"),
    ],
)
def test_overrides_are_checked(good: Suite, overrides: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        expand(good, **overrides)


def test_the_key_names_what_determines_the_result(good: Suite) -> None:
    runs = expand(good)
    assert len({run.key for run in runs}) == len(runs)
    assert all(len(run.key) == 8 and int(run.key, 16) >= 0 for run in runs)
    vae_run = runs[-1]
    same = RunConfig(**{**vars(vae_run), "suite": "another"})
    other = RunConfig(**{**vars(vae_run), "steps": 51})
    assert same.key == vae_run.key != other.key


def test_the_dictionary_is_plain_and_complete(good: Suite) -> None:
    run = expand(good)[0]
    assert run.as_dict() == {
        "suite": "x",
        "task": "ring8",
        "task_options": {"samples": 10},
        "model": "gan",
        "options": {"width": 64, "rate": 0.1, "betas": [0.5, 0.9]},
        "seeds": [0, 1],
        "steps": 100,
        "batch": 128,
        "evaluations": 8,
        "metrics": ["modes@2500"],
        "stop_on": None,
        "key": run.key,
    }


def test_another_revision_of_a_model_is_another_run_and_the_first_the_run_it_always_was(good: Suite) -> None:
    first = expand(good)[0]
    second = replace(first, revision=2)
    assert "revision" not in first.as_dict()
    assert second.as_dict()["revision"] == 2
    assert first.key != second.key
    assert RunConfig.from_dict(second.as_dict()) == second
    assert RunConfig.from_dict(first.as_dict()) == first


def test_another_precision_is_another_run_and_single_precision_the_run_it_always_was(good: Suite) -> None:
    single, half = expand(good)[0], expand(good, precision="bf16")[0]
    assert single.key != half.key
    assert "precision" not in single.as_dict()
    assert half.as_dict()["precision"] == "bf16"
    assert expand(good, precision="fp32")[0].key == single.key
    assert [RunConfig.from_dict(run.as_dict()) for run in (single, half)] == [single, half]


def test_a_run_that_occurs_twice_runs_once(write: Any) -> None:
    block = '[[compare]]\ntasks = ["ring8"]\nmodels = ["gan"]\n'
    assert len(expand(load_suite(write(f'description = ""\nsteps = 5\n{block}{block}')))) == 1


MISTAKES = [
    ("steps = 100", 'steps = "many"', r'x\.toml: steps: expected an integer >= 1, got "many"'),
    ("steps = 50", 'steps = "many"', r'x\.toml: compare\[1\]\.steps: expected an integer >= 1, got "many"'),
    ("steps = 100", "steps = 0", "steps: expected an integer >= 1, got 0"),
    ("steps = 100", 'precision = "fp8"', 'expected "fp32", "tf32" or "bf16", got "fp8"'),
    ("steps = 100", "steps = true", "steps: expected an integer >= 1, got true"),
    ("steps = 100", "steps = 1.0", "steps: expected an integer >= 1, got 1.0"),
    ("steps = 100", "", r"compare\[0\]\.steps: expected here, but is missing"),
    ("steps = 100", "stepz = 100", "stepz: no such key; did you mean steps"),
    ("steps = 50", "model = 50", r"compare\[1\]\.model: no such key; did you mean models"),
    ("seeds = 2", "seeds = 0", "seeds: expected an integer from 1 to 10000, or"),
    ("seeds = 2", "seeds = [-1]", r"seeds: expected an integer .* got \[-1\]"),
    ("[7, 3]", "[7, 7]", r"compare\[1\]\.seeds: expected an integer .* got \[7, 7\]"),
    ("[7, 3]", "[]", r"compare\[1\]\.seeds: expected an integer"),
    ("steps = 50", "batch = 0", r"compare\[1\]\.batch: expected an integer >= 1, got 0"),
    ("steps = 50", "evaluations = 0", r"compare\[1\]\.evaluations: expected an integer >= 1"),
    ('["vae"]', "[]", r"compare\[1\]\.models: expected a list of names, at least one"),
    (
        '["vae"]',
        '["vae", "vae"]',
        r"compare\[1\]\.models: expected a list of names, at least one and none twice",
    ),
    ('["vae"]', '"vae"', r"compare\[1\]\.models: expected a list of names"),
    ("[64, 128]", "[]", r"compare\[0\]\.sweep\.gan\.width: expected a list of values"),
    ("[64, 128]", "64", r"compare\[0\]\.sweep\.gan\.width: expected a list of values"),
    ("options.dcgan]", "options.dcgam]", r"compare\[0\]\.options\.dcgam: .* did you mean dcgan"),
    (
        "[compare.options.dcgan]",
        "[compare.options.gan]",
        r"compare\[0\]\.sweep\.gan\.width: expected to be set once",
    ),
    ('description = "two GANs on a ring"', "", "description: expected here, but is missing"),
    ('description = "two GANs on a ring"', "description = 3", "description: expected a string, got 3"),
    ("steps = 100", "steps = ", r"x\.toml: expected TOML: .*line 4"),
    ("steps = 100", "steps = 1\nsteps = 2", "expected TOML"),
]


@pytest.mark.parametrize(("old", "new", "words"), MISTAKES)
def test_mistakes_are_named_on_load(write: Any, old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=words):
        load_suite(write(GOOD.replace(old, new, 1)))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('["vae"]', '["vea"]', r"x\.toml: compare\[1\]\.models: no model is called 'vea'; did you mean vae"),
        ('["ring8"]', '["ring9"]', r"compare\[1\]\.tasks: no task is called 'ring9'"),
        ("modes@2500", "mode@2500", r"compare\[0\]\.metrics: no metric is called 'mode'; did you mean modes"),
        ("width = 32", 'width = "wide"', r"compare\[0\]\.options\.dcgan: option 'width' of dcgan"),
        (
            "width = 32",
            "widht = 32",
            r"compare\[0\]\.options\.dcgan: dcgan has no option 'widht'; did you mean width",
        ),
        ("[64, 128]", '["wide"]', r"compare\[0\]\.sweep\.gan: option 'width' of gan"),
        ('path = "pictures"', "", r"compare\[0\]\.task_options\.folder: option 'path' of folder"),
    ],
)
def test_mistakes_in_names_and_options_are_named_on_expansion(
    write: Any, old: str, new: str, words: str
) -> None:
    assert old in GOOD
    suite = load_suite(write(GOOD.replace(old, new, 1)))
    with pytest.raises(InputError, match=words):
        expand(suite)


def test_an_option_that_no_file_can_hold_is_refused(write: Any) -> None:
    registry.models.register("odd")(lambda loss=print: None)
    text = 'description = ""\nsteps = 1\n[[compare]]\ntasks = ["ring8"]\nmodels = ["odd"]\n'
    with pytest.raises(InputError, match=r"compare\[0\]\.options\.odd: .*TOML"):
        expand(load_suite(write(text)))


def test_suites_are_found_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "mine.toml").write_text(GOOD)
    (tmp_path / "suites" / "broken.toml").write_text("steps = [")
    monkeypatch.chdir(tmp_path)
    assert load_suite("mine").path == Path("suites/mine.toml")
    assert load_suite("suites/mine.toml").name == "mine"
    listed = {summary.name: summary.description for summary in available_suites()}
    assert listed["mine"] == "two GANs on a ring"
    assert "expected TOML" in listed["broken"]
    with pytest.raises(InputError, match="no suite is called 'mien'; did you mean mine"):
        load_suite("mien")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "deep.toml").write_text("a = " + "[" * 100_000)
    for name in ("absent", "bytes", "folder", "deep"):
        with pytest.raises(InputError, match=f"{name}.toml: "):
            load_suite(tmp_path / f"{name}.toml")


scalars = st.one_of(
    st.integers(),
    st.floats(),
    st.booleans(),
    st.sampled_from(["gan", "vae", "ring8", "folder", "width", "modes@2500"]),
)
words = st.sampled_from(["gan", "vae", "dcgan", "ring8", "folder", "width", "rate", "path"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3)
)
keys = st.sampled_from(
    [
        "seeds",
        "steps",
        "batch",
        "evaluations",
        "metrics",
        "tasks",
        "models",
        "options",
        "sweep",
        "task_options",
        "odd",
    ]
)
blocks = st.dictionaries(keys, values, max_size=4)
START = {"tasks": ["ring8"], "models": ["gan"], "steps": 3}


def toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {toml(item)}' for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else repr(value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(top=blocks, compare=st.lists(st.builds(lambda change: START | change, blocks), max_size=2))
def test_any_suite_either_expands_or_is_refused_in_words(write: Any, top: Any, compare: Any) -> None:
    content = {"description": "", **top, "compare": compare}
    path = write("\n".join(f"{key} = {toml(value)}" for key, value in content.items()))
    runs: list[RunConfig] = []
    refusal = "x.toml: "
    try:
        runs = expand(load_suite(path))
    except InputError as error:
        refusal = str(error)
    assert "x.toml: " in refusal
    assert "\n" not in refusal
    assert all(run.steps >= 1 and run.seeds and run.batch >= 1 for run in runs)
