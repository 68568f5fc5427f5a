"""What the machine offers: seeds, GPU memory growth, mixed precision, one line of report."""

import contextlib
import dataclasses
import os
import sys
import tempfile
import warnings

import numpy as np

# The lowest CUDA compute capability with fast arithmetic for a dtype policy, the best policy first.
MIN_CAPABILITY = {"mixed_bfloat16": (8, 0), "mixed_float16": (7, 0)}
POLICIES = ("auto", "float32", *MIN_CAPABILITY)
NO_CAPABILITY = (0, 0)
OLDEST_KERAS = (3, 14)  # as in pyproject.toml


@dataclasses.dataclass(frozen=True)
class Runtime:
    """What `setup` found and chose.

    Attributes:
        device: name of the device that Keras will use, such as "CPU (2 cores)" or "NVIDIA L4".
        policy: the global Keras dtype policy, such as "float32".
        jit_compile: what to pass to `Model.compile(jit_compile=...)` for models with convolutions,
            recurrence or dropout. On a CPU, XLA makes dropout several times slower and gains
            little for the others; on a GPU it pays. Models made of dense layers may gain from XLA
            on a CPU, too (experiments/README.md has the measurements).
        seed: the seed that Python, NumPy and TensorFlow were given.
    """

    device: str
    policy: str
    jit_compile: bool
    seed: int


@contextlib.contextmanager
def quiet_stderr():
    """Hold back what C++ code writes to stderr, and release it if the block fails."""
    try:
        saved = os.dup(2)
    except OSError:  # stderr is closed: there is nothing to hold back
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(saved, held_back.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


def find_gpu():
    """Find TensorFlow's first GPU, and let the memory of all its GPUs grow as needed.

    Returns:
        None without a GPU, else (name, compute capability). The capability is a pair such as
        (8, 0), and (0, 0) for a GPU that has none (Apple, AMD).
    """
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return None
    for gpu in gpus:
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # TensorFlow has started; no harm is done where growth was on before
            if not tf.config.experimental.get_memory_growth(gpu):
                warnings.warn(
                    "TensorFlow has taken the GPU's memory; restart and call setup() first.",
                    stacklevel=3,
                )
    details = tf.config.experimental.get_device_details(gpus[0])
    return details.get("device_name", "GPU"), details.get("compute_capability", NO_CAPABILITY)


def choose_policy(capability):
    """Choose the fastest dtype policy for a CUDA compute capability (major, minor)."""
    for policy, least in MIN_CAPABILITY.items():
        if capability >= least:
            return policy
    return "float32"


def setup(seed=42, mixed_precision="auto"):
    """Seed everything, let GPU memory grow, set the dtype policy, and report in one line.

    Args:
        seed: whole number from 0 to 2**32 - 1 for Python, NumPy and TensorFlow.
        mixed_precision: "auto" chooses the fastest policy of this device: float32 on a CPU,
            mixed_bfloat16 on GPUs of compute capability 8.0 and up, mixed_float16 from 7.0,
            float32 below. "float32", "mixed_bfloat16" and "mixed_float16" are obeyed everywhere,
            with a warning where the device has no fast arithmetic for them.

    Returns:
        A `Runtime`.

    Raises:
        ValueError: if `mixed_precision` is none of the four, or `seed` is out of range.
        RuntimeError: on another backend than TensorFlow, with an older Keras than 3.14, or if Keras
            is configured for images with the channels first.

    Source: Micikevicius et al., Mixed Precision Training, 2018.
    """
    if mixed_precision not in POLICIES:
        raise ValueError(
            f"mixed_precision must be one of {', '.join(POLICIES)}, got {mixed_precision!r}"
        )
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1, got {seed!r}")
    import keras

    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(
            f"genkeras supports the backend tensorflow, got {backend}: set KERAS_BACKEND=tensorflow "
            "before Keras is imported, or change ~/.keras/keras.json."
        )
    if tuple(int(part) for part in keras.__version__.split(".")[:2]) < OLDEST_KERAS:
        raise RuntimeError(
            f"genkeras needs Keras 3.14 or newer, got {keras.__version__}: older ones weigh activity "
            "penalties otherwise. Upgrade with `pip install -U keras`."
        )
    if keras.config.image_data_format() != "channels_last":
        raise RuntimeError(
            "Keras is configured for channels_first, but the images here have their channels last: "
            'set "image_data_format" to "channels_last" in ~/.keras/keras.json.'
        )
    gpu = find_gpu()
    if gpu is None:
        device, capability = f"CPU ({os.cpu_count()} cores)", NO_CAPABILITY
    else:
        device, capability = gpu
    policy = choose_policy(capability) if mixed_precision == "auto" else mixed_precision
    if capability < MIN_CAPABILITY.get(policy, NO_CAPABILITY):
        warnings.warn(
            f"{policy}: {device} has no fast arithmetic for it; training is several times slower.",
            stacklevel=2,
        )
    keras.utils.set_random_seed(int(seed))
    keras.config.set_dtype_policy(policy)
    version = sys.modules["tensorflow"].__version__
    print(
        f"Keras {keras.__version__} on TensorFlow {version} | {device} | {policy} | seed {seed}",
        flush=True,
    )
    return Runtime(device, policy, capability >= MIN_CAPABILITY["mixed_float16"], int(seed))
