"""Query texts that are small and cost much: each kills, hangs or fills an engine without limits."""

__all__ = ["COSTLY", "CRUDE", "WRITES"]

_PAIRS = "{ ?a ?b ?c } { ?d ?e ?f }"
_TRIPLES = f"{_PAIRS} {{ ?g ?h ?i }}"

CRUDE = {
    "nested brackets": "ASK { FILTER(" + "(" * 60_000 + "1" + ")" * 60_000 + ") }",
    "nested groups": "ASK " + "{" * 60_000 + "}" * 60_000,
    "nested lists of 0.6 KB": "ASK { ?s ?p " + "(" * 300 + ")" * 300 + " }",
    "nested blank nodes": "ASK { ?s ?p " + "[ ?p " * 400 + "1" + " ]" * 400 + " }",
    "400 patterns": "ASK { " + " ".join(f"?a{n} ?b{n} ?c{n} ." for n in range(400)) + " }",
    "400 joined patterns": "ASK { " + " ".join(f"?a{n} ?b ?a{n + 1} ." for n in range(400)) + " }",
    "a chain of sums": "ASK { FILTER(1" + "+1" * 16_000 + " = 0) }",
    "a chain of negations": "ASK { FILTER(" + "!" * 300_000 + "true) }",
    "a chain of ors": "ASK { FILTER(?a" + "||?a" * 20_000 + ") }",
    "a path of 700 steps": "ASK { ?s " + "/".join(["(!<urn:x>)"] * 700) + " ?o }",
    "a path of 300 stars": "ASK { ?s " + "/".join(["(!<urn:x>)*"] * 300) + " ?o }",
    "nested paths": "ASK { ?s " + "(" * 3000 + "<urn:p>" + ")*" * 3000 + " ?o }",
    "nested negated groups": "ASK { FILTER(" + "!(" * 28 + "1",
    "nested replacements": "ASK { FILTER(" + "REPLACE(" * 24 + "1" + ",'a','b')" * 24 + ") }",
    "nested unions": "ASK " + "{ { ?s ?p ?o } UNION " * 3000 + "{}" + " }" * 3000,
    "300 optionals": "ASK { " + "OPTIONAL { ?s ?p ?o } " * 300 + " }",
}
"""What kills or hangs by its form. Most of these the guard refuses."""

COSTLY = {
    "a cross product": f"SELECT (COUNT(*) AS ?n) {{ {_TRIPLES} }}",
    "a cross product, sent": f"SELECT * {{ {_TRIPLES} }}",
    "a cross product, sorted": f"SELECT * {{ {_TRIPLES} }} ORDER BY ?c ?f ?i",
    "a cross product, distinct": f"SELECT DISTINCT ?a ?d ?g ?c {{ {_TRIPLES} }}",
    "a cross product, as one string": f"SELECT (GROUP_CONCAT(?c) AS ?x) {{ {_TRIPLES} }}",
    "a cross product, in groups": f"SELECT ?a ?d (COUNT(*) AS ?n) {{ {_TRIPLES} }} GROUP BY ?a ?d",
    "a cross product, constructed": f"CONSTRUCT {{ ?a ?e ?i }} WHERE {{ {_TRIPLES} }}",
    "powers of VALUES": "SELECT (COUNT(*) AS ?n) { "
    + "".join(f"VALUES ?v{n} {{ 1 2 3 4 5 6 7 8 9 }} " for n in range(20))
    + "}",
    "closures from all nodes": "SELECT (COUNT(*) AS ?n) { ?a (!<urn:x>)* ?b . ?b (!<urn:x>)* ?c "
    ". ?c (!<urn:x>|^<urn:y>)* ?d }",
    "a regular expression for each row": f"SELECT * {{ {_PAIRS} "
    'FILTER(REGEX(CONCAT(STR(?a), STR(?c), STR(?f)), "(\\\\w{1,500}){1,50}x")) }',
    "doubled strings": 'SELECT (STRLEN(?x40) AS ?n) { BIND("xxxxxxxx" AS ?x0) '
    + " ".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1})" for n in range(40))
    + " }",
    "replaced strings": 'SELECT (STRLEN(?x12) AS ?n) { BIND("aaaaaaaaaaaaaaaa" AS ?x0) '
    + " ".join(f'BIND(REPLACE(?x{n}, "a", "aaaaaaaa") AS ?x{n + 1})' for n in range(12))
    + " }",
    "what does not exist, for each row": f"SELECT * {{ {_PAIRS} "
    "FILTER NOT EXISTS { ?f ?x ?y . ?y ?z ?f . ?z ?v ?w } }",
    "optional cross products": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c OPTIONAL { ?d ?e ?f } "
    "OPTIONAL { ?g ?h ?i } }",
    "a subquery for each row": "SELECT * { ?s ?p ?o { SELECT (MAX(?c) AS ?m) "
    f"{{ {_TRIPLES} }} }} }}",
}
"""What is usual in its form, and so passes the guard."""

WRITES = {
    "nested unions",
    "a cross product, sent",
    "a cross product, distinct",
    "a cross product, constructed",
    "what does not exist, for each row",
    "a subquery for each row",
}
"""What writes rows on its way: a worker can then tell that it is enough, and lives."""
