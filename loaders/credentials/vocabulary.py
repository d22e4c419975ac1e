"""The namespaces of verifiable credentials, Open Badges and Comprehensive Learner Records."""

from rdflib import Namespace

from databackpack.ontology.namespaces import SDO

__all__ = ["CLR", "OB", "SCHEMA", "VC"]

CLR = Namespace("https://purl.imsglobal.org/spec/vc/clr/vocab.html#")
OB = Namespace("https://purl.imsglobal.org/spec/vc/ob/vocab.html#")
SCHEMA = Namespace(str(SDO))
VC = Namespace("https://www.w3.org/2018/credentials#")
