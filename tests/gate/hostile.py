"""Random texts meant to kill or hang an engine, and an engine in a process of its own.

``python -m tests.gate.hostile SECONDS SEED`` lets the guard stand between the two.
"""

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from select import select
from tempfile import mkdtemp

from databackpack.service.gate import guard
from databackpack.service.gate.faults import ServiceError

__all__ = ["Engine", "texts"]

_LONGEST = 40_000
_PATIENCE = 20.0
_CHILD = """
import json, sys, threading
import pyoxigraph as ox

store = ox.Store()

def run(text):
    try:
        result = store.query(text)
        if not isinstance(result, ox.QueryBoolean):
            next(iter(result), None)
    except Exception:
        pass

for line in sys.stdin:
    thread = threading.Thread(target=run, args=(json.loads(line),))
    thread.start()
    thread.join()
    print("alive", flush=True)
"""

# What makes a reader take code for a string, an IRI, a comment or data, and the other way round.
_HIDES = (
    *("1<", "1 <", "?a<", "STR(?x)<", "'x'@en<", "'x'@en-a<", "p:a-<", "p:a\\'<", "p:<", "p:a\\'="),
    *("'>'<", "<urn:a'b>=", "<'>'", "'<'=", "1=1#>\n&&", "1<#>\n", "1<'#>'", "1<2&&", "(1<2)&&"),
    *("NOT EXISTS{}<", "true<", "1.5<", "COUNT(DISTINCT<urn:a'b>)<", '"""a"#\\z\n', "'''a'#\\z\n"),
    *("'\\u0027'<", "<urn:\\u0027>=", "\\u0028", "GROUP_CONCAT(?a<2;SEPARATOR='>')=", "1<2,3>1,"),
    *("IF(1<2,3>1,1)=", "+1<", "-1<", "!1<", "'\\''<", "'a\\\\'<", "'\"'<", "?a<?b&&?c>", "1<=2>"),
    *(
        '"x"^^p:a<',
        '"x"^^<urn:\'>=',
        "<http://e/'>=",
        "1<http://e/'>",
        "1<<urn:x'>&&",
        "1<urn:#>\n",
    ),
)
_ENDS = (
    "",
    "&&(2>1)",
    "&&'>'='>'",
    ">1",
    "&&1>'",
    "'",
    '"',
    '"""',
    "'''",
    "#>\n",
    ")>1",
    "<urn:'>",
)
_NESTS = (
    *(
        "(",
        "!",
        "-",
        "STR(",
        "IF(1,1,",
        "COALESCE(",
        "!(",
        "-(",
        "(1+",
        "1 IN(",
        "ABS(",
        "(!",
        " p:f(",
    ),
    *("REGEX(", "SUBSTR(1,", "REPLACE(1,1,", "GROUP_CONCAT(", "<urn:f>(", "(1<(", "EXISTS{FILTER("),
)
_CHAINS = (
    "+1",
    "*1",
    "||1",
    "&&1",
    "-1",
    "/1",
    "=1",
    "<1",
    ",1",
    "&&1<2",
    "||'>'='<'",
    "<(1",
    "+p:a-",
)
_OPERANDS = ("1", "?a", "'x'", "p:a", "<urn:p>", "true", "p:a-", "'x'@en", "1.5", "STR(?x)")
_TERMS = (
    *("?a", "?b", "<urn:p>", "p:a", "1", "true", "'x'", "'x'@en-a", "_:b", "[]", "()", "p:a\\'"),
    *("<urn:a'b>", "'>'", "'<'", "<http://e/#a>", '"""q"""', "1.5"),
)
_ELEMENTS = (
    *(" 1", "true", "?a", "'x'", "<urn:p>", "p:a ", "1true", "[]", "()", "-1 ", "?a?b", "p:a-1 "),
    '"x"@en-FILTER(',
)
_LISTS = ("(", "[?q ", "( 1 ", "[?q 1;?r ", "?x;?q ", "1,", "(1 2)(", "[]. [] ?p ", "1 , ")
_PATHS = ("<urn:p>/", "(<urn:p>|", "^", "!(", "(<urn:p>)*/", "<urn:p>?/", "<urn:p>|", "(^")
_GROUPS = (
    "{",
    "OPTIONAL{",
    "UNION{",
    "MINUS{",
    "GRAPH ?g{",
    "GRAPH<urn:a'b>{",
    "{{",
    "FILTER EXISTS{",
)
_FILTERS = (
    "FILTER(",
    "BIND(",
    "FILTER#c\n(",
    "FILTER regex(",
    "FILTER p:f(",
    "FILTER !(",
    "1FILTER(",
)
_TABLES = ("VALUES?x{", "VALUES(?x ?y){", "?s ?p ?VALUES{", "?s?p VALUES:x{", "?s ?p VALUES-a:b{")
_ROWS = ("1 ", "(1 2)", "?a ?b ?c.", "<urn:a'b>", "'}'")
_NOISE = (
    "#'\n",
    '#"\n',
    "#<\n",
    "'",
    '"',
    "#'''\n",
    " ",
    " . ",
    "\\",
    "<",
    "~",
    "<<",
    "(",
    "}",
    "[",
)
_PREFIXES = "PREFIX p:<urn:>PREFIX VALUES:<urn:>PREFIX VALUES-a:<urn:>"


