"""Finding the listed entities that a party resembles, and saying how much and why."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import Protocol

from rapidfuzz.distance import OSA

from partnerdesk.domain.alignment import (
    CLOSEST,
    SAME_SOUND,
    SHORT,
    Pair,
    Side,
    aligned,
    alike,
    likeness,
    score,
)
from partnerdesk.domain.evidence import (
    Fact,
    facts,
    has_more_than_a_name,
    is_the_same_identifier,
    points,
    type_facts,
)
from partnerdesk.domain.names import Name, particles, sound, taken_apart, titles
from partnerdesk.domain.screening import Party, PartyType
from partnerdesk.domain.tables import rows
from partnerdesk.domain.watchlist import KINDS, LOW_WEIGHT, Entity, Watchlist

ENGINE = "3"
"""The version of everything that scores depend on; golden decisions in the tests hold it."""

CANDIDATES = 40
"""Names looked at closely."""

MATCHES = 20
"""Entities returned."""

LEAST = 500
"""Entities scoring less, in tenths of a point, are not worth showing."""

SHARE_OF_BEST = 0.5
"""Names that share less than this with a party than the best one does are not looked at."""

SOUNDS = 24
"""Sounds compared with each word by letters, after counting shared three-letter pieces."""

SOUND_SLACK = 0.1
"""A sound may be this much less alike than a word must be."""

COMMON = 600
"""Words in more names than this find no name by themselves."""

EXTRA_WORD = 30
"""What each word of a listed name costs it when candidates are ranked, in thousandths."""

MANY_WORDS = 16
"""In longer names, words that the lists have are looked for only as they are."""

SPLIT_FROM = 7
"""Words of this many letters may be two words without their blank."""

SHORTEST_PART = 4
"""A part of a split word must have this many letters to find names."""

SAME_LETTERS = 95.0
"""The least score of names that differ only in where their blanks are."""

ONE_WORD = 74.0
"""The most that a name of one word gets unless the words are equal."""

ONE_WORD_WORTH = 0.8
"""What a likeness is worth where one side has a single word."""

OTHER_TYPE = 12.0
"""What evidence will take from an entity of another type."""

OTHER_FORM = 2.0
"""What it costs that both sides state a legal form, and not the same."""

THIN = 1300
"""
Thousandths of shared weight below which the score of an organisation falls.

Firms share words such as trade, bank and city: little in common is little
proof, even when little else is left over. It falls with the square root.
"""

ONE_LONG_WORD, ONE_SHORT_WORD = 84.0, 76.0
LONG_WORD_FROM = 6

WEAK = 79.0
"""The most that a weak alias gets."""

CONTAINED = 78.0
"""The least for two or more telling words that all stand in a longer listed name."""

NEAR = 0.85
"""Words this alike count as the same when a whole name stands in a longer one."""

ENOUGH = 850
"""Thousandths that a contained name must weigh if only one of its words tells."""

TELLING = 480
"""Thousandths from which a word tells names apart."""

UNKNOWN_WORD = 1000


class Weigh(Protocol):
    """Whatever knows how much a word tells."""

    def __call__(self, word: str, *, is_person: bool) -> int:
        """Return the weight of a word in thousandths."""


@dataclass(frozen=True, slots=True)
class Match:
    """One listed entity that resembles a party, by the best of its names."""

    entity_at: int
    name_at: int
    entity: str
    list_code: str
    name: str
    kind: str
    name_score: int
    """Tenths of a point before evidence."""

    score: int
    facts: tuple[Fact, ...] = ()
    is_exact: bool = False
    """Whether two or more telling words are equal, none left over on either side."""

    @property
    def is_weak(self) -> bool:
        """Test whether the name is a weak alias, which decides nothing by itself."""
        return self.kind == "weak"


@dataclass(frozen=True, slots=True)
class Query:
    """A party's name made ready for a search: its words, their weights and what is like them."""

    name: Name
    side: Side
    similar: tuple[Mapping[int, float], ...]
    is_person: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The entities that a party resembles, best first, and the query that found them."""

    matches: tuple[Match, ...]
    query: Query

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the doubts about the name as written."""
        return self.query.name.notes


@dataclass(frozen=True, slots=True)
class _Named:
    """Which entities a name resembles, evidence aside: score and number of the best of theirs."""

    query: Query
    best: Mapping[int, tuple[float, int]]


