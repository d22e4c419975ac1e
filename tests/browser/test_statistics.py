"""The pages of published statistics in Debian's Chromium: found, chosen from and read."""

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import (
    element_to_be_clickable,
    presence_of_element_located,
    staleness_of,
)
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import test_home
from tests.running import Running, run_sample
from tests.web.publications import ABSENCE, MOVES, put

browser, signed_out = test_home.browser, test_home.signed_out
DRAWN = "const one = document.querySelector('img'); return one.complete && one.naturalWidth"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A service of one's own where statistics are published for the state, and its address."""
    running = run_sample(tmp_path_factory.mktemp("published"), learners=12)
    put(running, "state-agency", ABSENCE, MOVES)
    with running.listening() as address:
        yield running, address
    running.context.views.close()


def choose(browser: webdriver.Chrome, **chosen: str) -> None:
    """Choose in fields by what they show, press the button and wait for the page that follows."""
    for name, shown in chosen.items():
        Select(browser.find_element(By.ID, name)).select_by_visible_text(shown)
    button = browser.find_element(By.CSS_SELECTOR, "form button")
    button.click()
    wait = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    wait.until(staleness_of(button))


def cells(browser: webdriver.Chrome) -> list[str]:
    return [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "tbody td")]


def test_who_is_signed_in_finds_a_chart_and_chooses_another_part(
    browser: webdriver.Chrome, published: tuple[Running, str]
) -> None:
    """WCAG 2.2: 1.1.1 (text for pictures), 1.4.3 (contrast), 1.4.10 (reflow), 4.1.2 (names)."""
    running, address = published
    test_home.sign_in(browser, address, running.token("state-agency"))
    for words in ("Statistics that were published for you", "Chronic absence by gender"):
        link = (By.LINK_TEXT, words)
        WebDriverWait(browser, 20).until(element_to_be_clickable(link)).click()
    WebDriverWait(browser, 20).until(presence_of_element_located((By.ID, "cells")))
    assert cells(browser)[:3] == ["20 to 40 % of 25", "≤ 10 % of 30", "60 to 80 % of 25"]
    assert browser.execute_script(DRAWN) > 500, "the policy lets the picture in"
    picture = browser.find_element(By.TAG_NAME, "img")
    assert picture.accessible_name.startswith("Chart of share of learners who missed")
    fields = browser.find_elements(By.CSS_SELECTOR, "select, button")
    assert fields and all(field.accessible_name.strip() for field in fields)
    contrasts = dict(browser.execute_script(test_home.CONTRASTS))
    assert contrasts and {words: c for words, c in contrasts.items() if c < 4.5} == {}

    choose(browser, rows="grade", series="gender")
    assert "rows=grade" in browser.current_url
    assert [head.text for head in browser.find_elements(By.CSS_SELECTOR, "thead th")] == [
        *("school", "grade", "Female", "Male"),
    ]
    choose(browser, schoolYear="2025-2026")
    assert "≤ 20 % of 15" in cells(browser)
    browser.set_window_size(360, 740)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= browser.execute_script("return window.innerWidth")
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]


def test_a_picture_by_itself_is_shown_as_it_is_on_the_page(
    browser: webdriver.Chrome, published: tuple[Running, str]
) -> None:
    running, address = published
    test_home.sign_in(browser, address, running.token("state-agency"))
    browser.get(f"{address}/statistics/moves.svg")
    fill = "return getComputedStyle(document.querySelectorAll('path')[0]).fill"
    assert browser.execute_script(fill) == "rgb(255, 255, 255)", "its styles are let in"
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
