import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cms.rendering import Heading, render


def ids(format, source):
    return re.findall(r'<h[1-6] id="([^"]*)"', render(format, source).html)


def test_an_id_is_the_slug_of_the_text_without_markup():
    rendition = render("markdown", "## What's *new* in `C` & Äpfel?\n")
    assert rendition.html == '<h2 id="whats-new-in-c-apfel">What\'s <em>new</em> in <code>C</code> &amp; Äpfel?</h2>\n'
    assert rendition.toc == (Heading(2, "whats-new-in-c-apfel", "What's new in C & Äpfel?"),)


def test_equal_headings_are_numbered():
    assert ids("markdown", "# Soil\n\n## Soil\n\n### Soil\n") == ["soil", "soil-2", "soil-3"]


def test_a_numbered_id_never_collides_with_a_written_one():
    assert ids("markdown", "# Soil\n\n# Soil 2\n\n# Soil\n\n# Soil 2\n") == ["soil", "soil-2", "soil-3", "soil-2-2"]


@pytest.mark.parametrize("text", ["!!!", "🌱", "", "<img src='/a.png' alt='x'>"])
def test_a_heading_without_letters_is_a_section(text):
    assert ids("html", f"<h2>{text}</h2><h3>{text}</h3>") == ["section", "section-2"]


def test_digits_alone_make_an_id():
    assert ids("markdown", "## 2024\n\n## 2023\n") == ["2024", "2023"]


def test_other_scripts_are_transliterated():
    assert ids("markdown", "## Привет\n\n## 日本\n") == ["privet", "ri-ben"]


def test_own_ids_are_kept_when_safe_and_unique():
    source = "<h2 id='beds-1'>A</h2><h2 id='beds-1'>B</h2><h2 id='Beds'>C</h2><h2 id='a b'>D</h2><h2 id=''>E</h2>"
    assert ids("html", source) == ["beds-1", "b", "c", "d", "e"]


def test_a_made_id_gives_way_to_an_own_one_further_down():
    assert ids("html", "<h2>Soil</h2><h2 id='soil'>Other</h2>") == ["soil-2", "soil"]


def test_only_headings_keep_an_id():
    assert render("html", "<p id='a'>x <a id='b' href='/'>y</a></p>").html == '<p>x <a href="/">y</a></p>'


def test_other_attributes_of_a_heading_stay():
    assert render("html", "<h2 lang='fr' id='le-sol'>Sol</h2>").html == '<h2 id="le-sol" lang="fr">Sol</h2>'


def test_table_of_contents_lists_levels_one_to_four_with_text_in_order():
    source = "".join(f"<h{level}>Level {level}</h{level}>" for level in (3, 1, 6, 2, 5, 4)) + "<h2> </h2>"
    toc = render("html", source).toc
    assert [(heading.level, heading.text) for heading in toc] == [(n, f"Level {n}") for n in (3, 1, 2, 4)]


def test_a_heading_within_a_heading_has_its_own_id():
    rendition = render("html", "<h2>Outer<div><h3 id='inner'>Inner</h3></div></h2><h3>Inner</h3>")
    assert [(heading.id, heading.text) for heading in rendition.toc] == [
        ("outer", "Outer"),
        ("inner", "Inner"),
        ("inner-2", "Inner"),
    ]


def test_long_headings_are_bounded():
    rendition = render("markdown", f"# {'word ' * 20_000}\n\n# {'word ' * 20_000}\n")
    assert [len(heading.text) for heading in rendition.toc] == [200, 200]
    assert all(len(heading.id) <= 80 for heading in rendition.toc)
    assert rendition.toc[0].id != rendition.toc[1].id


def test_ids_stay_when_a_paragraph_changes():
    before, after = "# A\n\nold\n\n# A\n\n## B\n", "# A\n\nnew and longer\n\n# A\n\n## B\n"
    assert ids("markdown", before) == ids("markdown", after) == ["a", "a-2", "b"]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "a 2", "a-2-2", "", "!"]), st.sampled_from(["", "a", "a-2", "section"])))
)
def test_ids_are_always_unique(headings):
    found = ids("html", "".join(f"<h2 id='{id}'>{text}</h2>" for text, id in headings))
    assert len(set(found)) == len(found) == len(headings)
