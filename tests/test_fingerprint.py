"""The fingerprint changes when a computation does, and not when a sentence does."""

import shutil

import nbformat
import pytest
from book import fingerprint
from conftest import ROOT

CODE = """\
import genkeras as gk
images = gk.load_images()
rate = gk.warmup_cosine(1e-3, steps=10)
"""
DATA = {"fashion_mnist": "tfds"}


def notebook(code):
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])


@pytest.fixture
def genkeras(tmp_path):
    shutil.copytree(ROOT / "genkeras", tmp_path / "genkeras")
    return tmp_path / "genkeras"


@pytest.fixture
def changes(genkeras):
    """A function that edits a file of genkeras and says whether the fingerprint changed."""

    def changed(file, old, new, code=CODE):
        before = fingerprint.fingerprint(notebook(code), DATA, genkeras)
        path = genkeras / file
        content = path.read_bytes()
        assert old.encode() in content
        path.write_bytes(content.replace(old.encode(), new.encode(), 1))
        fingerprint.parse_module.cache_clear()
        return fingerprint.fingerprint(notebook(code), DATA, genkeras) != before

    return changed


def test_an_empty_string_inside_an_f_string_does_not_count():
    import ast

    tree = ast.parse('f"{a:<{b}}"')
    plain = fingerprint.describe(tree)
    [spec] = [node.format_spec for node in ast.walk(tree) if isinstance(node, ast.FormattedValue)][
        :1
    ]
    spec.values.append(ast.Constant(""))  # as Python 3.12.1 parses it
    assert fingerprint.describe(tree) == plain


def test_a_changed_computation_counts(changes):
    assert changes("training.py", "steps // 20", "steps // 30")


def test_a_computation_that_is_used_indirectly_counts(changes):
    assert changes("data.py", 'astype("float32") / 255', 'astype("float32") / 256')


def test_a_constant_that_is_used_indirectly_counts(changes):
    assert changes("data.py", "SAMPLE_SHARE = 6", "SAMPLE_SHARE = 5")


def test_what_importing_does_counts(changes):
    assert changes("__init__.py", '"TF_ENABLE_ONEDNN_OPTS", "1"', '"TF_ENABLE_ONEDNN_OPTS", "0"')


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("training.py", "Learning rate that rises", "A rate that rises"),  # a docstring
        ("training.py", "# Taught in chapter 03.", "# Taught in chapter 3."),  # a comment
        ("training.py", "steps must be at least 1", "steps must be 1 or more"),  # an error
        ("data.py", "30 MB", "31 MB"),  # how the data came to this machine
    ],
)
def test_a_reworded_sentence_does_not_count(changes, file, old, new):
    assert not changes(file, old, new)


def test_plotting_counts_only_for_chapters_that_draw(changes):
    assert not changes("plotting.py", "WIDTH = 8.0", "WIDTH = 9.0")
    assert changes("plotting.py", "WIDTH = 9.0", "WIDTH = 7.0", CODE + "gk.plot_images(images)\n")


def test_an_asset_counts_for_those_who_read_it(genkeras):
    def prints():
        quiz = 'path = "quiz.npz"\n'
        return [fingerprint.fingerprint(notebook(c), DATA, genkeras) for c in (CODE, quiz)]

    before = prints()
    (genkeras / "assets" / "quiz.npz").write_bytes(b"other")
    after = prints()
    assert before[0] == after[0] and before[1] != after[1]


def test_pretrained_weights_count_for_the_chapter_that_names_them(genkeras):
    weights = genkeras / "assets" / "99_small.npz"
    weights.write_bytes(b"one")
    code = 'gk.load_pretrained("99_small", model)\n'
    before = [fingerprint.fingerprint(notebook(c), DATA, genkeras) for c in (CODE, code)]
    weights.write_bytes(b"other")
    after = [fingerprint.fingerprint(notebook(c), DATA, genkeras) for c in (CODE, code)]
    assert before[0] == after[0] and before[1] != after[1]


def test_the_data_that_was_read_counts():
    prints = {
        fingerprint.fingerprint(notebook(CODE), {"fashion_mnist": source})
        for source in ("tfds", "bundled")
    }
    assert len(prints) == 2


def test_comments_and_docstrings_of_a_chapter_do_not_count():
    def of(code):
        return fingerprint.fingerprint(notebook(code), DATA)

    plain = 'def f(x):\n    """One."""\n    return 2 * x\n'
    assert of(plain) == of('def f(x):\n    """Two."""\n    return 2 * x  # doubled\n')
    assert of(plain) != of('def f(x):\n    """One."""\n    return 3 * x\n')
