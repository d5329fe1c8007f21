"""
Scores name pairs with nomenklatura's logic-v2, in an environment of its own.

Run by bench.screening with another interpreter: it reads one JSON list of
[left, right, type] rows a line and answers one JSON list of scores, 0 to 100.
"""

import json
import sys
import time

from followthemoney import model
from nomenklatura.matching import LogicV2

SCHEMATA = {"person": "Person", "company": "Organization", "vessel": "Vessel"}


def entity(name, kind, number):
    """Return a fresh entity: the algorithm caches by id."""
    schema = SCHEMATA.get(kind, "LegalEntity")
    return model.get_proxy({"id": f"x{number}", "schema": schema, "properties": {"name": [name]}})


def main():
    config = LogicV2.default_config()
    number = 0
    for line in sys.stdin:
        rows = json.loads(line)
        started = time.perf_counter()
        scores = []
        for left, right, kind in rows:
            number += 2
            ours, theirs = entity(left, kind, number), entity(right, kind, number + 1)
            scores.append(100 * LogicV2.compare(ours, theirs, config).score)
        spent = (time.perf_counter() - started) * 1000
        sys.stdout.write(json.dumps([scores, spent]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