class _Writer:
    """Writes texts from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311

    def one(self, choices: tuple[str, ...]) -> str:
        return self._random.choice(choices)

    def often(self) -> int:
        """Return a number of repetitions: mostly few, now and then thousands."""
        return int(2 ** self._random.uniform(0, self._random.choice([4, 7, 9, 12, 14])))

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def nested(self, begin: str, inside: str, end: str) -> str:
        often = self.often()
        return begin * often + inside + end * (often if self.chance(0.8) else 0)

    def expression(self, depth: int = 0) -> str:
        kind = self._random.random()
        if kind < 0.25:
            return self.nested(self.one(_NESTS), "1", self.one((")", ",1)", ")}", "))", "")))
        if kind < 0.45:
            return "1" + self.one(_CHAINS) * self.often()
        if kind < 0.9 and depth < 4:
            return (self.one(_HIDES) + self.expression(depth + 1) + self.one(_ENDS))[:_LONGEST]
        return self.one(_OPERANDS)

    def pattern(self, depth: int = 0) -> str:
        kind = self._random.random()
        if kind < 0.2:
            triple = f"{self.one(_TERMS)} {self.one(('?p', 'p:p', 'a'))} {self.one(_TERMS)} . "
            return triple * (self.often() if self.chance(0.4) else 1)
        if kind < 0.27:
            return "?s ?p " + self.nested(self.one(_LISTS), "1", self.one((")", "]", ""))) + " . "
        if kind < 0.33:
            return "?s ?p(" + self.one(_ELEMENTS) * self.often() + ") . "
        if kind < 0.38:
            return f"?s {self.nested(self.one(_PATHS), '<urn:p>', self.one((')', '')))} ?o . "
        if kind < 0.62:
            return self.one(_FILTERS) + self.expression() + self.one((")", ")", " AS ?z)", ""))
        if kind < 0.7:
            select = self.one(("{SELECT(", "{SELECT ?x(", "{SELECT(1 AS ?y)("))
            return f"{select}{self.expression()} AS ?z){{}}GROUP BY({self.expression()})}}"
        if kind < 0.85 and depth < 5:
            group = self.one(_GROUPS) + self.pattern(depth + 1) + "}"
            return (group * (self.often() if self.chance(0.2) else 1))[:_LONGEST]
        if kind < 0.92:
            return self.one(_TABLES) + self.one(_ROWS) * self.often() + "}"
        return self.one(_NOISE)

    def text(self) -> str:
        body = " ".join(self.pattern() for _ in range(self._random.randrange(1, 5)))
        found = _PREFIXES + self.one(("ASK{", "SELECT*{", "DESCRIBE ?a{")) + body + "}"
        for _ in range(self._random.choice([0, 0, 0, 1, 2, 4])):
            found = self._spoil(found[:_LONGEST])
        return found[: guard.LONGEST]

    def _spoil(self, text: str) -> str:
        start = self._random.randrange(len(text))
        end = start + self._random.randrange(1, 12)
        match self._random.randrange(3):
            case 0:
                return text[:start] + text[end:]
            case 1:
                return text[:start] + self.one((*_HIDES, *_ENDS, *_NOISE)) + text[start:]
            case _:
                return text[:start] + text[start:end] * self.often() + text[start:]


def texts(seed: int) -> Iterator[str]:
    """Yield hostile texts for ever, the same for the same seed."""
    writer = _Writer(seed)
    while True:
        yield writer.text()


class Engine:
    """An engine in a child process, which is made anew when a text kills or hangs it."""

    def __init__(self) -> None:
        self._child = self._start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def survives(self, text: str) -> bool:
        """Tell whether the engine is done with *text* soon, whatever it makes of it."""
        stdin, stdout = self._child.stdin, self._child.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(text) + "\n")
        stdin.flush()
        ready, _, _ = select([stdout], [], [], _PATIENCE)
        if ready and stdout.readline() == "alive\n":
            return True
        self.close()
        self._child = self._start()
        return False

    def close(self) -> None:
        """End the child."""
        self._child.kill()
        self._child.communicate()


def _main(seconds: float, seed: int) -> int:
    counts: Counter[str] = Counter()
    child, end, longest = Engine(), time.monotonic() + seconds, 0.0
    harmful = Path(mkdtemp(prefix="hostile-"))
    for text in texts(seed):
        if time.monotonic() > end:
            break
        try:
            guard.check(text)
        except ServiceError as fault:
            counts[f"refused: {fault.detail}"] += 1
            continue
        began = time.monotonic()
        if child.survives(text):
            counts["passed"] += 1
        else:
            counts["HARMFUL"] += 1
            (harmful / f"{counts['HARMFUL']}.rq").write_text(text, encoding="utf-8")
        longest = max(longest, time.monotonic() - began)
    child.close()
    for what, count in counts.most_common():
        print(f"{count:8} {what}")
    print(f"longest {longest:.2f} s; harmful texts are in {harmful}")
    return 1 if counts["HARMFUL"] else 0


if __name__ == "__main__":
    sys.exit(_main(float(sys.argv[1]), int(sys.argv[2])))
