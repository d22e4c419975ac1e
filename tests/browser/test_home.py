"""The page at ``/`` in Debian's Chromium, as a person uses it: signs in, asks, signs out."""

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
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


@pytest.fixture(autouse=True)
def signed_out(request: pytest.FixtureRequest) -> Iterator[None]:
    """Nobody is signed in when a test begins."""
    yield
    opened: webdriver.Chrome = request.getfixturevalue("browser")
    opened.execute_cdp_cmd("Network.clearBrowserCookies", {})


def told(browser: webdriver.Chrome, *passing: str) -> str:
    """Return what the status line says when it is none of *passing* any more."""
    status = browser.find_element(By.ID, "status")
    WebDriverWait(browser, 20).until(lambda _: status.text not in ("", *passing))
    return status.text


def sign_in(browser: webdriver.Chrome, address: str, token: str) -> None:
    """Paste the token, press the button and wait until the page says who one is."""
    browser.get(address)
    browser.find_element(By.ID, "token").send_keys(token)
    browser.find_element(By.CSS_SELECTOR, "#sign-in button").click()
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.ID, "sign-out"))


def show(browser: webdriver.Chrome, sample: Running, address: str, persona: str | None) -> None:
    """Show the page as it is to a persona, or to somebody who is not signed in."""
    if persona is None:
        browser.get(address)
    else:
        sign_in(browser, address, sample.token(persona))


def ask(browser: webdriver.Chrome, standard: str) -> str:
    """Fill in the form, press the button and return the line that tells how it went."""
    Select(browser.find_element(By.ID, "question")).select_by_value(QUESTION)
    field = browser.find_element(By.ID, f"{QUESTION}-standard")
    field.clear()
    field.send_keys(standard)
    browser.find_element(By.CSS_SELECTOR, "#ask button").click()
    return told(browser, "Asking …")


def focused(browser: webdriver.Chrome) -> WebElement:
    return browser.switch_to.active_element


def test_a_person_signs_in_asks_a_question_and_reads_the_answer(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    sign_in(browser, address, sample.token("state-agency"))
    epoch = sample.context.truth.epoch
    assert ask(browser, "3.OA.A.1") == f"2 rows, answered at epoch {epoch}."
    cells = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#answer td")]
    client = sample.app.test_client()
    headers = sample.headers("state-agency", "text/csv")
    answer = client.get(f"/questions/{QUESTION}?standard=3.OA.A.1", headers=headers).text
    assert cells == ",".join(answer.splitlines()[1:]).split(",")
    heads = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, "#answer th")]
    assert heads == answer.splitlines()[0].split(",")


def test_the_page_says_who_one_is_and_signs_out(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    sign_in(browser, address, sample.token("teacher"))
    shown = {name: browser.find_element(By.ID, name).text for name in ("subject", "audience")}
    assert shown == {"subject": "teacher", "audience": "teacher-elm"}
    assert browser.find_element(By.ID, "purpose").text == "StudentLearningNeedsAssessment"
    browser.refresh()
    assert browser.find_element(By.ID, "subject").text == "teacher", "a reload keeps the session"
    browser.find_element(By.ID, "sign-out").click()
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.ID, "sign-in"))
    assert browser.get_cookies() == []


