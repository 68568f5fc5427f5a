"""The README, the Makefile and the environment files say the same, and what they say is true."""

import os
import re

from book import pictures
from conftest import ROOT, make, make_in

README = (ROOT / "README.md").read_text()


def commands():
    blocks = re.findall(r"```(?:bash|sh)\n(.*?)```", README, re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def pyproject():
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_make_alone_prints_every_target(clone):
    out = make_in(clone).stdout
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(targets) > 8
    for target in targets:
        assert re.search(rf"^{target}\s", out, re.MULTILINE), target


def test_readme_names_the_two_commands_and_only_real_ones():
    assert {"make chapters", "make test"} <= set(commands())
    for command in commands():
        if command.startswith("make"):
            done = make("-n", *command.split()[1:])
            assert done.returncode == 0, f"{command}: {done.stderr}"


def test_an_unknown_chapter_is_refused(clone):
    done = make_in(clone, "quick", "N=99")
    assert done.returncode != 0 and "there is no chapter '99'" in done.stderr


def test_environment_yml_equals_pyproject():
    import yaml

    project = pyproject()["project"]
    extras = project["optional-dependencies"]
    expected = [*project["dependencies"], *extras["notebooks"], *extras["test"], "-e ."]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, from_pypi = environment["dependencies"]
    assert sorted(from_pypi["pip"]) == sorted(expected)
    assert pip == "pip" and python.split(",")[0] == f"python{project['requires-python']}"


def test_binder_gets_the_same_with_one_exact_python():
    import yaml

    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    binder = yaml.safe_load((ROOT / ".binder" / "environment.yml").read_text())
    python, pip, from_pypi = environment["dependencies"]
    exact, *rest = binder["dependencies"]
    from_pypi["pip"].remove("-e .")
    assert rest == [pip, from_pypi] and binder["channels"] == environment["channels"]
    version = re.fullmatch(r"python=3\.(\d+)", exact)  # repo2docker reads no other form
    oldest, newest = re.fullmatch(r"python>=3\.(\d+),<3\.(\d+)", python).groups()
    assert int(oldest) <= int(version[1]) < int(newest)


def test_binder_installs_the_package_without_its_dependencies():
    script = ROOT / ".binder" / "postBuild"
    assert "\npip install --no-deps .\n" in script.read_text()
    assert os.access(script, os.X_OK) and script.read_text().startswith("#!")


def test_upper_pins_carry_a_reason():
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    for environment in ("environment.yml", ".binder/environment.yml"):
        lines += (ROOT / environment).read_text().splitlines()
    reasons = {}
    for line in lines:
        pinned = re.search(r"([a-z-]+)>=[\d.]+,<", line)
        if pinned:
            reasons[pinned[1]] = reasons.get(pinned[1], False) or bool(re.search(r"# .+", line))
    assert reasons and all(reasons.values()), reasons


def test_the_readme_shows_four_pictures_which_are_those_of_the_notebooks():
    shown = re.findall(r"!\[[^]]+\]\(docs/([^)]+)\)", README)
    assert sorted(shown) == sorted(pictures.PICTURES)
    assert list(pictures.outdated()) == [], "run make sync"


def test_no_hook_patches_other_libraries():
    for path in (ROOT / "genkeras").glob("*.py"):
        assert not re.search(r"unittest\.mock|exec_module|meta_path", path.read_text()), path
