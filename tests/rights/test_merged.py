"""What the family of a child with two identifiers reads once they are one: both logs, and why."""

from databackpack.ontology.codes import local_name
from databackpack.ontology.namespaces import BPC
from databackpack.service.gate.answer import answer
from databackpack.service.gate.credentials import Credential
from databackpack.service.gate.protocol import QueryRequest
from databackpack.service.gate.results import GRAPH_FORMATS, RESULTS_FORMATS
from databackpack.service.rights import disclosures, explanation
from databackpack.service.views.view import Limits
from tests.intake.test_merging import YESTERDAY, State, small_world, word


def ask(state: State, name: str) -> None:
    audience = state.views.audience(name)
    (purpose,) = audience.purposes
    answer(
        state.views,
        Credential("somebody", audience, purpose),
        QueryRequest("SELECT * { ?learner ?is ?it }"),
        RESULTS_FORMATS["text/csv"],
        GRAPH_FORMATS["text/turtle"],
        Limits(),
    )


def test_the_log_of_one_who_was_merged_has_what_was_asked_about_either_name_before() -> None:
    state = State(small_world())
    ask(state, "teacher-oak")
    assert disclosures.of_learner(state.truth, state.first) == []
    state.merge()
    (access,) = disclosures.of_learner(state.truth, state.first)
    assert local_name(access.entry.audience) == "teacher-oak"
    assert {local_name(part.category) for part in access.parts} >= {"progress"}
    state.views.close()


def test_what_a_merge_closed_is_explained_as_such_and_not_as_a_guardians_word() -> None:
    state = State(small_world(word(1, "full", "provider-tutor", YESTERDAY)))
    state.merge()
    audience = state.views.audience("provider-tutor")
    told = [
        line
        for made in explanation.explain(state.views, state.first, BPC.progress, audience)
        for line in explanation.words(state.views, made)
    ]
    closed = [line for line in told if line.startswith("Two identifiers were found")]
    assert closed
    assert not any("said" in line and "nothing" in line for line in told if line not in closed)
    state.views.close()
