"""The page at ``/`` in Debian's Chromium, as a person uses it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.running import Running

QUESTION = "learners-meeting-standard"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        reason = "needs Debian's chromium and chromium-driver"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (
        *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    opened = webdriver.Chrome(options, Service(driver))
    try:
        yield opened
    finally:
        opened.quit()


def ask(browser: webdriver.Chrome, address: str, token: str, standard: str) -> WebElement:
    """Fill in the form, press the button and return the line that tells how it went."""
    browser.get(address)
    browser.find_element(By.ID, "token").send_keys(token)
    Select(browser.find_element(By.ID, "question")).select_by_value(QUESTION)
    field = browser.find_element(By.ID, f"{QUESTION}-standard")
    field.clear()
    field.send_keys(standard)
    browser.find_element(By.TAG_NAME, "button").click()
    status = browser.find_element(By.ID, "status")
    WebDriverWait(browser, 20).until(lambda _: status.text not in ("", "Asking …"))
    return status


def test_a_person_asks_a_question_and_reads_the_answer(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    status = ask(browser, address, sample.token("state-agency"), "3.OA.A.1")
    epoch = sample.context.truth.epoch
    assert status.text == f"2 rows, answered at epoch {epoch}."
    cells = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#answer td")]
    client = sample.app.test_client()
    headers = sample.headers("state-agency", "text/csv")
    answer = client.get(f"/questions/{QUESTION}?standard=3.OA.A.1", headers=headers).text
    assert cells == ",".join(answer.splitlines()[1:]).split(",")
    heads = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#answer th")]
    assert heads == answer.splitlines()[0].split(",")


def test_only_the_chosen_question_shows_its_parameters(
    browser: webdriver.Chrome, address: str
) -> None:
    browser.get(address)
    choice = Select(browser.find_element(By.ID, "question"))
    for option in choice.options:
        name = option.get_attribute("value")
        choice.select_by_value(name or "")
        shown = [
            fieldset.get_attribute("data-question")
            for fieldset in browser.find_elements(By.TAG_NAME, "fieldset")
            if fieldset.is_displayed()
        ]
        assert shown == [name]


def test_a_wrong_token_gets_a_plain_message(browser: webdriver.Chrome, address: str) -> None:
    status = ask(browser, address, "not-a-token", "3.OA.A.1")
    assert status.text == "A valid bearer token is needed."
    assert not browser.find_element(By.ID, "answer").is_displayed()


def test_a_wrong_parameter_is_shown_as_text_never_as_markup(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    status = ask(browser, address, sample.token("state-agency"), "<img src=x onerror=alert(1)>")
    assert "<img src=x" in status.text
    assert browser.find_elements(By.TAG_NAME, "img") == []


def test_the_page_loads_nothing_from_elsewhere_and_breaks_no_policy(
    browser: webdriver.Chrome, address: str
) -> None:
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    browser.get(address)
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    sources = [
        element.get_attribute(name) or ""
        for tag, name in (("script", "src"), ("link", "href"))
        for element in browser.find_elements(By.TAG_NAME, tag)
    ]
    assert sources and all(source.startswith(address) for source in sources)


def test_the_page_fits_a_telephone(browser: webdriver.Chrome, address: str, tmp_path: Path) -> None:
    browser.set_window_size(360, 740)
    browser.get(address)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= browser.execute_script("return window.innerWidth")
