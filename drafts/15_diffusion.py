# ---
# jupyter:
#   jupytext:
#     notebook_metadata_filter: -jupytext.text_representation.jupytext_version
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Diffusion and flow matching
#
# The GANs of the last chapters draw an image in one step, and need an opponent to learn it. Diffusion models draw it in many small steps. They learn a task that sounds modest: to look at an image with noise on it, and to tell the noise from the image. Whoever can do this can start from pure noise and remove it a little at a time, until a new image is left. The training is a plain regression with `compile` and `fit`, without an opponent. Since about 2021 this has been the leading method for images, sound and video.
#
# We use its simplest modern form, *flow matching*, build a small U-Net for it and train it for some minutes. On the way we answer four questions. What should the network predict: the noise, the image, or something in between? How many times must it be called to draw an image, and does it matter how? How can we tell it which class we want? And how can it complete a garment of which we only see the upper half, which no model of the earlier chapters could do?
#
# Diffusion models need longer training than two CPU cores allow while you watch. So this chapter has two models: one that it trains itself, and one with the same code that was trained for longer and comes with the package. We always say which of them is shown.
#
# | | |
# |---|---|
# | Slides | not covered |
# | Textbook | Hands-On Machine Learning, chapter 17, "Diffusion Models" |
# | Result | results follow |
# | Time | 600 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import pathlib
import time

# If this import fails, copy the folder genkeras beside this notebook, or see README.md.
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

# %% quick={"BATCH_SIZE": 16, "CALLS": [3, 5], "GUIDANCES": [1, 2], "N_COMPARED": 60, "N_SCORED": 100, "N_TRAIN": 1152, "FILTERS": [8, 16], "BLOCKS": 1, "STEPS": 20, "TARGET_STEPS": 20, "QUICK": true, "STEPS_PER_EXECUTION": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
FILTERS = (32, 64)  # of the U-Net at 14 by 14 and at 7 by 7 pixels; GPU: (64, 128)
BLOCKS = 2  # residual blocks at 14 by 14, on the way down and on the way up
STEPS = 4000  # gradient steps of the model; GPU: 20 times as many
TARGET_STEPS = 400  # for each of the three targets
N_SCORED = 3000  # images on each side of a score
N_COMPARED = 500  # the same where many samplers are compared
CALLS = [5, 10, 20, 50, 100]  # of the network, for an image
GUIDANCES = [1, 1.5, 2, 3, 5]  # weights of the guidance
BATCH_SIZE = 64  # GPU: 256
RATE = 4e-3  # learning rate
MOMENTUM = 0.998  # of the moving average of the weights
STEPS_PER_EXECUTION = 10  # gradient steps per call from Python; more save overhead
MODELS = "models"  # folder for trained models, and for the backup of an interrupted training

# %%
images = gk.load_images(n_train=N_TRAIN)
x_train = 2 * images.x_train - 1
x_valid = 2 * images.x_valid - 1
rng = np.random.default_rng(run.seed)

# %% [markdown]
# ## From an image to noise
# Let $x_0$ be an image with values in $[-1, 1]$. We mix it with Gaussian noise $\varepsilon$, more and more as a time $t$ runs from 0 to 1:
#
# $$x_t = \alpha_t\, x_0 + \sigma_t\, \varepsilon$$
#
# At $t = 0$ there is only the image ($\alpha_0 = 1$, $\sigma_0 = 0$), and at $t = 1$ only noise ($\alpha_1 = 0$, $\sigma_1 = 1$). How fast this happens in between is called the *schedule*. The *cosine schedule* (Nichol and Dhariwal, 2021, in a slightly different form) keeps the variance constant for data of variance 1: $\alpha_t = \cos(\pi t / 2)$ and $\sigma_t = \sin(\pi t / 2)$. *Flow matching* (Lipman et al., 2023; Liu et al., 2023) takes straight lines from the image to the noise: $\alpha_t = 1 - t$ and $\sigma_t = t$.


