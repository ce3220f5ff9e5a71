"""Style sheets keep the rules that a page of the book may need, and no others."""

import pytest

from tools.style_sheets import collect_names, keep_used

NAMES = {"card", "title", "show", "main"}


@pytest.mark.parametrize(
    ("css", "kept"),
    [
        ("p{color:red}", "p{color:red}"),
        (".card{color:red}", ".card{color:red}"),
        (".gone{color:red}", ""),
        (".card .gone{color:red}", ""),
        (".gone,.card>.title{color:red}", ".card>.title{color:red}"),
        (".card:not(.gone){color:red}", ".card:not(.gone){color:red}"),
        (":is(.gone,.card) p{color:red}", ":is(.gone,.card) p{color:red}"),
        ("#main{color:red}#other{color:red}", "#main{color:red}"),
        ("@media print{.gone{color:red}.card{color:red}}", "@media print{.card{color:red}}"),
        ("@media print{.gone{color:red}}", ""),
        ("/* why */p{color:red}", "p{color:red}"),
        ("/*! licence */.gone{color:red}", "/*! licence */"),
        ("@font-face{font-family:x}", "@font-face{font-family:x}"),
        (".bs-tooltip-auto{color:red}", ".bs-tooltip-auto{color:red}"),
        ('[data-x="a.gone"]{color:red}', '[data-x="a.gone"]{color:red}'),
    ],
)
def test_rules_stay_where_their_names_are_used(css, kept):
    """What stands in brackets asks for nothing, and of several selectors some may go."""
    assert keep_used(css, NAMES) == kept


def test_names_come_from_pages_and_scripts(tmp_path):
    """Classes and ids of pages, but not their words; every word of a script."""
    page, script = tmp_path / "a.html", tmp_path / "b.js"
    page.write_text("""<p class="card big" id='main'>word<script>x = "shown"</script></p>""")
    script.write_text('e.classList.add("from-script")')
    names = collect_names([page, script])
    assert {"card", "big", "main", "shown", "from-script"} <= names
    assert "word" not in names
