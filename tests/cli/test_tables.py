"""Tables fit the available width and lose nothing."""

from __future__ import annotations

import random

import pytest
from rich.cells import cell_len

from nes_tasks.cli.tables import add_names, cell_width, fold, new_table, rendered

ACCENT = "\N{COMBINING ACUTE ACCENT}"
WORDS = ["a", "well-known", "काठमाडौं", "प्रदेश", "漢字", "x" * 30, "é", f"e{ACCENT}", "—"]


@pytest.mark.parametrize("seed", range(40))
def test_folded_text_fits_and_loses_spaces_alone(seed: int) -> None:
    chance = random.Random(seed)
    text = " ".join(chance.choices(WORDS, k=chance.randint(1, 12)))
    width = chance.randint(2, 40)
    lines = list(fold(text, width))
    assert max(map(cell_width, lines)) <= width
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line.startswith((ACCENT, "ा", "ी", "्")) for line in lines)


def test_widths_are_those_of_a_terminal() -> None:
    assert cell_width("abc") == 3
    assert cell_width("漢字") == 4
    assert cell_width(f"e{ACCENT}") == 1
    assert all(cell_width(word) >= cell_len(word) for word in WORDS)


@pytest.mark.parametrize("width", [*range(8, 81, 6), None])
def test_a_table_of_any_width_has_every_word(width: int | None) -> None:
    table = new_table()
    names = ["001-add-ministers-of-the-year-2024", "002-b"]
    add_names(table, "Migration", names)
    table.add_column("Files", justify="right", no_wrap=True)
    table.add_column("Description")
    table.add_row(names[0], "1,234", "Add the ministers of 2024 [of Bagmati]")
    table.add_row(names[1], "7 new\n1 deleted", "मन्त्रीहरू थप्नुहोस्")
    table.add_section()
    table.add_row("2 migrations", "1,242", "")
    text = rendered(table, width)
    if width is not None:
        assert max(map(cell_width, text.splitlines())) <= width
    squeezed = "".join(text.split())
    for part in ("ministers", "1,234", "[of", "Bagmati]", "deleted", "2024", "1,242"):
        assert part in squeezed or (width is not None and width < 14 and part[:4] in squeezed)
    assert text == "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def test_numbers_stand_to_the_right_and_sections_apart() -> None:
    table = new_table()
    add_names(table, "Migration", ["001-a"])
    table.add_column("Files", justify="right", no_wrap=True)
    table.add_row("001-a", "12")
    table.add_section()
    table.add_row("Sum", "12")
    assert rendered(table).splitlines() == [
        "Migration  Files",
        "────────────────",
        "001-a         12",
        "",
        "Sum           12",
    ]
