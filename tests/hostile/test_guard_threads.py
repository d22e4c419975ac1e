"""The guard in many threads at once, as the server calls it."""

import subprocess
import sys

FIRST = """
import sys
from concurrent.futures import ThreadPoolExecutor
from databackpack.service.gate import guard
sys.setswitchinterval(1e-5)
text = '''SELECT (STR(?a) AS ?b) { ?s ?p 'service', 1.5, true ; <urn:p>/^<urn:q>* ?a
  FILTER(?a + 1 > 2 && REGEX(?p, 'x')) } ORDER BY ?a LIMIT 3'''
with ThreadPoolExecutor(8) as askers:
    asked = [askers.submit(guard.check, text) for _ in range(16)]
print(*{repr(each.exception()) for each in asked})
"""


def test_the_first_queries_with_a_keyword_may_come_all_at_once() -> None:
    command = [sys.executable, "-c", FIRST]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    assert done.stdout == "None\n"