# %% alt="ALT"
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
# Both rows show the same image and the same noise. The first diffusion models described this as a chain of many small steps (Sohl-Dickstein et al., 2015; Ho et al., 2020), in each of which a little noise is added to what is there:
#
# $$x_t = \sqrt{1 - \beta_t}\, x_{t-1} + \sqrt{\beta_t}\, \varepsilon_t$$
#
# A sum of independent Gaussian variables is Gaussian again. So after any number of steps $x_t$ has the form above, with $\alpha_t^2 = \prod_{s \le t} (1 - \beta_s)$ and $\sigma_t^2 = 1 - \alpha_t^2$. This is why training can jump to any time at once, without going through the chain. Let's check it. We add noise to one image in a thousand small steps, 2,000 times, and compare mean and standard deviation of the results with the formula, at every hundredth step.

# %%
steps = 1000
alphas, sigmas = cosine(np.linspace(0, 1, steps + 1))
kept = (alphas[1:] / alphas[:-1]) ** 2  # 1 - beta
x = np.repeat(x_valid[:1], 2000, axis=0)
worst_mean = worst_std = 0.0
for step in range(steps):
    x = np.sqrt(kept[step]) * x + np.sqrt(1 - kept[step]) * rng.standard_normal(x.shape, "float32")
    if (step + 1) % 100 == 0:
        mean_gap = np.mean(x, axis=0) - alphas[step + 1] * x_valid[0]
        worst_mean = max(worst_mean, float(np.sqrt(np.mean(mean_gap**2))))
        worst_std = max(worst_std, abs(float(np.mean(x.std(axis=0))) / sigmas[step + 1] - 1))
print(f"root mean squared gap of the means, at most {worst_mean:.4f} (by chance 0.022)")

# %% [markdown]
# The gaps are as small as chance allows with 2,000 repetitions, so the formula describes the chain.
#
# ## The U-Net
# The network gets a noisy image, the time, and the class of the garment. It returns an image of the same size. A *U-Net* (Ronneberger et al., 2015) is well suited for this. It works at a high and at a low resolution, where it sees larger parts of the image, and hands the features of the first half directly to the second, so that fine details need not pass through the bottleneck. Ours packs 2 by 2 pixels into one position at its entrance, which makes it four times as fast, and then works at 14 by 14 and at 7 by 7 positions.

# %% alt="Diagram: the noisy image becomes features of 14 by 14, then of 7 by 7, then of 14 by 14 again and a prediction; time and class go into all blocks, and an arrow leads from the first features at 14 by 14 to the last."
gk.plot_diagram(
    {
        "noisy image\n28 x 28": (0, 1),
        "2 blocks\n14 x 14 x 32": (1.2, 1),
        "3 blocks\n7 x 7 x 64": (2.4, 0),
        "2 blocks\n14 x 14 x 32 ": (3.6, 1),
        "prediction\n28 x 28": (4.8, 1),
        "time and class\n128": (2.4, -1),
    },
    [
        ("noisy image\n28 x 28", "2 blocks\n14 x 14 x 32", ""),
        ("2 blocks\n14 x 14 x 32", "3 blocks\n7 x 7 x 64", ""),
        ("2 blocks\n14 x 14 x 32", "2 blocks\n14 x 14 x 32 ", "joined"),
        ("3 blocks\n7 x 7 x 64", "2 blocks\n14 x 14 x 32 ", ""),
        ("2 blocks\n14 x 14 x 32 ", "prediction\n28 x 28", ""),
        ("time and class\n128", "3 blocks\n7 x 7 x 64", "scale and shift, in all blocks"),
    ],
    colored=["time and class\n128"],
    title="The U-Net",
    height=3.2,
)
plt.show()