class Matcher:
    """
    The search over one opened index.

    It keeps the last name it looked for, since one name is asked about again and
    again when only the evidence changes.
    """

    def __init__(self, watchlist: Watchlist) -> None:
        self._list = watchlist
        watchlist.load()
        ids = watchlist.word_ids
        self._titles = frozenset(ids[word] for word in titles() if word in ids)
        self._named = lru_cache(maxsize=1)(self._look_up)

    def search(self, party: Party) -> Found:
        """Return the best entities for a party, one match an entity, and doubts about its name."""
        named = self._named(party.name, party.type)
        query, best = named.query, named.best
        matches = [
            self._match(query, party, entity, -at, points_)
            for entity, (points_, at) in self._promising(best, party)
        ]
        matches.extend(self._identified(query, party, best))
        ranked = sorted(matches, key=lambda it: (-it.score, it.entity_at))
        kept = tuple(each for each in ranked[:MATCHES] if each.score >= LEAST)
        return Found(kept, query)

    def _look_up(self, name: str, kind: PartyType) -> _Named:
        query = self._query(name, kind)
        best: dict[int, tuple[float, int]] = {}
        for at in self._candidates(query):
            points_ = self._judged(query, at)
            entity = self._list.owner[at]
            if entity not in best or best[entity] < (points_, -at):
                best[entity] = points_, -at
        return _Named(query, best)

    def entity(self, match: Match) -> Entity:
        """Return the listed entity behind a match."""
        return self._list.entity(match.entity_at)

    def explained(self, match: Match, found: Found) -> tuple[str, ...]:
        """Return why a match scores what it does, one sentence for each word pair and fact."""
        query = found.query
        side, pairs = self._laid_out(query, match.name_at)
        return (
            *(_pair_sentence(pair, query.side, side) for pair in pairs),
            *_left_over("the party's name", query.side, {i for pair in pairs for i in pair.left}),
            *_left_over("the listed name", side, {j for pair in pairs for j in pair.right}),
            *(f"{each.sentence} ({each.points / 10:+g})" for each in match.facts),
        )

    def _query(self, text: str, kind: PartyType) -> Query:
        is_person = kind is PartyType.PERSON
        name = taken_apart(text, person=is_person)
        ids = self._list.word_ids
        weights = [self.weight(word, is_person=is_person) for word in name.words]
        distinct = {*name.words}
        once = {
            word: {ids[word]: 1.0}
            if len(distinct) > MANY_WORDS and word in ids
            else self._similar(word, persons=is_person)
            for word in distinct
        }
        similar = tuple(once[word] for word in name.words)
        return Query(name, Side(name.words, weights, name.forms), similar, is_person)

    def weight(self, word: str, *, is_person: bool) -> int:
        """Return how much a word tells in these lists, in thousandths."""
        if word in particles() or (is_person and word in titles()):
            return LOW_WEIGHT
        known = self._list.word_ids.get(word)
        return UNKNOWN_WORD if known is None else self._list.weight[known]

    def _similar(self, word: str, *, persons: bool) -> Mapping[int, float]:
        """Return the listed words like a word, with how much, the word itself first."""
        known = self._list.word_ids.get(word)
        found = {} if known is None else {known: 1.0}
        heard = sound(word)
        if len(word) <= SHORT:
            if persons and len(word) > 1:
                found = dict.fromkeys(self._sounding(heard), SAME_SOUND) | found
            return found
        least = max(1, len(heard) // 3)
        for at in self._list.similar_sounds(heard, least=least, most=SOUNDS):
            near = OSA.normalized_similarity(heard, self._list.sounds[at])
            if near >= CLOSEST - SOUND_SLACK:
                for each in self._list.words_sounding(at):
                    other = self._list.words[each]
                    written = OSA.normalized_similarity(word, other)
                    both = alike(written, near)
                    if both >= CLOSEST and len(other) > SHORT:
                        found.setdefault(each, both)
        return found

    def _sounding(self, heard: str) -> Sequence[int]:
        at = self._list.sound_ids.get(heard)
        words = () if at is None else self._list.words_sounding(at)
        return [each for each in words if len(self._list.words[each]) > 1]

    def _candidates(self, query: Query) -> set[int]:
        """
        Return the names worth a close look: the same in any order, and the best by shared words.

        Rare words find names; common ones only lift names already found.
        """
        clues = [*self._clues(query)]
        sized = sorted(
            ((sum(len(self._list.names_with(word)) for word in words), words, weight)
             for words, weight in clues),
            key=lambda it: it[0],
        )  # fmt: skip
        total: dict[int, float] = {}
        for size, words, weight in sized:
            for name, worth in self._worth(words, weight, total, size).items():
                total[name] = total.get(name, 0.0) + worth
        starts = self._list.name_words_at
        least = max(total.values(), default=0.0) * SHARE_OF_BEST
        ranked = heapq.nlargest(
            CANDIDATES,
            [at for at, worth in total.items() if worth >= least],
            key=lambda at: (total[at] - EXTRA_WORD * (starts[at + 1] - starts[at]), -at),
        )
        return self._list.exactly(query.name).union(ranked)

    def _worth(
        self, words: Mapping[int, float], weight: float, total: Mapping[int, float], size: int
    ) -> Mapping[int, float]:
        best: dict[int, float] = {}
        may_find = size <= COMMON or not total
        for word, near in words.items():
            worth = near * min(weight, self._list.weight[word])
            for name in self._list.names_with(word):
                if (may_find or name in total) and best.get(name, 0.0) < worth:
                    best[name] = worth
        return best

    def _clues(self, query: Query) -> Iterator[tuple[Mapping[int, float], float]]:
        """Yield sets of listed words to look for: like each word, like two joined, like parts."""
        ids, words = self._list.word_ids, query.name.words
        clues = zip(words, query.similar, query.side.weights, strict=True)
        yield from {word: (similar, weight) for word, similar, weight in clues}.values()
        for one, next_one in dict.fromkeys(pairwise(words)):
            whole = one + next_one
            if whole in ids:
                yield {ids[whole]: 1.0}, UNKNOWN_WORD
            else:
                yield dict.fromkeys(self._sounding(sound(whole)), SAME_LETTERS / 100), UNKNOWN_WORD
        for word in dict.fromkeys(words):
            if len(word) >= SPLIT_FROM and word not in ids:
                for cut in range(SHORTEST_PART - 1, len(word) - SHORTEST_PART + 2):
                    for part in (word[:cut], word[cut:]):
                        if len(part) >= SHORTEST_PART and part in ids:
                            yield {ids[part]: 1.0}, UNKNOWN_WORD * len(part) / len(word)

    def _laid_out(self, query: Query, at: int) -> tuple[Side, list[Pair]]:
        ids = self._list.words_of(at)
        is_person = self._list.type_of(self._list.owner[at]) is PartyType.PERSON
        words = [self._list.words[each] for each in ids]
        weights = [
            LOW_WEIGHT if is_person and each in self._titles else self._list.weight[each]
            for each in ids
        ]
        side = Side(words, weights, self._list.forms[at].split())
        known = {
            (i, j): words_like[each]
            for i, words_like in enumerate(query.similar)
            for j, each in enumerate(ids)
            if each in words_like
        }
        return side, aligned(query.side, side, known, persons=query.is_person or is_person)

    def _judged(self, query: Query, at: int) -> float:
        """Return the score of a listed name before evidence, 0 to 100, with the rules of 8."""
        side, pairs = self._laid_out(query, at)
        found = graded(query.side, side, pairs, persons=query.is_person)
        return min(found, WEAK) if KINDS[self._list.kind[at]] == "weak" else found

    def _promising(
        self, best: Mapping[int, tuple[float, int]], party: Party
    ) -> list[tuple[int, tuple[float, int]]]:
        """Return the entities that can still be among the best, once evidence has spoken."""
        most = MATCHES + MATCHES // 2 if has_more_than_a_name(party) else MATCHES
        key = {
            it: (found - OTHER_TYPE * self._contradicts_type(it, party), -it)
            for it, (found, _) in best.items()
        }
        return [(it, best[it]) for it in sorted(key, key=key.__getitem__, reverse=True)[:most]]

    def _contradicts_type(self, entity: int, party: Party) -> bool:
        return PartyType.UNKNOWN not in (other := {self._list.type_of(entity), party.type}) and (
            len(other) > 1
        )

    def _match(self, query: Query, party: Party, entity: int, at: int, name_score: float) -> Match:
        whole = round(name_score * 10)
        if has_more_than_a_name(party):
            found = facts(party, self._list.entity(entity))
        else:
            found = type_facts(party, self._list.type_of(entity))
        if any(map(is_the_same_identifier, found)):
            total = 1000
        else:
            total = max(0, min(1000, whole + points(found)))
        return Match(
            entity_at=entity,
            name_at=at,
            entity=self._list.numbers[entity],
            list_code=self._list.lists[entity],
            name=self._list.names[at],
            kind=KINDS[self._list.kind[at]],
            name_score=whole,
            score=total,
            facts=found,
            is_exact=self._is_exact(query, at),
        )

    def _is_exact(self, query: Query, at: int) -> bool:
        theirs = [self._list.words[each] for each in self._list.words_of(at)]
        telling = sum(weight >= TELLING for weight in query.side.weights)
        return sorted(theirs) == sorted(query.name.words) and telling > 1

    def _identified(
        self, query: Query, party: Party, seen: Mapping[int, object]
    ) -> Iterator[Match]:
        """Yield the entities that share an identifier but no name."""
        for identifier in party.identifiers:
            for entity in sorted(self._list.identified(identifier) - set(seen)):
                at = self._list.first_name(entity)
                match = self._match(query, party, entity, at, LEAST / 10)
                yield replace(match, name_score=0)


def graded(left: Side, right: Side, pairs: Sequence[Pair], *, persons: bool) -> float:
    """Return the score of two names before evidence, 0 to 100, with the rules for odd ones."""
    if len(left.words) == 1 and [*left.words] == [*right.words]:
        return ONE_LONG_WORD if len(left.words[0]) >= LONG_WORD_FROM else ONE_SHORT_WORD
    found = _graded_words(left, right, pairs, persons=persons)
    return max(0.0, found - _other_form(left, right))


def _other_form(left: Side, right: Side) -> float:
    differ = left.forms and right.forms and set(left.forms).isdisjoint(right.forms)
    return OTHER_FORM if differ else 0.0


def _graded_words(left: Side, right: Side, pairs: Sequence[Pair], *, persons: bool) -> float:
    found = 100 * score(left, right, pairs)
    if "".join(left.words) == "".join(right.words):
        return max(found, SAME_LETTERS)
    if 1 in {len(left.words), len(right.words)}:
        return min(found * ONE_WORD_WORTH, ONE_WORD)
    if _is_contained(left, right, pairs):
        found = max(found, CONTAINED)
    if persons or found >= SAME_LETTERS:
        return found
    shared = sum(right.weights[j] for pair in pairs for j in pair.right)
    return float(found * min(1.0, shared / THIN) ** 0.5)


def _is_contained(left: Side, right: Side, pairs: Sequence[Pair]) -> bool:
    """
    Test whether a whole name of two or more words stands in a longer one.

    Together the words must tell as much as one rare word and a particle; words
    with one letter wrong count, guesses do not.
    """
    near = {i for pair in pairs if pair.likeness >= NEAR for i in pair.left}
    if not 1 < len(left.words) == len(near) < len(right.words):
        return False
    telling = sum(left.weights[i] >= TELLING for i in near)
    return telling > 1 or sum(left.weights) >= ENOUGH


def _pair_sentence(pair: Pair, left: Side, right: Side) -> str:
    ours = " ".join(left.words[i] for i in pair.left)
    theirs = " ".join(right.words[j] for j in pair.right)
    weight = max(right.weights[j] for j in pair.right)
    return f"{ours} ~ {theirs}: {pair.likeness * 100:.0f} % alike, weight {weight / 1000:g}."


def _left_over(whose: str, side: Side, used: set[int]) -> Iterator[str]:
    words = [word for at, word in enumerate(side.words) if at not in used]
    if words:
        yield f"Left over in {whose}: {', '.join(words)}."


def pair_score(left: str, right: str, party_type: PartyType, weigh: "Weigh | None" = None) -> int:
    """
    Return how alike two names are in tenths of a point, whichever comes first.

    Without lists, words weigh what they weighed in the list that the table of
    word weights was made from.
    """
    weigh = weigh or built_in_weight
    person = party_type is PartyType.PERSON
    names = [taken_apart(left, person=person), taken_apart(right, person=person)]
    ours, theirs = sorted(names, key=lambda it: it.words)
    one = Side(ours.words, [weigh(word, is_person=person) for word in ours.words], ours.forms)
    other = Side(
        theirs.words, [weigh(word, is_person=person) for word in theirs.words], theirs.forms
    )
    known = {
        (i, j): near
        for i, word in enumerate(one.words)
        for j, listed in enumerate(other.words)
        if (near := likeness(word, listed, persons=person)) >= CLOSEST
    }
    pairs = aligned(one, other, known, persons=person)
    turned = [Pair(pair.right, pair.left, pair.likeness) for pair in pairs]
    found = 100 * max(score(one, other, pairs), score(other, one, turned))
    if ours.joined == theirs.joined:
        found = max(found, SAME_LETTERS)
    if _is_contained(one, other, pairs) or _is_contained(other, one, turned):
        found = max(found, CONTAINED)
    return round(10 * max(0.0, found - _other_form(one, other)))


@cache
def _built_in_weights() -> Mapping[str, int]:
    return {row["word"]: int(row["weight"]) for row in rows("word_weights")}


def built_in_weight(word: str, *, is_person: bool) -> int:
    """Return the weight of a word where no list gives one, in thousandths."""
    if word in particles() or (is_person and word in titles()):
        return LOW_WEIGHT
    return _built_in_weights().get(word, UNKNOWN_WORD)
