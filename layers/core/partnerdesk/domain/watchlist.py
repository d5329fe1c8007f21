"""The published lists as the desk searches them: every entity and name, in one file."""

import json
import math
from array import array
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import blake2b, sha256

from partnerdesk.domain.chain import canonical, digest
from partnerdesk.domain.names import Name, particles, sound, taken_apart
from partnerdesk.domain.screening import PartyType

FORMAT = 2
"""The version of the file's layout."""

MAGIC = b"desk list index\n"

LOW_WEIGHT = 150
"""Thousandths that a particle or title weighs; a word of one name only weighs 1000."""

_ALIGNMENT = 8


class BrokenIndexError(ValueError):
    """These bytes are no index of ours, or of another version."""


@dataclass(frozen=True, slots=True)
class ListedName:
    """One name of a listed entity: `primary`, `aka`, `fka`, `nka` or `weak`."""

    name: str
    kind: str = "primary"


@dataclass(frozen=True, slots=True)
class Entity:
    """One entry of a list with everything that names and evidence are taken from."""

    list_code: str
    number: str
    type: PartyType
    names: tuple[ListedName, ...]
    programmes: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    """`YYYY`, `YYYY-MM-DD`, either with `circa ` before it."""

    gender: str = ""
    identifiers: tuple[str, ...] = ()
    remarks: str = ""
    effective_from: str = ""
    effective_to: str = ""
    """`YYYY-MM-DD`, the last day; empty while it has no end."""

    notice: str = ""
    """What the entry itself says about its scope: licence requirement, order, reference."""

    def fingerprint(self) -> str:
        """Return the SHA-256 of the entry: a clearance holds for it alone. Rule SCR-5."""
        return digest(canonical(asdict(self)))


@dataclass(frozen=True, slots=True)
class Source:
    """One list in an index: which file it was, and how old."""

    code: str
    published: str
    """`YYYY-MM-DD`."""

    sha256: str
    entities: int
    names: int
    files: tuple[str, ...]
    lists: tuple[str, ...]
    """The codes of the lists that its entities are on; no other source of an index has them."""

    complete: bool = True
    snapshot: bool = False

    def __str__(self) -> str:
        """Return the words under which a verdict cites the list."""
        return f"{self.code} {self.published} sha256:{self.sha256}"


def trigrams(word: str) -> set[str]:
    """Return the three-letter pieces of a word, its ends marked."""
    marked = f"^{word}$"
    return {marked[at : at + 3] for at in range(len(marked) - 2)}


