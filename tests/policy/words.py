"""What the policy tests share: people, purposes that stand to each other, random statements."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from hypothesis import strategies as st
from rdflib import URIRef

from databackpack.ontology.codes import concepts
from databackpack.ontology.namespaces import BP, BPA, BPC, ID
from databackpack.service.policy.model import Audience, Level, Statement

EDU = "https://w3id.org/dpv/sector/education#"
ASKED = URIRef(f"{EDU}StudentManagement")
WIDER = URIRef(f"{EDU}EducationManagement")
NARROWER = URIRef(f"{EDU}StudentAdmissionManagement")
OTHER = URIRef("https://w3id.org/dpv#Marketing")

LEARNER = ID[f"learner/{UUID(int=1)}"]
GUARDIANS = [ID[f"guardian/{UUID(int=number)}"] for number in (2, 3)]
ROLE = BPA["state-agency"]
AUDIENCE = Audience(
    ID["audience/state-agency-sample"],
    ROLE,
    ID["organization/sample"],
    frozenset({ASKED}),
    BP.EveryLearner,
)
STRANGER = ID["audience/provider-lantern"]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def statement(
    number: int = 1,
    *,
    category: URIRef = BPC.progress,
    audience: URIRef = ROLE,
    level: Level = Level.FULL,
    assigner: URIRef = GUARDIANS[0],
    since: datetime = NOON - DAY,
    until: datetime | None = None,
    purpose: URIRef | None = None,
    withdrawn: datetime | None = None,
) -> Statement:
    """Return a statement about the learner; *number* makes its IRI."""
    return Statement(
        ID[f"policy/{UUID(int=number)}"],
        LEARNER,
        category,
        audience,
        level,
        assigner,
        since,
        until,
        purpose,
        withdrawn,
    )


_ZONES = [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))]
MOMENTS = st.datetimes(
    datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.sampled_from(_ZONES)
)
LEVELS = st.sampled_from(Level)
AUDIENCES = st.sampled_from([AUDIENCE.iri, ROLE, STRANGER, BPA.teacher])


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    """Give statements of any kind that the profile can say: a permission has a purpose."""
    since, level = draw(MOMENTS), draw(LEVELS)
    length = draw(st.none() | st.timedeltas(timedelta(microseconds=1), timedelta(days=4000)))
    purposes = st.sampled_from(concepts(BP.PurposeScheme))
    return Statement(
        ID[f"policy/{draw(st.uuids())}"],
        LEARNER,
        draw(st.sampled_from(concepts(BP.CategoryScheme))),
        draw(AUDIENCES),
        level,
        draw(st.sampled_from([*GUARDIANS, LEARNER])),
        since,
        None if length is None else since + length,
        draw(purposes if level > Level.NONE else st.none() | purposes),
        draw(st.none() | MOMENTS),
        draw(st.none() | st.timedeltas(timedelta(seconds=1), DAY).map(lambda gap: since - gap)),
    )


@st.composite
def near(draw: st.DrawFn) -> Statement:
    """Give statements on one cell around noon, so that many are heard and many clash."""
    hours = st.integers(-3, 3).map(lambda number: NOON + timedelta(hours=number))
    return Statement(
        ID[f"policy/{draw(st.uuids())}"],
        LEARNER,
        draw(st.sampled_from([BPC.progress, BPC.attendance])),
        draw(st.sampled_from([AUDIENCE.iri, ROLE, STRANGER])),
        draw(LEVELS),
        draw(st.sampled_from(GUARDIANS)),
        draw(hours),
        draw(st.none() | hours),
        draw(st.sampled_from([None, ASKED, WIDER, NARROWER, OTHER])),
        draw(st.none() | hours),
    )
