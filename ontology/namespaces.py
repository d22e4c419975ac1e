"""The namespaces of the project, each under the prefix its Turtle files use."""

from rdflib import Namespace
from rdflib.namespace import DCTERMS, ORG, OWL, PROV, RDF, RDFS, SDO, SKOS, XSD

__all__ = [
    "BP",
    "BPA",
    "BPC",
    "BPG",
    "BPL",
    "BPM",
    "CEASN",
    "CEDS",
    "DCTERMS",
    "DPV",
    "EDU",
    "ID",
    "ODRL",
    "ORG",
    "OWL",
    "PD",
    "PREFIXES",
    "PROV",
    "RDF",
    "RDFS",
    "SDO",
    "SEMAPV",
    "SKOS",
    "SSSOM",
    "XSD",
]

BP = Namespace("https://w3id.org/databackpack/ns#")
BPA = Namespace("https://w3id.org/databackpack/audience#")
BPC = Namespace("https://w3id.org/databackpack/category#")
BPG = Namespace("https://w3id.org/databackpack/grade#")
BPL = Namespace("https://w3id.org/databackpack/level#")
BPM = Namespace("https://w3id.org/databackpack/mastery#")
ID = Namespace("https://w3id.org/databackpack/id/")
"""Everything that is not vocabulary: learners, organisations, audiences, policies, graphs."""

CEASN = Namespace("https://purl.org/ctdlasn/terms/")
CEDS = Namespace("https://w3id.org/CEDStandards/terms/")
DPV = Namespace("https://w3id.org/dpv#")
EDU = Namespace("https://w3id.org/dpv/sector/education#")
ODRL = Namespace("http://www.w3.org/ns/odrl/2/")
PD = Namespace("https://w3id.org/dpv/pd#")
SEMAPV = Namespace("https://w3id.org/semapv/vocab/")
SSSOM = Namespace("https://w3id.org/sssom/")

PREFIXES: dict[str, Namespace | str] = {
    "bp": BP,
    "bpa": BPA,
    "bpc": BPC,
    "bpg": BPG,
    "bpl": BPL,
    "bpm": BPM,
    "ceasn": CEASN,
    "ceds": CEDS,
    "dcterms": str(DCTERMS),
    "dpv": DPV,
    "edu": EDU,
    "odrl": ODRL,
    "org": str(ORG),
    "owl": str(OWL),
    "pd": PD,
    "prov": str(PROV),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "schema": str(SDO),
    "semapv": SEMAPV,
    "skos": str(SKOS),
    "sssom": SSSOM,
    "xsd": str(XSD),
}
