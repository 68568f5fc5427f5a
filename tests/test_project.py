"""The README, the Makefile and the environment files say the same, and what they say is true."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
# Commands of the README that a test runs, in a copy of the project. The others install, take long,
# open a window, or are this very test: `make -n` says whether they exist. `make quick N=03` stands
# for those that run chapters.
RUN = ["make", "make sync", "make format", "make quick N=03"]


def make(*arguments, folder=ROOT, **variables):
    environment = {**os.environ, "VIRTUAL_ENV": sys.prefix, **variables}
    for inherited in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):  # `make test` is a make too
        environment.pop(inherited, None)
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )


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


def test_make_alone_prints_every_target():
    out = make().stdout
    targets = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert len(targets) > 8 and all(re.search(rf"^{t}\s", out, re.MULTILINE) for t in targets)


def test_readme_names_the_two_commands_and_only_real_ones():
    assert {"make chapters", "make test"} <= set(commands())
    for command in commands():
        if command.startswith("make"):
            done = make("-n", *command.split()[1:])
            assert done.returncode == 0, f"{command}: {done.stderr}"


def test_readme_commands_run(tmp_path):
    assert set(RUN) - {"make quick N=03"} <= set(commands()) and "make quick" in commands()
    copy = tmp_path / "copy"
    ignored = shutil.ignore_patterns(".git", ".venv*", "build", "models", "*.egg-info", ".*_cache")
    shutil.copytree(ROOT, copy, ignore=ignored)
    for command in RUN:
        done = make(*command.split()[1:], folder=copy)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    line = r"\[1/1\] 03_stacked_autoencoders   \d+ s   stacked_val_mse 0\.\d+"
    assert re.search(line, done.stdout)
    assert (copy / "build" / "quick" / "03_stacked_autoencoders.ipynb").exists()
    for path in sorted(ROOT.glob("chapters/*.*")):
        assert path.read_bytes() == (copy / path.relative_to(ROOT)).read_bytes()


def test_an_unknown_chapter_is_refused():
    done = make("quick", "N=99")
    assert done.returncode != 0 and "there is no chapter '99'" in done.stderr


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"VIRTUAL_ENV": "/my/venv"}, "/my/venv/bin/python"),
        ({"VIRTUAL_ENV": "", "CONDA_DEFAULT_ENV": "x", "CONDA_PREFIX": "/c/x"}, "/c/x/bin/python"),
        ({"VIRTUAL_ENV": "", "CONDA_DEFAULT_ENV": "base", "CONDA_PREFIX": "/c"}, ".venv/bin/"),
        ({"VIRTUAL_ENV": "", "CONDA_DEFAULT_ENV": "", "CONDA_PREFIX": ""}, ".venv/bin/python"),
    ],
)
def test_make_uses_the_active_environment(variables, expected):
    assert f"{expected}" in make("-n", "quick", **variables).stdout


def test_make_env_is_a_no_op_the_second_time():
    make("env")
    assert make("env").stdout.strip() in ("", "make: Nothing to be done for 'env'.")


def test_gpu_environment_adds_cuda():
    assert '".[notebooks,test,gpu]"' in make("-n", "env", "GPU=1", VIRTUAL_ENV="/none").stdout
    assert '".[notebooks,test]"' in make("-n", "env", VIRTUAL_ENV="/none").stdout
    assert pyproject()["project"]["optional-dependencies"]["gpu"] == ["tensorflow[and-cuda]>=2.18"]


def test_environment_yml_equals_pyproject():
    import yaml

    project = pyproject()["project"]
    extras = project["optional-dependencies"]
    expected = [*project["dependencies"], *extras["notebooks"], *extras["test"], "-e ."]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    python, pip, from_pypi = environment["dependencies"]
    assert sorted(from_pypi["pip"]) == sorted(expected)
    assert pip == "pip" and python.split(",")[0] == f"python{project['requires-python']}"


def test_upper_pins_carry_a_reason():
    for name in ("pyproject.toml", "environment.yml"):
        for line in (ROOT / name).read_text().splitlines():
            if re.search(r'"?[a-z-]+>=[\d.]+,<', line):
                package = re.search(r"([a-z-]+)>=", line)[1]
                reason = any(
                    re.search(rf"{package}>=.*,<.*# .+", text)
                    for text in ((ROOT / f).read_text() for f in ("pyproject.toml", name))
                )
                assert reason, f"{name}: {line.strip()}"


def test_genkeras_can_be_read_in_a_sitting():
    lines = sum(len(p.read_text().splitlines()) for p in (ROOT / "genkeras").glob("*.py"))
    assert lines < 900


def test_readme_picture_exists():
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert pictures and all((ROOT / picture).exists() for picture in pictures)


def test_recorded_benchmark_is_the_one_that_the_readme_quotes():
    recorded = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    recorded |= json.loads((ROOT / "benchmarks" / "gans.json").read_text())
    quoted = re.findall(r"([\d.]+)<!-- bench (\w+) -->", README)
    assert quoted
    for number, key in quoted:
        assert f"{recorded[key]:.{len(number.partition('.')[2])}f}" == number
