"""How alike two names are: their words laid side by side, each word used once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA

from partnerdesk.domain.names import sound

CLOSEST = 0.66
"""Words less alike than this are different words."""

STEEPNESS = 1.2
"""How much faster a pair's worth falls than its likeness: a doubtful pair proves little."""

ASKED = 1.8
"""
What a word of the asked name counts against one of the listed name.

Listed names are written out in full and people ask for less of them: a listed
word that nobody asked for says less than an asked word that is not listed.
"""

INITIAL = 0.75
"""What an initial is worth against the word it begins."""

SAME_SOUND = 0.9
"""How alike two short words of persons are that sound the same."""

JOINED = 0.8
"""Letters of several words and one word must be this alike to be taken for one another."""

JOINED_ERRORS = 2
"""Letters by which they may differ in length."""

ACRONYM = 5
"""The longest word that may be an acronym."""

SHORT = 3
"""Words up to this length are equal, sound the same, or are different words."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Some words of one name and the words of the other that they stand for."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    likeness: float


def alike(written: float, heard: float) -> float:
    """Return how alike words are that are so by letters and by sound: sound only adds."""
    return max(written, (written + heard) / 2)


def likeness(left: str, right: str, *, persons: bool = False) -> float:
    """Return how alike two words are, 0 to 1; short ones are equal or, in persons, sound so."""
    if left == right:
        return 1.0
    heard_left, heard_right = sound(left), sound(right)
    shorter = min(len(left), len(right))
    if shorter <= SHORT:
        return SAME_SOUND if persons and shorter > 1 and heard_left == heard_right else 0.0
    written = OSA.normalized_similarity(left, right)
    heard = OSA.normalized_similarity(heard_left, heard_right)
    return alike(written, heard)


@dataclass(frozen=True, slots=True)
class Side:
    """The words of one name with their weights, in thousandths, and its legal forms."""

    words: Sequence[str]
    weights: Sequence[int]
    forms: Sequence[str] = ()


def aligned(
    left: Side, right: Side, known: Mapping[tuple[int, int], float], *, persons: bool
) -> list[Pair]:
    """
    Return the best pairs, best first; `known` has the likeness of every pair worth a look.

    What is left over is tried as the initials of persons or the acronym of
    anything else, then as words joined or split.
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
        abbreviated = _initials if persons else _acronyms
        pairs.extend(abbreviated(left, right, free_left, free_right))
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


def _acronyms(left: Side, right: Side, free_left: set[int], free_right: set[int]) -> list[Pair]:
    """Return the words that are the initials of neighbours among the other name's free words."""
    pairs = []
    for i in sorted(free_left):
        word = left.words[i]
        for j in sorted(free_right):
            run = tuple(range(j, j + len(word)))
            if 1 < len(word) <= ACRONYM and free_right.issuperset(run) and (
                word == "".join(right.words[at][0] for at in run)
            ):  # fmt: skip
                pairs.append(Pair((i,), run, INITIAL))
                free_left.discard(i)
                free_right.difference_update(run)
                break
    return pairs


def _joined(left: Side, right: Side, free_left: set[int], free_right: set[int]) -> list[Pair]:
    pairs = []
    for at in sorted(free_right):
        parts, near = _parts(left.words, free_left, right.words[at])
        if parts:
            pairs.append(Pair(parts, (at,), near))
            free_left.difference_update(parts)
            free_right.discard(at)
    for at in sorted(free_left):
        parts, near = _parts(right.words, free_right, left.words[at])
        if parts:
            pairs.append(Pair((at,), parts, near))
            free_right.difference_update(parts)
            free_left.discard(at)
    return pairs


def _parts(words: Sequence[str], free: set[int], whole: str) -> tuple[tuple[int, ...], float]:
    """Return the neighbours among free words whose letters make up a whole word, none if none."""
    best: tuple[tuple[int, ...], float] = (), JOINED
    size = len(whole)
    if size <= SHORT:
        return best
    for at in free:
        if at + 1 not in free:
            continue
        two = len(words[at]) + len(words[at + 1])
        if abs(two - size) <= JOINED_ERRORS:
            tried: tuple[tuple[int, ...], ...] = ((at, at + 1), (at + 1, at))
        elif at + 2 in free and abs(two + len(words[at + 2]) - size) <= JOINED_ERRORS:
            tried = ((at, at + 1, at + 2),)
        else:
            continue
        for parts in tried:
            now = likeness("".join([words[part] for part in parts]), whole)
            if now > best[1]:
                best = parts, now
    return best


def score(left: Side, right: Side, pairs: Sequence[Pair]) -> float:
    """Return the share of both names' weight that is paired, 0 to 1, pairs by their worth."""
    total = sum(left.weights) * ASKED + sum(right.weights)
    worth = 0.0
    for pair in pairs:
        ours = sum(left.weights[i] for i in pair.left)
        theirs = sum(right.weights[j] for j in pair.right)
        if pair.likeness < 1:  # a misspelt word weighs what the word it stands for does
            total += ASKED * (theirs - ours)
            ours = theirs
        worth += (ASKED * ours + theirs) * max(0.0, 1 - STEEPNESS * (1 - pair.likeness))
    return worth / total if total else 0.0
