"""Which other spellings of one word mean the same name?

Endings (inflection), soundalikes (transliteration), nicknames, scanner's errors, look-alike letters. Everything here is
folded and looks at one word alone.
"""

# columns of quoted words read worse than running text

import re
from functools import lru_cache

# Slavic, Baltic, Finnish, Turkish, Hungarian and German case endings, folded.
_ENDINGS = tuple(
    sorted(
        """
        a e i o u y s es en em om am ami ach ech ich ych im ym imi ymi ow owi ovi owie ovy ova ove ovou ovo iem ie ii ia
        iu iego iemu ej ego emu ou eho emu ymi ami ata iej ja ju je ji jego jemu mi mu oj oja oju ov ovy ovu evi ev ovom
        n in an on un lla lle lta ssa sta lta ta ksi na ille illa ilta issa ista iin aan een oon ia
        nin nun nen dan den tan ten da de ya ye yi yu la le nda nde ndan nin lar ler
        nak nek ban ben val vel ra re hoz hez bol tol rol ot et at
        ai as is us ui ams omis iem am ams
        """.split(),
        key=len,
        reverse=True,
    )
)
_VOWELS = "aeiouy"
# A consonant softened before the ending, and the stem's own ("w Hadze" from Haga, "Putinie").
_SOFT = (
    ("dzi", "d"), ("sci", "st"), ("rz", "r"), ("ci", "t"), ("ni", "n"), ("si", "s"), ("zi", "z"), ("dz", "g"),
    ("c", "k"), ("z", "h"), ("z", "g"),
)  # fmt: skip
SHORTEST_STEM = 3


@lru_cache(maxsize=1 << 16)
def stems_of(word: str) -> tuple[str, ...]:
    """What may be left of a name's word when it is inflected: itself, without its last vowel, without a fleeting e."""
    stems = {word}
    if len(word) > SHORTEST_STEM:
        bare = word.rstrip(_VOWELS) if word[-1] in _VOWELS else word
        if len(bare) >= SHORTEST_STEM:
            stems.add(word[:-1] if len(word) - len(bare) == 1 else bare)
            stems.add(bare)
        if word[-2:] in {"ek", "ec", "el", "er", "et"} and word[-3] not in _VOWELS and len(word) > SHORTEST_STEM + 1:
            stems.add(word[:-2] + word[-1])
    return tuple(stems)


@lru_cache(maxsize=1 << 16)
def stems_behind(word: str) -> tuple[str, ...]:
    """The stems whose inflected form this word may be."""
    found = {
        word[: -len(ending)]
        for ending in _ENDINGS
        if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM
    }
    soft = {stem[: -len(end)] + hard for stem in found for end, hard in _SOFT if stem.endswith(end)}
    return tuple({stem for stem in found | soft | {word} if len(stem) >= SHORTEST_STEM})


_BY_LANGUAGE = {
    "en": (), "de": ("s", "es"), "nl": ("s",), "sv": ("s",), "da": ("s",), "no": ("s",), "nb": ("s",),
    "fr": (), "es": (), "it": (), "pt": (),
}  # fmt: skip


def is_ending(name: str, word: str, language: str) -> bool:
    """May a name of one word be inflected to this word in this language? Of other languages all endings count."""
    endings = _BY_LANGUAGE.get(language)
    if endings is None:
        return True
    return word.startswith(name) and word[len(name) :] in endings


_ROMAN = {
    **dict(zip("абвгдезийклмнопрстуфхыэіґўј", "abvgdeziiklmnoprstufhyeiguj", strict=True)),
    **dict(zip("ѓцљњћђжчшщъьюяёєї", "g ts lj nj c dj zh ch sh shch   yu ya e ye yi".split(" "), strict=True)),
    **dict(zip("αβγδεζηικλμνοπρσςτυφωξθχψ", "avgdeziiklmnoprsstifox", strict=False)),
    "θ": "th", "χ": "ch", "ψ": "ps",
    **dict(zip("ابتجحدرزسصضطعفقكلمنهويأإآىئؤگپک", "abtjhdrzssdtafqklmnhuiaiaaiugpk", strict=True)),
    "ث": "th", "خ": "kh", "ذ": "dh", "ش": "sh", "غ": "gh", "ظ": "z", "ة": "a", "ء": "", "چ": "ch", "ی": "i",
}  # fmt: skip
_ROMANISE = str.maketrans(_ROMAN)
_ALIKE = str.maketrans("аеорсухіјѕһкмтвнαορυνικτ", "aeopcyxijshkmtbhaopuvikt")
_LATIN = re.compile(r"[a-z]")
FOREIGN = re.compile(r"[\u0370-\u06ff]")
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"shch|schtsch|chtch|stch|szcz", "s"),
        (r"tsch|tch|dzh|dsch|dj|zh|sch|sh|cz|sz|ts|tz|cs", "s"),
        (r"^h(?=[aou])", ""),
        (r"kh|gh|gu(?=[ei])|g|ck|cq|qu|q", "k"),
        (r"th", "t"),
        (r"dh", "d"),
        (r"ph|w|v|ff", "f"),
        (r"^y(?=e)|^j(?=e)|^i(?=e)", ""),
        (r"ou|oo|uu|ue|o", "u"),
        (r"x", "ks"),
        (r"c", "k"),
        (r"[zj](?=[aeiou])", "s"),
        (r"z", "s"),
        (r"h", ""),
        (r"(?<=.)(?:ij|iy|yi|yj|yy|ii|[jy])", "i"),
        (r"(.)\1+", r"\1"),
        (r"(?<=..)e$", ""),
        (r"[ae]+", "a"),
        (r"i[ae]*$|[ae]i$", "i"),
        (r"ia|ai|iu", "a"),
        (r"i+$", "i"),
    )
)


