# ---
# jupyter:
#   jupytext:
#     cell_metadata_filter: alt,quick,tags,-all
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 15 Diffusion and flow matching
#
# The GANs of the last chapters draw an image in one step, and need an opponent to learn it. Diffusion models draw it in many small steps. The task that they learn looks modest: given a noisy image, to separate the noise from the image. With such a network we can start from pure noise and remove it a little at a time, until a new image is left. The training is a plain regression with `compile` and `fit`, without an opponent. Many of the best-known generators of images, sound and video work in this way.
#
# We use its simplest modern form, *flow matching*, build a small U-Net for it and train it for some minutes. On the way we answer four questions. What should the network predict: the noise, the image, or something in between? How many times must it be called to draw an image, and does it matter how? How do we ask for a class? And how can it complete a garment of which we only see the upper half, which we have not tried with any earlier model?
#
# Diffusion models need longer training than two CPU cores allow while you watch. So besides three small networks for a comparison, this chapter has two models: one that it trains itself, and one with the same code that was trained for longer and comes with the package. We always say which of them is shown.
#
# | | |
# |---|---|
# | Slides | not covered |
# | Textbook | Hands-On Machine Learning, chapter 17, "Diffusion Models" |
# | Result | Draws garments of a chosen class with a Fréchet distance of 6.4<!-- ffd --> after eight minutes of training (chapter 11's GANs, after shorter ones: 19.9<!-- 11 distance --> without and 6.4<!-- 11 conditional_distance --> with classes), and of 3.3<!-- pretrained_ffd --> with the weights that come with the package |
# | Time | 915 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import math
import pathlib
import time

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters
# These settings control how long the notebook takes.

# %% quick={"BATCH_SIZE": 16, "BLOCKS": 1, "CALLS": [5, 10], "FILTERS": [8, 16], "GUIDANCES": [1, 2], "INPAINTING_STEPS": 5, "N_CHAINS": 50, "N_COMPARED": 40, "N_SCORED": 60, "N_TRAIN": 1152, "QUICK": true, "STEPS": 20, "STEPS_PER_EXECUTION": 1, "TARGETS": ["velocity"], "TARGET_FILTERS": [8, 8], "TARGET_STEPS": 20} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
FILTERS = (32, 64)  # of the U-Net at 14 by 14 and at 7 by 7 pixels; GPU: (64, 128)
BLOCKS = 2  # residual blocks at 14 by 14, on the way down and on the way up
STEPS = 3000  # gradient steps of the model; GPU: 20 times as many
TARGETS = ["noise", "image", "velocity"]  # the last one must be the velocity
TARGET_STEPS = 400  # for each of the targets, with a smaller network
TARGET_FILTERS = (16, 32)  # of that network, which has one block where the other has two
N_CHAINS = 500  # repetitions of the chain of small steps
N_SCORED = 3000  # images on each side of a score
N_COMPARED = 200  # the same where many samplers are compared
CALLS = [5, 10, 20, 50, 100]  # of the network, for an image
INPAINTING_STEPS = 100  # to complete a garment
GUIDANCES = [1, 1.25, 2, 4]  # weights of the guidance that are compared
GUIDANCE = 1.25  # the one for the scores
BATCH_SIZE = 64  # GPU: 256
RATE = 4e-3  # learning rate
MOMENTUM = 0.99  # of the moving average of the weights
DCGAN_FFD = 19.0  # Fréchet distance of the DCGAN of chapter 11, on 3,000 images
STEPS_PER_EXECUTION = 10  # gradient steps per call from Python; more save overhead
MODELS = "models"  # folder for trained models

# %%
pathlib.Path(MODELS).mkdir(parents=True, exist_ok=True)
images = gk.load_images(n_train=N_TRAIN)
x_train = 2 * images.x_train - 1
x_valid = 2 * images.x_valid - 1
full_data = images.source == "tfds"
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## From an image to noise
# Let $x_0$ be an image with values in $[-1, 1]$. We mix it with Gaussian noise $\varepsilon$, more and more as a time $t$ runs from 0 to 1:
#
# $$x_t = \alpha_t\, x_0 + \sigma_t\, \varepsilon$$
#
# At $t = 0$ there is only the image ($\alpha_0 = 1$, $\sigma_0 = 0$), and at $t = 1$ only noise ($\alpha_1 = 0$, $\sigma_1 = 1$). How fast this happens in between is called the *schedule*. The *cosine schedule* (Nichol and Dhariwal, 2021, in a slightly different form) keeps the variance constant for data of variance 1: $\alpha_t = \cos(\pi t / 2)$ and $\sigma_t = \sin(\pi t / 2)$. *Flow matching* (Lipman et al., 2023; Liu et al., 2023) mostly uses straight lines from the image to the noise: $\alpha_t = 1 - t$ and $\sigma_t = t$. (Many papers count the time the other way, from noise to image.)


# %% alt="Two rows of eleven images: a sandal that disappears in noise from left to right, on straight paths and with the cosine schedule, where it can be recognized a little longer."
def cosine(t):
    """(alpha, sigma) of the cosine schedule at times t in [0, 1]."""
    return np.cos(np.pi / 2 * t), np.sin(np.pi / 2 * t)


def straight(t):
    """(alpha, sigma) of straight paths at times t in [0, 1]."""
    return 1 - t, t


def to_pixels(x):
    """Images (n, 28, 28, 1) in [-1, 1], perhaps exceeded, to [0, 1]."""
    return np.clip(x / 2 + 0.5, 0, 1)


shown_times = np.linspace(0, 1, 11)
noise = rng.standard_normal((28, 28, 1))
rows = {}
for name, schedule in (("straight", straight), ("cosine", cosine)):
    pairs = [schedule(t) for t in shown_times]
    rows[name] = to_pixels(np.array([a * x_valid[0] + s * noise for a, s in pairs]))
gk.plot_rows(rows, title="One image at the times 0, 0.1, ..., 1")
plt.show()

# %% [markdown]
# Both rows show the same image and the same noise. In the middle, at $t = 0.5$<!-- setting -->, their proportion is the same on both schedules. Before it the straight path has less noise than the cosine schedule, and after it more.
#
# The first diffusion models described this as a chain of many small steps (Sohl-Dickstein et al., 2015; Ho et al., 2020), in each of which a little noise is added to what is there:
#
# $$x_t = \sqrt{1 - \beta_t}\, x_{t-1} + \sqrt{\beta_t}\, \varepsilon_t$$
#
# A sum of independent Gaussian variables is Gaussian again. So after any number of steps $x_t$ has the form above, with $\alpha_t^2 = \prod_{s \le t} (1 - \beta_s)$ and $\sigma_t^2 = 1 - \alpha_t^2$. This is why training can jump to any time at once, without going through the chain. Let's check it. We add noise to one image in a thousand small steps, 500<!-- setting --> times, and compare mean and standard deviation of the results with the formula, at every hundredth step.

# %%
steps = 1000
alphas, sigmas = cosine(np.linspace(0, 1, steps + 1))
kept = (alphas[1:] / alphas[:-1]) ** 2  # 1 - beta
x = np.repeat(x_valid[:1], N_CHAINS, axis=0)
worst_mean = worst_std = 0.0
for step in range(steps):
    x = np.sqrt(kept[step]) * x + np.sqrt(1 - kept[step]) * rng.standard_normal(x.shape, "float32")
    if (step + 1) % 100 == 0:
        mean_gap = (np.mean(x, axis=0) - alphas[step + 1] * x_valid[0]) / sigmas[step + 1]
        worst_mean = max(worst_mean, float(np.sqrt(np.mean(mean_gap**2))))
        worst_std = max(worst_std, abs(float(np.mean(x.std(axis=0))) / sigmas[step + 1] - 1))
print(f"root mean squared gap of the means, over sigma, at most {worst_mean:.4f}", end="")
print(f" (by chance {1 / np.sqrt(N_CHAINS):.4f})")
print(f"relative gap of the standard deviations, at most {worst_std:.4f}")

# %% [markdown]
# The mean of $n$ repetitions deviates from the formula by about $\sigma_t / \sqrt{n}$ even if the formula is exact. So we have divided the gaps by $\sigma_t$, and expect about 0.045<!-- chance_gap -->. The largest one is 0.045<!-- chain_gap -->. The standard deviations, averaged over the pixels, differ from $\sigma_t$ by at most 0.3 %<!-- std_gap_percent -->. So the formula describes the chain.
#
# ## The U-Net
# The network gets a noisy image, the time, and the class of the garment. It returns an image of the same size. A *U-Net* (Ronneberger et al., 2015) is well suited for this. It first goes down to a low resolution, where each position sees a large part of the image, and then up again. The features from the way down are joined to those on the way up, so that fine details need not pass through the low resolution. To save time, the first convolution of ours already reduces the image to 14 by 14 positions. The lower resolution is 7 by 7.

