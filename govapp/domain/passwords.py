"""Which passwords are refused (R22): short, common, patterns of keys and years, words of product and person."""

import re
import unicodedata

SHORTEST = 8
LONGEST = 1024
_LETTERS_FOR_DIGITS = str.maketrans("0134578@$!|", "oieastbasil")
_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1234567890",
)
_RUNS = (
    *_ROWS,
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "q1w2e3r4t5y6u7i8o9p0",
    "147258369",
    "0123456789",
)
_PRODUCT = ("govapp", "gateboard", "governance", "measure", "controller", "steering", "portfolio")

# The words people choose most, written down for this list; numbers, years and signs around them are taken off first.
_WORDS = """
password passwort passw pass passwd passphrase motdepasse contrasena secret geheim letmein welcome
willkommen bienvenue login logmein signin admin administrator adminadmin root superuser user username guest
test testing tester default changeme changeit change temp temporary newpassword mypassword passwordpassword
passpass hello hallo bonjour goodbye iloveyou ichliebedich loveyou lovely lover love lovers forever always
princess prince princesse sunshine sonnenschein monkey dragon shadow master hunter killer ninja samurai
wizard warrior knight phoenix tiger lion eagle falcon panther football fussball soccer baseball basketball
hockey tennis golf rugby cricket liverpool arsenal chelsea barcelona realmadrid juventus bayern dortmund
manchester superman batman spiderman starwars startrek pokemon pikachu mario zelda minecraft fortnite
nintendo playstation xbox computer internet google facebook instagram youtube twitter amazon apple microsoft
windows samsung iphone android linux ubuntu oracle cisco server network system access control security
michael jordan daniel thomas andrew joshua matthew charlie jessica jennifer ashley michelle nicole amanda
samantha hannah andrea maria anna laura sarah julia sophie emma martin peter stefan christian sebastian
alexander robert george william richard harley ferrari porsche mercedes audi mustang corvette yamaha honda
toyota bmw volkswagen summer sommer winter spring frühling fruehling autumn herbst january februar february
march april august september october november december januar oktober dezember monday montag tuesday
wednesday thursday friday freitag saturday sunday sonntag weekend holiday urlaub christmas weihnachten
easter birthday london paris berlin hamburg munich muenchen vienna zurich newyork chicago boston texas
california america england germany deutschland france italia spain canada australia brazil mexico india
china japan europe whatever nothing something anything everything someone trustno trustnoone blahblah
fuckyou fuckoff asshole bullshit cheese banana orange cherry cookie chocolate schokolade coffee kaffee
pepper ginger butter sugar honey pumpkin flower blume rose jasmine lavender butterfly schmetterling angel
engel heaven lucky blessed jesus christ god freedom peace diamond silver golden rainbow unicorn kitty kitten
kittycat puppy doggy buddy bailey maggie molly rocky max ranger cowboy yankee yankees dallas eagles steelers
raiders lakers bulldog bulldogs thunder lightning storm matrix merlin gandalf frodo aragorn hobbit hogwarts
harrypotter snoopy garfield mickey mickeymouse donald disney barbie money dollar euro business company
office work arbeit manager director service support helpdesk desk finance budget qwerty qwertz azerty asdf
asdfgh asdfasdf zxcvbn qazwsx qweasd qweasdzxc poiuyt lkjhgf mnbvcx abcabc aaaa abcdef
correcthorsebatterystaple openthedoor opensesame sesame abracadabra supercalifragilistic
"""
_COMMON = frozenset(_WORDS.split())


def normal(password: str) -> str:
    """The password in one Unicode form, so that the same keys give the same hash on every system."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, about: tuple[str, ...] = ()) -> str | None:
    """Why a password is refused, as a code, or None. `about`: name and e-mail of the person.

    No rule about kinds of signs (OWASP ASVS 5.0, 6.2.5); length, lists and patterns only (6.2.1, 6.2.4, 6.2.11).
    """
    text = normal(password)
    if len(text) < SHORTEST:
        return "password_short"
    if len(text) > LONGEST:
        return "password_long"
    plain = text.casefold()
    if len(set(plain)) < 4 or _repeats(plain) or _is_run(plain):
        return "password_pattern"
    if any(core in _COMMON for core in _cores(plain)):
        return "password_common"
    words = {word for each in about for word in re.split(r"[^\w]+", each.casefold()) if len(word) >= 4}
    rest = plain
    for word in sorted(words | set(_PRODUCT), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < len(plain) and len(re.sub(r"[\W\d_]", "", rest)) < 4 and len(rest) < SHORTEST:
        return "password_personal"
    return None


def _cores(plain: str) -> set[str]:
    """The word inside, without numbers and signs around it, also with digits read as letters, or said twice."""
    found = set()
    for text in (plain, plain.translate(_LETTERS_FOR_DIGITS)):
        core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text)
        letters = re.sub(r"[\W\d_]+", "", text)
        found |= {text, core, letters, core[: len(core) // 2] if core[: len(core) // 2] * 2 == core else core}
    digits_off = re.sub(r"[\W\d_]+$", "", plain).translate(_LETTERS_FOR_DIGITS)
    return found | {digits_off, re.sub(r"[\W_]+", "", digits_off)}


def _repeats(plain: str) -> bool:
    """True for one short piece said again and again: abcabcabc, 12121212."""
    for size in range(1, 5):
        piece = plain[:size]
        if (piece * (len(plain) // size + 1))[: len(plain)] == plain:
            return True
    return False


def _is_run(plain: str) -> bool:
    """True when the whole is made of keyboard or alphabet runs of 3 or more, years or digits only."""
    if plain.isdigit() and (len(plain) <= 10 or len(set(plain)) < 5):
        return True
    rest = re.sub(r"(19|20)\d\d", "", plain)
    taken = 0
    position = 0
    while position < len(rest):
        size = _run_at(rest, position)
        taken += size if size >= 3 else 0
        position += max(size, 1) if size >= 3 else 1
    return len(rest) - taken < 3


def _run_at(text: str, start: int) -> int:
    best = 0
    for run in _RUNS:
        for line in (run, run[::-1]):
            size = 1
            while start + size <= len(text) and text[start : start + size] in line:
                size += 1
            best = max(best, size - 1)
    return best
