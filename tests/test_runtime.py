"""gk.setup: what each device gets, and what it says."""

import subprocess
import sys
import warnings

import genkeras as gk
import keras
import numpy as np
import pytest
from genkeras import runtime


def run_python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.parametrize(
    ("capability", "policy"),
    [
        (None, "float32"),
        ((0, 0), "float32"),
        ((6, 1), "float32"),
        ((7, 0), "mixed_float16"),
        ((7, 5), "mixed_float16"),
        ((8, 0), "mixed_bfloat16"),
        ((9, 0), "mixed_bfloat16"),
    ],
)
def test_policy_follows_compute_capability(capability, policy):
    assert runtime.choose_policy(capability) == policy


@pytest.mark.parametrize(
    ("capability", "policy", "jit_compile"),
    [((7, 5), "mixed_float16", True), ((9, 0), "mixed_bfloat16", True)],
)
def test_setup_on_a_gpu(monkeypatch, capsys, capability, policy, jit_compile):
    monkeypatch.setattr(runtime, "find_gpu", lambda backend: ("Test GPU", capability))
    found = gk.setup()
    assert (found.device, found.policy, found.jit_compile) == ("Test GPU", policy, jit_compile)
    assert keras.config.dtype_policy().name == policy
    assert "Test GPU" in capsys.readouterr().out


def test_setup_on_a_cpu_reports_one_line(monkeypatch, capsys):
    monkeypatch.setattr(runtime, "find_gpu", lambda backend: None)
    found = gk.setup(seed=7)
    assert (found.policy, found.jit_compile, found.seed) == ("float32", False, 7)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert all(word in out for word in (keras.__version__, "CPU", "float32", "seed 7"))


def test_setup_twice_repeats_the_random_numbers():
    draws = []
    for _ in range(2):
        gk.setup(seed=3)
        dense = keras.layers.Dense(2)
        dense.build((None, 3))
        draws.append([*np.random.rand(2), *keras.ops.convert_to_numpy(dense.kernel).ravel()])
    assert draws[0] == draws[1]


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_asked_of_a_cpu_warns_and_is_obeyed(monkeypatch, policy):
    monkeypatch.setattr(runtime, "find_gpu", lambda backend: None)
    with pytest.warns(UserWarning, match="several times slower"):
        assert gk.setup(mixed_precision=policy).policy == policy
    assert keras.config.dtype_policy().name == policy


def test_bfloat16_asked_of_an_older_gpu_warns(monkeypatch):
    monkeypatch.setattr(runtime, "find_gpu", lambda backend: ("Tesla T4", (7, 5)))
    with pytest.warns(UserWarning, match="Tesla T4 has no fast arithmetic"):
        gk.setup(mixed_precision="mixed_bfloat16")


def test_unknown_precision_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="must be one of auto, float32, .* got 'half'"):
        gk.setup(mixed_precision="half")


def test_setup_is_silent_on_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gk.setup()


def test_import_does_not_load_tensorflow():
    code = "import sys, genkeras; print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    assert run_python(code).stdout.strip() == "[]"


def test_keras_loads_without_chatter():
    assert run_python("import genkeras, keras").stderr == ""


@pytest.mark.parametrize(("asked", "expected"), [(None, "1"), ("0", "0")])
def test_fast_convolutions_are_on_unless_the_user_decides(asked, expected):
    code = "import os; {}; import genkeras, keras; print(os.environ['TF_ENABLE_ONEDNN_OPTS'])"
    ask = "os.environ.pop('TF_ENABLE_ONEDNN_OPTS', None)"
    if asked is not None:
        ask = f"os.environ['TF_ENABLE_ONEDNN_OPTS'] = '{asked}'"
    done = run_python(code.format(ask))
    assert (done.stdout.strip(), done.stderr) == (expected, "")


def test_stderr_is_given_back_when_the_block_fails():
    code = (
        "import os\nfrom genkeras.runtime import quiet_stderr\n"
        "with quiet_stderr(): os.write(2, b'held back')\n"
        "try:\n    with quiet_stderr():\n        os.write(2, b'shown'); 1 / 0\n"
        "except ZeroDivisionError: pass"
    )
    assert run_python(code).stderr == "shown"


def test_all_names_exist():
    for name in gk.__all__:
        assert callable(getattr(gk, name)) and getattr(gk, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gk.nothing
