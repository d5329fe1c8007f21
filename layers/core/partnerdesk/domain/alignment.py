"""How alike two names are: their words laid side by side, each word used once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from partnerdesk.domain.names import sound

CLOSEST = 0.66
"""Words less alike than this are different words."""

STEEPNESS = 1.45
"""How much faster a pair's worth falls than its likeness."""

INITIAL = 0.75
"""What an initial is worth against the word it begins."""

SAME_SOUND = 0.9
"""How alike two words of three letters are that sound the same."""

JOINED = 0.8
"""Letters of several words and one word must be this alike to be taken for one another."""

JOINED_ERRORS = 2
"""Letters by which they may differ in length."""

SHORT = 3
"""Words up to this length are equal, sound the same, or are different words."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Some words of one name and the words of the other that they stand for."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    likeness: float


def likeness(left: str, right: str) -> float:
    """Return how alike two words are, 0 to 1: by letters and by sound, half each."""
    if left == right:
        return 1.0
    heard_left, heard_right = sound(left), sound(right)
    if min(len(left), len(right)) <= SHORT:
        return (
            SAME_SOUND if heard_left == heard_right and min(len(left), len(right)) == SHORT else 0.0
        )
    written = OSA.normalized_similarity(left, right)
    heard = OSA.normalized_similarity(heard_left, heard_right)
    return (written + heard) / 2


@dataclass(frozen=True, slots=True)
class Side:
    """The words of one name with their weights, in thousandths."""

    words: Sequence[str]
    weights: Sequence[int]


def aligned(left: Side, right: Side, known: Mapping[tuple[int, int], float]) -> list[Pair]:
    """
    Return the best pairs, best first; `known` has the likeness of every pair worth a look.

    What is left over is tried as initials, then as words joined or split.
    """
    pairs: list[Pair] = []
    free_left, free_right = set(range(len(left.words))), set(range(len(right.words)))
    order = sorted(
        known, key=lambda it: (-known[it] * (left.weights[it[0]] + right.weights[it[1]]), it)
    )
    for i, j in order:
        if i in free_left and j in free_right:
            pairs.append(Pair((i,), (j,), known[i, j]))
            free_left.discard(i)
            free_right.discard(j)
    if free_left and free_right:
        pairs.extend(_initials(left, right, free_left, free_right))
        pairs.extend(_joined(left, right, free_left, free_right))
    return pairs


def _initials(left: Side, right: Side, free_left: set[int], free_right: set[int]) -> list[Pair]:
    pairs = []
    for i in sorted(free_left):
        for j in sorted(free_right):
            one, other = left.words[i], right.words[j]
            if (len(one) == 1) != (len(other) == 1) and one[0] == other[0]:
                pairs.append(Pair((i,), (j,), INITIAL))
                free_left.discard(i)
                free_right.discard(j)
                break
    return pairs


def _joined(left: Side, right: Side, free_left: set[int], free_right: set[int]) -> list[Pair]:
    pairs = []
    for many, one, turned in ((left, right, False), (right, left, True)):
        free_many, free_one = (free_right, free_left) if turned else (free_left, free_right)
        for at in sorted(free_one):
            found = _parts(many.words, free_many, one.words[at])
            if found:
                parts, alike = found
                pairs.append(Pair((at,), parts, alike) if turned else Pair(parts, (at,), alike))
                free_many.difference_update(parts)
                free_one.discard(at)
    return pairs


def _parts(
    words: Sequence[str], free: set[int], whole: str
) -> tuple[tuple[int, ...], float] | None:
    """Return the neighbours among free words whose letters make up a whole word."""
    best: tuple[tuple[int, ...], float] | None = None
    for at in sorted(free):
        for parts in ((at, at + 1), (at + 1, at), (at, at + 1, at + 2)):
            if all(part in free for part in parts):
                letters = "".join(words[part] for part in parts)
                if abs(len(letters) - len(whole)) <= JOINED_ERRORS:
                    alike = likeness(letters, whole)
                    if alike >= JOINED and (best is None or alike > best[1]):
                        best = parts, alike
    return best


def score(left: Side, right: Side, pairs: Sequence[Pair]) -> float:
    """Return the share of both names' weight that is paired, 0 to 1, pairs by their worth."""
    total = sum(left.weights) + sum(right.weights)
    worth = 0.0
    for pair in pairs:
        weight = sum(left.weights[i] for i in pair.left) + sum(right.weights[j] for j in pair.right)
        worth += weight * max(0.0, 1 - STEEPNESS * (1 - pair.likeness))
    return worth / total if total else 0.0