# %% [markdown]
# Each block is a residual block. Time and class scale and shift its features, so that the network can treat much noise differently from little noise. The time enters as sines and cosines of several frequencies, which a dense layer can use more easily than the number itself. The last convolution of each block starts with zeros. At the beginning each block therefore passes its input on, and the training starts from a simple network.


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
    skips = [x]
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
# Because $x_t = (1 - t)\, x_0 + t\, \varepsilon$ is known, each of the three gives the other two, for example $v = (\varepsilon - x_t) / (1 - t) = (x_t - x_0) / t$. So the difference lies in what the mean squared error weights. An error of 0.1 in the noise is an error of $0.1 / (1 - t)$ in the velocity. Near pure noise, where $t$ is close to 1, this is a lot.
#
# None of the three can be predicted exactly, since many images may lie behind the same noisy one. A network that minimizes the mean squared error predicts their mean. At $t$ close to 1 this mean is a blurred average of all garments. This is why drawing takes many steps: each step needs only the direction at its place, and then asks again.
#
# The training pairs are made by the data pipeline. For each image it draws a time, the noise, and in one of ten cases hides the class, which we will need later. Times in the middle are drawn more often than those near 0 and 1 (as the sigmoid of a normal variable; Esser et al., 2024), because the ends are easy: near pure noise the best guess is the mean, and near the image little is left to do.


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
# To draw an image we start at $t = 1$ with pure noise and follow the velocity back to $t = 0$. This is an ordinary differential equation, and the simplest way to solve it is Euler's: $x_s = x_t + (s - t)\, v(x_t, t)$ from each time $t$ to the next smaller time $s$. Heun's method takes this step as a trial, asks for the velocity at its end as well, and uses the mean of both. It needs twice as many calls of the network for a step, but its error shrinks with the square of the step.


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
# We train three networks for the same short time, from the same initial weights, each with another target. All three draw with Euler's method in 20<!-- setting --> steps. Since a prediction of the noise tells nothing about the velocity at $t = 1$, where we would have to divide by zero, all three start at $t = 0.98$<!-- setting --> with pure noise. For scores we use the Fréchet distance, precision and recall of the earlier chapters, here on 500<!-- setting --> images only, which makes the distances larger than those on 3,000<!-- setting -->.


