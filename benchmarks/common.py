"""What both benchmarks share: the machine's peak, the cost of a model, and the file of results.

benchmarks/results.json holds a part for each comparison, with the date, machine and versions that
it was measured on. benchmarks/README.md is written from it. The classic recipes' re-run figures
also go to benchmarks/textbook.json, the one place that chapters and README quote them from.
"""

import datetime
import json
import math
import os
import pathlib
import statistics
import time

import genkeras as gk
import keras
import tensorflow as tf
from genkeras.runtime import processor_name
from keras import layers

HERE = pathlib.Path(__file__).parent
RESULTS = HERE / "results.json"
TEXTBOOK = HERE / "textbook.json"


class Clock(keras.callbacks.Callback):
    """Seconds since the start of training at the end of each epoch, validation included."""

    def on_train_begin(self, logs=None):
        self.start = time.perf_counter()
        self.seconds = []

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.start)


def machine_peak(sizes=(1024, 2048, 4096), repeats=8):
    """Best rate of float32 matrix products in this process, in multiply-adds per second."""
    multiply = tf.function(tf.matmul, jit_compile=False)
    best = 0.0
    for size in sizes:
        a = tf.random.normal((size, size))
        multiply(a, a)
        for _ in range(repeats):
            start = time.perf_counter()
            multiply(a, a).numpy()
            best = max(best, size**3 / (time.perf_counter() - start))
    return best


def multiply_adds(model):
    """Multiply-adds of a forward pass for one image, in each layer that has a kernel.

    Returns:
        A list of whole numbers, in the order of the layers.
    """
    counts = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            counts += multiply_adds(layer)
        elif isinstance(layer, layers.Dense):
            positions = math.prod(layer.input.shape[1:-1])  # a sequence has one for each step
            counts.append(positions * math.prod(layer.kernel.shape))
        elif isinstance(layer, gk.TransposedDense):
            counts.append(math.prod(layer.dense.kernel.shape))
        elif isinstance(layer, layers.Conv2D):
            _, height, width, _ = layer.output.shape
            counts.append(height * width * math.prod(layer.kernel.shape))
        elif isinstance(layer, layers.Conv2DTranspose):
            _, height, width, _ = layer.input.shape
            counts.append(height * width * math.prod(layer.kernel.shape))
        elif isinstance(layer, layers.RNN):
            kernels = layer.cell.kernel, layer.cell.recurrent_kernel
            per_step = sum(math.prod(kernel.shape) for kernel in kernels)
            counts.append(layer.input.shape[1] * per_step)
    return counts


def training_multiply_adds(model):
    """Multiply-adds of a gradient step for one image.

    Each layer computes its output, the gradient of its kernel and that of its input. The first
    layer needs no gradient of its input, which is data.
    """
    counts = multiply_adds(model)
    return 3 * sum(counts) - counts[0]


def made_by(n_train):
    """What a part was measured on."""
    return {
        "date": str(datetime.date.today()),
        "machine": f"{processor_name()}, {os.cpu_count()} cores",
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "images": n_train,
    }


def load_results():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def save_part(name, part, n_train, rerun=None):
    """Replace one part of results.json; `rerun` is the classic recipe's figure, if there is one."""
    results = load_results()
    results[name] = {**rounded(part), "made_by": made_by(n_train)}
    partial = RESULTS.with_suffix(".part")
    partial.write_text(json.dumps(results, indent=1) + "\n")
    partial.replace(RESULTS)
    if rerun is not None:
        textbook = json.loads(TEXTBOOK.read_text())
        textbook[name]["rerun"] = rounded(rerun)
        TEXTBOOK.write_text(json.dumps(textbook, indent=1) + "\n")
    write_report(results)