# %% alt="Diagram: the noisy image becomes features of 14 by 14, then of 7 by 7, then of 14 by 14 again and a prediction; time and class go into all blocks, and an arrow leads from the first features at 14 by 14 to the last."
gk.plot_diagram(
    {
        "noisy image\n28 x 28": (0, 1),
        "2 blocks\n14 x 14 x 32": (1.2, 1),
        "3 blocks\n7 x 7 x 64": (2.4, 0),
        "2 blocks\n14 x 14 x 32 ": (3.6, 1),
        "prediction\n28 x 28": (4.8, 1),
        "time and class scale and shift\nthe features in all blocks": (2.4, -1),
    },
    [
        ("noisy image\n28 x 28", "2 blocks\n14 x 14 x 32", ""),
        ("2 blocks\n14 x 14 x 32", "3 blocks\n7 x 7 x 64", ""),
        ("2 blocks\n14 x 14 x 32", "2 blocks\n14 x 14 x 32 ", "joined"),
        ("3 blocks\n7 x 7 x 64", "2 blocks\n14 x 14 x 32 ", ""),
        ("2 blocks\n14 x 14 x 32 ", "prediction\n28 x 28", ""),
        (
            "time and class scale and shift\nthe features in all blocks",
            "2 blocks\n14 x 14 x 32",
            "",
        ),
        ("time and class scale and shift\nthe features in all blocks", "3 blocks\n7 x 7 x 64", ""),
        (
            "time and class scale and shift\nthe features in all blocks",
            "2 blocks\n14 x 14 x 32 ",
            "",
        ),
    ],
    colored=["time and class scale and shift\nthe features in all blocks"],
    title="The U-Net",
    height=3.2,
)
plt.show()

# %% [markdown]
# Each block is a residual block. Time and class scale and shift its features, so that the network can treat much noise differently from little noise. The time enters as sines and cosines of several frequencies, which a dense layer can use more easily than the number itself. The last convolution of each block starts with zeros. At the beginning each block therefore passes its input on (through a convolution of 1 by 1 pixel where the number of features changes), and the training starts from a simple network.


# %%
def residual_block(x, condition, filters):
    """Maps (h, w, c) to (h, w, filters); the condition scales and shifts the features inside."""
    skip = x if x.shape[-1] == filters else layers.Conv2D(filters, 1)(x)
    x = layers.GroupNormalization(8)(x)
    x = layers.Activation("silu")(x)
    x = layers.Conv2D(filters, 3, padding="same")(x)
    scale = layers.Dense(filters, kernel_initializer="zeros")(condition)
    shift = layers.Dense(filters, kernel_initializer="zeros")(condition)
    scale = layers.Reshape((1, 1, filters))(scale)
    shift = layers.Reshape((1, 1, filters))(shift)
    x = layers.Activation("silu")(x * (1 + scale) + shift)
    x = layers.Conv2D(filters, 3, padding="same", kernel_initializer="zeros")(x)
    return layers.Add()([skip, x])


def build_unet(filters=(32, 64), blocks=2, n_classes=10):
    """Noisy images (28, 28, 1), times (1,) and classes () to predictions (28, 28, 1)."""
    image = keras.Input((28, 28, 1), name="image")
    t = keras.Input((1,), name="t")
    label = keras.Input((), dtype="int32", name="label")  # n_classes stands for "no class"

    frequencies = np.geomspace(2, 200, 16, dtype="float32")[np.newaxis]
    waves = layers.Concatenate()([ops.sin(t * frequencies), ops.cos(t * frequencies)])
    condition = layers.Dense(128, activation="silu")(waves)
    condition = layers.Add()([condition, layers.Embedding(n_classes + 1, 128)(label)])
    condition = layers.Dense(128, activation="silu")(condition)

    x = layers.Conv2D(filters[0], 2, strides=2)(image)  # 14 x 14
    skips = []
    for _ in range(blocks):
        x = residual_block(x, condition, filters[0])
        skips.append(x)
    x = layers.AveragePooling2D(2)(x)  # 7 x 7
    for _ in range(2 * blocks - 1):
        x = residual_block(x, condition, filters[1])
    x = layers.UpSampling2D()(x)  # 14 x 14
    for _ in range(blocks):
        x = layers.Concatenate()([x, skips.pop()])
        x = residual_block(x, condition, filters[0])
    x = layers.GroupNormalization(8)(x)
    x = layers.Activation("silu")(x)
    x = layers.Conv2DTranspose(1, 2, strides=2, kernel_initializer="zeros", dtype="float32")(x)
    return keras.Model((image, t, label), x, name="unet")


# %% [markdown]
# ## What the network has to predict
# If we know $x_t$ and $t$, there are several things that the network could predict:
#
# - the *noise* $\varepsilon$, as in most of the first diffusion models;
# - the *image* $x_0$;
# - the *velocity* $v$ with which $x_t$ moves from the image to the noise, which is the derivative of $x_t$ with respect to $t$. On straight paths it is simply $v = \varepsilon - x_0$.
#
# Because $x_t = (1 - t)\, x_0 + t\, \varepsilon$ is known, for $0 < t < 1$ each of the three gives the other two, for example $v = (\varepsilon - x_t) / (1 - t) = (x_t - x_0) / t$. The difference lies in how much the mean squared error counts at each time. An error of $e$ in the noise is an error of $e / (1 - t)$ in the velocity. Near pure noise, where $t$ is close to 1, this is a lot.
#
# None of the three can be predicted exactly, since many images may lie behind the same noisy one. A network that minimizes the mean squared error predicts their mean. At $t$ close to 1 this mean is a blurred average of the garments of the class (of all garments, if the class is hidden). This is why we need many steps: each moves only a little in the predicted direction, and then the network predicts again from the new image.
#
# The training pairs are made by the data pipeline. For each image it draws a time, the noise, and in one of ten cases hides the class, which we will need later. We draw the times as the sigmoid of a normal variable, so that those in the middle are more frequent than those near 0 and 1 (Esser et al., 2024). The idea is that little can be learned at the ends: near pure noise the best guess is the mean of the class, and near the image the velocity moves the image only a little more.


# %%
def target_of(name, x0, noise):
    """What a network has to predict, for images x0 and noise of equal shape."""
    if name == "noise":
        return noise
    if name == "image":
        return x0
    if name == "velocity":
        return noise - x0
    raise ValueError(f"the target must be noise, image or velocity, got {name!r}")


def to_velocity(name, prediction, x, t):
    """The velocity that follows from a prediction at x = (1 - t) x0 + t noise, 0 < t < 1."""
    if name == "noise":
        return (prediction - x) / (1 - t)
    if name == "image":
        return (x - prediction) / t
    return prediction


def noisy_batches(x, y, batch_size, target="velocity", no_class=10, no_class_share=0.1):
    """Endless batches ((noisy images, times, labels), targets) of images x in [-1, 1]."""
    gk.data.check_range(x, -1, 1)

    def add_noise(chosen):
        x0, label = tf.gather(x, chosen), tf.cast(tf.gather(y, chosen), tf.int32)
        n = tf.shape(chosen)[0]
        t = tf.sigmoid(tf.random.normal((n, 1)))
        label = tf.where(tf.random.uniform((n,)) < no_class_share, no_class, label)
        noise = tf.random.normal(tf.shape(x0))
        share = t[:, :, tf.newaxis, tf.newaxis]
        noisy = (1 - share) * x0 + share * noise
        return (noisy, t, label), target_of(target, x0, noise)

    options = tf.data.Options()
    options.autotune.enabled = False  # it can delay the end of `fit` by up to ten seconds
    order = tf.data.Dataset.range(len(x)).shuffle(len(x)).repeat().batch(batch_size)
    return order.map(add_noise).prefetch(2).with_options(options)