def test_no_script_reads_the_cookie_and_none_is_left_in_the_page(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    token = sample.token("teacher")
    sign_in(browser, address, token)
    assert [cookie["httpOnly"] for cookie in browser.get_cookies()] == [True]
    assert browser.execute_script("return document.cookie") == ""
    assert token not in browser.page_source
    stored = "return localStorage.length + sessionStorage.length"
    assert browser.execute_script(stored) == 0


def test_a_page_of_another_site_asks_and_writes_nothing_in_the_visitors_name(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    """Threat 52: of another site, and of this machine's other port, where cookies do go."""
    sign_in(browser, address, sample.token("guardian"))
    child = sample.person("learner", "state:S000001")
    there = f"{address}/learners/{child}/policy/progress/state-agency"
    before = sample.context.truth.epoch
    attack = """
      const [there, ask, done] = arguments;
      const tries = [
        fetch(there, {method: "PUT", body: '{"level": "none"}', credentials: "include"}),
        fetch(there, {method: "PUT", body: '{"level": "none"}', credentials: "include",
                      headers: {"Content-Type": "application/json"}}),
        fetch(ask, {method: "POST", body: new URLSearchParams({query: "ASK {}"}),
                    credentials: "include"}),
        fetch(ask, {method: "POST", body: "query=ASK{}", credentials: "include", mode: "no-cors"}),
      ];
      Promise.allSettled(tries).then(all => done(all.map(one =>
        one.status === "fulfilled" ? String(one.value.status) : "refused")));
    """
    with sample.listening() as other_port:
        for elsewhere in (address.replace("127.0.0.1", "localhost"), other_port):
            browser.get(f"{elsewhere}/healthz")
            outcomes = browser.execute_async_script(attack, there, f"{address}/sparql")
            assert set(outcomes) <= {"refused", "0"}, outcomes
    assert sample.context.truth.epoch == before


def test_a_sign_in_link_fills_in_the_token_and_leaves_no_trace_in_the_address(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    browser.get(f"{address}/#token={sample.token('teacher')}")
    assert told(browser).startswith("The link brought your token")
    assert browser.current_url == f"{address}/"
    assert browser.get_cookies() == [], "nobody is signed in before they say so"
    focused(browser).send_keys(Keys.ENTER)
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.ID, "sign-out"))
    browser.get("about:blank")
    browser.get(f"{address}/#token={sample.token('guardian')}")
    assert told(browser).startswith("You are signed in already")
    assert browser.find_element(By.ID, "subject").text == "teacher"


def test_everything_is_reached_by_keyboard_alone(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    browser.get(address)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert focused(browser).get_attribute("id") == "token"
    focused(browser).send_keys(sample.token("state-agency"), Keys.TAB)
    focused(browser).send_keys(Keys.ENTER)
    WebDriverWait(browser, 20).until(lambda _: browser.find_elements(By.ID, "sign-out"))
    reached = []
    for _ in range(8):
        focused(browser).send_keys(Keys.TAB)
        element = focused(browser)
        reached.append(element.get_attribute("id") or element.text)
        style = "return getComputedStyle(document.activeElement).outlineStyle"
        if element.tag_name != "body":
            assert browser.execute_script(style) != "none", "the focus is to be seen"
    assert reached[:2] == ["sign-out", "question"] and "Ask" in reached


CONTRASTS = """
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    if (!element) return "rgb(255, 255, 255)";
    const colour = getComputedStyle(element).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" ? ground(element.parentElement) : colour;
  };
  return [...document.querySelectorAll("main *")].filter((one) => one.offsetParent).map((one) => {
    const pair = [getComputedStyle(one).color, ground(one)].map(luminance).sort((a, b) => a - b);
    return [one.outerHTML.slice(0, 80), (pair[1] + 0.05) / (pair[0] + 0.05)];
  });
"""


@pytest.mark.parametrize("persona", [None, "state-agency"])
def test_every_field_has_a_name_and_words_stand_out(
    browser: webdriver.Chrome, sample: Running, address: str, persona: str | None
) -> None:
    """WCAG 2.2: 1.4.3 (contrast of 4.5 to 1), 3.1.1 (language), 4.1.2 (names)."""
    show(browser, sample, address, persona)
    assert browser.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    fields = browser.find_elements(By.CSS_SELECTOR, "input, select, textarea, button")
    shown = [field for field in fields if field.is_displayed()]
    assert shown and all(field.accessible_name.strip() for field in shown)
    contrasts = dict(browser.execute_script(CONTRASTS))
    assert contrasts and {words: c for words, c in contrasts.items() if c < 4.5} == {}


def test_only_the_chosen_question_shows_its_parameters(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    sign_in(browser, address, sample.token("state-agency"))
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
    browser.get(address)
    browser.find_element(By.ID, "token").send_keys("not-a-token")
    browser.find_element(By.CSS_SELECTOR, "#sign-in button").click()
    assert told(browser, "Signing in …") == "A valid bearer token is needed."
    assert focused(browser).get_attribute("id") == "token"


def test_a_wrong_parameter_is_shown_as_text_never_as_markup(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    sign_in(browser, address, sample.token("state-agency"))
    assert "<img src=x" in ask(browser, "<img src=x onerror=alert(1)>")
    assert browser.find_elements(By.TAG_NAME, "img") == []


def test_the_page_loads_nothing_from_elsewhere_and_breaks_no_policy(
    browser: webdriver.Chrome, sample: Running, address: str
) -> None:
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    browser.get(address)
    sign_in(browser, address, sample.token("state-agency"))
    assert browser.get_log("browser") == []  # type: ignore[no-untyped-call]
    sources = [
        element.get_attribute(name) or ""
        for tag, name in (("script", "src"), ("link", "href"))
        for element in browser.find_elements(By.TAG_NAME, tag)
    ]
    assert sources and all(source.startswith(address) for source in sources)
    assert browser.find_elements(By.CSS_SELECTOR, "script:not([src]), style, [style]") == []


@pytest.mark.parametrize("persona", [None, "state-agency"])
def test_the_page_fits_a_telephone(
    browser: webdriver.Chrome, sample: Running, address: str, persona: str | None
) -> None:
    browser.set_window_size(360, 740)
    show(browser, sample, address, persona)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= browser.execute_script("return window.innerWidth")