def rounded(value):
    """Floats of five digits, inside lists and dicts too."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if isinstance(value, str | int):
        return value
    return float(f"{float(value):.5g}")


# --- The report ----------------------------------------------------------------------------------

RECIPE_NAMES = ["stacked", "tied", "conv", "recurrent", "dropout", "l1", "kl", "vae"]
GAN_LINES = [
    ("dense_gan", "classic_images", "dense GAN, classic loop, batch 32: images per second"),
    ("dense_gan", "same_batch_speedup", "chapter 10 at batch 32: times as many"),
    ("dense_gan", "speedup", "chapter 10 at its batch 256: times as many (median of rounds)"),
    ("dense_gan", "speedup_least", "the same, worst round"),
    ("dense_gan", "speedup_most", "the same, best round"),
    ("dense_gan", "peak_share", "share of the machine's peak, chapter 10's GAN"),
    ("gan_floor", "fit_over_bare", "step time of chapter 10's `fit` over that of a bare loop"),
    ("dcgan_speed", "classic_images", "DCGAN, classic loop, batch 32: images per second"),
    ("dcgan_speed", "speedup", "chapter 11 at its batch 64: times as many"),
    ("dcgan_speed", "peak_share", "share of the machine's peak, chapter 11's DCGAN"),
    ("dcgan", "classic_ffd", "Fréchet Fashion Distance of the classic DCGAN after two epochs"),
    ("dcgan", "classic_recall", "recall of the same"),
    ("dcgan", "classic_seconds", "seconds that these took"),
    ("dcgan", "ratio", "share of that time after which chapter 11's DCGAN is as good"),
    (
        "dcgan_padded",
        "ffd_12",
        "distance of chapter 11's DCGAN on padded images, one seed",
    ),
    ("dcgan_padded", "seconds_12", "its training time in seconds, that of chapter 12"),
    ("dcgan_padded", "ffd_13", "the same for the training time of chapter 13"),
    ("dcgan_padded", "seconds_13", "which is, in seconds"),
]

DIFFUSION_LINES = {
    "chapter": "batch 64, rate 0.004, 32 and 64 filters, velocity, as in the chapter",
    "batch_32": "batch 32",
    "batch_128": "batch 128",
    "rate_halved": "rate 0.002",
    "rate_doubled": "rate 0.008",
    "narrow": "16 and 32 filters",
    "wide": "48 and 96 filters",
    "noise": "the noise as the target",
}


def write_report(results):
    """Write benchmarks/README.md from the results that there are."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. The classic recipes are the textbook's, run on "
        "Keras 3 in the same process as ours. Compare times by their ratio within a line.",
        "",
        "## Autoencoders",
        "",
        "Validation MSE per pixel without penalties (for the VAE, the loss with its KL / 784), "
        "means over the seeds.",
        "",
        "| model | seeds | classic | classic time | ours | our time | as good as classic after "
        "| share of peak | measured |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in RECIPE_NAMES:
        if name in results:
            share = results.get("peak", {}).get("shares", {}).get(name, math.nan)
            lines.append(recipe_line(name, results[name], share))
    lines += [
        "",
        "*Share of peak*: multiply-adds of the layers per second in the best of some epochs of our "
        "training (output, gradient of the kernel and, except in the first layer, gradient of the "
        "input), divided by those of the best float32 matrix product in the same process. The rest "
        "of the time goes into the optimizer's update of every weight, activations, random numbers, "
        "feeding the batches, and products that are too small to run at full speed; we have not "
        "measured these separately.",
        "",
        "## XLA",
        "",
    ]
    lines += xla_lines(results)
    if "measures" in results:
        lines += measures_lines(results["measures"])
    if "floor" in results:
        floor = results["floor"]
        lines += [
            "",
            "## Against a bare loop",
            "",
            f"The stacked autoencoder at batch 256: `fit` takes {floor['fit_seconds']:.2f} s per "
            f"epoch, a bare compiled loop {floor['bare_seconds']:.2f} s, which is "
            f"{floor['fit_over_bare']:.2f} times as long.",
        ]
    lines += ["", "## GANs", "", "| | | measured |", "|---|---|---|"]
    for part, key, text in GAN_LINES:
        if key in results.get(part, {}):
            value = results[part][key]
            shown = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
            lines.append(f"| {text} | {shown} | {results[part]['made_by']['date']} |")
    if "diffusion" in results:
        lines += diffusion_lines(results["diffusion"])
    lines += ["", "## Machines", ""]
    for machine in sorted({describe(part["made_by"]) for part in results.values()}):
        lines.append(f"- {machine}")
    (HERE / "README.md").write_text("\n".join(lines) + "\n")


