"""Rows of programs and interventions: supports, and special education apart from them."""

import re

from rdflib import Literal, URIRef

from databackpack.loaders.edfi.node import Node
from databackpack.loaders.edfi.page import Page, coded, dated, worded
from databackpack.loaders.record import Source
from databackpack.ontology.namespaces import BP, BPC

__all__ = ["add_intervention", "add_program", "is_program"]

_BY_ELEMENT = {
    "StudentCTEProgramAssociation": "CareerTechnicalProgram",
    "StudentHomelessProgramAssociation": "HomelessProgram",
    "StudentLanguageInstructionProgramAssociation": "EnglishLearnerProgram",
    "StudentMigrantEducationProgramAssociation": "MigrantEducationProgram",
    "StudentNeglectedOrDelinquentProgramAssociation": "NeglectedOrDelinquentProgram",
    "StudentSchoolFoodServiceProgramAssociation": "FoodServiceProgram",
    "StudentSection504ProgramAssociation": "Section504Plan",
    "StudentSpecialEducationProgramAssociation": "IndividualizedEducationProgram",
    "StudentTitleIPartAProgramAssociation": "TitleIProgram",
}

# Any other association says by its type or its name what it is. Special education stands first: a
# plain association must not slip it into the wider category.
_BY_WORDS = {
    "Special Education": "IndividualizedEducationProgram",
    "Section 504": "Section504Plan",
    "Bilingual": "BilingualProgram",
    "Gifted": "GiftedProgram",
    "English as a Second Language": "EnglishLearnerProgram",
    "Career and Technical": "CareerTechnicalProgram",
    "Title I Part A": "TitleIProgram",
    "Migrant": "MigrantEducationProgram",
    "Homeless": "HomelessProgram",
    "Neglected": "NeglectedOrDelinquentProgram",
    "School Food Service": "FoodServiceProgram",
}
_SPECIAL = {BP.IndividualizedEducationProgram, BP.Section504Plan}

_ORGANIZATION = (
    "EducationOrganizationReference/EducationOrganizationIdentity/EducationOrganizationId"
)
_PROGRAM = "ProgramReference/ProgramIdentity"


def is_program(name: str) -> bool:
    """Return whether elements called *name* associate a learner with a program."""
    return re.fullmatch(r"Student\w*ProgramAssociation", name) is not None


def add_program(page: Page, node: Node, source: Source) -> None:
    """A learner's program is in the page, as special education or as another support."""
    program = node.node(_PROGRAM)
    name, begin = program.need("ProgramName"), node.need_day("BeginDate")
    code = node.value(_ORGANIZATION) or program.need(_ORGANIZATION)
    holder = page.reference.holder(code)
    support = coded(BP.SupportTypeScheme, _support_type(node))
    special = support in _SPECIAL
    disabilities = (
        [*node.codes("Disability/Disability"), *node.codes("Section504Disability")]
        if special
        else []
    )
    page.add(
        page.item(holder, node.name, name, begin.isoformat()),
        BP.SpecialEducationSupport if special else BP.StudentSupport,
        BPC["special-education"] if special else BPC.supports,
        holder,
        source,
        [
            (BP.hasSupportType, support),
            (BP.programName, Literal(name)),
            (BP.startDate, Literal(begin)),
            (BP.endDate, dated(node.day("EndDate") or node.day("SpecialEducationExitDate"))),
            *((BP.disabilityType, Literal(text)) for text in disabilities),
        ],
    )


def add_intervention(page: Page, node: Node, source: Source) -> None:
    """A learner's intervention is in the page, with the dates of the intervention."""
    (organization, code), intervention, _ = page.reference.find(
        "Intervention", node.node("InterventionReference"), source.file
    )
    holder = page.reference.holder(organization)
    support: URIRef = BP.Intervention
    page.add(
        page.item(holder, node.name, code),
        BP.StudentSupport,
        BPC.supports,
        holder,
        source,
        [
            (BP.hasSupportType, support),
            (BP.programName, worded(code)),
            (BP.startDate, dated(intervention.day("BeginDate"))),
            (BP.endDate, dated(intervention.day("EndDate"))),
        ],
    )


def _support_type(node: Node) -> str:
    if node.name in _BY_ELEMENT:
        return _BY_ELEMENT[node.name]
    words = f"{node.code(f'{_PROGRAM}/ProgramType')} {node.value(f'{_PROGRAM}/ProgramName')}"
    return next(
        (kind for word, kind in _BY_WORDS.items() if word.casefold() in words.casefold()),
        "OtherProgram",
    )
