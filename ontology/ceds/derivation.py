"""Derives ``ceds.csv`` beside it from the published JSON-LD context and the subset of the ontology.

``python -m databackpack.ontology.ceds.derivation ../shared/data`` writes it again; the same files
give the same bytes. Identifiers, technical names, option codes, domains and option sets are taken
over, definitions and other sentences are not.
"""

import csv
import json
import re
import sys
from collections import defaultdict
from io import StringIO
from pathlib import Path

import pyoxigraph as ox

__all__ = ["derive", "main"]

_OLD = "http://ceds.ed.gov/terms#"
_DOMAIN = ox.NamedNode("https://schema.org/domainIncludes")
_RANGE = ox.NamedNode("https://schema.org/rangeIncludes")
_OPTION_SET = re.compile(r"C00\d{4}")
_PROLOGUE = """\
# Common Education Data Standards, version 13: identifiers, technical names, option codes and sets.
# Do not edit: derived by databackpack.ontology.ceds.derivation from the CEDS Ontology (Apache-2.0)
# and its JSON-LD context (ceds-jsonld, MIT). The local names are the same in version 14
# (https://w3id.org/CEDStandards/terms/).
# The name of an option value is its code; NI002175181505 is a value of the option set C002175.
"""


def derive(data: Path) -> str:
    """Return the text of the table; raises OSError where a source is missing."""
    context = json.loads((data / "ceds/ceds_context.json").read_text(encoding="utf-8"))["@context"]
    domains, ranges = _domains_and_ranges(data / "ceds/ceds_subset_v13.ttl")
    names = {
        (value["@id"] if isinstance(value, dict) else value).removeprefix("ceds:"): name
        for name, value in context.items()
        if (value["@id"] if isinstance(value, dict) else value).startswith("ceds:")
    }
    rows = []
    for identifier, name in names.items():
        if identifier.startswith("NI"):
            name = name.partition("_")[2]
        options = {f"C{identifier[1:]}"} if identifier.startswith("P") else set()
        sets = {one for one in ranges[identifier] if _OPTION_SET.fullmatch(one)} or options
        domain = " ".join(sorted(domains[identifier]))
        rows.append((identifier, name, domain, " ".join(sorted(sets & names.keys()))))
    out = StringIO()
    out.write(_PROLOGUE)
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("identifier", "name", "domains", "options"))
    writer.writerows(sorted(rows))
    return out.getvalue()


_Links = defaultdict[str, set[str]]


def _domains_and_ranges(subset: Path) -> tuple[_Links, _Links]:
    """Return the domains and the ranges of each property of the subset, by local name."""
    domains, ranges = _Links(set), _Links(set)
    for quad in ox.parse(subset.read_bytes(), format=ox.RdfFormat.TURTLE):
        subject, value = quad.subject, quad.object
        if isinstance(subject, ox.NamedNode) and isinstance(value, ox.NamedNode):
            found = {_DOMAIN: domains, _RANGE: ranges}.get(quad.predicate)
            if found is not None:
                found[subject.value.removeprefix(_OLD)].add(value.value.removeprefix(_OLD))
    return domains, ranges


def main(arguments: list[str]) -> int:
    """Write the table beside this module from the files in the one folder named; 0 when done."""
    if len(arguments) != 1:
        print("usage: python -m databackpack.ontology.ceds.derivation DATA", file=sys.stderr)
        return 2
    try:
        text = derive(Path(arguments[0]))
    except OSError as error:
        print(f"{error.filename}: {error.strerror}; DATA must hold the files", file=sys.stderr)
        return 2
    Path(__file__).with_name("ceds.csv").write_text(text, encoding="utf-8", newline="\n")
    print(f"ceds.csv: {len(text.encode()):,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