def recipe_line(name, row, share):
    spread = ""
    if row["seeds"] > 1:
        spread = f" ({row['ratio_low']:.3f} to {row['ratio_high']:.3f})"
    return (
        f"| {name} | {row['seeds']} | {row['classic_mse']:.5f} | {row['classic_seconds']:.0f} s "
        f"| {row['mse']:.5f} | {row['seconds']:.0f} s | {row['ratio']:.3f} of its time{spread} "
        f"| {share:.2f} | {row['made_by']['date']} |"
    )


def xla_lines(results):
    """A table for each machine that XLA was measured on, and the rule that follows."""
    lines = [
        "Seconds per epoch of our models without and with XLA, in alternating epochs, and of the "
        "first epoch, which includes compiling.",
    ]
    for part in sorted(part for part in results if part.split("_")[0] == "xla"):
        lines += [
            "",
            f"Measured on {describe(results[part]['made_by'])}:",
            "",
            "| model | without | with | first epoch without | with |",
            "|---|---|---|---|---|",
        ]
        for name, times in results[part]["models"].items():
            lines.append(
                f"| {name} | {times['off']:.2f} s | {times['on']:.2f} s "
                f"| {times['off_first']:.1f} s | {times['on_first']:.1f} s |"
            )
    lines += [
        "",
        "The rule for all chapters on a CPU: XLA is on for dense models, where the tables lie "
        "between half of the time and a few percent more, and off for all others. It makes dropout "
        "on images several times slower. What convolutions and recurrence gain on one machine in "
        "the few epochs of a chapter, compiling takes away again; on the other they gain nothing. "
        "Trainings of a few seconds do without it. On a GPU it is on.",
    ]
    return lines


def measures_lines(part):
    lines = [
        "",
        "## Which measure buys what",
        "",
        "The stacked autoencoder, one seed, each line with one change more than the one before. "
        "The first epoch includes building the training function, and with XLA compiling it.",
        "",
        "| | epochs | seconds per epoch | first epoch | in all | MSE |",
        "|---|---|---|---|---|---|",
    ]
    for row in part["rows"]:
        lines.append(
            f"| {row['change']} | {row['epochs']} | {row['epoch_seconds']:.2f} s "
            f"| {row['first_seconds']:.1f} s | {row['seconds']:.0f} s | {row['mse']:.5f} |"
        )
    return lines


def diffusion_lines(part):
    typical = statistics.median(part[f"{name}_seconds"] for name in DIFFUSION_LINES)
    lines = [
        "",
        "## Diffusion",
        "",
        f"Chapter 15's U-Net, trained for about {typical:.0f} s with one setting changed, one "
        "seed. Fréchet Fashion Distance of 3,000 images, drawn with 9 calls of the network (with "
        "the noise as the target: 10).",
        "",
        "| | steps | images per second | distance | precision | recall |",
        "|---|---|---|---|---|---|",
    ]
    for name, text in DIFFUSION_LINES.items():
        lines.append(
            f"| {text} | {part[f'{name}_steps']:,} | {part[f'{name}_images_per_second']:.0f} "
            f"| {part[f'{name}_ffd']:.1f} | {part[f'{name}_precision']:.2f} "
            f"| {part[f'{name}_recall']:.2f} |"
        )
    lines += [
        "",
        "Averages of the weights of the first line, which has the momentum 0.9: distance "
        + ", ".join(
            f"{part[f'momentum_{momentum}_ffd'.replace('.', '_')]:.1f} with the momentum {momentum}"
            for momentum in (0.0, 0.99, 0.998, 0.9995)
        )
        + ".",
    ]
    return lines


def describe(made):
    return (
        f"{made['date']}: {made['machine']}, TensorFlow {made['tensorflow']}, "
        f"Keras {made['keras']}, {made['images']:,} images"
    )


def median_epoch(seconds):
    """Median seconds of the epochs after the first, from the times at their ends."""
    return statistics.median(b - a for a, b in zip(seconds[:-1], seconds[1:], strict=True))