def romanise(word: str) -> str:
    """A folded word of Cyrillic, Greek or Arabic script in Latin letters; any other stays as it is."""
    return word.translate(_ROMANISE) if FOREIGN.search(word) else word


def unmixed(word: str) -> str:
    """A word of Latin and look-alike letters in Latin letters alone, one for one."""
    return word.translate(_ALIKE) if FOREIGN.search(word) and _LATIN.search(word) else word


def sounds_of(word: str) -> tuple[str, ...]:
    """Its sounds: "ch" and "j" are said in two ways."""
    said = {word}
    for written, ways in (("ch", ("sh", "kh")), ("j", ("zh", "y"))):
        if written in word:
            said = {one.replace(written, way) for one in said for way in ways}
    return tuple({sound_of(one) for one in said})


@lru_cache(maxsize=1 << 16)
def sound_of(word: str) -> str:
    """A rough spelling that the transliterations of one foreign name share ("Poutine", "Putin", "Путин")."""
    sound = romanise(word)
    for pattern, replacement in _SOUNDS:
        sound = pattern.sub(replacement, sound)
    return sound


_MISREAD = tuple(
    pair.split(">")
    for pair in ("0>o 1>l 1>i 5>s 8>b 6>g 9>g rn>m m>rn vv>w cl>d d>cl ii>u li>h ri>n nn>m c>e e>c u>n n>u".split())
)


def misread_as(word: str) -> tuple[str, ...]:
    """What a scanner may have had before it when it read this word: one confusion, or all of one kind."""
    return tuple({word.replace(seen, real) for seen, real in _MISREAD if seen in word})


_NICKNAMES = """
alexander alex sasha alejandro alexandre aleksander aleksandr alexandr alec sandy
alexei aleksei alexey aleksey alexej
andrew andy drew andrea andre andres andrei andrey
anthony tony antonio anton antoine
benjamin ben benny
bernard bernie bernardo
catherine katherine kate kathy katie cathy katharine katarina
charles charlie chuck carlos carl karl
christine christina chris kristina christa
christopher chris christoph christophe
daniel dan danny daniele
david dave davy
deborah debbie
donald don donnie
edward ed eddie ted edouard eduardo
elizabeth liz beth betty lizzy elisabeth elsbeth
emmanuel manu manuel
frederick fred freddy frederic friedrich
francis frank francois francesco francisco frans
george georg georges giorgio jorge
gregory greg gregor
gerald gerry jerry gerard
henry harry hank henri heinrich
james jim jimmy jamie jaime
jeffrey jeff geoffrey geoff
jennifer jen jenny
jensen jen
john johnny jack jon jonathan jean johan johann juan giovanni
joseph joe joey josef jose josep giuseppe
joshua josh
kenneth ken kenny
kimberly kim
lawrence larry laurence laurent
leonard leo leon leonardo
louis lou luis luigi lewis
margaret maggie meg peggy marge
mark marc marcus marco marcos markus
matthew matt mathieu matthias mateo
michael mike mick mickey michel miguel mikhail michal
nicholas nick nicky nicolas nikolai nicola
olaf olav
patrick pat paddy
patricia pat patty tricia
paul pablo paolo pavel
peter pete pedro pierre pietro petr petro
philip phil philippe felipe
rafael rafa raphael raffael
rebecca becky
richard rick dick rich ricky ricardo riccardo
robert bob bobby rob robbie roberto bert
ronald ron ronnie
samuel sam sammy
satya satyanarayana
sergei sergey serge sergio
stephen steve steven stefan stephan stephane etienne stefano esteban
susan sue susie suzanne
sheryl cheryl
theodore ted teddy theo
thomas tom tommy tomas
timothy tim timmy
ursula uschi
victoria vicky
vincent vince
vladimir wladimir volodymyr vova vlad
walter walt
warren
william bill billy will willie wilhelm guillaume guillermo
zachary zach zack
"""


def _nicknames() -> dict[str, frozenset[str]]:
    known: dict[str, set[str]] = {}
    for line in _NICKNAMES.split("\n"):
        names = line.split()
        for name in names:
            known.setdefault(name, set()).update(names)
    return {name: frozenset(others - {name}) for name, others in known.items()}


NICKNAMES = _nicknames()
