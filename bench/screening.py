"""
Measures screening on labelled names against rapidfuzz and, where there is one, logic-v2.

    python -m bench.screening [--data FOLDER] [--logic-v2 PYTHON] [--kinds]

PYTHON is an interpreter of an environment with nomenklatura in it. Machines
are noisy: everything runs in one go, and it is the ratios that count. The
table is that of the specification: recall within ten hits above the lowest
score at which each clean set alarms at most 10 times in 1,000.
"""

import argparse
import csv
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

from rapidfuzz import fuzz, process

from onebox.lists import folder
from partnerdesk.adapters.lists import read
from partnerdesk.domain.judgement import REVIEW_FROM, outcome_of
from partnerdesk.domain.matching import ENGINE, Matcher, pair_score
from partnerdesk.domain.names import taken_apart
from partnerdesk.domain.screening import Outcome, Party, PartyType
from partnerdesk.domain.watchlist import Watchlist, build

DATA = Path("../shared/data/screening")
LIST = "ofac-sdn-full-2024-05-03"
CLEAN = {
    "clean_companies_sec.csv": 1000,
    "clean_persons_congress.csv": 607,
    "clean_persons_synthetic.csv": 1000,
}
ALARMS = 0.010
HITS = 10
OFAC_SURE = 95.0
CANDIDATES = 15


class Ours:
    """The product."""

    name = "product"

    def __init__(self, edition):
        started = time.perf_counter()
        self.content = build(edition.entities, edition.sources, engine=ENGINE)
        self.build_seconds = time.perf_counter() - started
        started = time.perf_counter()
        self.matcher = Matcher(Watchlist(self.content))
        self.load_seconds = time.perf_counter() - started

    def search(self, name, kind):
        found = self.matcher.search(Party(name, PartyType(kind or "unknown")))
        return [(each.entity, each.score / 10) for each in found.matches]

    def alarms(self, name, kind):
        party = Party(name, PartyType(kind or "unknown"))
        return any(
            outcome_of(each, party) is not Outcome.CLEAR
            for each in self.matcher.search(party).matches
        )

    def pairs(self, rows):
        return [
            pair_score(left, right, PartyType(kind or "unknown")) / 10 for left, right, kind in rows
        ]


class BruteForce:
    """rapidfuzz over the sorted folded words of every name."""

    name = "rapidfuzz"

    def __init__(self, edition):
        self.owners, self.folded, self.raw = [], [], []
        for entity in edition.entities:
            for listed in entity.names:
                self.owners.append(entity.number)
                self.folded.append(self.fold(listed.name, entity.type))
                self.raw.append(listed.name)

    @staticmethod
    def fold(name, kind):
        words = taken_apart(name, person=kind == PartyType.PERSON)
        return " ".join(sorted((*words.words, *words.forms)))

    def search(self, name, kind):
        asked = self.fold(name, kind)
        found = process.extract(asked, self.folded, scorer=fuzz.ratio, limit=40)
        best = {}
        for _, score, at in found:
            best.setdefault(self.owners[at], score)
        return list(best.items())[:20]

    def pairs(self, rows):
        return [
            fuzz.ratio(self.fold(left, kind), self.fold(right, kind)) for left, right, kind in rows
        ]