# %% [markdown]
# ## Drawing by many small steps
# To draw an image we start at $t = 1$ with pure noise and follow the velocity back to $t = 0$. Why does this lead to garments, and not to a blurred mean, if the network predicts a mean? The mean that it predicts is that of the velocities of all pairs of image and noise that pass through the same point $x_t$. A theorem of flow matching (Lipman et al., 2023) says that points which follow this mean velocity have, at every time, the same distribution as the mixtures $x_t$ of the training, and so at $t = 0$ that of the images. The mean is blurred only near the noise, where many pairs pass.
#
# The paths of a drawing are curved, although those of the training are straight, so that we need several steps. We have to solve an ordinary differential equation, and the simplest way is Euler's: $x_s = x_t + (s - t)\, v(x_t, t)$ from each time $t$ to the next smaller time $s$. Heun's method takes this step as a trial, asks for the velocity at its end as well, and uses the mean of both. It needs twice as many calls of the network for a step. But while the error of Euler's method is proportional to the size of the steps, that of Heun's method is proportional to its square. We leave the second call out in the last step, which ends at $t = 0$, so that five steps take nine calls (18 with the guidance of a later section). Drawing new images in this way is called *sampling*.


# %%
def velocity(network, x, t, labels, guidance=1.0, target="velocity", no_class=10):
    """Velocities at images x (n, 28, 28, 1), a time t and class numbers (n,)."""
    times = np.full((len(x), 1), t, "float32")
    prediction = network.predict_on_batch((x, times, labels))
    v = to_velocity(target, prediction, x, t)
    if guidance == 1:
        return v
    prediction = network.predict_on_batch((x, times, np.full_like(labels, no_class)))
    return guidance * v + (1 - guidance) * to_velocity(target, prediction, x, t)


def start_noise(n, seed):
    """The noise (n, 28, 28, 1) that a drawing starts from."""
    return np.random.default_rng(seed).standard_normal((n, 28, 28, 1), "float32")


def euler(network, labels, times, seed=0, **options):
    """Draw images from noise, with one call of the network between two times that fall to 0."""
    x = start_noise(len(labels), seed)
    for t, later in zip(times[:-1], times[1:], strict=True):
        x = x + (later - t) * velocity(network, x, t, labels, **options)
    return x


def heun(network, labels, times, seed=0, **options):
    """The same, each step but the last with a second call at its end, and the mean of the two."""
    x = start_noise(len(labels), seed)
    for t, later in zip(times[:-1], times[1:], strict=True):
        v = velocity(network, x, t, labels, **options)
        if later > 0:
            end = x + (later - t) * v
            v = (v + velocity(network, end, later, labels, **options)) / 2
        x = x + (later - t) * v
    return x


def in_parts(sampler, network, labels, times, seed=0, size=500, **options):
    """Images (n, 28, 28, 1) in [0, 1] for n labels, drawn `size` at a time."""
    parts = [
        sampler(network, labels[i : i + size], times, seed=(seed, i), **options)
        for i in range(0, len(labels), size)
    ]
    return to_pixels(np.concatenate(parts)).astype("float32")


# %% [markdown]
# ## Noise, image or velocity?
# We train three networks for the same 400<!-- setting --> steps, from the same initial weights, each with another target. To save time they are smaller than the network of the diagram. All three draw with Euler's method in 20<!-- setting --> steps. Since a prediction of the noise tells nothing about the velocity at $t = 1$, where we would have to divide by zero, all three start at $t = 0.98$<!-- setting --> with pure noise. For scores we use the Fréchet distance, precision and recall of the earlier chapters, here on 200<!-- setting --> images only. All three depend on the number of images (the distances are larger with fewer), so they can only be compared between sets of the same size.


# %%
def train(network, steps, target="velocity", momentum=None, epochs=1, callbacks=()):
    """Train a U-Net on noisy training images; with a momentum it gets averaged weights."""
    if steps % epochs:
        raise ValueError(f"steps must be a multiple of the {epochs} epochs, got {steps}")
    average = {"use_ema": True, "ema_momentum": momentum} if momentum else {}
    network.compile(
        optimizer=keras.optimizers.Adam(gk.warmup_cosine(RATE, steps), **average),
        loss="mse",
        # a divisor of the steps, since Keras makes whole executions only
        steps_per_execution=math.gcd(STEPS_PER_EXECUTION, steps // epochs),
        jit_compile=run.jit_compile,
    )
    history = network.fit(
        noisy_batches(x_train, images.y_train, BATCH_SIZE, target),
        epochs=epochs,
        steps_per_epoch=steps // epochs,
        shuffle=False,  # the batches are already
        callbacks=list(callbacks),
        verbose=0,
    )
    return history.history


# %% [markdown]
# During the training of the velocity network we also collect moving averages of its weights, which the next section needs. This callback does it.


# %%
class Averages(keras.callbacks.Callback):
    """Moving averages of the weights with several momenta, by momentum."""

    def __init__(self, momenta):
        super().__init__()
        self.momenta = momenta

    def on_train_begin(self, logs=None):
        self.step = 0
        self.weights = {momentum: self.model.get_weights() for momentum in self.momenta}

    def on_train_batch_end(self, batch, logs=None):
        step = int(self.model.optimizer.iterations)
        current = self.model.get_weights()
        for momentum, average in self.weights.items():
            keep = momentum ** (step - self.step)
            for old, new in zip(average, current, strict=True):
                old *= keep
                old += (1 - keep) * new
        self.step = step


# %% [markdown]
# The scores compare drawn images with as many validation images.

# %%
real_features, _ = gk.classify(images.x_valid[:N_SCORED])
other_images = images.x_valid[N_SCORED : 2 * N_SCORED]  # real ones, for comparison
if len(other_images) < N_COMPARED:
    other_images = images.x_train[:N_SCORED]  # the bundled sample has too few for validation
compared_labels = np.arange(N_COMPARED) % 10


def score(x):
    """(Fréchet distance, precision, recall) of images against as many validation images."""
    features = gk.classify(x)[0]
    real = real_features[: len(x)]
    return gk.frechet_distance(real, features), *gk.precision_recall(real, features)


def class_share(x, labels):
    """Share of images that the classifier puts into the class they were drawn for."""
    return float(np.mean(gk.classify(x)[1].argmax(axis=1) == labels))


# %%
averages = Averages([0.0, 0.9, 0.99, 0.9995])
target_networks, target_scores, target_rows = {}, {}, {}
for target in TARGETS:
    keras.utils.set_random_seed(run.seed)
    network = build_unet(TARGET_FILTERS, blocks=1)
    train(network, TARGET_STEPS, target, callbacks=[averages] if target == "velocity" else [])
    times = np.linspace(0.98, 0, 21)
    pictures = in_parts(euler, network, compared_labels, times, target=target)
    target_networks[target] = network
    target_scores[target] = score(pictures)
    target_rows[target] = pictures[:10]
    distance, p, r = target_scores[target]
    print(f"{target:8} Fréchet distance {distance:6.1f}, precision {p:.2f}, recall {r:.2f}")

# %% [markdown]
# To see where the networks differ, we translate the prediction of each into the velocity and measure its mean squared error on 500<!-- setting --> validation images, separately for several times. For comparison we make two predictions without any network: that the image is the mean of its class, and that there is no noise.

# %% alt="Three curves over the time, on a logarithmic axis, and two dashed ones for predictions without a network. The network that predicts the noise has the largest error near 1, the one that predicts the image has it near 0, and that of the one that predicts the velocity rises only moderately toward 0. The curve for no noise meets the velocity's at the left end, the one for the mean of the class falls below it from about 0.9 on, and in the middle both lie far above it."
x0, noise = x_valid[:500], start_noise(500, run.seed)
class_means = np.array([x_train[images.y_train == c].mean(axis=0) for c in range(10)])
guesses = {
    "the mean of the class": ("image", class_means[images.y_valid[:500]]),
    "no noise": ("noise", np.zeros_like(x0)),
}
error_times = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98])
target_errors = {}
for target, network in target_networks.items():
    errors = []
    for t in error_times:
        v = velocity(network, (1 - t) * x0 + t * noise, t, images.y_valid[:500], target=target)
        errors.append(np.mean((v - (noise - x0)) ** 2))
    target_errors[target] = np.array(errors)
guess_errors = {}
for name, (target, guess) in guesses.items():
    errors = []
    for t in error_times:
        v = to_velocity(target, guess, (1 - t) * x0 + t * noise, t)
        errors.append(np.mean((v - (noise - x0)) ** 2))
    guess_errors[name] = np.array(errors)
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
for (target, errors), marker in zip(target_errors.items(), "sov", strict=False):
    axis.plot(error_times, errors, marker + "-", label=f"predicts the {target}")
