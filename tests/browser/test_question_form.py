"""The page of a question in Debian's Chromium: its form is sent, without any script."""

import pytest
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import test_home
from tests.running import Running

browser = test_home.browser
QUESTION = f"/questions/{test_home.QUESTION}"


def send(browser: webdriver.Chrome, address: str, standard: str) -> None:
    browser.get(address + QUESTION)
    field = browser.find_element(By.ID, "standard")
    assert field.get_attribute("value") == "3.OA.A.1"
    field.clear()
    field.send_keys(standard)
    button = browser.find_element(By.CSS_SELECTOR, "form button")
    button.click()
    # The answer may need a view to be built. While the page changes the driver may fail to say that
    # the button is gone, in other words than those of a stale element; then it is asked again.
    wait = WebDriverWait(browser, 20, ignored_exceptions=[WebDriverException])
    wait.until(staleness_of(button))


def test_who_is_signed_in_fills_in_the_form_and_reads_the_answer(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    test_home.sign_in(browser, address, sample.token("state-agency"))
    send(browser, address, "3.OA.A.1")
    assert browser.current_url == f"{address}{QUESTION}?standard=3.OA.A.1"
    assert browser.title.startswith("Answer")
    cells = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "td")]
    assert "Fern Sample Elementary" in cells
    send(browser, address, "9.XX")
    assert "for example standard=3.OA.A.1" in browser.find_element(By.ID, "problem").text
    assert browser.find_element(By.ID, "standard").get_attribute("value") == "9.XX"


@pytest.mark.parametrize("path", ["/questions", QUESTION])
def test_the_pages_of_the_catalogue_load_nothing_that_is_refused(
    browser: webdriver.Chrome, address: str, path: str
) -> None:
    browser.get(address + path)
    assert browser.find_elements(By.CSS_SELECTOR, "h1")
    lines = [str(line) for line in browser.get_log("browser")]  # type: ignore[no-untyped-call]
    assert not [line for line in lines if "Content Security Policy" in line]