class LogicV2:
    """nomenklatura's logic-v2 over the 30 best candidates by words."""

    name = "logic-v2"

    def __init__(self, python, brute):
        script = Path(__file__).with_name("logic_v2.py")
        self.brute = brute
        self.running = subprocess.Popen(  # noqa: S603 - the interpreter is the caller's choice
            [python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.spent = 0.0
        self.pairs([("Ivan", "Ivan", "person")])  # its first call loads its data

    def pairs(self, rows):
        self.running.stdin.write(json.dumps(rows) + "\n")
        self.running.stdin.flush()
        scores, self.spent = json.loads(self.running.stdout.readline())
        return scores

    def search(self, name, kind):
        asked = self.brute.fold(name, kind)
        found = {
            at
            for scorer in (fuzz.ratio, fuzz.token_set_ratio)
            for _, _, at in process.extract(
                asked, self.brute.folded, scorer=scorer, limit=CANDIDATES
            )
        }
        order = sorted(found)
        scores = self.pairs([(name, self.brute.raw[at], kind) for at in order])
        best = {}
        for score, at in sorted(zip(scores, order, strict=True), key=lambda it: -it[0]):
            best.setdefault(self.brute.owners[at], score)
        return list(best.items())


def rows(data, name):
    with (data / "labels" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def clean_rows(data):
    for name, most in CLEAN.items():
        found = rows(data, name)
        yield name, found[:: max(1, len(found) // most)][:most]


def timed(engine, name, kind, times):
    started = time.perf_counter()
    found = engine.search(name, kind)
    times.append(
        engine.spent if isinstance(engine, LogicV2) else 1000 * (time.perf_counter() - started)
    )
    return found


def quiet_score(engine, data, times):
    """The lowest score at which each clean set alarms at most 10 times in 1,000."""
    lowest = 0.0
    for _, found in clean_rows(data):
        best = sorted(
            (
                max((score for _, score in timed(engine, row["name"], row["type"], times)),
                    default=0.0)
                for row in found
            ),
            reverse=True,
        )  # fmt: skip
        lowest = max(lowest, best[int(len(best) * ALARMS)] + 0.001)
    return lowest


def is_found(hits, expected, least):
    return any(entity in expected and score >= least for entity, score in hits[:HITS])


def recall(engine, data, least, times):
    found, asked = Counter(), Counter()
    for row in rows(data, "search_queries.csv"):
        hits = timed(engine, row["query"], row["type"], times)
        asked[row["kind"]] += 1
        found[row["kind"]] += is_found(hits, row["expected"].split(";"), least)
    return sum(found.values()) / sum(asked.values()), {
        kind: found[kind] / asked[kind] for kind in sorted(asked)
    }


def held_out(engine, data, least):
    asked = rows(data, "alias_holdout.csv")
    return sum(
        is_found(engine.search(row["alias"], row["type"]), {row["ent_num"]}, least) for row in asked
    ) / len(asked)


def spellings(engine, data, least):
    asked = rows(data, "one_name_spellings.csv")
    return sum(
        is_found(engine.search(row["name"], row["type"]), {row["entity"]}, least) for row in asked
    ) / len(asked)


def pairs(engine, data):
    """The best F1 over the labelled pairs, its score, and the STRONG pairs wrong there."""
    asked = rows(data, "name_pairs.csv")
    scores = engine.pairs([(row["left"], row["right"], row["type"]) for row in asked])
    truth = [row["is_match"] == "1" for row in asked]
    best = (0.0, 0.0)
    for least in sorted(set(scores)):
        said = [score >= least for score in scores]
        both = sum(map(min, said, truth))
        best = max(best, (2 * both / (sum(said) + sum(truth)), least))
    wrong = [
        f"{row['left']} | {row['right']} {score:.1f}"
        for row, score, real in zip(asked, scores, truth, strict=True)
        if row["quality"] == "STRONG" and (score >= best[1]) != real
    ]
    return best, wrong


def portal(engine, data, least):
    """The share of OFAC's own sure hits that are kept, for queries of two or more words."""
    asked = [
        row
        for row in rows(data, "ofac_portal_scores.csv")
        if float(row["ofac_score"]) >= OFAC_SURE and len(row["query"].split()) > 1
    ]
    scores = engine.pairs(
        [(row["query"], row["result"], "person" if "," in row["result"] else "unknown")
         for row in asked]
    )  # fmt: skip
    missed = [
        f"{row['query']} | {row['result']} {row['ofac_score']}: {score:.1f}"
        for row, score in zip(asked, scores, strict=True)
        if score < least
    ]
    return 1 - len(missed) / len(asked), missed


def altered(engine, data, least):
    asked = [row for row in rows(data, "un_treated_pairs.csv") if row["altered"] == "1"]
    scores = engine.pairs([(row["treated"], row["original"], row["type"]) for row in asked])
    missed = [
        f"{row['treated']} | {row['original']} {score:.1f}"
        for row, score in zip(asked, scores, strict=True)
        if score < least
    ]
    return 1 - len(missed) / len(asked), missed


def alarms(ours, data):
    return {
        name: 1000 * sum(ours.alarms(row["name"], row["type"]) for row in found) / len(found)
        for name, found in clean_rows(data)
    }


def without_aliases(edition, data):
    gone = {(row["ent_num"], row["alias"]) for row in rows(data, "alias_holdout.csv")}
    return replace(
        edition,
        entities=tuple(
            replace(
                entity,
                names=tuple(
                    each
                    for each in entity.names
                    if each.kind == "primary" or (entity.number, each.name) not in gone
                ),
            )
            for entity in edition.entities
        ),
    )


def at(share, times):
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def measured(engine, fewer, data, sure):
    times = []
    least = quiet_score(engine, data, times)
    found, kinds = recall(engine, data, least, times)
    (best, chosen), wrong = pairs(engine, data)
    kept, missed = portal(engine, data, sure["portal"])
    un, un_missed = altered(engine, data, sure["un"])
    return {
        "quiet score": least,
        "recall@10": found,
        "alias hold-out @10": held_out(fewer, data, least),
        "F1 pairs": best,
        "F1 chosen score": chosen,
        "STRONG errors": len(wrong),
        "OFAC >= 95 kept": kept,
        "UN altered kept": un,
        "spellings": spellings(engine, data, least),
        "p50 ms": at(0.50, times),
        "p99 ms": at(0.99, times),
    }, {"kinds": kinds, "STRONG": wrong, "portal": missed, "UN": un_missed}


def said(words):
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--logic-v2", help="an interpreter with nomenklatura")
    parser.add_argument("--kinds", action="store_true", help="also what was missed")
    asked = parser.parse_args()
    if not (asked.data / "labels").is_dir():
        said("skipped: there are no labelled names")
        return
    edition = read(folder(asked.data / LIST, published=date(2024, 5, 3)))
    fewer = without_aliases(edition, asked.data)
    ours, brute = Ours(edition), BruteForce(edition)
    engines = [(ours, Ours(fewer)), (brute, BruteForce(fewer))]
    if asked.logic_v2:
        engines.append((LogicV2(asked.logic_v2, brute), LogicV2(asked.logic_v2, engines[1][1])))
    person, unknown = REVIEW_FROM[PartyType.PERSON] / 10, REVIEW_FROM[PartyType.UNKNOWN] / 10
    sure = {"product": {"portal": unknown, "un": person}}
    results = {}
    for engine, without in engines:
        limits = sure.get(engine.name, {"portal": 70.0, "un": 70.0})
        results[engine.name], details = measured(engine, without, asked.data, limits)
        if asked.kinds:
            said(f"{engine.name}: {json.dumps(details, indent=1, ensure_ascii=False)}")
    said(f"{'':22}" + "".join(f"{name:>12}" for name in results) + "  product/other")
    for key in results["product"]:
        values = [each[key] for each in results.values()]
        ratios = "  ".join(f"{values[0] / each:.2f}" if each else "-" for each in values[1:])
        said(f"{key:22}" + "".join(f"{each:12.3f}" for each in values) + f"  {ratios}")
    for name, each in alarms(ours, asked.data).items():
        said(f"alarms per 1,000 at the product's thresholds, {name}: {each:.1f}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    said(f"build {ours.build_seconds:.2f} s, load {1000 * ours.load_seconds:.0f} ms")
    said(f"index {len(ours.content) / 1e6:.2f} MB, peak memory of the whole bench {memory} MB")
    twice = build(edition.entities, edition.sources, engine=ENGINE) == ours.content
    said(f"index built twice: {'identical' if twice else 'DIFFERENT'} bytes")


if __name__ == "__main__":
    main()
