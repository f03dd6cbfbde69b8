"""The page in a real browser with the network off: silent, whole, at any width, in light and dark, by keyboard."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from limpid import Dataset, evaluate, learn, read, write_report
from limpid.frames import table_of

WIDTHS = {"desktop": 1280, "phone": 360}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium as Debian packages it, or as it is named elsewhere."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("pages are opened in Chromium, which is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # its sandbox does not work for root, who runs tests in containers
        opened = playwright.chromium.launch(executable_path=program, args=[] if os.geteuid() else ["--no-sandbox"])
        yield opened
        opened.close()


def written(dataset: Dataset, path: Path, **choices: Any) -> Path:
    learning = learn(dataset, **{"epochs": 3, "hidden": [12, 8], **choices})
    list(learning)
    assert learning.test is not None
    write_report(learning.model, evaluate(learning.model, learning.test), path, learning.train)
    return path


def homes() -> Dataset:
    random = np.random.default_rng(0)
    kinds = random.choice(["flat", "house", "</script><b>hut</b>"], 300)
    sizes = random.uniform(20, 200, 300)
    table = table_of({"kind": list(kinds), "size in a unit with a very long name": sizes})
    return Dataset("homes", table, sizes * (1 + (kinds == "house")), "regression", targets=("price",))


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    return {
        "digits": written(read("digits"), folder / "digits.html"),
        "homes": written(homes(), folder / "homes.html"),
        "iris": written(read("iris"), folder / "iris.html", hidden=[]),
    }


class Opened:
    """A page in the browser, and all that it said and asked for."""

    def __init__(self, browser: Any, path: Path, width: int = 1280, scheme: str = "light") -> None:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True, reduced_motion="reduce"
        )
        self.page = context.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url.partition(":")[0]))
        self.page.goto(path.as_uri())
        self.page.wait_for_load_state("load")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", ["digits", "homes", "iris"])
def test_a_page_is_silent_whole_and_fits(
    browser: Any, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    opened = Opened(browser, pages[name], width, scheme)
    assert opened.said == []
    assert set(opened.asked) <= {"file", "data"}
    assert opened.asked.count("file") == 1
    charts = opened.page.locator(".chart")
    assert charts.count() >= 2
    for at in range(charts.count()):
        box = charts.nth(at).locator(".main-svg").first.bounding_box()
        assert box is not None
        assert box["width"] > 200
        assert box["height"] > 150
        twin = charts.nth(at).locator("xpath=following-sibling::*[1]")
        assert twin.locator("tbody tr").count() > 0
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    broken = "[...document.images].filter(image => !image.complete || !image.naturalWidth).length"
    assert opened.page.evaluate(broken) == 0


CONTRASTS = """() => {
  const light = ([r, g, b]) => [r, g, b].map(v => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [0.2126, 0.7152, 0.0722][at], 0);
  const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.querySelectorAll("h1, h2, h3, h4, p, a, td, th, summary, figcaption, .facts div");
  return [...texts].map(element => {
    const [one, two] = [numbers(getComputedStyle(element).color), behind(element)].map(light).sort((a, b) => b - a);
    return (one + 0.05) / (two + 0.05);
  });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out(browser: Any, pages: dict[str, Path], scheme: str) -> None:
    """By WCAG 2.2's success criterion 1.4.3, contrast of at least 4.5 to 1."""
    contrasts = Opened(browser, pages["digits"], scheme=scheme).page.evaluate(CONTRASTS)
    assert len(contrasts) > 50
    assert min(contrasts) >= 4.5


def test_the_keyboard_reaches_contents_and_tables(browser: Any, pages: dict[str, Path]) -> None:
    page = Opened(browser, pages["digits"]).page
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == page.evaluate("document.querySelectorAll('nav a')[1].hash")
    assert page.evaluate("scrollY") > 0
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('details').open")


def test_every_link_leads_to_a_section(browser: Any, pages: dict[str, Path]) -> None:
    page = Opened(browser, pages["digits"]).page
    links = page.evaluate("[...document.querySelectorAll('a')].map(link => link.getAttribute('href'))")
    assert links
    for link in links:
        assert page.locator(link).count() == 1, link


def test_names_from_the_data_are_only_text(browser: Any, pages: dict[str, Path]) -> None:
    assert Opened(browser, pages["homes"]).page.locator("b", has_text="hut").count() == 0
