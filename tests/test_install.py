"""Installing: make env in all its cases, and a wheel with its assets."""

import os
import subprocess
import sys
import zipfile

import pytest
from conftest import ROOT, bare_environment, make, make_in


def run_install(folder, *, cwd, python=sys.executable, extras="notebooks,test"):
    return subprocess.run(
        ["bash", str(ROOT / "tools" / "install.sh"), str(folder), extras],
        cwd=cwd,
        env={**os.environ, "PYTHON": str(python)},
        capture_output=True,
        text=True,
    )


def fake_python(path, version="3.11.2", venv="exit 1"):
    """A python that only says its version, and whose venv module does as told."""
    minor = int(version.split(".")[1])
    path.write_text(
        "#!/bin/bash\n"
        f'if [ "$1" = -c ]; then [ {minor} -ge 10 ] && [ {minor} -lt 14 ]; exit; fi\n'
        f'if [ "$1" = --version ]; then echo Python {version}; exit 0; fi\n'
        f'if [ "$1" = -m ]; then mkdir -p "$3"; {venv}; fi\n'
    )
    path.chmod(0o755)
    return path


def test_make_env_is_a_no_op_the_second_time(clone):
    done = make_in(clone, "env")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_environment_of_another_clone_is_installed_again(clone, tmp_path):
    stamp = clone / ".venv" / ".genkeras-installed"
    stamp.write_text(stamp.read_text().replace(str(clone), str(tmp_path / "other")))
    (clone / ".venv" / "bin" / "python").unlink()
    (clone / ".venv" / "bin" / "python").write_text("#!/bin/bash\nexit 1\n")
    (clone / ".venv" / "bin" / "python").chmod(0o755)
    done = make_in(clone, "env")
    assert done.returncode != 0 and "Installing" in done.stdout


def test_a_folder_that_is_no_environment_is_not_touched(tmp_path):
    folder = tmp_path / "conda_without_python"
    (folder / "conda-meta").mkdir(parents=True)
    done = run_install(folder, cwd=ROOT, python=fake_python(tmp_path / "python3"))
    assert done.returncode != 0 and "exists but holds no bin/python" in done.stderr
    assert (folder / "conda-meta").exists()


def test_an_environment_with_cuda_is_not_installed_again_without(clone):
    stamp = clone / ".venv" / ".genkeras-installed"
    stamp.write_text(stamp.read_text().replace("notebooks,test]", "notebooks,test,gpu]"))
    done = make_in(clone, "env")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_environment_for_the_web_book_serves_the_rest_too(clone):
    stamp = clone / ".venv" / ".genkeras-installed"
    stamp.write_text(stamp.read_text().replace("notebooks,test]", "notebooks,test,book]"))
    done = make_in(clone, "env")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_an_environment_has_is_kept_when_something_is_added(clone):
    stamp, python = clone / ".venv" / ".genkeras-installed", clone / ".venv" / "bin" / "python"
    stamp.write_text(stamp.read_text().replace("notebooks,test]", "notebooks,test,gpu]"))
    python.unlink()
    python.write_text('#!/bin/bash\necho "$@" >> "$(dirname "$0")/calls"\n')
    python.chmod(0o755)
    done = run_install(".venv", cwd=clone, extras="notebooks,test,book")
    assert done.returncode == 0 and "[notebooks,test,gpu,book]" in stamp.read_text()
    assert ".[notebooks,test,gpu,book]" in (python.parent / "calls").read_text()


def test_an_old_python_is_refused_and_leaves_nothing(tmp_path):
    done = run_install(
        tmp_path / ".venv", cwd=ROOT, python=fake_python(tmp_path / "python3.9", "3.9.2")
    )
    assert done.returncode != 0 and "Python 3.10 to 3.13 is needed" in done.stderr
    assert "is Python 3.9.2" in done.stderr and not (tmp_path / ".venv").exists()


def test_a_python_without_venv_is_refused_and_leaves_nothing(tmp_path):
    done = run_install(tmp_path / ".venv", cwd=ROOT, python=fake_python(tmp_path / "python3"))
    assert done.returncode != 0 and "apt install python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_path_with_a_colon_is_refused(tmp_path):
    done = run_install(tmp_path / "a:b", cwd=ROOT)
    assert done.returncode != 0 and "cannot hold a colon" in done.stderr


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"VIRTUAL_ENV": "/my/venv"}, "/my/venv"),
        ({"VIRTUAL_ENV": "", "CONDA_DEFAULT_ENV": "x", "CONDA_PREFIX": "/c/x"}, "/c/x"),
        ({"VIRTUAL_ENV": "", "CONDA_DEFAULT_ENV": "base", "CONDA_PREFIX": "/c"}, ".venv"),
        ({"VIRTUAL_ENV": "", "CONDA_DEFAULT_ENV": "", "CONDA_PREFIX": ""}, ".venv"),
    ],
)
def test_make_uses_the_active_environment(variables, expected):
    database = make("--print-data-base", "-n", "help", **variables).stdout
    assert f"ENV := {expected}\n" in database


def test_gpu_environment_adds_cuda():
    assert '"notebooks,test,gpu"' in make("-n", "env", "GPU=1").stdout
    assert '"notebooks,test"' in make("-n", "env").stdout


@pytest.mark.slow
def test_a_wheel_installed_elsewhere_has_its_assets(tmp_path):
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "-w",
            str(tmp_path),
            str(ROOT),
        ],
        check=True,
    )
    [wheel] = tmp_path.glob("genkeras-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    python = bare_environment(tmp_path / "venv", tmp_path / "installed")
    code = (
        "import genkeras as gk; images = gk.load_images(source='bundled'); "
        "print(gk.__file__, gk.classify(images.x_test[:100])[1].shape)"
    )
    done = subprocess.run([str(python), "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert str(tmp_path / "installed") in done.stdout and "(100, 10)" in done.stdout, done.stderr
