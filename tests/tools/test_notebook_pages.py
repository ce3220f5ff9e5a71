"""A page begins with its text; its set-up is one fold, with the parameters that were run."""

from tools.notebook_pages import join_setup, merge_parameters

COMMENTS = {"n_seeds": "paired seeds", "sizes": "of " + "very " * 20 + "many things"}


def code(source, *tags, outputs=()):
    return {
        "cell_type": "code",
        "metadata": {"tags": list(tags)},
        "source": source,
        "outputs": list(outputs),
    }


def text(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def stream(line):
    return {"output_type": "stream", "name": "stdout", "text": line}


SETUP = code("install()", "hide-cell")
OWN = code("n_seeds = 1  # one\nn_jobs = -1  # all cores", "parameters", "hide-input")
GIVEN = code("# Parameters\nn_seeds = 20\n", "injected-parameters")
IMPORTS = code("import time", "hide-input", outputs=[stream("first\n")])
MORE = code("rows = run()", "hide-input", outputs=[stream("second\n")])
FIGURE = code("draw()", "hide-input", outputs=[{"output_type": "display_data", "data": {}}])
OPEN = code("teach()")


def test_the_head_of_a_notebook_is_one_fold_behind_its_text():
    """Title and answer come first; what shows a figure, or is not folded, stays a cell."""
    cells = [text("# Title"), SETUP, text("Answer"), OWN, GIVEN, IMPORTS, MORE, FIGURE, MORE]
    *before, joined, figure, last = join_setup(cells, COMMENTS)
    assert [cell["source"] for cell in before] == ["# Title", "Answer"]
    assert (figure, last) == (FIGURE, MORE)
    assert joined["source"].split("\n\n") == [
        "install()",
        "n_seeds = 20  # paired seeds\nn_jobs = -1  # all cores",
        "import time",
        "rows = run()",
    ]
    assert [output["text"] for output in joined["outputs"]] == ["first\n", "second\n"]
    assert joined["metadata"]["tags"] == ["hide-input"]
    assert joined["metadata"]["mystnb"]["code_prompt_show"] == "Show set-up and parameters"
    assert join_setup([SETUP, OWN, OPEN], {})[1:] == [OPEN]


def test_a_glued_number_is_no_reason_to_part():
    """What a cell glues is shown elsewhere."""
    glued = {"output_type": "display_data", "metadata": {"scrapbook": {"name": "n"}}, "data": {}}
    cells = join_setup([OWN, code("glue()", "hide-input", outputs=[glued]), text("More")], {})
    assert len(cells) == 2 and cells[0]["outputs"] == [glued]


def test_parameters_are_those_that_were_run():
    """The value that was given stands for the notebook's own; what it means stays readable."""
    own = 'n_seeds = 1  # one\nnames = [\n    "a",\n]  # few\nsizes = []  # none\nrest = 2  # kept'
    given = f'# Parameters\nsizes = {[1, 2]}\nnames = ["a", "b"]\nn_seeds = 20\n'
    assert merge_parameters(own, given, COMMENTS).splitlines() == [
        "n_seeds = 20  # paired seeds",
        'names = ["a", "b"]',
        f"# {COMMENTS['sizes']}",
        "sizes = [1, 2]",
        "rest = 2  # kept",
    ]
    assert merge_parameters(own, "", COMMENTS) == own
