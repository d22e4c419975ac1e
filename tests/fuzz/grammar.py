"""Queries of SPARQL 1.1 from its grammar, mostly valid: every form, operator, path and function.

A query is a list of tokens, so that it can be spelled oddly and spoiled token by token. Section
numbers are those of the SPARQL 1.1 Query Language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

__all__ = ["Grammar", "Words", "spell"]

Tokens = list[str]
_Choice = TypeVar("_Choice")

_VARIABLES = ("?a", "?b", "?c", "$d", "?naïve", "?_1")
_FUNCTIONS = {  # sections 17.4 and 17.5, by how much each takes
    0: ("NOW", "RAND", "UUID", "STRUUID", "BNODE"),
    1: (
        *("STR", "LANG", "DATATYPE", "IRI", "URI", "BNODE", "ABS", "CEIL", "FLOOR", "ROUND"),
        *("STRLEN", "UCASE", "LCASE", "ENCODE_FOR_URI", "YEAR", "MONTH", "DAY", "HOURS"),
        *("MINUTES", "SECONDS", "TIMEZONE", "TZ", "MD5", "SHA1", "SHA256", "SHA384", "SHA512"),
        *("isIRI", "isURI", "isBLANK", "isLITERAL", "isNUMERIC", "xsd:integer", "xsd:double"),
        *("xsd:decimal", "xsd:boolean", "xsd:dateTime", "xsd:string"),
    ),
    2: (
        *("LANGMATCHES", "sameTerm", "STRDT", "STRLANG", "CONCAT", "STRSTARTS", "STRENDS"),
        *("CONTAINS", "STRBEFORE", "STRAFTER", "SUBSTR", "REGEX", "COALESCE"),
    ),
    3: ("IF", "SUBSTR", "REPLACE", "REGEX", "CONCAT", "COALESCE"),
}
_GLUED = {"BNODE", "COALESCE", "CONCAT"}
"""Before whose bracket the engine, unlike SPARQL, allows no space."""

_AGGREGATES = ("COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT")
_OPERATORS = ("=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/", "&&", "||")
_LITERALS = (
    *("1", "-2", "+3.5", "1e6", ".5", "true", "false", "'x'", '"y"@en', "'z'@en-US", '""'),
    *("'''it's\nlong'''", '"""say "so\\""""', r"'tab\t\u00e9\U0001F392'", "'é漢字🎒'", "'SERVICE'"),
    *('"2026-11-23"^^xsd:date', '"x"^^xsd:integer', '"<b>&amp;"', "'=1+1'", "'a|b(c)*'"),
    *('"2026-11-23T00:00:00Z"^^xsd:dateTime', "'1e400'^^xsd:double", "9" * 23, '"\u202e"'),
)
_SPACES = ("\n", "\t", "\r\n", "   ", ' # it\'s <a> "comment" {\n', "#\n")
_TIGHT = set("(){},;")
_PROLOGUE = (
    *("PREFIX", "bp:", "<https://w3id.org/databackpack/ns#>"),
    *("PREFIX", "xsd:", "<http://www.w3.org/2001/XMLSchema#>"),
    *("PREFIX", ":", "<urn:x:>", "BASE", "<http://example.org/b/>"),
)


@dataclass(frozen=True)
class Words:
    """The IRIs that queries name: what the asker sees, and what others see."""

    classes: Sequence[str]
    predicates: Sequence[str]
    own: Sequence[str]
    hidden: Sequence[str]


class Grammar:
    """Writes queries about *words*, the same ones for the same state of *random*."""

    def __init__(self, random: Random, words: Words) -> None:
        self._random, self._words = random, words
        self._fresh = 0

    def query(self) -> Tokens:
        """Return the tokens of one query (section 19.8, rule 2)."""
        form = self._one((self._select, self._select, self._ask, self._construct, self._describe))
        values = [self._data] if self._chance(0.1) else []
        return [*_PROLOGUE, *form(), *(token for one in values for token in one())]

    def _one(self, choices: Sequence[_Choice]) -> _Choice:
        return self._random.choice(choices)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _some(self, write: Callable[[], Tokens], most: int, between: str = "") -> Tokens:
        """Return one to *most* of what *write* gives."""
        found = write()
        for _ in range(self._random.randrange(most)):
            found += [between, *write()] if between else write()
        return found

    def _new(self) -> str:
        self._fresh += 1
        return f"?new{self._fresh}"

    # Forms: sections 16 and 13.2

    def _select(self) -> Tokens:
        return self._selected(self._dataset())

    def _selected(self, dataset: Tokens, depth: int = 0) -> Tokens:
        begin = ["SELECT", *self._one(([], [], ["DISTINCT"], ["REDUCED"]))]
        where = ["WHERE", *self._group(depth)]
        if self._chance(0.3):
            by = self._random.sample(_VARIABLES[:3], self._random.randrange(3))
            columns = [*by, *self._some(self._aggregated, 3)]
            having = ["HAVING", "(", *self._aggregate(), ">", "1", ")"]
            grouped = [
                *(["GROUP", "BY", *by] if by else []),
                *(having if self._chance(0.3) else []),
            ]
            return [*begin, *columns, *dataset, *where, *grouped, *self._modifiers(by)]
        if self._chance(0.4):
            return [*begin, "*", *dataset, *where, *self._modifiers(_VARIABLES)]
        names = self._random.sample(_VARIABLES, self._random.randrange(1, 4))
        columns = [*names, *(self._some(self._named, 2) if self._chance(0.4) else [])]
        return [*begin, *columns, *dataset, *where, *self._modifiers(names)]

    def _ask(self) -> Tokens:
        return ["ASK", *self._dataset(), *self._group()]

    def _construct(self) -> Tokens:
        if self._chance(0.2):
            plain = self._some(lambda: [*self._plain(), "."], 3)
            return ["CONSTRUCT", *self._dataset(), "WHERE", "{", *plain, "}", *self._modifiers()]
        template = ["{", *self._some(lambda: [*self._template(), "."], 3), "}"]
        where = ["WHERE", *self._group()]
        return ["CONSTRUCT", *template, *self._dataset(), *where, *self._modifiers()]

    def _describe(self) -> Tokens:
        if self._chance(0.4):
            return ["DESCRIBE", *self._some(lambda: [self._iri()], 3), *self._dataset()]
        return ["DESCRIBE", "?a", *self._dataset(), "WHERE", *self._group(), "LIMIT", "5"]

    def _dataset(self) -> Tokens:
        if not self._chance(0.08):
            return []
        return self._some(lambda: ["FROM", *self._one(([], ["NAMED"])), self._iri()], 3)

    def _modifiers(self, names: Sequence[str] = ()) -> Tokens:
        order = [*self._one(([], ["ASC"], ["DESC"])), "(", self._one(names), ")"] if names else []
        return [
            *(["ORDER", "BY", *order] if names and self._chance(0.3) else []),
            *(["LIMIT", str(self._random.randrange(60))] if self._chance(0.85) else []),
            *(["OFFSET", str(self._random.randrange(9))] if self._chance(0.1) else []),
        ]

    # Patterns: sections 5 to 12

    def _group(self, depth: int = 0) -> Tokens:
        begin = self._anchor() if self._chance(0.9) else []
        return ["{", *begin, *self._some(lambda: self._element(depth + 1), 3 - depth // 2), "}"]

    def _anchor(self) -> Tokens:
        return ["?a", "a", f"<{self._one(self._words.classes)}>", "."]

    def _element(self, depth: int) -> Tokens:
        inner = [] if depth > 2 else [self._optional, self._union, self._minus, self._graph]
        nested = [] if depth > 2 else [self._subquery, self._exists]
        simple = [self._triples, self._triples, self._filter, self._bind, self._data]
        return self._one([*simple, *inner, *nested])(depth)

    def _triples(self, _: int = 0) -> Tokens:
        more = [";", self._predicate()[0], self._object()] if self._chance(0.2) else []
        also = [",", self._object()] if self._chance(0.2) else []
        nodes = self._one((["?a"], ["?b"], [self._iri()], ["[", "]"], ["_:n"]))
        return [*nodes, *self._verb(), self._object(), *also, *more, "."]

    def _plain(self) -> Tokens:
        return ["?a", *self._predicate(), self._object()]

    def _template(self) -> Tokens:
        verb = self._one((self._predicate(), ["?p"], [":made"], ["?b"], ["<urn:1>"]))
        return [self._one(("?a", "?b", "_:t", "[]")), *verb, self._object()]

    def _optional(self, depth: int) -> Tokens:
        return ["OPTIONAL", *self._group(depth)]

    def _union(self, depth: int) -> Tokens:
        return [*self._group(depth), "UNION", *self._group(depth)]

    def _minus(self, depth: int) -> Tokens:
        return ["MINUS", *self._group(depth)]

    def _graph(self, depth: int) -> Tokens:
        return ["GRAPH", self._one(("?g", self._iri())), *self._group(depth)]

    def _subquery(self, depth: int) -> Tokens:
        return ["{", *self._selected([], depth), "}"]

    def _exists(self, depth: int) -> Tokens:
        return ["FILTER", *self._one(([], ["NOT"])), "EXISTS", *self._group(depth)]

    def _filter(self, _: int) -> Tokens:
        return ["FILTER", "(", *self._expression(), ")"]

    def _bind(self, _: int) -> Tokens:
        return ["BIND", *self._named()]

    def _data(self, _: int = 0) -> Tokens:
        if self._chance(0.5):
            row = self._some(lambda: [self._datum()], 4)
            return ["VALUES", self._one(_VARIABLES), "{", *row, "}"]
        names = self._random.sample(_VARIABLES, 2)
        rows = self._some(lambda: ["(", self._datum(), self._datum(), ")"], 3)
        return ["VALUES", "(", *names, ")", "{", *rows, "}"]

    def _datum(self) -> str:
        return self._one(("UNDEF", self._iri(), self._one(_LITERALS)))

    def _verb(self) -> Tokens:
        kind = self._random.random()
        return self._path() if kind < 0.3 else ["?p"] if kind < 0.4 else self._predicate()

    def _predicate(self) -> Tokens:
        return [self._one((f"<{self._one(self._words.predicates)}>", "bp:isRecordOf", "a"))]

    def _path(self, depth: int = 0) -> Tokens:
        """Return a property path (section 9)."""
        step = self._predicate()
        if depth > 1:
            return step
        match self._random.randrange(6):
            case 0:
                return ["^", *step]
            case 1:
                return ["(", *self._path(depth + 1), ")", self._one(("*", "+", "?"))]
            case 2:
                return ["!", "(", *step, "|", "^", *self._predicate(), ")"]
            case 3:
                return ["(", *self._path(depth + 1), "|", *self._path(depth + 1), ")"]
            case _:
                return [*self._path(depth + 1), "/", *self._path(depth + 1)]

    def _object(self) -> str:
        own = self._one(("?a", "?b", "?c", "$d"))
        return own if self._chance(0.7) else self._one((self._iri(), self._one(_LITERALS)))

    def _iri(self) -> str:
        kind = self._random.random()
        if kind < 0.5:
            return f"<{self._one(self._words.own)}>"
        if kind < 0.8:
            return f"<{self._one(self._words.hidden)}>"
        return self._one(
            ("<urn:none>", ":x", "bp:MasteryState", "<rel/é>", "<urn:x-arq:UnionGraph>")
        )

    # Expressions: section 17, aggregates: section 11

    def _named(self) -> Tokens:
        return ["(", *self._expression(), "AS", self._new(), ")"]

    def _aggregated(self) -> Tokens:
        return ["(", *self._aggregate(), "AS", self._new(), ")"]

    def _aggregate(self) -> Tokens:
        name = self._one(_AGGREGATES)
        what = ["*"] if name == "COUNT" and self._chance(0.5) else self._expression(2)
        joined = [";", "SEPARATOR", "=", "'|'"] if name == "GROUP_CONCAT" else []
        return [name, "(", *self._one(([], ["DISTINCT"])), *what, *joined, ")"]

    def _expression(self, depth: int = 0) -> Tokens:
        kind = self._random.random()
        if depth > 2 or kind < 0.3:
            return [self._one((*_VARIABLES, self._one(_LITERALS), self._iri()))]
        if kind < 0.5:
            one, other = self._expression(depth + 1), self._expression(depth + 1)
            return ["(", *one, self._one(_OPERATORS), *other, ")"]
        if kind < 0.6:
            return [self._one(("!", "-", "+")), "(", *self._expression(depth + 1), ")"]
        if kind < 0.66:
            among = self._some(lambda: self._expression(depth + 1), 3, ",")
            negated = self._one(([], ["NOT"]))
            return ["(", self._one(_VARIABLES), *negated, "IN", "(", *among, ")", ")"]
        if kind < 0.7:
            return ["BOUND", "(", self._one(_VARIABLES), ")"]
        return self._call(depth)

    def _call(self, depth: int) -> Tokens:
        takes = self._random.choices(range(4), (1, 5, 4, 3))[0]
        given: Tokens = []
        for number in range(takes):
            given += [",", *self._expression(depth + 1)] if number else self._expression(depth + 1)
        name = self._one(_FUNCTIONS[takes])
        return [*([f"{name}("] if name in _GLUED else [name, "("]), *given, ")"]


def spell(tokens: Sequence[str], random: Random) -> str:
    """Return *tokens* as a text, with such spaces, comments and capitals as one may choose."""
    pieces: list[str] = []
    for before, token in zip(["", *tokens], tokens, strict=False):
        if pieces and random.random() < 0.1:
            pieces.append(random.choice(_SPACES))
        elif pieces and not (({before, token} & _TIGHT) and random.random() < 0.3):
            pieces.append(" ")
        odd = token.isascii() and token.isupper() and random.random() < 0.1
        pieces.append(token.swapcase() if odd else token)
    return "".join(pieces)