def key_hash(key: str) -> int:
    """Return 64 bits of a key that are the same on every machine."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big")


def keys_of(name: Name) -> Iterable[str]:
    """Return the exact keys of a name: its words in any order, and its letters without gaps."""
    return (name.key, f"={name.joined}")


def build(
    entities: Sequence[Entity],
    sources: Sequence[Source],
    *,
    engine: str,
    progress: Callable[[int], None] = lambda _: None,
) -> bytes:
    """
    Return the index of some lists: the same lists and engine make the same bytes.

    `progress` is told after each entity how many names it had.
    """
    body = _Body()
    for entity in sorted(entities, key=lambda it: (it.list_code, it.number.zfill(12))):
        body.add(entity)
        progress(len(entity.names))
    sections = body.sections()
    header: dict[str, object] = {
        "engine": engine,
        "format": FORMAT,
        "sources": [asdict(source) for source in sources],
    }
    return _packed(header, sections)


def _packed(header: dict[str, object], sections: Mapping[str, tuple[str, bytes]]) -> bytes:
    table: dict[str, list[object]] = {}
    parts: list[bytes] = []
    at = 0
    for section, (code, content) in sections.items():
        table[section] = [code, at, len(content)]
        gap = -len(content) % _ALIGNMENT
        parts.append(content + bytes(gap))
        at += len(content) + gap
    head = canonical(header | {"sections": table}).encode()
    head += b" " * (-(len(MAGIC) + 8 + len(head)) % _ALIGNMENT)
    return MAGIC + len(head).to_bytes(8, "big") + head + b"".join(parts)


class _Body:
    """The tables of an index in the making."""

    def __init__(self) -> None:
        self._records: list[bytes] = []
        self._names: list[str] = []
        self._first_name = array("I")
        self._numbers: list[str] = []
        self._lists: list[str] = []
        self._types = array("B")
        self._identifiers: list[tuple[int, int]] = []
        self._owner = array("I")
        self._kind = array("B")
        self._forms: list[str] = []
        self._words: list[tuple[int, ...]] = []
        self._vocabulary: dict[str, int] = {}
        self._keys: list[tuple[int, int]] = []

    def add(self, entity: Entity) -> None:
        """Take one entity in with all of its names."""
        at_entity = len(self._records)
        self._records.append(canonical(_record(entity)).encode())
        self._first_name.append(len(self._names))
        self._numbers.append(entity.number)
        self._lists.append(entity.list_code)
        self._types.append(_TYPES.index(entity.type))
        self._identifiers.extend(
            (key_hash(number), at_entity)
            for number in dict.fromkeys(map(identifier_number, entity.identifiers))
        )
        for listed in entity.names:
            name = taken_apart(listed.name, person=entity.type is PartyType.PERSON)
            at = len(self._names)
            self._names.append(listed.name.replace("\n", " "))
            self._owner.append(at_entity)
            self._kind.append(KINDS.index(listed.kind))
            self._forms.append(" ".join(name.forms))
            self._words.append(tuple(self._word(word) for word in name.words))
            self._keys.extend((key_hash(key), at) for key in dict.fromkeys(keys_of(name)))

    def _word(self, word: str) -> int:
        return self._vocabulary.setdefault(word, len(self._vocabulary))

    def sections(self) -> Mapping[str, tuple[str, bytes]]:
        """Return the finished tables by name, each with its type code."""
        words = list(self._vocabulary)
        in_names: dict[int, list[int]] = defaultdict(list)
        for at, each in enumerate(self._words):
            for word in dict.fromkeys(each):
                in_names[word].append(at)
        heard_at: dict[str, int] = {}
        of_sound: dict[int, list[int]] = defaultdict(list)
        for number, text in enumerate(words):
            of_sound[heard_at.setdefault(sound(text), len(heard_at))].append(number)
        grams: dict[str, list[int]] = defaultdict(list)
        sounds = list(heard_at)
        for number, heard in enumerate(sounds):
            for gram in sorted(trigrams(heard)):
                grams[gram].append(number)
        self._keys.sort()
        self._identifiers.sort()
        low = particles()
        count = max(len(self._names), 2)
        weights = [
            LOW_WEIGHT if text in low else _weight(len(in_names[number]), count)
            for number, text in enumerate(words)
        ]
        return {
            "records": ("B", b"".join(self._records)),
            "record_at": _integers(_offsets(self._records)),
            "names": _text(self._names),
            "first_name": _integers([*self._first_name, len(self._names)]),
            "numbers": _text(self._numbers),
            "lists": _text(self._lists),
            "type": ("B", self._types.tobytes()),
            "identifiers": ("Q", array("Q", [key for key, _ in self._identifiers]).tobytes()),
            "identifier_entities": _integers(entity for _, entity in self._identifiers),
            "owner": _integers(self._owner),
            "kind": ("B", self._kind.tobytes()),
            "forms": _text(self._forms),
            "name_words": _integers(word for each in self._words for word in each),
            "name_words_at": _integers(_offsets(self._words)),
            "words": _text(words),
            "weight": ("H", array("H", weights).tobytes()),
            "word_names": _integers(it for at in range(len(words)) for it in in_names[at]),
            "word_names_at": _integers(_offsets([in_names[at] for at in range(len(words))])),
            "sounds": _text(sounds),
            "sound_words": _integers(it for at in range(len(sounds)) for it in of_sound[at]),
            "sound_words_at": _integers(_offsets([of_sound[at] for at in range(len(sounds))])),
            "grams": _text(grams),
            "gram_sounds": _integers(it for each in grams.values() for it in each),
            "gram_sounds_at": _integers(_offsets(list(grams.values()))),
            "keys": ("Q", array("Q", [key for key, _ in self._keys]).tobytes()),
            "key_names": _integers(name for _, name in self._keys),
        }


_TYPES = tuple(PartyType)

KINDS = ("primary", "aka", "fka", "nka", "weak")


def _weight(names: int, count: int) -> int:
    return max(LOW_WEIGHT, round(1000 * math.log(count / names) / math.log(count)))


def _offsets(parts: Sequence[Sequence[object]]) -> Iterable[int]:
    at = 0
    yield at
    for part in parts:
        at += len(part)
        yield at


def _integers(values: Iterable[int]) -> tuple[str, bytes]:
    wide = array("I", values)
    code = "H" if max(wide, default=0) < 1 << 16 else "I"
    return code, array(code, wide).tobytes()


def _record(entity: Entity) -> list[object]:
    """Return the entry without its names, which the table of names has already."""
    return [
        entity.list_code,
        entity.number,
        entity.type,
        entity.programmes,
        entity.countries,
        entity.cities,
        entity.birth_dates,
        entity.gender,
        entity.identifiers,
        entity.remarks,
        entity.effective_from,
        entity.effective_to,
        entity.notice,
    ]


def _text(values: Iterable[str]) -> tuple[str, bytes]:
    return "T", "\n".join(values).encode()


class Watchlist:
    """
    An index opened for reading; nothing of it is copied before it is needed.

    The buffer may be a file mapped into memory, and must outlive the list.
    """

    def __init__(self, buffer: bytes | memoryview) -> None:
        view = memoryview(buffer)
        start = len(MAGIC) + 8
        if bytes(view[: len(MAGIC)]) != MAGIC:
            message = "This is no list index."
            raise BrokenIndexError(message)
        length = int.from_bytes(view[len(MAGIC) : start], "big")
        try:
            header = json.loads(bytes(view[start : start + length]))
        except ValueError as broken:
            message = "The header of the list index cannot be read."
            raise BrokenIndexError(message) from broken
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            message = f"The list index is not of format {FORMAT}."
            raise BrokenIndexError(message)
        self._view = view[start + length :]
        self._table: dict[str, tuple[str, int, int]] = header["sections"]
        self.engine: str = header["engine"]
        self.sources = tuple(
            Source(**(each | {"files": tuple(each["files"]), "lists": tuple(each["lists"])}))
            for each in header["sources"]
        )
        self._first_name = self._integers("first_name")
        self.owner = self._integers("owner")
        self._type = self._integers("type")
        self._identifiers = self._integers("identifiers")
        self._identifier_entities = self._integers("identifier_entities")
        self.kind = self._integers("kind")
        self.name_words = self._integers("name_words")
        self.name_words_at = self._integers("name_words_at")
        self.weight = self._integers("weight")
        self._word_names = self._integers("word_names")
        self._word_names_at = self._integers("word_names_at")
        self._sound_words = self._integers("sound_words")
        self._sound_words_at = self._integers("sound_words_at")
        self._gram_sounds = self._integers("gram_sounds")
        self._gram_sounds_at = self._integers("gram_sounds_at")
        self._keys = self._integers("keys")
        self._key_names = self._integers("key_names")
        self._record_at = self._integers("record_at")

    def _part(self, section: str) -> memoryview:
        _, at, length = self._table[section]
        return self._view[at : at + length]

    def _integers(self, section: str) -> memoryview:
        return _cast(self._part(section), self._table[section][0])

    def _lines(self, section: str) -> list[str]:
        return bytes(self._part(section)).decode().split("\n")

    @cached_property
    def words(self) -> list[str]:
        """Return the vocabulary: every core word of every name, folded."""
        return self._lines("words")

    @cached_property
    def word_ids(self) -> dict[str, int]:
        """Return the number of every word of the vocabulary."""
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def sounds(self) -> list[str]:
        """Return the distinct sounds of the vocabulary."""
        return self._lines("sounds")

    @cached_property
    def sound_ids(self) -> dict[str, int]:
        """Return the number of every sound."""
        return {heard: number for number, heard in enumerate(self.sounds)}

    @cached_property
    def _grams(self) -> dict[str, int]:
        return {gram: number for number, gram in enumerate(self._lines("grams"))}

    @cached_property
    def names(self) -> list[str]:
        """Return every name as its list writes it."""
        return self._lines("names")

    @cached_property
    def numbers(self) -> list[str]:
        """Return the list's own number of every entity."""
        return self._lines("numbers")

    @cached_property
    def lists(self) -> list[str]:
        """Return the list code of every entity."""
        return self._lines("lists")

    @cached_property
    def forms(self) -> list[str]:
        """Return the legal form classes of every name, with blanks between."""
        return self._lines("forms")

    def load(self) -> None:
        """Read what every search needs, so that the first is as fast as the rest."""
        _ = self.word_ids, self.sound_ids, self._grams
        _ = self.names, self.numbers, self.lists, self.forms

    def words_of(self, name: int) -> memoryview:
        """Return the word numbers of a name, in spoken order."""
        return self.name_words[self.name_words_at[name] : self.name_words_at[name + 1]]

    def names_with(self, word: int) -> memoryview:
        """Return the names that have a word, ascending."""
        return self._word_names[self._word_names_at[word] : self._word_names_at[word + 1]]

    def words_sounding(self, heard: int) -> memoryview:
        """Return the words of one sound."""
        return self._sound_words[self._sound_words_at[heard] : self._sound_words_at[heard + 1]]

    def similar_sounds(self, heard: str, *, least: int, most: int) -> list[int]:
        """Return the sounds that share at least so many three-letter pieces, the most first."""
        shared: Counter[int] = Counter()
        for gram in trigrams(heard):
            number = self._grams.get(gram)
            if number is not None:
                shared.update(
                    self._gram_sounds[
                        self._gram_sounds_at[number] : self._gram_sounds_at[number + 1]
                    ]
                )
        best = sorted(shared.values(), reverse=True)[:most]
        least = max(least, best[-1]) if len(best) == most else least
        ranked = sorted([(-count, at) for at, count in shared.items() if count >= least])
        return [at for _, at in ranked[:most]]

    def exactly(self, name: Name) -> set[int]:
        """Return the names with the same words in any order, or the same letters."""
        found: set[int] = set()
        for key in keys_of(name):
            found.update(_looked_up(key_hash(key), self._keys, self._key_names))
        return found

    def identified(self, identifier: str) -> set[int]:
        """Return the entities that bear the number of an identifier, whatever its kind."""
        number = key_hash(identifier_number(identifier))
        return set(_looked_up(number, self._identifiers, self._identifier_entities))

    def first_name(self, entity: int) -> int:
        """Return the number of the primary name of an entity."""
        at: int = self._first_name[entity]
        return at

    def type_of(self, entity: int) -> PartyType:
        """Return what an entity is."""
        return _TYPES[self._type[entity]]

    def entity(self, number: int) -> Entity:
        """Return an entity by its number in this index, as it was read from its list."""
        part = self._part("records")[self._record_at[number] : self._record_at[number + 1]]
        code, ref, kind, *lists = json.loads(bytes(part))
        programmes, countries, cities, birth_dates, gender, identifiers, *rest = lists
        remarks, effective_from, effective_to, notice = rest
        return Entity(
            list_code=code,
            number=ref,
            type=PartyType(kind),
            names=tuple(
                ListedName(self.names[at], KINDS[self.kind[at]])
                for at in range(self._first_name[number], self._first_name[number + 1])
            ),
            programmes=tuple(programmes),
            countries=tuple(countries),
            cities=tuple(cities),
            birth_dates=tuple(birth_dates),
            gender=gender,
            identifiers=tuple(identifiers),
            remarks=remarks,
            effective_from=effective_from,
            effective_to=effective_to,
            notice=notice,
        )

    def entities(self) -> Iterator[Entity]:
        """Yield every entity, list by list."""
        return map(self.entity, range(len(self._type)))


def _cast(part: memoryview, code: str) -> "memoryview[int]":
    """Return bytes as integers of the size that a type code names."""
    match code:
        case "B":
            return part.cast("B")
        case "H":
            return part.cast("H")
        case "I":
            return part.cast("I")
        case _:
            return part.cast("Q")


def _looked_up(key: int, keys: memoryview, values: memoryview) -> Iterator[int]:
    at = bisect_left(keys, key)
    while at < len(keys) and keys[at] == key:
        yield values[at]
        at += 1


def identifier_number(identifier: str) -> str:
    """Return the number of `Passport a-1234 (RU)` in capitals and digits: `A1234`."""
    words = identifier.partition("(")[0].replace(":", " ").split()
    numbers = (word for word in words if any(map(str.isdigit, word)))
    return "".join(letter for letter in "".join(numbers).upper() if letter.isalnum())


def hash_of(content: bytes | memoryview) -> str:
    """Return the SHA-256 of an index in hexadecimal; its first 16 digits are in its file name."""
    return sha256(content).hexdigest()