# %%
def train(network, steps, target="velocity", momentum=None, callbacks=()):
    """Train a U-Net on noisy training images; with a momentum it gets averaged weights."""
    average = {"use_ema": True, "ema_momentum": momentum} if momentum else {}
    network.compile(
        optimizer=keras.optimizers.Adam(gk.warmup_cosine(RATE, steps), **average),
        loss="mse",
        steps_per_execution=STEPS_PER_EXECUTION,
        jit_compile=run.jit_compile,
    )
    epoch = max(steps // 20, 1)
    network.fit(
        noisy_batches(x_train, images.y_train, BATCH_SIZE, target),
        epochs=steps // epoch,
        steps_per_epoch=epoch,
        shuffle=False,  # the batches are already
        callbacks=list(callbacks),
        verbose=0,
    )


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


real_features, _ = gk.classify(images.x_valid[:N_SCORED])
compared_labels = np.arange(N_COMPARED) % 10


def score(x):
    """(Fréchet distance, precision, recall) of images against as many validation images."""
    features = gk.classify(x)[0]
    real = real_features[: len(x)]
    return gk.frechet_distance(real, features), *gk.precision_recall(real, features)


def class_share(x, labels):
    """Share of images that the classifier puts into the class they were drawn for."""
    return float(np.mean(gk.classify(x)[1].argmax(axis=1) == labels))


averages = Averages([0.0, 0.9, 0.99, 0.998, 0.9995])
target_scores, target_rows = {}, {}
for target in ("noise", "image", "velocity"):
    keras.utils.set_random_seed(run.seed)
    network = build_unet(FILTERS, BLOCKS)
    train(network, TARGET_STEPS, target, callbacks=[averages] if target == "velocity" else [])
    times = np.linspace(0.98, 0, 21)
    pictures = in_parts(euler, network, compared_labels, times, target=target)
    target_scores[target] = score(pictures)
    target_rows[target] = pictures[:10]
    distance, p, r = target_scores[target]
    print(f"{target:8} Fréchet distance {distance:6.1f}, precision {p:.2f}, recall {r:.2f}")

# %% alt="ALT"
gk.plot_rows(target_rows, title="Networks after equally short training, by what they predict")
plt.show()

# %% [markdown]
# READ

# %% [markdown]
# ## An average of the weights
# The weights of a network that is trained with small batches jump back and forth a little with every step. Diffusion models are therefore nearly always used with a moving average of their weights, $\bar\theta \leftarrow \mu\, \bar\theta + (1 - \mu)\, \theta$ after each step. The momentum $\mu$ has to suit the length of the training. It averages over about $1 / (1 - \mu)$ steps, so that $\mu = 0.9995$ looks back over 2,000 steps. During the training of the velocity network above we have kept five averages. We measure the loss of each on noisy validation images (the same for all), and the Fréchet distance of what it draws.

# %%
validation = next(iter(noisy_batches(x_valid, images.y_valid, min(len(x_valid), 5000))))
average_scores = {}
for momentum, weights in averages.weights.items():
    network.set_weights(weights)
    loss = network.evaluate(*validation, batch_size=500, verbose=0)
    pictures = in_parts(heun, network, compared_labels, np.linspace(1, 0, 11))
    average_scores[momentum] = loss, score(pictures)[0]
    print(f"momentum {momentum:.4f}: validation loss {loss:.4f}, ", end="")
    print(f"Fréchet distance {average_scores[momentum][1]:.1f}")

# %% [markdown]
# READ

# %% [markdown]
# ## The model that is trained here
# Now we train the velocity network for longer. Keras' optimizers can keep the average themselves (`use_ema=True`), and put it into the network at the end of `fit`.

# %%
keras.utils.set_random_seed(run.seed)
model = build_unet(FILTERS, BLOCKS)
print(f"{model.count_params():,} weights")
resume = keras.callbacks.BackupAndRestore(f"{MODELS}/15-{len(x_train)}-{STEPS}.backup")
begin = time.perf_counter()
train(model, STEPS, momentum=MOMENTUM, callbacks=[resume])
training_seconds = time.perf_counter() - begin
print(f"training took {training_seconds:.0f} s")
pathlib.Path(MODELS).mkdir(parents=True, exist_ok=True)
model.save(f"{MODELS}/15_diffusion.keras")

# %%
pretrained = gk.load_pretrained("15_diffusion", build_unet())
labels = np.arange(N_SCORED) % 10
times = np.linspace(1, 0, 11)
scores, drawn = {}, {}
for name, network in {"trained here": model, "pretrained": pretrained}.items():
    begin = time.perf_counter()
    drawn[name] = in_parts(heun, network, labels, times)
    rate = N_SCORED / (time.perf_counter() - begin)
    scores[name] = score(drawn[name])
    distance, p, r = scores[name]
    print(
        f"{name:12} Fréchet distance {distance:5.2f}, precision {p:.2f}, recall {r:.2f}, ", end=""
    )
    print(f"intended class {class_share(drawn[name], labels):.1%}, {rate:.0f} images/s")
features_of_others = gk.classify(images.x_valid[N_SCORED : 2 * N_SCORED])[0]
floor = gk.frechet_distance(real_features[: len(features_of_others)], features_of_others)
print(f"other validation images: Fréchet distance {floor:.2f} ({len(features_of_others)} images)")

# %% alt="ALT"
order = np.argsort(images.y_valid[:500], kind="stable")
gk.plot_images(
    np.concatenate([drawn["trained here"][:20], drawn["pretrained"][:20]]),
    title="Two rows by the model trained here, and two by the pretrained one",
)
plt.show()

# %% [markdown]
# READ

# %% [markdown]
# ## Are they copies?
# A model with a good Fréchet distance might simply have memorized its training images. So we look for the training image that is closest to a drawn one, by the Euclidean distance of the pixels. As a control we do the same for validation images, which nobody can have memorized.


# %%
def nearest(x, among):
    """Distances of images to the nearest of others, and which these are."""
    distances, indices = [], []
    for image in x.reshape(len(x), -1):
        squares = np.sum((among - image) ** 2, axis=1)
        indices.append(int(squares.argmin()))
        distances.append(float(np.sqrt(squares.min())))
    return np.array(distances), indices


flat = images.x_train.reshape(len(images.x_train), -1)
n = min(200, N_SCORED)
drawn_distances, neighbors = nearest(drawn["pretrained"][:n], flat)
valid_distances, _ = nearest(images.x_valid[:n], flat)
print(
    f"median distance to the nearest training image: drawn {np.median(drawn_distances):.2f}, ",
    end="",
)
print(f"validation images {np.median(valid_distances):.2f}")
print(f"smallest: drawn {drawn_distances.min():.2f}, validation images {valid_distances.min():.2f}")

# %% alt="ALT"
closest = np.argsort(drawn_distances)[:12]
gk.plot_rows(
    {
        "drawn": drawn["pretrained"][closest],
        "nearest": images.x_train[np.array(neighbors)[closest]],
    },
    title="The drawn images that are closest to a training image, with that image",
)
plt.show()

# %% [markdown]
# READ

# %% [markdown]
# ## Four samplers
# The first diffusion models were trained with the cosine schedule or a similar one, and drew in other ways. *DDPM* (Ho et al., 2020) goes through the chain of small steps in reverse, and adds some fresh noise in each step. *DDIM* (Song et al., 2021) leaves the fresh noise out. Our network was trained on straight paths. Do we have to train another one to compare them? No: only the proportion of image and noise matters. If $x_t = \alpha_t x_0 + \sigma_t \varepsilon$ is on the cosine schedule, then $x_t / (\alpha_t + \sigma_t)$ is on a straight path, at the time $\sigma_t / (\alpha_t + \sigma_t)$. There we ask our network for the velocity, which gives us image and noise.
#
# This also shows how DDIM and flow matching are related. DDIM goes to the next time with the predicted image and noise, $x_s = \alpha_s \hat x_0 + \sigma_s \hat\varepsilon$. On a straight path, this is exactly a step of Euler's method. So DDIM is Euler's method with other times, which we check to the last digits.


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
curves = {"DDPM": [], "DDIM": [], "Euler": [], "Heun": []}
samplers = {"DDPM": ddpm, "DDIM": ddim, "Euler": euler, "Heun": heun}
examples = {}
for name, sampler in samplers.items():
    for calls in CALLS:
        steps = (calls + 1) // 2 if name == "Heun" else calls
        pictures = in_parts(sampler, pretrained, compared_labels, np.linspace(1, 0, steps + 1))
        curves[name].append((2 * steps - 1 if name == "Heun" else calls, score(pictures)[0]))
        if calls == CALLS[1]:
            examples[f"{name} {curves[name][-1][0]}"] = pictures[:10]
    print(name, ", ".join(f"{calls} calls {distance:.1f}" for calls, distance in curves[name]))

# %% alt="ALT"
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
for (name, points), marker in zip(curves.items(), "sov^", strict=True):
    axis.plot(*zip(*points, strict=True), marker + "-", label=name)
axis.set(
    xscale="log",
    yscale="log",
    xlabel="calls of the network for an image",
    ylabel="Fréchet distance",
    title=f"Four samplers of the pretrained model, {N_COMPARED} images each",
)
axis.set_xticks(CALLS, [str(calls) for calls in CALLS])
axis.minorticks_off()
axis.legend()
axis.grid(alpha=0.3)
plt.show()

# %% alt="ALT"
gk.plot_rows(examples, title="The same labels and noise, by four samplers with few calls")
plt.show()

# %% [markdown]
# READ

# %% [markdown]
# ## Choosing a class, and insisting on it
# The network gets the class as an input, but how much does it listen? *Classifier-free guidance* (Ho and Salimans, 2022) makes it listen more. This is what the hidden classes in the training were for: the same network can predict a velocity with the class, $v(x, t, y)$, and one without, $v(x, t)$. We go further in the direction in which the class changes the prediction:
#
# $$v_w = v(x, t) + w\, (v(x, t, y) - v(x, t))$$
#
# With $w = 1$ this is the plain conditional model. We expect images that show their class more clearly with larger $w$, and fewer different ones. Each step now takes two calls.

# %%
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
real_share = class_share(images.x_test[:N_SCORED], images.y_test[:N_SCORED])
print(f"real test images in their class: {real_share:.1%}")

# %% alt="ALT"
gk.plot_rows(guided_rows, title="The same noise with different guidance, pretrained model")
plt.show()

# %% [markdown]
# READ

# %% [markdown]
# ## Completing a garment
# A GAN maps noise to a finished image, and offers no place to say that the upper half is known already. A model that draws in steps does. In each step we compute the image $\hat x_0$ that it is heading for, put the known pixels into it, and add fresh noise for the next time. The unknown pixels are drawn in the presence of the known ones, and can adapt to them in each step. The network was not trained for this, and we do not tell it the class.
#
# We hide the lower halves of 500<!-- setting --> validation images. Two simple rivals put them in context: the lower half of the training image whose upper half is closest, and the mean of all lower halves. We ask how often the classifier finds the class of the original, and how large the step between the two rows at the seam is.


# %%
def inpaint(network, known, visible, labels, times, seed=0):
    """Complete images (n, 28, 28, 1) in [-1, 1] that are known where visible (28, 28, 1) is 1."""
    rng = np.random.default_rng(seed)
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
unknown = np.full(n, 10)
completed = [
    to_pixels(inpaint(pretrained, x_valid[:n], visible, unknown, np.linspace(1, 0, 51), seed=i))
    for i in range(3)
]
upper = images.x_train[:, :14].reshape(len(images.x_train), -1)
_, neighbors = nearest(originals[:, :14], upper)
by_neighbor = visible * originals + (1 - visible) * images.x_train[neighbors]
half_mean = visible * originals + (1 - visible) * images.x_train.mean(axis=0)
completions = {
    "original": originals,
    "completed": completed[0],
    "neighbor": by_neighbor,
    "mean": half_mean,
}
inpainting = {}
for name, x in completions.items():
    seam = float(np.mean(np.abs(x[:, 14] - x[:, 13])))
    distance, p, r = score(x)
    inpainting[name] = class_share(x, images.y_valid[:n]), seam, distance
    print(f"{name:10} class of the original {inpainting[name][0]:.1%}, ", end="")
    print(f"step at the seam {seam:.3f}, Fréchet distance {distance:.1f}")

# %% alt="ALT"
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
# READ

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
loaded = keras.models.load_model(f"{MODELS}/15_diffusion.keras")
again = in_parts(heun, loaded, labels[:20], np.linspace(1, 0, 11))
test_features = gk.classify(images.x_test[:N_SCORED])[0]
test_distances = {
    name: gk.frechet_distance(test_features, gk.classify(x)[0]) for name, x in drawn.items()
}
print(f"Fréchet distance to test images: {test_distances}")
assert np.abs(again[:20] - drawn["trained here"][:20]).max() < 0.01, "the loaded model differs"
assert sampler_gap < 1e-3, "DDIM is not Euler"
assert worst_mean < 0.03 and worst_std < 0.03, "the closed form differs from small steps"
assert np.abs(completed[0][:, :14] - originals[:, :14]).max() < 1e-5, "visible pixels changed"

gk.record(
    "15_diffusion",
    ffd=scores["trained here"][0],
    seconds=time.perf_counter() - START,
)