for (name, errors), color in zip(guess_errors.items(), ("gray", "black"), strict=True):
    axis.plot(error_times, errors, "--", color=color, label=f"no network: {name}")
axis.set(
    ylim=(0.1, 50),
    xlabel="time t (0: image, 1: noise)",
    ylabel="mean squared error",
    title="Error of the velocity, by what the network predicts",
    yscale="log",
)
figure.legend(loc="outside right upper")
axis.grid(alpha=0.3)
plt.show()

# %% alt="Three rows of ten images: by the network that predicts the noise, white and black dots or large white areas; by the other two, blurred or grainy garments."
gk.plot_rows(target_rows, title="Networks after equally short training, by what they predict")
plt.show()

# %% [markdown]
# After 400<!-- setting --> steps, the network that predicts the noise draws worst by far. Its Fréchet distance is 303<!-- noise_target_ffd -->, compared with 157<!-- image_target_ffd --> and 194<!-- velocity_target_ffd --> for those that predict image and velocity. The errors suggest why. To become a velocity, a prediction of the noise is divided by $1 - t$ (see above), so that a small error becomes large near $t = 1$. This is where the drawing starts, and in the first row hardly any garment can be recognized. (That such images have a precision of 0.83<!-- noise_target_precision --> shows how little the precision says here.) There may be a second reason. The times of the training, which suit the velocity, are hardly ever so close to 1: a time above 0.98<!-- setting --> is expected once in this training.
#
# The dashed curves show how far one comes without a network. From about $t = 0.9$<!-- setting --> on, the mean of the class is better than the velocity network (0.22<!-- mean_guess_last_mse --> and 0.33<!-- velocity_target_last_mse --> at 0.98<!-- setting -->). At $t = 0.02$<!-- setting -->, taking all of $x_t$ for the image is as good as the velocity network (1.04<!-- zero_guess_first_mse --> and 1.04<!-- velocity_target_first_mse -->). So after this short training the network is useful between the ends, and not at them.
#
# The image network has its large errors near $t = 0$. There they do little harm, because the last step of the sampler goes from a small $t$ to 0, and multiplies the velocity by $t$ again: it jumps to the predicted image. Image and velocity cannot be ranked by one training each. We go on with the velocity, because it is what the samplers ask for, without any division. The error of the velocity network also rises near $t = 0$, where there is little noise to recognize, but by much less. That the network for the noise fails here says nothing about longer trainings: most of the well-known diffusion models predict the noise, and draw well. Exercises 2 and 3 look at the reason.

# %% [markdown]
# ## An average of the weights
# Each gradient comes from one small batch, so that the weights jump back and forth a little with every step. For drawing, one therefore usually takes an exponential moving average (EMA) of the weights, $\bar\theta \leftarrow \mu\, \bar\theta + (1 - \mu)\, \theta$ after each step. The momentum $\mu$ has to suit the length of the training. It averages over about $1 / (1 - \mu)$ steps, so that $\mu = 0.9995$ looks back over 2,000 steps. During the training of the velocity network above we have kept three averages beside the last weights, and updated them after every ten steps with $\mu^{10}$. For each of them we measure the loss on the same noisy validation images, and the Fréchet distance of the images that it draws.

# %%
velocity_network = target_networks["velocity"]
validation = next(iter(noisy_batches(x_valid, images.y_valid, min(len(x_valid), 5000))))
average_scores = {}
for momentum, weights in averages.weights.items():
    velocity_network.set_weights(weights)
    loss = velocity_network.evaluate(*validation, batch_size=500, verbose=0)
    pictures = in_parts(heun, velocity_network, compared_labels, np.linspace(1, 0, 11))
    average_scores[momentum] = loss, score(pictures)[0]
    print(f"momentum {momentum:.4f}: validation loss {loss:.4f}, ", end="")
    print(f"Fréchet distance {average_scores[momentum][1]:.1f}")
velocity_network.set_weights(averages.weights[0.0])

# %% [markdown]
# Compared with the last weights (momentum 0), an average with the momentum 0.9<!-- setting --> changes nothing. It reaches back hardly further than the last ten steps. There may also be little to gain, because the learning rate falls to 0 in our trainings, so that the weights have stopped jumping at the end. The momentum 0.99<!-- setting --> looks back over 100 steps, a quarter of this training, and is already worse. With 0.9995<!-- setting --> the average still consists mostly of the untrained network: the Fréchet distance is 345<!-- momentum_0_9995_ffd --> instead of 187<!-- momentum_0_0_ffd -->. So an average over too long a time is worse than none. For the training below we take the momentum 0.99<!-- setting -->, which looks back over 100 of 3,000<!-- setting --> steps. This proportion is close to that of the momentum 0.9<!-- setting --> here (10 of 400), which did no harm. Nothing here shows that it helps.

# %% [markdown]
# ## Guidance: strengthening the class
# The network gets the class as an input. *Classifier-free guidance* (Ho and Salimans, 2022) strengthens the effect of this input. This is what the hidden classes in the training were for: the same network can predict a velocity with the class, $v(x, t, y)$, and one without, $v(x, t)$. We go further in the direction in which the class changes the prediction:
#
# $$v_w = v(x, t) + w\, (v(x, t, y) - v(x, t))$$
#
# With $w = 1$ this is the plain conditional model. We expect images that show their class more clearly with larger $w$, and fewer different ones. Each step now takes two calls.
#
# Here we use the pretrained model for the first time. `gk.load_pretrained` puts the weights that come with the package into a network that we build as above. They are the result of 30,000<!-- setting --> steps on the full training set, and `make pretrained N=15` computes them again. All images of this section are the pretrained model's.

# %%
pretrained = gk.load_pretrained("15_diffusion", build_unet())
guided, guided_rows = {}, {}
for guidance in GUIDANCES:
    pictures = in_parts(
        euler, pretrained, compared_labels, np.linspace(1, 0, 21), guidance=guidance
    )
    guided[guidance] = class_share(pictures, compared_labels), *score(pictures)
    guided_rows[f"w = {guidance}"] = pictures[:10]
    share, distance, p, r = guided[guidance]
    print(f"w {guidance}: intended class {share:.1%}, Fréchet distance {distance:.1f}, ", end="")
    print(f"precision {p:.2f}, recall {r:.2f}")
real_share = class_share(images.x_valid[:N_SCORED], images.y_valid[:N_SCORED])
print(f"real validation images in their class: {real_share:.1%}")

# %% alt="Four rows of ten garments from the same noise. With larger weights they become brighter and simpler."
gk.plot_rows(guided_rows, title="The same noise with different guidance, pretrained model")
plt.show()

# %% [markdown]
# The classifier finds the intended class in 88.5 %<!-- guidance_1_class_percent --> of the images without guidance, and in all of them with the largest weight. (For real validation images, which the classifier has seen in its training, it is 94.5 %<!-- real_class_percent -->.) As we expected, the variety shrinks at the same time: the recall falls from 0.89<!-- guidance_1_recall --> to 0.68<!-- guidance_4_recall -->. In the last row most garments are bright and plain. (The precision changes less, from 0.97<!-- guidance_1_precision --> to 0.91<!-- guidance_4_precision -->, and we have seen above how little it says on 200<!-- setting --> images.) The Fréchet distance has its best value at the weight 1.25<!-- setting -->, 15.4<!-- guidance_1_25_ffd --> instead of 18.5<!-- guidance_1_ffd -->, and the recall is hardly lower there (0.88<!-- guidance_1_25_recall -->). All rows share their noises, but this is a single set of 200 images, and the section on samplers shows how much such distances vary. So nothing follows from the small difference between the weights 1 and 2. For the weight 1.25<!-- setting -->, the next section finds the same on 3,000 images.

