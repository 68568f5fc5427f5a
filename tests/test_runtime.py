"""gk.setup: what each device gets, and what it says."""

import subprocess
import sys

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
    monkeypatch.setattr(runtime, "find_gpus", lambda: {"GPU:0": ("Test GPU", capability)})
    found = gk.setup()
    assert (found.device, found.policy, found.jit_compile) == ("Test GPU", policy, jit_compile)
    assert keras.config.dtype_policy().name == policy
    assert "Test GPU" in capsys.readouterr().out


def test_setup_on_a_cpu_reports_one_line(monkeypatch, capsys):
    monkeypatch.setattr(runtime, "find_gpus", dict)
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
    monkeypatch.setattr(runtime, "find_gpus", dict)
    with pytest.warns(UserWarning, match="several times slower"):
        assert gk.setup(mixed_precision=policy).policy == policy
    assert keras.config.dtype_policy().name == policy


def test_bfloat16_asked_of_an_older_gpu_warns(monkeypatch):
    monkeypatch.setattr(runtime, "find_gpus", lambda: {"GPU:0": ("Tesla T4", (7, 5))})
    with pytest.warns(UserWarning, match="Tesla T4 has no fast arithmetic"):
        gk.setup(mixed_precision="mixed_bfloat16")


def test_unknown_precision_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="must be one of auto, float32, .* got 'half'"):
        gk.setup(mixed_precision="half")


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "a"])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be a whole number from 0"):
        gk.setup(seed=seed)


def test_images_with_channels_first_are_refused(monkeypatch):
    monkeypatch.setattr(keras.config, "image_data_format", lambda: "channels_first")
    with pytest.raises(RuntimeError, match='set "image_data_format" to "channels_last"'):
        gk.setup()


def test_importing_and_setting_up_is_silent():
    done = run_python("import genkeras as gk, keras; gk.setup()")
    assert done.stderr == "" and done.stdout.count("\n") == 1


def test_stderr_may_be_closed():
    code = "import os, sys; os.close(2); sys.stderr = None; import genkeras; print('imported')"
    assert run_python(code).stdout == "imported\n"


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


def test_another_backend_and_an_older_keras_are_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="supports the backend tensorflow, got jax: set KERAS_"):
        gk.setup()
    monkeypatch.undo()
    monkeypatch.setattr(keras, "__version__", "3.13.2")
    with pytest.raises(RuntimeError, match="needs Keras 3.14 or newer, got 3.13.2"):
        gk.setup()


def test_the_memory_of_every_gpu_grows(monkeypatch):
    import tensorflow as tf

    growing = []
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: ["one", "two"])
    monkeypatch.setattr(
        tf.config.experimental, "set_memory_growth", lambda gpu, on: growing.append((gpu, on))
    )
    details = {
        "one": {"device_name": "Tesla T4", "compute_capability": (7, 5)},
        "two": {"device_name": "Radeon"},
    }
    monkeypatch.setattr(tf.config.experimental, "get_device_details", details.get)
    assert runtime.find_gpus() == {"GPU:0": ("Tesla T4", (7, 5)), "GPU:1": ("Radeon", (0, 0))}
    assert growing == [("one", True), ("two", True)]


L4, T4, P100 = ("NVIDIA L4", (8, 9)), ("Tesla T4", (7, 5)), ("Tesla P100", (6, 0))


@pytest.mark.parametrize(
    ("gpus", "distribute", "used", "device", "policy", "jit_compile"),
    [
        ([L4], "auto", ["GPU:0"], "NVIDIA L4", "mixed_bfloat16", True),
        ([L4, L4], "auto", ["GPU:0", "GPU:1"], "2 x NVIDIA L4", "mixed_bfloat16", False),
        ([L4, L4], None, ["GPU:0"], "NVIDIA L4", "mixed_bfloat16", True),
        ([L4, T4], "auto", ["GPU:0", "GPU:1"], "NVIDIA L4 + Tesla T4", "mixed_float16", False),
        ([P100, L4], "auto", ["GPU:0", "GPU:1"], "Tesla P100 + NVIDIA L4", "float32", False),
        ([P100, L4], None, ["GPU:0"], "Tesla P100", "float32", False),
    ],
)
def test_the_slowest_of_several_gpus_decides(
    monkeypatch, capsys, gpus, distribute, used, device, policy, jit_compile
):
    found = {f"GPU:{i}": gpu for i, gpu in enumerate(gpus)}
    devices = []
    monkeypatch.setattr(runtime, "find_gpus", lambda: found)
    monkeypatch.setattr(runtime, "use_devices", devices.extend)
    run = gk.setup(distribute=distribute)
    assert (run.device, run.policy, run.jit_compile) == (device, policy, jit_compile)
    assert devices == used
    assert f"| {device} |" in capsys.readouterr().out


@pytest.mark.parametrize("distribute", [False, 2, "GPU:0", [], ["CPU:0"], ["CPU:0"] * 2, [0, 1]])
def test_devices_that_cannot_be_understood_are_refused(distribute):
    with pytest.raises(ValueError, match='distribute must be "auto", None .* or a list of two or'):
        gk.setup(distribute=distribute)


def test_devices_that_do_not_exist_are_named():
    with pytest.raises(ValueError, match="there is no device GPU:7; there are CPU:0"):
        gk.setup(distribute=["CPU:0", "GPU:7"])


@pytest.mark.parametrize(
    ("value", "quick"), [(None, False), ("", False), ("0", False), ("1", True)]
)
def test_a_short_run_can_be_asked_for(monkeypatch, value, quick):
    monkeypatch.delenv("GENKERAS_QUICK", raising=False)
    if value is not None:
        monkeypatch.setenv("GENKERAS_QUICK", value)
    assert gk.setup().quick is quick


@pytest.mark.parametrize(
    ("value", "silent"), [(None, False), ("", False), ("0", False), ("1", True)]
)
def test_progress_bars_can_be_switched_off(monkeypatch, capfd, value, silent):
    monkeypatch.delenv("GENKERAS_SILENT", raising=False)
    monkeypatch.setattr(keras.Model, "summary", keras.Model.summary)
    if value is not None:
        monkeypatch.setenv("GENKERAS_SILENT", value)
    try:
        gk.setup()
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile(loss="mse", jit_compile=False)
        x, y = np.ones((4, 2)), np.ones((4, 1))
        capfd.readouterr()
        for use, *data in ((model.fit, x, y), (model.evaluate, x, y), (model.predict, x)):
            use(*data)
            shown = "".join(capfd.readouterr())
            assert shown == "" if silent else "1/1" in shown
        model.summary()
        assert "Total params" in "".join(capfd.readouterr()), "asked for, and not printed"
        model.fit(x, y)
        assert silent == ("".join(capfd.readouterr()) == "")
    finally:
        keras.config.enable_interactive_logging()
