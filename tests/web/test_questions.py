"""The catalogue for programs and for people: what each question is, and the same gate for both."""

from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from databackpack import queries
from databackpack.service.records import disclosures
from tests.web.asking import Response, Web

PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
"""What a browser accepts."""

QUESTION = "/questions/learners-meeting-standard"
NAMES = queries.names()


class Elements(HTMLParser):
    """What a page has: (tag, attributes) of each element, and all text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]


def browse(web: Web, path: str, persona: str | None = None) -> Response:
    headers = web.running.headers(persona, PAGE) if persona else {"Accept": PAGE}
    return web.send("GET", path, headers)


def logged(web: Web) -> list[str]:
    """Return the outcomes of all that is in the log."""
    return [str(entry.outcome) for entry in disclosures.entries(web.running.context.truth)]


def test_the_catalogue_tells_programs_all_about_each_question(web: Web) -> None:
    answer = web.send("GET", "/questions", {"Accept": "application/json"})
    assert answer.headers["content-type"] == "application/json"
    found = {question["name"]: question for question in answer.json["questions"]}
    assert sorted(found) == NAMES
    for name, question in found.items():
        asked = queries.read(name)
        assert (question["title"], question["asks"]) == (asked.title, asked.asks)
        assert question["roles"] == sorted(asked.roles)
        assert question["example"]["role"] in asked.roles
        assert question["example"]["request"].startswith(f"/questions/{name}")
        for parameter in question["parameters"]:
            assert all(parameter[part] for part in ("name", "kind", "meaning", "example"))
    solutions = found["learners-meeting-standard"]["example"]["answer"]["results"]["bindings"]
    assert solutions[0]["school"]["value"] == "Fern Sample Elementary"


@pytest.mark.parametrize("name", NAMES)
def test_the_example_request_is_answered_in_the_form_that_it_says(web: Web, name: str) -> None:
    answer = web.send("GET", "/questions", {"Accept": "application/json"})
    (example,) = [q["example"] for q in answer.json["questions"] if q["name"] == name]
    headers = web.running.headers(example["role"], example["media_type"])
    asked = web.send("GET", example["request"], headers)
    assert asked.status == 200, asked.body
    assert asked.headers["content-type"].startswith(example["media_type"])
    if "json" in example["media_type"]:
        assert asked.json["head"] == example["answer"]["head"]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (PAGE, "text/html; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
    ],
)
def test_the_catalogue_comes_in_the_form_that_the_client_likes_best(
    web: Web, accept: str | None, media_type: str
) -> None:
    answer = web.send("GET", "/questions", {"Accept": accept} if accept else {})
    assert (answer.status, answer.headers["content-type"]) == (200, media_type)
    assert "accept" in answer.headers["vary"].lower()


def test_the_page_of_the_catalogue_links_to_each_question(web: Web) -> None:
    page = Elements(browse(web, "/questions").body)
    links = {link["href"] for link in page.all("a")}
    assert links >= {f"/questions/{name}" for name in NAMES}
    assert all(queries.read(name).asks in page.text for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_question_has_a_page_with_a_form_for_anybody(web: Web, name: str) -> None:
    question = queries.read(name)
    answer = browse(web, f"/questions/{name}")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    page = Elements(answer.body)
    (form,) = page.all("form")
    assert (form["method"], form["action"]) == ("get", f"/questions/{name}")
    fields = {field["name"]: field["value"] for field in page.all("input")}
    assert fields == {p.name: p.example for p in question.parameters}
    labels = {label["for"] for label in page.all("label")}
    assert labels == set(fields)
    assert question.asks in page.text
    assert ", ".join(sorted(question.roles)) in page.text
    assert all(parameter.meaning in page.text for parameter in question.parameters)
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert "script" not in {tag for tag, _ in page.elements}


def test_a_form_that_is_sent_is_answered_as_a_page_by_the_same_gate(web: Web) -> None:
    before = len(logged(web))
    answer = browse(web, f"{QUESTION}?standard=3.OA.A.1", "state-agency")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert int(answer.headers["consent-epoch"])
    page = Elements(answer.body)
    assert "Fern Sample Elementary" in page.text
    assert len(logged(web)) == before + 1
    assert browse(web, f"{QUESTION}?standard=3.OA.A.1").status == 401


def test_a_question_without_parameters_is_answered_at_once_to_whoever_is_signed_in(
    web: Web,
) -> None:
    page = Elements(browse(web, "/questions/current-goals", "guardian").body)
    assert not page.all("form")
    assert page.all("table")


def test_a_question_for_other_roles_is_refused_in_the_page_too(web: Web) -> None:
    answer = browse(web, "/questions/record-of-my-child", "teacher")
    assert answer.status == 403
    assert answer.json["detail"] == "This question is for guardian, learner."
    assert logged(web)[-1] == "Forbidden"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("standard=", "standard: '' names no known standard"),
        ("standard=9.XX", "for example standard=3.OA.A.1"),
        ("school=elm", "unknown parameter: school; it takes standard, for example "),
        ("standard=3.OA.A.1&standard=3.OA.A.2", "standard is given twice; send it once, "),
    ],
)
def test_a_form_that_is_wrong_comes_back_with_what_to_do(web: Web, text: str, wanted: str) -> None:
    answer = browse(web, f"{QUESTION}?{text}", "teacher")
    assert (answer.status, answer.headers["content-type"]) == (400, "text/html; charset=utf-8")
    page = Elements(answer.body)
    assert wanted in page.text
    assert page.all("form")
    told = web.send("GET", f"{QUESTION}?{text}", web.running.headers("teacher"))
    assert told.status == 400
    assert wanted in told.json["detail"]
    assert "3.OA.A.1" in told.json["detail"]


def test_what_was_sent_is_in_the_form_again_and_is_no_markup(web: Web) -> None:
    evil = '"><script>alert(1)</script>'
    answer = browse(web, f"{QUESTION}?standard={quote(evil)}", "teacher")
    assert answer.status == 400
    page = Elements(answer.body)
    (field,) = page.all("input")
    assert field["value"] == evil
    assert not page.all("script")


def test_a_value_is_bound_as_a_term_and_never_read_as_a_query(web: Web) -> None:
    path = "/questions/mastered-elsewhere?identifier="
    headers = web.running.headers("district")
    whole = web.send("GET", f"{path}S000002", headers)
    assert whole.json["results"]["bindings"]
    for value in ('S000002" } UNION { ?s ?p ?o } #', "S000002\\", "<urn:x>", "?identifier", "\n"):
        answer = web.send("GET", path + quote(value), headers)
        assert (answer.status, answer.json["results"]["bindings"]) == (200, [])


@pytest.mark.parametrize("name", ["nothing", "README", "__init__", "examples"])
def test_a_question_that_is_not_there_is_not_found(web: Web, name: str) -> None:
    assert browse(web, f"/questions/{name}", "teacher").status == 404
    told = web.send("GET", f"/questions/{name}", web.running.headers("teacher"))
    assert told.status == 404
    assert "/questions" in told.json["detail"]


def test_head_is_as_get_without_a_body(web: Web) -> None:
    for path in ("/questions", QUESTION):
        got, head = browse(web, path), web.send("HEAD", path, {"Accept": PAGE})
        assert (head.status, head.body) == (got.status, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