# %% [markdown]
# ## The model that is trained here
# Now we train the velocity network for longer. Keras' optimizers can keep the average themselves (`use_ema=True`), and put it into the network at the end of `fit`.
#
# Are its settings good ones? A benchmark (`make experiments N=15`) trains variants for about 100 s each, with one seed and the momentum 0.9<!-- setting -->, which suits so short a training, and scores 3,000 images:
#
# | settings | steps | Fréchet distance |
# |---|---|---|
# | the chapter's | 430<!-- experiment 15 diffusion chapter_steps --> | 66<!-- experiment 15 diffusion chapter_ffd --> |
# | batches of 32 | 770<!-- experiment 15 diffusion batch_32_steps --> | 58<!-- experiment 15 diffusion batch_32_ffd --> |
# | batches of 128 | 240<!-- experiment 15 diffusion batch_128_steps --> | 105<!-- experiment 15 diffusion batch_128_ffd --> |
# | half of the learning rate | 440<!-- experiment 15 diffusion rate_halved_steps --> | 79<!-- experiment 15 diffusion rate_halved_ffd --> |
# | twice the learning rate | 400<!-- experiment 15 diffusion rate_doubled_steps --> | 80<!-- experiment 15 diffusion rate_doubled_ffd --> |
# | half as many features | 770<!-- experiment 15 diffusion narrow_steps --> | 68<!-- experiment 15 diffusion narrow_ffd --> |
# | one and a half times as many | 260<!-- experiment 15 diffusion wide_steps --> | 129<!-- experiment 15 diffusion wide_ffd --> |
# | the noise as target | 450<!-- experiment 15 diffusion noise_steps --> | 175<!-- experiment 15 diffusion noise_ffd --> |
#
# Batches of 128 images, more features and the noise as target have by far the largest distances. The first two made fewer steps in this time, which may be the reason. (The network for the noise drew with Euler's method from $t = 0.98$<!-- setting -->, the others with Heun's.) The other settings lie too close together to be ranked by one training each. Nor do we know how they compare when they are trained for as long as the model below.

# %%
keras.utils.set_random_seed(run.seed)
model = build_unet(FILTERS, BLOCKS)
print(f"{model.count_params():,} weights")
begin = time.perf_counter()
history = train(model, STEPS, momentum=MOMENTUM, epochs=20)
training_seconds = time.perf_counter() - begin
print(f"training took {training_seconds:.0f} s")
valid_loss = model.evaluate(*validation, batch_size=500, verbose=0)
train_loss = history["loss"][-1]
print(f"loss {train_loss:.4f} in the last twentieth, validation loss at the end {valid_loss:.4f}")
model.save(f"{MODELS}/15_diffusion.keras")

# %% [markdown]
# The two losses are nearly equal (0.193<!-- train_loss --> and 0.193<!-- valid_loss -->), so there is no sign of overfitting after 3.5<!-- setting --> passes over the images. (The first one is a mean over the last steps, with the weights of each step. The second one was computed with the average.)
#
# Before we score its images, let us watch the model draw a T-shirt and an ankle boot, by 20<!-- setting --> steps of Euler's method without guidance. The figure shows each drawing at eight times, from $t = 1$ on the left to $t = 0$ on the right. Below the noisy image $x_t$ you see the image that the network predicts from it, $\hat x_0 = x_t - t\, v(x_t, t)$.

# %% alt="Four rows of eight images. First and third row: noise that becomes a T-shirt and an ankle boot, which can be seen from the fourth or fifth column on. Below each, the predicted image: at first a blurred T-shirt and a blurred boot, then sharper from column to column."
watched = np.array([0, 9])  # T-shirt and ankle boot
x = start_noise(len(watched), run.seed)
times = np.linspace(1, 0, 21)
on_the_way, predicted = [], []
for t, later in zip(times, np.append(times[1:], 0), strict=True):
    v = velocity(model, x, t, watched)
    on_the_way.append(to_pixels(x))
    predicted.append(to_pixels(x - t * v))
    x = x + (later - t) * v
shown = [0, 2, 4, 8, 12, 16, 18, 20]
gk.plot_rows(
    {
        "T-shirt": np.array(on_the_way)[shown, 0],
        "predicted": np.array(predicted)[shown, 0],
        "ankle boot": np.array(on_the_way)[shown, 1],
        "predicted ": np.array(predicted)[shown, 1],
    },
    title="Two drawings at the times " + ", ".join(f"{times[i]:.1f}" for i in shown),
)
plt.show()

# %% [markdown]
# At $t = 1$ the network knows nothing but the class, and predicts a blurred and somewhat grainy garment, close to the mean of which we spoke above. If we jumped there in one step, this would be our image. In the fourth column, at $t = 0.6$<!-- setting -->, the outlines are nearly what they will be in the end, although they can hardly be seen in the noisy images. What is still added are details, such as the parts of the boot. You can also see that the drawing decides on its way: the first prediction of the T-shirt has blurred sleeves, and the last one has one stub of a sleeve, which makes it a poor T-shirt. (These are the first and the last of the ten classes. Before, we had looked at six other drawings, two of them of sandals. One of the sandals did not become recognizable.)

# %%
labels = np.arange(N_SCORED) % 10
times = np.linspace(1, 0, 6)
scores, drawn = {}, {}
for name, network, guidance in [
    ("trained here, w = 1", model, 1),
    ("trained here", model, GUIDANCE),
    ("pretrained", pretrained, GUIDANCE),
]:
    begin = time.perf_counter()
    drawn[name] = in_parts(heun, network, labels, times, guidance=guidance)
    rate = N_SCORED / (time.perf_counter() - begin)
    scores[name] = score(drawn[name])
    distance, p, r = scores[name]
    print(
        f"{name:19} Fréchet distance {distance:5.2f}, precision {p:.2f}, recall {r:.2f}, ", end=""
    )
    print(f"intended class {class_share(drawn[name], labels):.1%}, {rate:.0f} images/s")
features_of_others = gk.classify(other_images)[0][: len(real_features)]
floor = gk.frechet_distance(real_features[: len(features_of_others)], features_of_others)
print(f"other real images: Fréchet distance {floor:.2f} ({len(features_of_others)} images)")

# %% alt="Four rows of ten garments, one of each class in a row. Most garments of the third and fourth row resemble those of the first and second, with cleaner edges."
gk.plot_images(
    np.concatenate([drawn["trained here"][:20], drawn["pretrained"][:20]]),
    title="Two rows by the model trained here, and two by the pretrained one",
)
plt.show()

# %% [markdown]
# Without guidance the model that we have trained reaches a Fréchet distance of 11.3<!-- plain_ffd -->, and with the weight 1.25<!-- setting --> one of 6.4<!-- ffd -->, at a recall of 0.73<!-- plain_recall --> and 0.72<!-- recall -->. So in this run guidance lowers the distance by two fifths, at twice the calls. (More calls alone would hardly do it with this sampler: the section after the next one shows that the distance of the pretrained model with Heun's method does not fall much beyond 9 calls.) Before this run we had tried 1, 1.25<!-- setting --> and 1.5<!-- setting --> for this model, on validation images. The distance to test images, which had no part in this choice, is 6.5<!-- test_ffd -->.
#
# How does this compare with the GANs? The DCGAN of chapter 11, which was not told any classes, had 19.9<!-- 11 distance -->. The conditional GAN of the same chapter, which gets the classes as our model does, had 6.4<!-- 11 conditional_distance -->. That was after two epochs, while our model has seen the training images 3.5<!-- setting --> times, at a higher cost for each, in 479 s<!-- training_seconds --> of training, and needs guidance to come near. A GAN also draws an image in one call instead of 18, and 1,000 images in 0.14 s<!-- experiment speed sampling conditional_dcgan_seconds --> instead of 12.6 s<!-- experiment speed sampling diffusion_seconds --> (`make experiments N=speed`). So in these few minutes the GAN is the cheaper choice.
#
# The pretrained model, which has seen the training images 35 times, with another seed, learning-rate schedule and average, reaches 3.3<!-- pretrained_ffd --> with a recall of 0.76<!-- pretrained_recall -->. Here guidance helps less: without it the distance is 3.8<!-- experiment 15 samplers heun_9_ffd -->. We have not trained a GAN for as long. Other real images have 1.7<!-- floor_ffd -->. (Fewer images were left for this last value, which makes it a little too large.)
#
# Compare the first row with the third, and the second with the fourth. Each of these pairs was drawn from the same noise and labels by two networks that were trained from different seeds, and most garments resemble each other. (As a control, compare the first row with the fourth, which have the same classes and other noise.) This is plausible, since both networks approximate the same velocities, and following these from the same noise leads to similar places. For two GANs there is no reason to expect it.

# %% [markdown]
# ## Are they copies?
# A model with a good Fréchet distance might simply have memorized its training images. So we look for the training image that is closest to a drawn one, by the Euclidean distance of the pixels. As a control we do the same for validation images, which the model has not seen.


