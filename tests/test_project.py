"""The README, the Makefile and the environment files say the same, and what they say is true."""

import base64
import os
import re
import subprocess
import sys

import pytest
from conftest import ROOT, make

README = (ROOT / "README.md").read_text("utf-8")


def commands():
    blocks = re.findall(r"```(?:bash|sh)\n(.*?)```", README, re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_make_alone_prints_every_target():
    out = make().stdout
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert 8 < len(targets) <= 16
    for target in targets:
        assert re.search(rf"^{target}\s", out, re.MULTILINE), target


def test_readme_names_the_two_commands_and_only_real_ones():
    assert {"make chapters", "make test"} <= set(commands())
    for command in commands():
        if command.startswith("make"):
            done = make("-n", *command.split()[1:])
            assert done.returncode == 0, f"{command}: {done.stderr}"


@pytest.mark.parametrize("numbers", [["99"], ["03", "99"]])
def test_an_unknown_chapter_is_refused_in_one_sentence(numbers):
    done = subprocess.run(
        [sys.executable, "-m", "tools", "quick", *numbers],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert done.stderr == "there is no chapter '99': write N=03, or N='03 05' for several\n"


def test_chapters_are_named_by_n_in_either_case_and_jupyterlab_runs_as_root():
    for variable in ("N=3", "n=3", "N=03 05", "n=03 05"):
        wanted = variable.partition("=")[2]
        assert f"-m tools quick {wanted}\n" in make("-n", "quick", variable).stdout
    assert ("--allow-root" in make("-n", "lab").stdout) == (os.getuid() == 0)


def test_environment_yml_installs_what_make_env_does_with_a_python_that_it_admits():
    text = (ROOT / "environment.yml").read_text("utf-8")
    assert "- -c constraints.txt\n" in text and "- -e .[notebooks,test]\n" in text
    minor = int(re.search(r"python=3\.(\d+)\n", text)[1])
    assert 11 <= minor <= 13


def test_constraints_hold_every_direct_dependency():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [
        project["optional-dependencies"][name] for name in ("notebooks", "test", "course", "book")
    ]
    held = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    for requirement in sum(extras, project["dependencies"]):
        name = re.match(r"[\w-]+", requirement)[0].lower().replace("_", "-")
        assert name in held, f"{requirement}: run the command in constraints.txt"


def test_the_pictures_of_the_readme_are_there():
    shown = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(shown) == 4 and all((ROOT / path).exists() for path in shown)
    for link in re.findall(r"(?<!!)\[[^]]*\]\(([^)#]+)\)", README):
        assert link.startswith("http") or (ROOT / link).exists(), link


def test_the_pictures_of_the_readme_are_outputs_of_the_chapters():
    outputs = "".join(path.read_text("utf-8") for path in (ROOT / "chapters").glob("*.ipynb"))
    for path in (ROOT / "docs").glob("*.png"):
        picture = base64.b64encode(path.read_bytes()).decode()
        assert picture in outputs, f"{path.name}: save it again from its chapter"


INSTALL = ROOT / "tools" / "install.sh"


@pytest.mark.parametrize(
    ("python", "message"),
    [
        ("no-such-python", "Python 3.11 to 3.13 is needed; name one with PYTHON=..."),
        ("false", "Python 3.11 to 3.13 is needed"),
    ],
)
def test_an_installation_that_cannot_begin_says_why_and_leaves_nothing(tmp_path, python, message):
    done = subprocess.run(
        ["bash", str(INSTALL), str(tmp_path / "new"), "notebooks"],
        cwd=ROOT,
        env={**os.environ, "PYTHON": python},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0 and message in done.stderr
    assert not (tmp_path / "new").exists()
