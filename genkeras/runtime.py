"""What the machine offers: seeds, GPU memory growth, mixed precision, one line of report."""

import contextlib
import dataclasses
import os
import sys
import tempfile
import warnings

POLICIES = ("auto", "float32", "mixed_bfloat16", "mixed_float16")


@dataclasses.dataclass(frozen=True)
class Runtime:
    """What `setup` found and chose."""

    device: str  # name of the device that Keras will use, such as "CPU" or "NVIDIA L4"
    policy: str  # the global Keras dtype policy, such as "float32"
    jit_compile: bool  # what to hand to `Model.compile(jit_compile=...)` here
    seed: int  # given to Python, NumPy and the backend


@contextlib.contextmanager
def quiet_stderr():
    """Hold back what C++ code writes to stderr; give it out after all if the block fails."""
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held_back:
        saved = os.dup(2)
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


def find_gpu(backend):
    """(name, (major, minor)) of the first GPU that a Keras backend sees, or None.

    The pair is its CUDA compute capability, (0, 0) for a GPU that has none (Apple, AMD).
    """
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        if not gpus:
            return None
        for gpu in gpus:
            try:
                tf.config.experimental.set_memory_growth(gpu, True)
            except RuntimeError:  # TensorFlow has started: too late, and no harm where set before
                if not tf.config.experimental.get_memory_growth(gpu):
                    warnings.warn(
                        "TensorFlow has taken the GPU's memory; restart and call setup() first.",
                        stacklevel=3,
                    )
        details = tf.config.experimental.get_device_details(gpus[0])
        return details.get("device_name", "GPU"), details.get("compute_capability", (0, 0))
    if backend == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name(0), torch.cuda.get_device_capability(0)
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        if device.platform == "gpu":
            capability = str(getattr(device, "compute_capability", "0.0")).split(".")
            return device.device_kind, tuple(int(part) for part in capability)
    return None


def choose_policy(capability):
    """The dtype policy that pays at a CUDA compute capability (major, minor), None for a CPU."""
    major = capability[0] if capability else 0
    return "mixed_bfloat16" if major >= 8 else "mixed_float16" if major == 7 else "float32"


def setup(seed=42, mixed_precision="auto"):
    """Seed everything, let GPU memory grow, set the dtype policy, and report in one line.

    Args:
        seed: integer for Python, NumPy and the backend.
        mixed_precision: "auto" takes what pays on this device (see `choose_policy`);
            "float32", "mixed_bfloat16" and "mixed_float16" are obeyed everywhere, with a
            warning where the device has no fast arithmetic for them.
    Returns: A `Runtime`. XLA (`jit_compile`) is off on a CPU, where it makes convolutions slower.
    Raises: ValueError: if `mixed_precision` is none of the four.
    Source: Micikevicius et al., Mixed Precision Training, 2018.
    """
    if mixed_precision not in POLICIES:
        raise ValueError(
            f"mixed_precision must be one of {', '.join(POLICIES)}, got {mixed_precision!r}"
        )
    import keras

    backend = keras.backend.backend()
    gpu = find_gpu(backend)
    device, capability = gpu or (f"CPU ({os.cpu_count()} cores)", None)
    policy = choose_policy(capability) if mixed_precision == "auto" else mixed_precision
    major = capability[0] if capability else 0
    if major < {"mixed_float16": 7, "mixed_bfloat16": 8}.get(policy, 0):
        warnings.warn(
            f"{policy}: {device} has no fast arithmetic for it; training is several times slower.",
            stacklevel=2,
        )
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(policy)
    version = sys.modules[backend].__version__ if backend in sys.modules else ""
    print(
        f"Keras {keras.__version__} on {backend} {version} | {device} | {policy} | seed {seed}",
        flush=True,
    )
    # JAX is built on XLA; torch.compile costs more than these small models give back.
    jit_compile = backend == "jax" or (backend == "tensorflow" and gpu is not None)
    return Runtime(device, policy, jit_compile, seed)