# %%
def nearest(x, among):
    """Distances of images (n, h, w, 1) to the nearest of others (m, h * w), and which these are."""
    lengths, distances, indices = np.sum(among**2, axis=1), [], []
    for i in range(0, len(x), 500):
        part = x[i : i + 500].reshape(len(x[i : i + 500]), -1)
        squares = np.sum(part**2, axis=1)[:, np.newaxis] + lengths - 2 * part @ among.T
        distances.append(np.sqrt(np.maximum(squares.min(axis=1), 0)))
        indices.append(squares.argmin(axis=1))
    return np.concatenate(distances), np.concatenate(indices)


flat = images.x_train.reshape(len(images.x_train), -1)
drawn_distances, copied_from = nearest(drawn["pretrained"], flat)
valid_distances, _ = nearest(images.x_valid[:N_SCORED], flat)
print(
    f"median distance to the nearest training image: drawn {np.median(drawn_distances):.2f}, ",
    end="",
)
print(f"validation images {np.median(valid_distances):.2f}")
lowest_drawn, lowest_valid = np.quantile(drawn_distances, 0.05), np.quantile(valid_distances, 0.05)
print(f"below which 5 % lie: drawn {lowest_drawn:.2f}, validation images {lowest_valid:.2f}")
print(f"smallest: drawn {drawn_distances.min():.2f}, validation images {valid_distances.min():.2f}")

# %% alt="Two rows of twelve garments, mostly trousers: drawn ones, and below each the most similar training image, which differs in details."
closest = np.argsort(drawn_distances)[:12]
gk.plot_rows(
    {
        "drawn": drawn["pretrained"][closest],
        "nearest": images.x_train[copied_from[closest]],
    },
    title="The pretrained model's images that are closest to a training image, with that image",
)
plt.show()

# %% [markdown]
# By the median, the drawn images are as close to their nearest training image as validation images are, 3.42<!-- drawn_distance --> compared with 3.45<!-- valid_distance -->. Copies would be found among the smallest distances, and there the drawn images are not closer, either: 5 % of them lie below 2.23<!-- drawn_low_distance -->, and 5 % of the validation images below 1.99<!-- valid_low_distance -->. The closest one of all has a distance of 1.37<!-- drawn_least_distance -->, while a copy would have a distance close to 0. (The closest validation image has 0.18<!-- valid_least_distance -->. Fashion-MNIST contains near duplicates.) In the figure you see pairs that are similar, and plain garments such as trousers leave little room for differences. So there is no sign of copies among these 3,000 images, as far as a distance of pixels can tell. It would not find shifted or brightened copies. (With the bundled sample, the search covers a sixth of the images that the pretrained model has seen.)

# %% [markdown]
# ## Four samplers
# The first diffusion models were trained with schedules that keep the variance constant, of which the cosine schedule is one, and drew in other ways. *DDPM* (Ho et al., 2020) goes through the chain of small steps in reverse, and adds some fresh noise $z$ in each step. From the predicted image $\hat x_0$ and the predicted noise $\hat\varepsilon$ it goes to the next time $s < t$ by
#
# $$x_s = \alpha_s\, \hat x_0 + \sqrt{\sigma_s^2 - \eta^2}\, \hat\varepsilon + \eta\, z, \qquad \eta = \frac{\sigma_s}{\sigma_t} \sqrt{1 - \frac{\alpha_t^2}{\alpha_s^2}}$$
#
# With this $\eta$ the step has the mean and the variance of the reversed chain, if $\hat x_0$ is right. (The authors take a thousand small steps. We take far fewer and larger ones.) *DDIM* (Song et al., 2021) leaves the fresh noise out, with $\eta = 0$.
#
# Our network was trained on straight paths. Do we have to train another one to compare them? No: only the proportion of image and noise matters. If $x_t = \alpha_t x_0 + \sigma_t \varepsilon$ is on the cosine schedule, then $x_t / (\alpha_t + \sigma_t)$ is on a straight path, at the time $\sigma_t / (\alpha_t + \sigma_t)$. There we ask our network for the velocity, which gives us image and noise.
#
# This also shows how DDIM and flow matching are related. With $\eta = 0$ the formula above becomes $x_s = \alpha_s \hat x_0 + \sigma_s \hat\varepsilon$. On a straight path, this is exactly a step of Euler's method. So DDIM is Euler's method with other times, which we check to the last digits.


# %%
def ddim(network, labels, times, seed=0, fresh=0.0):
    """Draw on the cosine schedule, by DDIM or, with fresh = 1, DDPM; one call for each step."""
    x = start_noise(len(labels), seed)
    rng = np.random.default_rng((*np.atleast_1d(seed), 1))
    for t, later in zip(times[:-1], times[1:], strict=True):
        alpha, sigma = cosine(t)
        later_alpha, later_sigma = cosine(later)
        # (x / total) lies on a straight path, at the time sigma / total
        total = alpha + sigma
        scaled, share = (x / total).astype("float32"), sigma / total
        v = velocity(network, scaled, share, labels)
        x0, noise = scaled - share * v, scaled + (1 - share) * v
        new = fresh * later_sigma / sigma * np.sqrt(max(0, 1 - (alpha / later_alpha) ** 2))
        kept = np.sqrt(later_sigma**2 - new**2)
        x = later_alpha * x0 + kept * noise + new * rng.standard_normal(x.shape)
    return x


def ddpm(network, labels, times, seed=0):
    """Ancestral sampling: DDIM with as much fresh noise as the chain of small steps has."""
    return ddim(network, labels, times, seed, fresh=1.0)


times = np.linspace(1, 0, 11)
alphas, sigmas = cosine(times)
by_ddim = ddim(pretrained, np.arange(10), times)
by_euler = euler(pretrained, np.arange(10), sigmas / (alphas + sigmas))
sampler_gap = float(np.abs(by_ddim - by_euler).max())
print(f"largest difference of DDIM and Euler at the same noise levels: {sampler_gap:.1e}")

# %%
all_features = gk.classify(images.x_valid)[0]
real_distances = [
    gk.frechet_distance(real_features[:N_COMPARED], all_features[i : i + N_COMPARED])
    for i in range(N_COMPARED, len(all_features) - N_COMPARED + 1, N_COMPARED)
]
print(f"{len(real_distances)} sets of other real images: Fréchet distance ", end="")
print(f"{min(real_distances):.1f} to {max(real_distances):.1f}, mean {np.mean(real_distances):.1f}")
curves = {"DDPM": [], "DDIM": [], "Euler": [], "Heun": []}
samplers = {"DDPM": ddpm, "DDIM": ddim, "Euler": euler, "Heun": heun}
examples, by_calls = {}, {}
for name, sampler in samplers.items():
    for calls in CALLS:
        steps = (calls + 1) // 2 if name == "Heun" else calls
        pictures = in_parts(sampler, pretrained, compared_labels, np.linspace(1, 0, steps + 1))
        curves[name].append((2 * steps - 1 if name == "Heun" else calls, score(pictures)[0]))
        if calls == CALLS[1]:
            examples[f"{name} {curves[name][-1][0]}"] = pictures[:10]
        if name == "Euler":
            by_calls[f"{calls} calls"] = pictures[:10]
    print(name, ", ".join(f"{calls} calls {distance:.1f}" for calls, distance in curves[name]))

# %% alt="Four curves of the distance against the number of calls, which fall steeply at first and little after 20 calls. Heun is lowest at 5 and 10 calls. From 20 calls on DDPM is lowest and falls further, and DDIM, Euler and Heun are close together above it. A gray band for sets of real images covers all curves from 10 calls on."
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
for (name, points), marker in zip(curves.items(), "sov^", strict=True):
    axis.plot(*zip(*points, strict=True), marker + "-", label=name)
axis.axhspan(min(real_distances), max(real_distances), color="gray", alpha=0.2, label="real images")
axis.axhline(np.mean(real_distances), color="gray", linestyle="--", label="their mean")
axis.set(
    xscale="log",
    yscale="log",
    xlabel="calls of the network for an image",
    ylabel="Fréchet distance",
    title=f"Four samplers of the pretrained model, {N_COMPARED} images each",
)
axis.set_xticks(CALLS, [str(calls) for calls in CALLS])
lowest, highest = axis.get_ylim()
ticks = [tick for tick in (2, 5, 10, 15, 20, 25, 30, 40, 50, 100, 200) if lowest < tick < highest]
axis.set_yticks(ticks, [str(tick) for tick in ticks])
axis.minorticks_off()
figure.legend(loc="outside right upper")
axis.grid(alpha=0.3)
plt.show()

