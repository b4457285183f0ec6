"""How often names are romanised as they are spelt, and other spellings find what they mean.

    python benchmarks/names.py DATA

DATA is a folder with ``locations`` and ``parties``, lists of places and parties in both languages
that are not part of this project. Without it only the names of public figures are measured, in
`person_names.tsv`. The other spellings are in `other_spellings.tsv`. Prints figures and asserts
nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from nes_tasks.models import roman_spellings
from nes_tasks.models.honorifics import split_honorifics
from nes_tasks.models.multilingual import fuzzy_match_transliterations
from nes_tasks.models.romanization import romanize
from nes_tasks.models.similar_names import best_match
from nes_tasks.models.slugs import text_to_slug

HERE = Path(__file__).parent
KIND_IN_NEPALI = re.compile(r"\s*(उप-?महानगरपालिका|महानगरपालिका|नगरपालिका|गाउँ?पालिका)\s*$")
KIND = re.compile(r"\s*(Rural Municipality|(Sub-?\s?)?[Mm]etropolitan City|Municipality)\s*$")
Pairs = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?")
    data = parser.parse_args().data
    lists = {"public figures": [(a, b) for a, b in table(HERE / "person_names.tsv")]}
    if data:
        lists |= real_names(data)
    print_romanisation(lists)
    if data:
        print_look_up(data)


def table(path: Path) -> Iterable[list[str]]:
    for line in path.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def values(listed: Any) -> list[Any]:
    return list(listed.values()) if isinstance(listed, dict) else listed


def real_names(data: Path) -> dict[str, Pairs]:
    """Return pairs of a Nepali and an English name; translations are left out."""
    districts, towns = [], []
    provinces = [
        json.loads((data / f"locations/{n}.json").read_text("utf-8")) for n in ("np", "en")
    ]
    for nepali_province, province in zip(*provinces, strict=True):
        both = zip(values(nepali_province["districts"]), values(province["districts"]), strict=True)
        for nepali, english in both:
            districts.append((nepali["name"].strip(), english["name"].strip()))
            municipalities = map(values, (nepali["municipalities"], english["municipalities"]))
            for one, other in zip(*municipalities, strict=True):
                towns.append((KIND_IN_NEPALI.sub("", one["name"]), KIND.sub("", other["name"])))
    heads = [tuple(split_honorifics(name).name for name in pair) for pair in party_heads(data)]
    return {
        "heads of parties": [(one, other) for one, other in heads if one],
        "districts": [pair for pair in districts if "Rukum" not in pair[1]],
        "municipalities": towns,
    }


def party_heads(data: Path) -> Iterable[tuple[str, str]]:
    english = json.loads((data / "parties/parties-data-en.json").read_text("utf-8"))
    text = (data / "parties/parties-2082.csv").read_text("utf-8-sig")
    for row in csv.DictReader(text.splitlines(), delimiter="|"):
        yield row["प्रमुख पदाधिकारीको नाम"], english[row["दलको नाम"]]["main_person"]


def print_romanisation(lists: dict[str, Pairs]) -> None:
    print(f"{'romanisation':20} {'names':>6} {'right':>6} {'by rule alone':>14}")
    spellings = dict(roman_spellings.SPELLINGS)
    for name, pairs in lists.items():
        right = sum(map(is_right, pairs))
        roman_spellings.SPELLINGS.clear()
        by_rule = sum(map(is_right, pairs))
        roman_spellings.SPELLINGS.update(spellings)
        print(f"{name:20} {len(pairs):6} {right / len(pairs):6.1%} {by_rule / len(pairs):14.1%}")


def is_right(pair: tuple[str, str]) -> bool:
    """Say whether both give the same slug; where words are joined does not count."""
    nepali, english = pair
    slugs = text_to_slug(romanize(nepali)), text_to_slug(english)
    return slugs[0].replace("-", "") == slugs[1].replace("-", "")


def print_look_up(data: Path) -> None:
    candidates = english_names(data)
    functions: dict[str, Callable[[str, list[str]], str | None]] = {
        "best_match, 0.85": best_match,
        "best_match, 0.8": lambda name, among: best_match(name, among, threshold=0.8),
        "fuzzy_match_…, 0.8": by_sound,
    }
    print(f"\n{'look-up':20} {'names':>6} {'right':>6} {'none':>6} {'wrong':>6} {'false':>6}")
    for label, function in functions.items():
        right = none = wrong = false = 0
        for spelling, meant in table(HERE / "other_spellings.tsv"):
            [among] = [names for names in candidates if meant in names]
            answer = function(spelling, among)
            right += answer == meant
            none += answer is None
            wrong += answer not in (None, meant)
            false += function(spelling, [name for name in among if name != meant]) is not None
        total = right + none + wrong
        print(f"{label:20} {total:6} {right:6} {none:6} {wrong:6} {false:6}")


def by_sound(name: str, among: list[str]) -> str | None:
    """Return the best by sound, under the condition that `best_match` has for the second best."""
    found = fuzzy_match_transliterations(name, among, threshold=0.75)[:2]
    if not found or found[0][1] < 0.8 or (len(found) > 1 and found[0][1] - found[1][1] < 0.05):
        return None
    return found[0][0]


def english_names(data: Path) -> list[list[str]]:
    """Return the English names of districts, cities and parties."""
    provinces = json.loads((data / "locations/en.json").read_text("utf-8"))
    districts = [one for province in provinces for one in values(province["districts"])]
    towns = [town["name"].strip() for one in districts for town in values(one["municipalities"])]
    parties = json.loads((data / "parties/parties-data-en.json").read_text("utf-8"))
    return [
        [one["name"].strip() for one in districts],
        [town for town in towns if "etropolitan" in town],
        [party["name"] for party in parties.values()],
    ]


if __name__ == "__main__":
    main()
