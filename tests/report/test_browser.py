"""The report in a real browser, opened from the disk: it sorts, filters, draws, and asks no network."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from genbench.report.html import write_report
from genbench.store import WALKS, RunFolder, load
from genbench.types import Estimate, Record, Score, Verdict

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium here; apt-get install chromium"
)
EVIL = "<script>alert(1)</script>"
VALUES = {"good": (8.0, 7.0, 8.0), "fair": (5.0, 6.0, 5.0), "poor": (1.0, 2.0, 2.0), EVIL: (4.0, 4.5, 4.0)}
STEPS = (10, 50, 100)


def put(root: Path, task: str, model: str, values: tuple[float, ...], index: int) -> None:
    """A run with everything that a page can show."""
    run = RunFolder.under(root, "suite", task, f"m{index}", f"{index:08x}")
    seeds = tuple(range(len(values)))
    growth = [(s, step, v * step / 100) for s, v in enumerate(values) for step in STEPS]
    scores = [Score(s, step, m, Estimate(v, 9)) for s, step, v in growth for m in ("modes@9", "distance@9")]
    run.write_scores(scores, {"modes@9": "higher", "distance@9": "lower"})
    rows = [(s, t, t / 10, 8 * t, name, float(t)) for s in seeds for t in STEPS for name in ("loss", EVIL)]
    verdicts = [Verdict(1, "collapse", "detected", f"few modes {EVIL}", onset=(10, 50), remedy="rest")]
    if index == 0:
        ticks = range(5, 101, 5)
        rows += [(0, t, t / 10, 8 * t, "critic/grad_norm", 1.0 if t <= 50 else 1e6) for t in ticks]
        verdicts.append(Verdict(0, "exploding_gradient", "detected", "it explodes", onset=(50, 55)))
    columns = ["seed", "step", "seconds", "samples", "signal", "value"]
    run.write_trace(pd.DataFrame(rows, columns=columns))
    points = np.random.default_rng(index).normal(size=(len(seeds), 50, 2)).astype(np.float32)
    run.write_samples(points, points[0])
    for step in STEPS:
        path = run.write_bytes(f"samples/step-{step:07d}.png", b"")
        Image.new("RGB", (200 + step, 150), "#0072b2").save(path)
    Image.new("RGB", (77, 40), "#d55e00").save(run.write_bytes(WALKS, b""))
    run.write_verdicts(verdicts)
    config: dict[str, Any] = {
        "task": task,
        "model": model,
        "task_options": {},
        "options": {"width": 4},
        "seeds": list(seeds),
    }
    config |= {"steps": 100, "batch": 8, "evaluations": 3, "metrics": None}
    data = {"checksum": "c" * 64, "modes": [[0.0, 0.0], [1.0, 1.0]], "sigma": 0.1}
    cost = {"peak_bytes": 5_000_000, "flops": [[0, 1000]]}
    anchors = {"modes@9": {"trivial": 2.0, "real": 8.0}}
    seconds = {"training": 10.0 + index}
    record = Record(
        "suite",
        task,
        model,
        config,
        "done",
        seeds,
        100,
        2400,
        seconds=seconds,
        data=data,
        cost=cost,
        anchors=anchors,
    )
    run.write_record(record)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("browser")
    for t, task in enumerate(("ring", "grid")):
        for m, (model, values) in enumerate(VALUES.items()):
            put(root / "results", task, model, values, 10 * t + m)
    return write_report(load(root / "results"), root / "report", {"good": f"@article{{{EVIL}}}"})


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM is not None, "CI must have Chromium"
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield chromium
        chromium.close()


class Watched:
    """A page with what it complained about, and what it asked for beside files."""

    def __init__(self, page: Page) -> None:
        self.page, self.complaints, self.requests = page, [], []  # type: tuple[Page, list[str], list[str]]
        page.on(
            "console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append("a dialog"))
        page.on("request", lambda request: self.requests.append(request.url))


@pytest.fixture
def watched(browser: Browser, report: Path) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    watched = Watched(context.new_page())
    watched.page.goto(report.as_uri())
    yield watched
    context.close()
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith(("file:", "data:"))] == []


def first_column(page: Page) -> Locator:
    """The methods of the first task, top down."""
    return page.locator("article.task >> nth=0").locator("tbody th")


def drawn(page: Page, kind: str) -> Locator:
    """The chart of that kind, once it is there."""
    box = page.locator(f"[data-chart={kind}]")
    box.scroll_into_view_if_needed()
    expect(box).to_have_attribute("data-drawn", "true", timeout=30_000)
    return box


def test_columns_sort_by_mouse_and_by_keyboard(watched: Watched) -> None:
    page = watched.page
    expect(first_column(page)).to_have_text(["good", "fair", EVIL, "poor"])
    head = page.locator("article.task >> nth=0").locator("thead th[data-metric='modes@9']")
    head.click()
    expect(first_column(page)).to_have_text(["poor", EVIL, "fair", "good"])
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.get_by_role("button").press("Enter")
    expect(first_column(page)).to_have_text(["good", "fair", EVIL, "poor"])
    expect(head).to_have_attribute("aria-sort", "descending")


def test_filters_by_task_model_and_metric(watched: Watched) -> None:
    page = watched.page
    form = page.get_by_role("form", name="Filter the leaderboards")
    form.get_by_label("Task").select_option("grid")
    expect(page.locator("article.task:visible")).to_have_count(1)
    form.get_by_label("Method").fill("OO")
    expect(page.locator("tr[data-model]:visible")).to_have_count(2)
    form.get_by_label("Metric").select_option("distance@9")
    expect(page.locator("th[data-metric='modes@9']:visible")).to_have_count(0)
    expect(page.locator("th[data-metric='distance@9']:visible")).to_have_count(1)
    expect(page.locator("#found")).to_have_text("2 rows")


def test_names_from_files_are_shown_as_they_are(watched: Watched) -> None:
    page = watched.page
    page.locator("article.task >> nth=0").get_by_role("link", name=EVIL, exact=True).click()
    assert page.locator("h1").inner_text() == EVIL
    expect(page.locator(".card")).to_contain_text(f"few modes {EVIL}")
    box = drawn(page, "curves")
    box.get_by_label("Quantity").select_option(label=EVIL)
    expect(box.locator(".ytitle")).to_have_text(EVIL)


def test_a_run_page_says_how_to_repeat_it(watched: Watched) -> None:
    page = watched.page
    page.locator("article.task >> nth=0").get_by_role("link", name="good", exact=True).click()
    name = page.get_by_role("link", name=".toml").inner_text()
    expect(page.locator("pre code").first).to_contain_text(f"genbench run {name}")
    expect(page.locator("#setup")).to_contain_text("c" * 64)
    expect(page.locator(".timeline svg[role=img]")).to_have_attribute("aria-label", "from step 10 to 50")


def test_a_finding_is_drawn_with_its_limit_and_onset(watched: Watched) -> None:
    page = watched.page
    page.locator("article.task >> nth=1").get_by_role("link", name="good", exact=True).click()
    card = page.locator(".card", has_text="exploding gradient")
    chart = drawn(card, "evidence").locator(".chart")
    limit, line = (chart.evaluate(f"chart => chart.data.at({index}).y") for index in (-2, -1))
    assert max(line) > limit[0] == limit[1]
    onset = chart.evaluate("chart => [chart.layout.shapes[0].x0, chart.layout.shapes[0].x1]")
    assert onset == [50, 55]
    looks = card.get_by_role("img", name="Samples of seed 0")
    expect(looks).to_have_count(2)
    expect(page.locator("#diagnosis")).to_contain_text("1 of 2 findings has no chart")


def test_the_slider_shows_earlier_samples(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("link", name="ring", exact=True).click()
    slider = page.get_by_role("slider")
    slider.scroll_into_view_if_needed()
    pictures = page.locator("#samples .gallery img")
    expect(pictures).to_have_count(len(VALUES))
    assert str(pictures.first.get_attribute("src")).endswith("/100.png")
    slider.press("Home")
    assert str(pictures.last.get_attribute("src")).endswith("/10.png")
    expect(page.locator(".gallery .step").first).to_have_text("step 10")
    width = pictures.first.evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert width == 210


def test_walks_are_shown_by_task_and_by_run(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("link", name="ring", exact=True).click()
    expect(page.locator("#walks img")).to_have_count(len(VALUES))
    page.locator("#walks").get_by_role("link", name="good", exact=True).click()
    walk = page.get_by_role("img", name="Samples along paths in the latent space")
    walk.scroll_into_view_if_needed()
    assert walk.evaluate("image => image.decode().then(() => image.naturalWidth)") == 77


def test_curves_can_be_hidden_and_drawn_against_seconds(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("link", name="ring", exact=True).click()
    box = drawn(page, "curves")
    lines = (
        "chart => chart.data.filter(line => line.fill !== 'toself').map(line => [line.name, line.x.at(-1)])"
    )
    chart = box.locator(".chart")
    assert chart.evaluate(lines)[0] == ["good", 100]
    box.get_by_role("button", name="good").press("Enter")
    expect(box.get_by_role("button", name="good")).to_have_attribute("aria-pressed", "false")
    assert [name for name, _ in chart.evaluate(lines)] == [
        "fair",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "poor",
    ]
    box.get_by_label("Against").select_option("seconds")
    page.wait_for_function("document.querySelector('.chart').data.every(trace => trace.x.at(-1) <= 10)")
    bands = "chart => chart.data.filter(trace => trace.fill === 'toself').length"
    assert chart.evaluate(bands) == 3


def test_charts_over_all_tasks_are_drawn_in_both_themes(watched: Watched) -> None:
    page = watched.page
    for kind in ("profiles", "improvements", "pareto"):
        assert drawn(page, kind).locator("svg.main-svg").count() > 0
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Switch to dark colours").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    expect(page.get_by_role("button", name="Switch to light colours")).to_be_visible()


def test_density_pictures_have_the_true_modes(watched: Watched) -> None:
    page = watched.page
    page.get_by_role("link", name="ring", exact=True).click()
    expect(page.locator(".panels figure")).to_have_count(1 + len(VALUES))
    expect(page.locator(".panels svg >> nth=1").locator("circle")).to_have_count(2)


def test_raw_data_are_there_and_bibtex_is_shown(watched: Watched, report: Path) -> None:
    page = watched.page
    links = [str(link.get_attribute("href")) for link in page.locator("#data a").all()]
    assert len(links) == 8
    assert all((report.parent / link).stat().st_size > 0 for link in links)
    board = pd.read_parquet(report.parent / "data/leaderboard.parquet")
    assert {"rank_low", "rank_high", "group", "failure_rate", "trivial", "real"} <= set(board.columns)
    page.locator("#cite summary").click()
    expect(page.locator("#cite pre")).to_have_text(f"@article{{{EVIL}}}")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("place", ["index.html", "tasks/ring.html", "runs/"])
def test_no_page_is_wider_than_the_screen(browser: Browser, report: Path, width: int, place: str) -> None:
    path = report.parent / place
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme="dark")
    page.goto((next(path.glob("*.html")) if path.is_dir() else path).as_uri())
    expect(page.locator("html")).to_have_attribute("data-ready", "true")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("getComputedStyle(document.body).colorScheme") != "light"
    page.close()


def test_everything_has_a_name_for_those_who_cannot_see_it(watched: Watched) -> None:
    page = watched.page
    nameless = "e => !(e.innerText || e.getAttribute('aria-label') || e.labels?.length || e.alt)"
    for selector in ("button", "a[href]", "input", "select", "img"):
        names = [each.evaluate(nameless) for each in page.locator(selector).all() if each.is_visible()]
        assert not any(names), selector
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