# %% alt="Four rows of ten garments. Those by DDIM, Euler and Heun are nearly the same, those by DDPM are others of the same classes."
gk.plot_rows(
    examples, title="The pretrained model: same labels and noise, four samplers, few calls"
)
plt.show()

# %% alt="Five rows of the same ten garments, drawn with 5, 10, 20, 50 and 100 calls. With 5 calls they are smoother; from 20 calls on hardly any difference can be seen."
gk.plot_rows(
    by_calls, title="The pretrained model: same labels and noise, Euler's method, more calls"
)
plt.show()

# %% [markdown]
# The three samplers without fresh noise share their starting noises, and their curves run close together. With 5 calls Heun's method is ahead of Euler's, 21.4<!-- heun_5_ffd --> compared with 26.3<!-- euler_5_ffd -->, and with 9 calls it reaches 18.0<!-- heun_10_ffd -->, about as low as Euler's method gets with 50. Beyond this these three gain little. DDIM and Euler, which differ only in the times, nearly coincide. DDPM is the worst with 5 calls and the best from 20 calls on.
#
# How far can we trust such differences? All values come from a single set of 200<!-- setting --> starting noises. We have repeated the comparison with five sets (`make experiments N=15`). The same sampler varies a lot between the sets: Euler's method with 20 calls has 14<!-- experiment 15 samplers euler_20_calls_low --> to 22<!-- experiment 15 samplers euler_20_calls_high -->. But from the same noises, Heun's method with 5 calls was ahead of Euler's with 5 in 5<!-- experiment 15 samplers heun_5_before_euler_5 --> of the 5 sets, and with 9 calls ahead of Euler's with 10 in 5<!-- experiment 15 samplers heun_9_before_euler_10 -->. DDPM was ahead of Euler's method in 4<!-- experiment 15 samplers ddpm_20_before_euler_20 --> sets with 20 calls, and in 5<!-- experiment 15 samplers ddpm_50_before_euler_50 --> with 50. All five sets together, 1,000 images, have these distances. (They are smaller because there are more images, which are compared with all 5,000 validation images.)
#
# | calls | 5 | 10 (Heun: 9) | 20 | 50 |
# |---|---|---|---|---|
# | Euler | 13.8<!-- experiment 15 samplers euler_5_calls_all --> | 7.9<!-- experiment 15 samplers euler_10_calls_all --> | 6.3<!-- experiment 15 samplers euler_20_calls_all --> | 5.9<!-- experiment 15 samplers euler_50_calls_all --> |
# | Heun | 9.4<!-- experiment 15 samplers heun_5_calls_all --> | 5.7<!-- experiment 15 samplers heun_9_calls_all --> | | |
# | DDPM | | 10.4<!-- experiment 15 samplers ddpm_10_calls_all --> | 5.6<!-- experiment 15 samplers ddpm_20_calls_all --> | 3.7<!-- experiment 15 samplers ddpm_50_calls_all --> |
#
# With 10 calls DDPM is clearly behind Euler's method here, although the two seem equal in the figure, which shows one set. So Heun's method is the better choice for few calls, and DDPM for many, if 50 are affordable. On 3,000 images, Heun's method with 9 calls has 1.02<!-- experiment 15 samplers heun_ratio --> times the distance that it has with 99.
#
# The gray band shows the distances of 24 sets of 200<!-- setting --> other validation images, from 10<!-- real_sets_low_ffd --> to 22<!-- real_sets_high_ffd --> with a mean of 16<!-- real_sets_mean_ffd -->. (Unlike the drawn images, such a set does not have equally many images of each class.) From 10 calls on, all four curves lie inside the band. So on 200<!-- setting --> images the distance cannot tell drawn from real ones.
#
# Why does fresh noise help in many steps? One explanation is that it makes up for earlier errors, while the other samplers follow a wrong path to its end. We have not tested it.
#
# We used no guidance here. On the same labels and noises, guidance lowered the distance of 20 steps of Euler's method from 18.5<!-- guidance_1_ffd --> to 15.4<!-- guidance_1_25_ffd -->, with 40 calls instead of 20. DDPM has 14.6<!-- ddpm_20_ffd --> with 20 calls and 13.0<!-- ddpm_50_ffd --> with 50, without guidance. (This is one set.)
#
# With the same noise, the three samplers without fresh noise draw almost the same garments. DDPM draws other ones. At $t = 1$ its first step replaces all of the noise, so the starting noise is lost. The last figure shows that Euler's method with 5 calls draws the same garments as with 100, only smoother: the print of the pullover and the creases of the ankle boot are missing or faint. From 20 calls on you hardly see a difference.

# %% [markdown]
# ## Completing a garment
# A GAN maps noise to a finished image. If the upper half is known already, we would have to search for a noise whose image fits. A model that draws in steps makes this easier. In each step we compute the image $\hat x_0$ that it is heading for, put the known pixels into it, and add fresh noise for the next time. This is called *inpainting*. In each step the network sees known and predicted pixels together, so its next prediction of the lower half depends on the upper one. The network was not trained for this, and we do not tell it the class.
#
# We hide the lower halves of 200<!-- setting --> validation images. Two simple rivals put them in context: the lower half of the training image whose upper half is closest, and the mean of all lower halves. We ask how often the classifier finds the class of the original, and how large the step between the two rows at the seam is.


# %%
def inpaint(network, known, visible, labels, times, seed=0):
    """Complete images (n, 28, 28, 1) in [-1, 1] that are known where visible (28, 28, 1) is 1."""
    rng = np.random.default_rng((seed, 1))
    x = start_noise(len(known), seed)
    for t, later in zip(times[:-1], times[1:], strict=True):
        x0 = x - t * velocity(network, x, t, labels)
        x0 = visible * known + (1 - visible) * x0
        x = (1 - later) * x0 + later * rng.standard_normal(x.shape, "float32")
    return x


visible = np.zeros((28, 28, 1), "float32")
visible[:14] = 1
n = N_COMPARED
originals = images.x_valid[:n]
unknown, times = np.full(n, 10), np.linspace(1, 0, INPAINTING_STEPS + 1)
completed = [
    to_pixels(inpaint(pretrained, x_valid[:n], visible, unknown, times, seed=i)) for i in range(3)
]
upper = images.x_train[:, :14].reshape(len(images.x_train), -1)
_, same_upper = nearest(originals[:, :14], upper)
by_neighbor = visible * originals + (1 - visible) * images.x_train[same_upper]
half_mean = visible * originals + (1 - visible) * images.x_train.mean(axis=0)
completions = {
    "original": originals,
    "first": completed[0],
    "second": completed[1],
    "third": completed[2],
    "neighbor": by_neighbor,
    "mean": half_mean,
}
inpainting = {}
for name, x in completions.items():
    seam = float(np.mean(np.abs(x[:, 14] - x[:, 13])))
    inpainting[name] = class_share(x, images.y_valid[:n]), seam
    print(f"{name:10} class of the original {inpainting[name][0]:.1%}, ", end="")
    print(f"step at the seam {seam:.3f}")
variety = float(np.mean(np.abs(completed[0][:, 14:] - completed[1][:, 14:])))
original_gap = float(np.mean(np.abs(completed[0][:, 14:] - originals[:, 14:])))
print(f"mean difference of two completions {variety:.3f}, ", end="")
print(f"of a completion and the original {original_gap:.3f}")

# %% alt="Six rows of ten images: garments, their upper halves, three different completions of each, and the completion by the nearest training image."
gk.plot_rows(
    {
        "original": originals[:10],
        "visible": visible * originals[:10],
        "first": completed[0][:10],
        "second": completed[1][:10],
        "third": completed[2][:10],
        "neighbor": by_neighbor[:10],
    },
    title="Lower halves drawn by the pretrained model, and the nearest training image's",
)
plt.show()

# %% [markdown]
# At the seam, the drawn halves fit the upper ones better than those of the neighbor. The step there is 0.066<!-- first_seam -->, in the originals 0.062<!-- original_seam -->, and with the nearest neighbor 0.094<!-- neighbor_seam -->. But the classifier finds the class of the original in only 81 %<!-- first_class_percent -->, 80 %<!-- second_class_percent --> and 80 %<!-- third_class_percent --> of the three sets of completions. Each share has a standard error of three points. The mean of the three lies between that of the mean lower half (68 %<!-- mean_class_percent -->) and of the neighbor (86 %<!-- neighbor_class_percent -->), whose lower half comes from a real garment.
#
# In the figure many completions are plausible garments, such as the boots. But prints are not continued: the bag in the second column and the dress in the ninth get plain lower halves in all three rows. (The neighbor's half of the dress is plain, too.) The sandal in the last column is completed like a shoe. For the prints we have a guess: each step keeps only the predicted image, which is a mean over possible ones, and replaces all of the noise, so that a print which is not clear early is averaged away. Exercise 1 tests it.
#
# Other noise gives another completion, which is welcome where many answers are possible, as with the heels of the boots. Two completions differ by 0.09<!-- completions_gap --> per pixel, and a completion and the original by 0.12<!-- completion_original_gap -->. If the completions were distributed as real lower halves are, both numbers would be about equal. So our completions vary too little, or do not fit the upper half, or both. RePaint (Lugmayr et al., 2022) goes back and forth in time to make both halves fit better.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
loaded = keras.models.load_model(f"{MODELS}/15_diffusion.keras")
again = in_parts(heun, loaded, labels[:20], np.linspace(1, 0, 6), guidance=GUIDANCE)
test_features = gk.classify(images.x_test[:N_SCORED])[0]
test_distances = {
    name: gk.frechet_distance(test_features, gk.classify(x)[0]) for name, x in drawn.items()
}
for name, distance in test_distances.items():
    print(f"{name:19} Fréchet distance to test images {distance:5.2f}")
assert np.abs(again[:20] - drawn["trained here"][:20]).max() < 0.01, "the loaded model differs"
assert sampler_gap < 1e-3, "DDIM is not Euler"
assert worst_mean < 1.5 / np.sqrt(N_CHAINS), "the means of the closed form differ"
assert worst_std < 0.03, "the standard deviations of the closed form differ"
assert np.abs(completed[0][:, :14] - originals[:, :14]).max() < 1e-5, "visible pixels changed"
if not QUICK:
    trained, longer = scores["trained here"], scores["pretrained"]
    assert trained[0] < scores["trained here, w = 1"][0], (
        "guidance does not help the short training"
    )
    assert longer[0] < trained[0], "longer training does not help"
    assert target_scores["velocity"][0] < target_scores["noise"][0], (
        "the noise is the better target"
    )
    assert average_scores[0.0][1] < average_scores[0.9995][1] / 1.3, "a long average does not hurt"
    assert guided[4][0] > guided[1][0] and guided[4][3] < guided[1][3], "guidance costs nothing"
    assert lowest_drawn > 0.8 * lowest_valid, "some of the images are copies"
    assert drawn_distances.min() > 0.5, "the closest image is a copy"
    assert inpainting["first"][1] < inpainting["neighbor"][1], "the halves do not fit together"
if not QUICK and full_data:
    assert trained[0] < 0.5 * DCGAN_FFD, "the distance is more than half of the DCGAN's"
    assert trained[2] > 0.6, "little diversity"

other_numbers = {}
for target, (distance, p, _) in target_scores.items():
    other_numbers |= {f"{target}_target_ffd": distance, f"{target}_target_precision": p}
for target, errors in target_errors.items():
    other_numbers |= {
        f"{target}_target_first_mse": errors[0],
        f"{target}_target_last_mse": errors[-1],
    }
for momentum, (loss, distance) in average_scores.items():
    key = f"momentum_{momentum}".replace(".", "_")
    other_numbers |= {f"{key}_loss": loss, f"{key}_ffd": distance}
for guidance, (share, distance, p, r) in guided.items():
    key = f"guidance_{guidance}".replace(".", "_")
    other_numbers |= {f"{key}_class_percent": 100 * share, f"{key}_ffd": distance}
    other_numbers |= {f"{key}_precision": p, f"{key}_recall": r}
for name, (share, seam) in inpainting.items():
    other_numbers[f"{name}_class_percent"] = 100 * share
    other_numbers[f"{name}_seam"] = seam
for name, points in curves.items():
    for calls, (_, distance) in zip(CALLS, points, strict=True):
        other_numbers[f"{name.lower()}_{calls}_ffd"] = distance
gk.record(
    "15_diffusion",
    ffd=scores["trained here"][0],
    ffd_over_dcgan=scores["trained here"][0] / DCGAN_FFD,
    plain_ffd=scores["trained here, w = 1"][0],
    plain_accuracy=class_share(drawn["trained here, w = 1"], labels),
    plain_recall=scores["trained here, w = 1"][2],
    precision=scores["trained here"][1],
    recall=scores["trained here"][2],
    pretrained_ffd=scores["pretrained"][0],
    pretrained_precision=scores["pretrained"][1],
    pretrained_recall=scores["pretrained"][2],
    real_class_percent=100 * real_share,
    chance_gap=1 / np.sqrt(N_CHAINS),
    chain_gap=worst_mean,
    floor_ffd=floor,
    mean_guess_last_mse=guess_errors["the mean of the class"][-1],
    zero_guess_first_mse=guess_errors["no noise"][0],
    std_gap_percent=100 * worst_std,
    train_loss=train_loss,
    valid_loss=valid_loss,
    real_sets_low_ffd=min(real_distances),
    real_sets_mean_ffd=np.mean(real_distances),
    real_sets_high_ffd=max(real_distances),
    test_ffd=test_distances["trained here"],
    pretrained_test_ffd=test_distances["pretrained"],
    conditional_accuracy=class_share(drawn["trained here"], labels),
    pretrained_accuracy=class_share(drawn["pretrained"], labels),
    drawn_distance=np.median(drawn_distances),
    valid_distance=np.median(valid_distances),
    drawn_least_distance=drawn_distances.min(),
    valid_least_distance=valid_distances.min(),
    drawn_low_distance=lowest_drawn,
    valid_low_distance=lowest_valid,
    completions_gap=variety,
    completion_original_gap=original_gap,
    **other_numbers,
    training_seconds=training_seconds,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A diffusion model learns by plain regression to tell noise from image at every mixture of the two, and draws by many small steps from noise to an image.
# - Noise, image and velocity can be computed from each other. But the errors count differently, and after our short training the network that predicts the noise fails at the noisy end, where the drawing starts (one seed).
# - DDIM is Euler's method at other times. From the same noises Heun's method was ahead of Euler's with 5 and with 9 calls in each of five sets. DDPM, which replaces the noise, was ahead of Euler's method with 50.
# - A guidance weight a little above 1 lowered the distance of our model from 11<!-- plain_ffd --> to 6.4<!-- ffd -->. Large weights cost variety.
# - After eight minutes on two cores the model comes near a conditional GAN that trained for less time. With ten times as many steps it draws better. It can also complete images, for which it was not trained.
#
# ## Exercises
# 1. *(easy)* Complete the left half of a shoe instead of the lower half of a garment. What changes if you tell the network the class? Then go back to the lower halves of the printed bag and dress, and keep the predicted noise in place of fresh noise. Are the prints continued now?
# 2. *(easy)* Let the network for the velocity draw from $t = 0.98$ to 0.8<!-- setting -->, and the one for the noise go on from there. Do garments appear? What does this say about where the noise network fails?
# 3. *(medium)* Train the noise network with errors weighted by $1 / (1 - t)^2$, so that it minimizes the same as the velocity network. Is anything left of the difference?
# 4. *(hard)* Distill the pretrained model: train a network that jumps in one call to where it arrives in two. How good are images from a single call?
# 5. *(hard, GPU)* Train on 32 by 32 pixels in color (`cifar10` through TFDS) with a third resolution in the U-Net.
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - J. Sohl-Dickstein et al., Deep unsupervised learning using nonequilibrium thermodynamics, ICML 2015.
# - J. Ho, A. Jain and P. Abbeel, Denoising diffusion probabilistic models, NeurIPS 2020.
# - J. Song, C. Meng and S. Ermon, Denoising diffusion implicit models, ICLR 2021.
# - A. Nichol and P. Dhariwal, Improved denoising diffusion probabilistic models, ICML 2021.
# - J. Ho and T. Salimans, Classifier-free diffusion guidance, arXiv 2022.
# - Y. Lipman et al., Flow matching for generative modeling, ICLR 2023.
# - X. Liu, C. Gong and Q. Liu, Flow straight and fast: learning to generate and transfer data with rectified flow, ICLR 2023.
# - P. Esser et al., Scaling rectified flow transformers for high-resolution image synthesis, ICML 2024.
# - O. Ronneberger, P. Fischer and T. Brox, U-Net: convolutional networks for biomedical image segmentation, MICCAI 2015.
# - A. Lugmayr et al., RePaint: inpainting using denoising diffusion probabilistic models, CVPR 2022.
