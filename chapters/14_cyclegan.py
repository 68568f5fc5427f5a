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
# # 14 CycleGAN
#
# Suppose that you want to turn photographs of horses into photographs of zebras. A network could learn this from pairs: the same animal, in the same pose, once with stripes and once without. Nobody has such pairs. What we do have are many photographs of horses and many of zebras, which have nothing to do with each other. CycleGAN (Zhu et al., 2017) learns the translation from these two collections (*transformación del dominio*).
#
# In this chapter we build it for Fashion-MNIST and give it two tasks. In the first one the right answer is known, so that we can measure how close it comes: outlines are to be filled in, and garments reduced to their outlines. The second task is of the kind on the slides: T-shirts are to become pullovers and pullovers T-shirts, so that sleeves have to appear and disappear while the rest is kept. Then we take the method apart, and look for failures that its loss does not show.
#
# | | |
# |---|---|
# | Slides | *CycleGAN: transformación del dominio* |
# | Textbook | not covered |
# | Result | Of the T-shirts among the test images 79 %<!-- test_to_pullover_percent --> are classified as pullovers after the translation, and 82 %<!-- test_to_shirt_percent --> of the pullovers as T-shirts (real ones: 89 %<!-- test_real_pullovers_percent --> and 88 %<!-- test_real_shirts_percent -->), with prints and shades kept; one training |
# | Time | 713 s<!-- seconds --> on two CPU cores; not measured on a GPU |
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

# %% quick={"ABLATIONS": [], "ABLATION_STEPS": 16, "BATCH_SIZE": 8, "BLOCKS": 0, "FILTERS": 8, "N_TRAIN": 1152, "OUTLINE_STEPS": 20, "QUICK": true, "SEEDS": 1, "SHIRT_STEPS": 20, "STARTS": [-1], "STEPS_PER_EXECUTION": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
FILTERS = 32  # of the translators; GPU: 64
BLOCKS = 3  # residual blocks of the translators; GPU: 6 to 9
OUTLINE_STEPS = 500  # gradient steps for the outlines
SHIRT_STEPS = 3000  # for T-shirts and pullovers; GPU: ten times as many
ABLATION_STEPS = 200  # for each network in the comparison
ABLATIONS = ["no cycle loss", "no identity loss", "neither", "no pool"]
STARTS = [-1, 1]  # share of the input in the output of an untrained translator
SEEDS = 2  # repetitions of the comparison
BATCH_SIZE = 16
RATE = 1e-3  # learning rate of the translators; the discriminators get half of it
STEPS_PER_EXECUTION = 10  # gradient steps per call from Python; more save overhead
MODELS = "models"  # folder for trained models

# %% [markdown]
# ## Two domains, twice
# We call the two sets of images *domains* $A$ and $B$.
#
# For the first task we compute the outline of a garment from the gradient of its brightness, whose length is large where neighboring pixels differ. (The difference is taken over two pixels, which makes the outlines thick, and cut at 1.) Domain $A$ consists of the outlines of one half of the training images, and domain $B$ of the images of the other half, as they are. So no outline in the training data has its garment there. For the validation images we know both, and can compare.
#
# For the second task, domain $A$ consists of T-shirts and domain $B$ of pullovers. Here we have no right answer, since there is no photograph of the same garment with short and with long sleeves.

# %% alt="Four rows of twelve images: outlines as bright lines on black, whole garments of other images, T-shirts, pullovers."
pathlib.Path(MODELS).mkdir(parents=True, exist_ok=True)
images = gk.load_images(n_train=N_TRAIN)


def outline(x):
    """Outlines (n, h, w, 1) in [0, 1] of images of that shape: twice the length of the gradient."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    horizontal = padded[:, 1:-1, 2:] - padded[:, 1:-1, :-2]
    vertical = padded[:, 2:, 1:-1] - padded[:, :-2, 1:-1]
    return np.minimum(np.sqrt(horizontal**2 + vertical**2), 1)


def of_class(x, y, name):
    """Images of one class."""
    return x[y == images.class_names.index(name)]


half = len(images.x_train) // 2
outlines, garments = outline(images.x_train[:half]), images.x_train[half:]
shirts = of_class(images.x_train, images.y_train, "T-shirt/top")
pullovers = of_class(images.x_train, images.y_train, "Pullover")
gk.plot_rows(
    {
        "A: outlines": outlines[:12],
        "B: garments": garments[:12],
        "A: T-shirts": shirts[:12],
        "B: pullovers": pullovers[:12],
    },
    title="The two tasks",
)
plt.show()

# %% [markdown]
# ## Two translators and a cycle
# A generator $G$ translates images of $A$ into images of $B$, and a second one, $F$, translates back. Unlike the generators of the chapters before they get an image and no noise. A discriminator $D_B$ tries to tell real images of $B$ from translations $G(a)$, and $D_A$ does the same for $A$.
#
# The two games alone would not guarantee a translation. $G$ could turn every T-shirt into some perfect pullover that has nothing to do with it. The idea of CycleGAN is that a translation from which the original can be recovered has to keep what is particular about it. So the round trips are compared with where they began.

# %% alt="Diagram: an image of A goes through G to a translation, which D B judges, and through F back to an image that is compared with the first; below, the same from B through F, judged by D A, and back through G."
gk.plot_diagram(
    {
        "a, from A": (0, 1),
        "G(a)": (2, 1),
        "F(G(a))": (4, 1),
        "compare with a": (6, 1),
        "D_B: is it from B?": (2, 2),
        "b, from B": (0, -0.2),
        "F(b)": (2, -0.2),
        "G(F(b))": (4, -0.2),
        "compare with b": (6, -0.2),
        "D_A: is it from A?": (2, -1.2),
    },
    [
        ("a, from A", "G(a)", "G"),
        ("G(a)", "F(G(a))", "F"),
        ("F(G(a))", "compare with a", ""),
        ("G(a)", "D_B: is it from B?", ""),
        ("b, from B", "F(b)", "F"),
        ("F(b)", "G(F(b))", "G"),
        ("G(F(b))", "compare with b", ""),
        ("F(b)", "D_A: is it from A?", ""),
    ],
    colored=["D_B: is it from B?", "D_A: is it from A?"],
    title="Both cycles (the real images for the discriminators are left out)",
    height=3,
)
plt.show()

# %% [markdown]
# The loss of the translators has three terms:
#
# $$\mathcal{L}_{adv} = \mathbb{E}_a (D_B(G(a)) - 1)^2 + \mathbb{E}_b (D_A(F(b)) - 1)^2$$
#
# $$\mathcal{L}_{cycle} = \mathbb{E}_a |F(G(a)) - a| + \mathbb{E}_b |G(F(b)) - b|$$
#
# $$\mathcal{L}_{identity} = \mathbb{E}_b |G(b) - b| + \mathbb{E}_a |F(a) - a|$$
#
# $$\mathcal{L} = \mathcal{L}_{adv} + 10\, \mathcal{L}_{cycle} + \mathcal{L}_{identity}$$
#
# The first term is the least-squares loss for GANs (Mao et al., 2017): the discriminators are trained to give real images the value 1 and translations 0, and the translators to get 1. The authors of CycleGAN found it more stable than cross-entropy. The last term asks a translator to leave alone what is in the target domain already: a pullover given to $G$ should come out as it is. The authors use it for some of their tasks, with a weight of 5<!-- setting -->. We take 1<!-- setting -->, and come back to this term at the end.

# %% [markdown]
# ## The networks
# A translator halves the resolution, changes the features in a few residual blocks, and doubles the resolution again. The input is joined to the last layer, so that pixels which need not change can be passed on. A translator normalizes each feature map of each image on its own, which is called *instance normalization*. In Keras this is group normalization with one feature in each group. The argument `start` is for the section "A second solution". A discriminator consists of convolutions only. It gives a value for each of 7 by 7 overlapping patches of the image, and its loss is the mean over these. A patch has 18 by 18 pixels, which is more than half of the height of a garment. (The authors' patches have 70 by 70 pixels of 256 by 256.)


# %%
def normalization():
    """Instance normalization: each feature map of each image on its own."""
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)


def small():
    """Initial weights with a standard deviation of 0.02, as in the paper."""
    return keras.initializers.RandomNormal(stddev=0.02)


def build_translator(shape=(28, 28, 1), filters=32, blocks=3, start=0.0):
    """Images in [-1, 1] of a shape to images of that shape.

    Height and width must be even. Before the training, what goes into the last tanh contains the
    input `start` times, so that -1 starts with negatives.
    """
    if shape[0] % 2 or shape[1] % 2:
        raise ValueError(f"height and width must be even, got {shape[0]} and {shape[1]}")
    image = keras.Input(shape)
    x = layers.Conv2D(filters, 4, strides=2, padding="same", kernel_initializer=small())(image)
    x = normalization()(x)
    x = layers.ReLU()(x)
    for _ in range(blocks):
        y = layers.Conv2D(filters, 3, padding="same", kernel_initializer=small())(x)
        y = normalization()(y)
        y = layers.ReLU()(y)
        y = layers.Conv2D(filters, 3, padding="same", kernel_initializer=small())(y)
        y = normalization()(y)
        x = layers.Add()([x, y])
    x = layers.Conv2DTranspose(
        filters // 2, 4, strides=2, padding="same", kernel_initializer=small()
    )(x)
    x = layers.ReLU()(x)
    x = layers.Concatenate()([x, image])
    last = layers.Conv2D(shape[-1], 3, padding="same", kernel_initializer=small(), dtype="float32")
    x = layers.Activation("tanh", dtype="float32")(last(x))
    kernel, bias = last.get_weights()
    kernel[1, 1, -shape[-1] :] += start * np.eye(shape[-1])
    last.set_weights([kernel, bias])
    return keras.Model(image, x)


def build_discriminator(shape=(28, 28, 1), filters=(32, 64)):
    """Images in [-1, 1] to a value for each patch, about 1 for real and 0 for translated ones."""
    discriminator = keras.Sequential()
    discriminator.add(keras.Input(shape))
    for i, n in enumerate(filters):
        discriminator.add(
            layers.Conv2D(n, 4, strides=2, padding="same", kernel_initializer=small())
        )
        if i > 0:
            discriminator.add(normalization())
        discriminator.add(layers.LeakyReLU(0.2))
    discriminator.add(
        layers.Conv2D(1, 3, padding="same", kernel_initializer=small(), dtype="float32")
    )
    return discriminator


# %% [markdown]
# We deviate from the paper in some points, most of them to save time. Our translators have a direct connection from the input to the last layer, which makes it easy to keep what need not change. They have fewer layers and no normalization after the transposed convolution. We take batches of 16<!-- setting --> images instead of 1, a learning rate of 0.001<!-- setting --> instead of 0.0002<!-- setting -->, which falls slowly at first instead of after half of the training and is only half as large for the discriminators.
#
# ## The image pool and the training step
# The authors train the discriminators with a *pool* of 50<!-- setting --> earlier translations of each kind. Half of the time the discriminator sees a new translation. The other half of the time it sees one from the pool, which the new one replaces there. This is meant to keep the two players from chasing each other. We test below whether it helps. (With their batches of one image, a translation stays in the pool for about a hundred steps. With our batches of 16<!-- setting --> it stays for about six.)


# %%
class ImagePool(layers.Layer):
    """Images (batch, h, w, c) to new or, half of the time, older ones; it keeps `size` of them."""

    def __init__(self, size, seed=None):
        super().__init__()
        self.size = size
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, shape):
        zeros = {"initializer": "zeros", "trainable": False}
        self.images = self.add_weight(shape=(self.size, *shape[1:]), **zeros)
        self.seen = self.add_weight(shape=(), dtype="int32", **zeros)

    def call(self, x):
        n = ops.shape(x)[0]
        filling = self.seen < self.size
        random = keras.random.shuffle(ops.arange(self.size), seed=self.seed_generator)[:n]
        places = ops.where(filling, (self.seen + ops.arange(n)) % self.size, random)
        half = keras.random.uniform((n, 1, 1, 1), seed=self.seed_generator) < 0.5
        exchange = ops.logical_and(half, ops.logical_not(filling))
        old = ops.take(self.images, places, axis=0)
        new = ops.where(ops.logical_or(exchange, filling), x, old)
        self.images.assign(ops.scatter_update(self.images, places[:, None], new))
        self.seen.assign_add(n)
        return ops.where(exchange, old, x)


def falling(rate, steps):
    """A learning rate that falls to 0, slowly at first."""
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    return keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0, power=0.5)


# gk.AdversarialModel is a keras.Model that says in a sentence what a GAN cannot do.
class CycleGAN(gk.AdversarialModel):
    """`fit` on unrelated images (a, b) in [-1, 1]; calling it on (a, b) gives (G(a), F(b))."""

    image_range = (-1.0, 1.0)

    def __init__(self, g, f, d_a, d_b, pool_size=50, seed=None):
        super().__init__()
        self.g, self.f, self.d_a, self.d_b = g, f, d_a, d_b
        self.pool_size = pool_size
        if pool_size:
            self.pool_a, self.pool_b = ImagePool(pool_size, seed), ImagePool(pool_size, seed)
            self.pool_a.build((None, *g.input_shape[1:]))
            self.pool_b.build((None, *f.input_shape[1:]))
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.built = True  # because its parts are

    def call(self, pair):
        a, b = pair
        return self.g(a), self.f(b)

    def compile(self, rate, steps, cycle_weight=10.0, identity_weight=1.0, **kwargs):
        """The learning rates fall to 0 after `steps` steps; D's is half of G's and F's."""
        self.cycle_weight = cycle_weight
        self.identity_weight = identity_weight
        g_adam = keras.optimizers.Adam(falling(rate, steps), beta_1=0.5)
        d_adam = keras.optimizers.Adam(falling(rate / 2, steps), beta_1=0.5)
        self.g_optimizer = gk.scale_optimizer(g_adam)
        self.d_optimizer = gk.scale_optimizer(d_adam)
        self.g_variables = self.g.trainable_variables + self.f.trainable_variables
        self.d_variables = self.d_a.trainable_variables + self.d_b.trainable_variables
        self.g_optimizer.build(self.g_variables)
        self.d_optimizer.build(self.d_variables)
        super().compile(optimizer=self.g_optimizer, **kwargs)  # else Keras creates a third one

    def train_step(self, pair):
        a, b = pair
        translations = []  # of the generators' phase, for the discriminators'

        def g_loss():
            # two batches in one call, which is faster: what to translate, and what to leave
            to_b, same_b = ops.split(self.g(ops.concatenate([a, b]), training=True), 2)
            to_a, same_a = ops.split(self.f(ops.concatenate([b, a]), training=True), 2)
            translations[:] = [to_a, to_b]
            back_a, back_b = self.f(to_b, training=True), self.g(to_a, training=True)
            adversarial = ops.mean(ops.square(self.d_b(to_b, training=True) - 1))
            adversarial += ops.mean(ops.square(self.d_a(to_a, training=True) - 1))
            cycle = ops.mean(ops.abs(back_a - a)) + ops.mean(ops.abs(back_b - b))
            identity = ops.mean(ops.abs(same_b - b)) + ops.mean(ops.abs(same_a - a))
            return adversarial + self.cycle_weight * cycle + self.identity_weight * identity

        g_value = gk.minimize(self.g_optimizer, g_loss, self.g_variables)
        fake_a, fake_b = [ops.stop_gradient(x) for x in translations]
        if self.pool_size:
            fake_a, fake_b = self.pool_a(fake_a), self.pool_b(fake_b)

        def d_loss():
            loss = 0.0
            for d, real, fake in ((self.d_a, a, fake_a), (self.d_b, b, fake_b)):
                values = d(ops.concatenate([real, fake]), training=True)
                real_values, fake_values = ops.split(values, 2)
                loss += ops.mean(ops.square(real_values - 1)) / 2
                loss += ops.mean(ops.square(fake_values)) / 2
            return loss

        d_value = gk.minimize(self.d_optimizer, d_loss, self.d_variables)
        self.d_loss.update_state(d_value)
        self.g_loss.update_state(g_value)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}


# %% [markdown]
# ## A task with a known answer
# We train both translators on the unpaired halves: the outlines of some images, and other images as they are. To save time for the second task, this is a single training of 500<!-- setting --> steps.


# %%
def unpaired(a, b, batch_size):
    """Endless batches in [-1, 1] of images a and b in [0, 1], each shuffled on its own."""
    gk.data.check_range(a, 0, 1)
    gk.data.check_range(b, 0, 1)
    sets = [tf.data.Dataset.from_tensor_slices(2 * x - 1).shuffle(len(x)).repeat() for x in (a, b)]
    options = tf.data.Options()
    options.autotune.enabled = False  # it can delay the end of `fit` by up to ten seconds
    return tf.data.Dataset.zip(tuple(sets)).batch(batch_size).with_options(options)


def train(a, b, steps, seed, pool_size=50, start=0.0, **weights):
    """A CycleGAN that was trained on images (n, h, w, c) of two domains in [0, 1]."""
    if 0 < pool_size < BATCH_SIZE:
        raise ValueError(f"a pool of {pool_size} images is too small for batches of {BATCH_SIZE}")
    keras.utils.set_random_seed(seed)
    shape = a.shape[1:]
    networks = [build_translator(shape, FILTERS, BLOCKS, start) for _ in range(2)]
    networks += [build_discriminator(shape) for _ in range(2)]
    model = CycleGAN(*networks, pool_size=pool_size, seed=seed)
    model.compile(
        RATE,
        steps,
        **weights,
        # a divisor of the steps, since Keras makes whole executions only
        steps_per_execution=math.gcd(STEPS_PER_EXECUTION, steps),
        jit_compile=run.jit_compile,
    )
    model.fit(
        unpaired(a, b, BATCH_SIZE),
        steps_per_epoch=steps,
        shuffle=False,  # they are already
        verbose=0,
    )
    return model


def translate(network, x):
    """Translations in [0, 1] of images (n, h, w, c) in [0, 1]."""
    parts = [np.asarray(network(2 * x[i : i + 500] - 1)) for i in range(0, len(x), 500)]
    return np.concatenate(parts) / 2 + 0.5


def error(x, y):
    """Mean absolute error per pixel of images in [0, 1]."""
    assert x.shape == y.shape, f"shapes {x.shape} and {y.shape} differ"
    return float(np.mean(np.abs(x - y)))


begin = time.perf_counter()
drawing = train(outlines, garments, OUTLINE_STEPS, run.seed)
print(f"training took {time.perf_counter() - begin:.0f} s")

# %% [markdown]
# For comparison we train the same translator on pairs, with the absolute error as its loss, for as many steps. It gets every outline together with its garment (or the other way round), so it has information that CycleGAN lacks, and its error is what we can hope for. At the other end there are simple answers without any learning: to leave the image as it is, to give a black image, and to give the same image every time, with the median of the target domain in each pixel. (No other constant image has a smaller mean absolute error.)


# %%
def train_on_pairs(x, y, steps):
    """A translator that was trained on pairs of images (n, h, w, c) in [0, 1]."""
    keras.utils.set_random_seed(run.seed)
    network = build_translator(filters=FILTERS, blocks=BLOCKS)
    network.compile(
        optimizer=keras.optimizers.Adam(falling(RATE, steps), beta_1=0.5),
        loss="mae",
        steps_per_execution=math.gcd(STEPS_PER_EXECUTION, steps),
        jit_compile=run.jit_compile,
    )
    pairs = tf.data.Dataset.from_tensor_slices((2 * x - 1, 2 * y - 1)).shuffle(len(x)).repeat()
    network.fit(
        pairs.batch(BATCH_SIZE),
        steps_per_epoch=steps,
        shuffle=False,  # they are already
        verbose=0,
    )
    return network


def repeated(image, x):
    """One image (h, w, c), as often as there are images x (n, h, w, c)."""
    return np.broadcast_to(image, x.shape)


x_known = images.x_valid[:2000]
valid_outlines = outline(x_known)
pairs = {
    "outline to garment": (drawing.g, outlines, images.x_train[:half], valid_outlines, x_known),
    "garment to outline": (drawing.f, garments, outline(garments), x_known, valid_outlines),
}
errors = {}
supervised = {}
for task, (network, x, y, x_valid, y_valid) in pairs.items():
    supervised[task] = train_on_pairs(x, y, OUTLINE_STEPS)
    errors[task] = {
        "unchanged": error(x_valid, y_valid),
        "black": error(np.zeros_like(y_valid), y_valid),
        "median answer": error(repeated(np.median(y[:5000], axis=0), y_valid), y_valid),
        "CycleGAN": error(translate(network, x_valid), y_valid),
        "trained on pairs": error(translate(supervised[task], x_valid), y_valid),
    }

# %% [markdown]
# For the garments there is a better simple answer: everything inside the outline becomes gray, and always the same gray, the median of such pixels in training images.

# %%
from scipy import ndimage


def inside(x):
    """Where outlines (n, h, w, 1) enclose something: filled, without the outer pixel."""
    filled = [ndimage.binary_fill_holes(image[..., 0] > 0.2) for image in x]
    return np.stack([ndimage.binary_erosion(image) for image in filled])[..., np.newaxis]


some = images.x_train[: min(half, 2000)]
gray = float(np.median(some[inside(outline(some))]))
errors["outline to garment"]["filled with one gray"] = error(gray * inside(valid_outlines), x_known)
for task, task_errors in errors.items():
    for name, value in sorted(task_errors.items(), key=lambda item: -item[1]):
        print(f"{task}, {name:20} mean absolute error {value:.4f}")

# %% alt="Six rows of twelve images: outlines; garments filled with gray, some too dark; the results of the network trained on pairs, close to the garments in the fourth row; their translations to outlines, with a filling of gray dots; and garments again, with the right shades."
shown = slice(0, 12)
drawn = translate(drawing.g, valid_outlines[shown])
sketched = translate(drawing.f, images.x_valid[shown])
gk.plot_rows(
    {
        "outline": valid_outlines[shown],
        "to garment": drawn,
        "on pairs": translate(supervised["outline to garment"], valid_outlines[shown]),
        "garment": images.x_valid[shown],
        "to outline": sketched,
        "back again": translate(drawing.g, sketched),
    },
    title="Validation images; the first and the fourth row belong together",
)
plt.show()

# %% [markdown]
# The outlines are filled in with gray, but often with the wrong shade. The boots in the third and sixth column and the coat in the last one should be almost white. They come out dark. The mean absolute error is 0.185<!-- known_answer_mae -->. This is less than that of the median garment (0.210<!-- known_answer_median_mae -->), but more than that of filling every outline with the same gray (0.098<!-- known_answer_filled_mae -->). So for this task our CycleGAN is worse than a simple rule. The network that was trained on pairs reaches 0.045<!-- known_answer_supervised_mae -->, with the same measure as its loss. So the outlines do contain most of what is needed. (A bright garment before a black background has a bright outline.) Why does CycleGAN not find it? One explanation is that its loss asks for a garment that the discriminator believes and that can be translated back, and not for the right shade. Another one is that 500<!-- setting --> steps are too few: they show less than a third of the images once, and dark boots with a bright rim do not look like garments.
#
# The other direction is no better. The error of 0.175<!-- to_outline_mae --> is close to that of the median outline (0.180<!-- to_outline_median_mae -->), and the fifth row shows why: where true outlines are dark, many of ours have a gray filling with a pattern of dots. (Some also have bright lines at the border of the image.) And yet the last row, which is drawn from these, gives every garment its own shade. Its error is only 0.030<!-- back_from_translation_mae -->, although true outlines led to 0.185<!-- known_answer_mae -->. So what $F$ draws must contain the shade in a way that $G$ can use. Is it in the dots, or in the gray between them? To find out, we change the interior before we translate back. Averaging the pixels of the interior with their neighbors inside should remove most of the dots and keep the gray. (With weights of 1, 2 and 1, a pattern that repeats every two pixels disappears, and one that repeats every three is reduced to a quarter.) Making the interior black removes both. As a control we do the same with true outlines.

# %%
sketches = translate(drawing.f, x_known)


interior = inside(valid_outlines) & (valid_outlines < 0.3)


def blurred(x):
    """Images (n, h, w, c), smoothed so that patterns of single pixels disappear."""
    for axis in (1, 2):
        x = ndimage.convolve1d(x, [0.25, 0.5, 0.25], axis=axis)
    return x


def interior_blurred(x):
    """Images in which pixels of the interior are averaged with their neighbors inside."""
    weights = blurred(interior.astype("float32"))
    return np.where(interior, blurred(np.where(interior, x, 0)) / np.maximum(weights, 1e-6), x)


def interior_black(x):
    """Images whose interior is black."""
    return np.where(interior, 0, x)


back_errors = {}
for source, x in {"F(b)": sketches, "true outline": valid_outlines}.items():
    back_errors[source] = error(translate(drawing.g, x), x_known)
    back_errors[f"{source}, interior blurred"] = error(
        translate(drawing.g, interior_blurred(x)), x_known
    )
    back_errors[f"{source}, interior black"] = error(
        translate(drawing.g, interior_black(x)), x_known
    )
for name, value in back_errors.items():
    print(f"garment from {name:30} mean absolute error {value:.4f}")

# %% [markdown]
# With a blurred interior the error of the way back rises from 0.030<!-- back_from_translation_mae --> to 0.033<!-- back_blurred_mae -->, with a black one to 0.202<!-- back_black_mae -->. (With true outlines a black interior costs much less: 0.247<!-- back_outline_black_mae --> in place of 0.185<!-- known_answer_mae -->.) So the shade is mostly in the mean gray of the filling, and the dots add little. The cycle loss is small although neither translation is right: $F$ leaves a gray filling in the outlines, and $G$ reads the shade from it. Whether longer training changes this is the question of exercise 3.

# %% [markdown]
# ## T-shirts and pullovers
# Now a task of the kind on the slides, in which no right answer exists. We train six times as long as for the outlines.

# %%
begin = time.perf_counter()
knitting = train(shirts, pullovers, SHIRT_STEPS, run.seed)
training_seconds = time.perf_counter() - begin
print(f"training took {training_seconds:.0f} s")
knitting.g.save(f"{MODELS}/14_shirt_to_pullover.keras")
knitting.f.save(f"{MODELS}/14_pullover_to_shirt.keras")

# %% [markdown]
# The classifier of the chapters before tells us how many translations pass as garments of the target class. We compare with the untranslated images and with real images of the target class. To see how much of a garment is kept, we measure the mean difference between a garment and its translation, and compare it with the difference between a garment and a random one of the target class. Since sleeves ought to change, we also measure it in the middle of the image alone, which is covered by the body of the garment. We leave out the lowest rows there and look at them separately, because the two classes differ in how far down they reach.


# %%
def share(x, name):
    """Share of images that the classifier takes for a class."""
    return float(np.mean(gk.classify(x)[1].argmax(axis=1) == images.class_names.index(name)))


def body(x):
    """The middle of garments (n, 28, 28, 1), without sleeves."""
    return x[:, 6:24, 9:19]


def hem(x):
    """The last rows of garments (n, 28, 28, 1), without sleeves."""
    return x[:, 24:, 9:19]


def judge(model, a, b):
    """Shares of the target class and errors of a CycleGAN, for T-shirts a and pullovers b."""
    to_b, to_a = translate(model.g, a), translate(model.f, b)
    back_a, back_b = translate(model.f, to_b), translate(model.g, to_a)
    values_b = np.asarray(model.d_b(2 * to_b - 1))
    values_a = np.asarray(model.d_a(2 * to_a - 1))
    return {
        "to pullover": share(to_b, "Pullover"),
        "to T-shirt": share(to_a, "T-shirt/top"),
        "own class after both": (share(back_a, "T-shirt/top") + share(back_b, "Pullover")) / 2,
        "cycle error": (error(back_a, a) + error(back_b, b)) / 2,
        "change": (error(to_b, a) + error(to_a, b)) / 2,
        "body change": (error(body(to_b), body(a)) + error(body(to_a), body(b))) / 2,
        "hem change": (error(hem(to_b), hem(a)) + error(hem(to_a), hem(b))) / 2,
        "identity error": (error(translate(model.g, b), b) + error(translate(model.f, a), a)) / 2,
        "adversarial loss": float(np.mean((values_b - 1) ** 2) + np.mean((values_a - 1) ** 2)),
    }


# %% [markdown]
# The adversarial loss is the first term of the loss above. It is 0.5<!-- setting --> if both discriminators give the value 0.5<!-- setting --> to every translation, and 2 if they give 0. "Own class after both" is the share of garments that are classified as what they were when they have been translated there and back.
#
# To put the numbers in context we compare with a method that learns nothing. It looks up the training image of the target class that has the closest body.


# %%
def nearest(x, others):
    """For each of x the one of other images (m, h, w, c) whose body is closest."""
    flat = body(others).reshape(len(others), -1)
    bodies = body(x).reshape(len(x), -1)
    return others[[np.abs(flat - image).mean(axis=1).argmin() for image in bodies]]


valid_shirts = of_class(images.x_valid, images.y_valid, "T-shirt/top")
valid_pullovers = of_class(images.x_valid, images.y_valid, "Pullover")
found_pullovers, found_shirts = nearest(valid_shirts, pullovers), nearest(valid_pullovers, shirts)
found = {
    "to pullover": share(found_pullovers, "Pullover"),
    "to T-shirt": share(found_shirts, "T-shirt/top"),
    "change": (error(found_pullovers, valid_shirts) + error(found_shirts, valid_pullovers)) / 2,
    "body change": (
        error(body(found_pullovers), body(valid_shirts))
        + error(body(found_shirts), body(valid_pullovers))
    )
    / 2,
}

# %% [markdown]
# Other points of reference are real and untranslated images, random pairs, and the median garment of the target class as the answer to everything.

# %%
scores = judge(knitting, valid_shirts, valid_pullovers)
real_shares = share(valid_pullovers, "Pullover"), share(valid_shirts, "T-shirt/top")
plain_shares = share(valid_shirts, "Pullover"), share(valid_pullovers, "T-shirt/top")
n = min(len(valid_shirts), len(valid_pullovers))
random_change = error(valid_shirts[:n], valid_pullovers[:n])
random_body = error(body(valid_shirts[:n]), body(valid_pullovers[:n]))
median_pullover, median_shirt = np.median(pullovers, axis=0), np.median(shirts, axis=0)
median_body = (
    error(body(repeated(median_pullover, valid_shirts)), body(valid_shirts))
    + error(body(repeated(median_shirt, valid_pullovers)), body(valid_pullovers))
) / 2
random_hem = error(hem(valid_shirts[:n]), hem(valid_pullovers[:n]))
hem_means = {
    "T-shirts": hem(valid_shirts).mean(),
    "pullovers": hem(valid_pullovers).mean(),
    "T-shirts to pullovers": hem(translate(knitting.g, valid_shirts)).mean(),
    "pullovers to T-shirts": hem(translate(knitting.f, valid_pullovers)).mean(),
}
print("CycleGAN: ", ", ".join(f"{key} {value:.3f}" for key, value in scores.items()))
print(
    "training image with the closest body: ",
    ", ".join(f"{key} {value:.3f}" for key, value in found.items()),
)
print(f"random pairs: change {random_change:.3f}, body change {random_body:.3f}, ", end="")
print(f"hem change {random_hem:.3f}")
print(f"the median garment for all: body change {median_body:.3f}")
print(f"real pullovers {real_shares[0]:.1%}, real T-shirts {real_shares[1]:.1%}")
print(f"untranslated {plain_shares[0]:.1%} and {plain_shares[1]:.1%}")
print("brightness of the hem: ", end="")
print(", ".join(f"{name} {value:.2f}" for name, value in hem_means.items()))

# %% alt="Seven rows of twelve images: T-shirts, the same with sleeves, and T-shirts again; pullovers, the same without sleeves, and pullovers again, with prints and shades kept; and T-shirts of the training data with similar bodies."
sweaters = translate(knitting.g, valid_shirts[:12])
tees = translate(knitting.f, valid_pullovers[:12])
gk.plot_rows(
    {
        "T-shirt": valid_shirts[:12],
        "to pullover": sweaters,
        "and back": translate(knitting.f, sweaters),
        "pullover": valid_pullovers[:12],
        "to T-shirt": tees,
        "and back ": translate(knitting.g, tees),
        "closest body": nearest(valid_pullovers[:12], shirts),
    },
    title="Validation images, their translations, and the way back",
)
plt.show()

# %% [markdown]
# In most columns sleeves appear and disappear, while prints, shades and necklines stay. 81 %<!-- to_pullover_percent --> of the T-shirts and 85 %<!-- to_shirt_percent --> of the pullovers pass as garments of the other class, compared with 92 %<!-- real_pullovers_percent --> and 93 %<!-- real_shirts_percent --> of the real ones. (The classifier has seen these real images in its training, and we chose our settings by these shares. On the test images, at the end of the chapter, 79 %<!-- test_to_pullover_percent --> and 82 %<!-- test_to_shirt_percent --> of the translations pass, and 89 %<!-- test_real_pullovers_percent --> and 88 %<!-- test_real_shirts_percent --> of the real ones.) The body of a garment changes by 0.023<!-- body_change_mae --> per pixel on average. The median garment of the other class differs from it by 0.216<!-- median_body_mae -->, and a random one by 0.288<!-- random_body_mae -->.
#
# The training image with the closest body passes more often, in 92 %<!-- nearest_to_pullover_percent --> and 90 %<!-- nearest_to_shirt_percent --> of the cases. This is no surprise, since these are real garments of the target class. But their bodies differ from the originals by 0.057<!-- nearest_body_mae -->, more than twice as much as those of the translations, and prints get lost, as the last row shows.
#
# The hem, the last four rows of pixels, changes much more, by 0.288<!-- hem_change_mae --> (random pairs: 0.426<!-- random_hem_mae -->). In the second row of the figure, for example, the bodies in columns 7, 8, 9 and 12 end higher than before, and in the fifth row, those in columns 6 and 9 end lower. On average this is the difference between the classes. The mean brightness of these rows is 0.57<!-- shirts_hem --> for T-shirts, which reach further down, and 0.29<!-- pullovers_hem --> for pullovers. Translated T-shirts and pullovers have the values of the other class, 0.33<!-- to_pullovers_hem --> and 0.58<!-- to_shirts_hem -->.
#
# Not all is well. The pullover in the second column lies in an unusual pose, and is not translated at all. Several T-shirts in the fifth row keep faint remains of their sleeves, as dots beside the body. The one in the fifth column has one sleeve, and only dots in place of the other.

# %% [markdown]
# ## What the parts are good for
# Which parts of the method matter? We leave out the cycle loss, the identity loss, both of them, and the pool, and train each variant with two seeds. To save time we take only 200<!-- setting --> steps. So the numbers should be compared with each other only, and not with those of the long training, and what we find holds for this early stage.

# %%
left_out = {
    "no cycle loss": {"cycle_weight": 0.0},
    "no identity loss": {"identity_weight": 0.0},
    "neither": {"cycle_weight": 0.0, "identity_weight": 0.0},
    "no pool": {"pool_size": 0},
}
ablation, examples = {}, {"T-shirt": valid_shirts[:12]}
shown = ["to pullover", "to T-shirt", "cycle error", "body change", "adversarial loss"]
print(f"{'':24}" + "".join(f"{key:>18}" for key in shown))
for name in ["complete", *ABLATIONS]:
    changes = left_out.get(name, {})
    results = []
    for seed in range(run.seed, run.seed + SEEDS):
        model = train(shirts, pullovers, ABLATION_STEPS, seed, **changes)
        results.append(judge(model, valid_shirts, valid_pullovers))
        if seed == run.seed:
            examples[name.replace(" ", "\n", 1)] = translate(model.g, valid_shirts[:12])
        print(f"{name}, seed {seed}".ljust(24), end="")
        print("".join(f"{results[-1][key]:18.3f}" for key in shown))
    ablation[name] = results

# %% alt="Six rows of twelve images: T-shirts, and blurred pullovers by five variants. All keep shades and some prints, except the variant with neither loss, whose pullovers are all bright and alike."
gk.plot_rows(examples, title="T-shirts as pullovers, by the variants of the first seed")
plt.show()

# %% [markdown]
# By the share of pullovers that pass as T-shirts, the complete model would look bad. After so few steps it is 40 %<!-- complete_1_to_shirt_percent --> and 31 %<!-- complete_2_to_shirt_percent --> (with the two seeds), and without the cycle loss 92 %<!-- no_cycle_loss_1_to_shirt_percent --> and 85 %<!-- no_cycle_loss_2_to_shirt_percent -->. (In the other direction the two seeds disagree about which is better.) With neither of the two losses 100 %<!-- neither_1_to_pullover_percent --> and 97 %<!-- neither_1_to_shirt_percent --> pass with the first seed, 92 %<!-- neither_2_to_pullover_percent --> and 77 %<!-- neither_2_to_shirt_percent --> with the second. But a translation that passes need not have anything to do with its original.
#
# The change of the body tells more. Without cycle and identity loss it is 0.257<!-- neither_1_body_mae --> and 0.320<!-- neither_2_body_mae -->, about as much as that of a random garment (0.288<!-- random_body_mae -->), and more than the 0.22<!-- median_body_mae --> of one median garment for all. The fifth row of the figure shows bright pullovers for T-shirts of all shades, with traces of a print at most. Either of the two losses alone prevents this. Without the cycle loss, the variant of which so many pass, the body changes only a little more than in the complete model: by 0.061<!-- no_cycle_loss_1_body_mae --> and 0.069<!-- no_cycle_loss_2_body_mae -->, without the identity loss by 0.055<!-- no_identity_loss_1_body_mae --> and 0.069<!-- no_identity_loss_2_body_mae -->, and with both by 0.052<!-- complete_1_body_mae --> twice. So the identity loss also ties a translation to its original, although it is computed on untranslated images of the target domain only. A possible reason is the direct connection from the input to the last layer: a translator that has learned to pass pullovers on does the same with the body of a T-shirt. We have not tested this. Nor does this short comparison show that the cycle loss is needed where the identity loss is present. Exercise 1 asks what becomes of it in a long training.
#
# What is lost without the cycle loss is the way back. Without it the error after both translations is 0.095<!-- no_cycle_loss_1_cycle_mae --> and 0.092<!-- no_cycle_loss_2_cycle_mae -->, with it 0.045<!-- complete_1_cycle_mae --> and 0.046<!-- complete_2_cycle_mae -->. Leaving out the pool changes the shares by at most 2 percentage points and the errors by much less than 0.01<!-- setting -->, mostly less than a change of seed does.

# %% [markdown]
# ## Does a translation hide information?
# In the outlines the information for the way back is plain to see. Chu, Zhmoginov and Sandler (2017) found that CycleGAN can also hide it in faint details that nobody notices: their network drew aerial photographs from its own maps, with details that could not be seen in these maps. Our T-shirts make one wonder, too. Most pullovers in the figure get back sleeves of the right length and shade, although hardly anything of them is left in the T-shirts from which they are drawn.
#
# First we ask how good the way back is. We look at pixels in the lower half that have become darker in the translation, most of which belong to long sleeves. There we compare it with two simple guesses: the median shade of the body, and the best that any single shade for each pullover could reach, which is the true median of these pixels. And since remains of the sleeves can be seen in some T-shirts, we look separately at those pullovers of which nothing brighter than 0.1<!-- setting --> is left at these places. (They have fewer such pixels than others, and remains beside them are not counted.) We take pullovers with a bright body, whose sleeves stand out.


# %%
def darkened(b, to_a):
    """Pixels that a translation has made darker, such as sleeves or the interior of an outline."""
    return b - to_a > 0.15


def mean_at(values, pixels):
    """Mean of the values where `pixels` is True; 0 where none is."""
    return float(values[pixels].sum() / max(pixels.sum(), 1))


def median_shade(x, pixels):
    """The median of each image (n, h, w, 1) where `pixels` is True, as (n, 1, 1, 1)."""
    chosen = np.ma.masked_array(x, ~pixels).reshape(len(x), -1)
    return np.ma.median(chosen, axis=1).filled(0).reshape(-1, 1, 1, 1)


bright = valid_pullovers[body(valid_pullovers).mean(axis=(1, 2, 3)) > 0.4]
to_a = translate(knitting.f, bright)
sleeves = darkened(bright, to_a)
sleeves[:, :14] = False  # the upper half, in which T-shirts have sleeves, too
brightest_remains = np.where(sleeves, to_a, 0).max(axis=(1, 2, 3))
groups = {"all": brightest_remains <= 1, "nothing left": brightest_remains < 0.1}
answers = {
    "not translated back": to_a,
    "shade of the body": np.median(body(to_a), axis=(1, 2, 3), keepdims=True) + 0 * to_a,
    "best single shade": median_shade(bright, sleeves) + 0 * to_a,
    "translated back": translate(knitting.g, to_a),
}
sleeve_errors = {}
print("error in the darkened pixels of the lower half of bright pullovers:")
for name, group in groups.items():
    for answer, x in answers.items():
        gaps = np.abs(x - bright)
        sleeve_errors[name, answer] = mean_at(gaps[group], sleeves[group])
        print(f"{name:12} ({group.sum():3}), {answer:20} {sleeve_errors[name, answer]:.3f}")

# %% [markdown]
# The way back has an error of 0.080<!-- sleeves_mae --> in these pixels, where the T-shirt as it is would have 0.64<!-- sleeves_not_back_mae -->. It is much better than the shade of the body (0.16<!-- sleeves_body_shade_mae -->), and even than the best single shade (0.15<!-- sleeves_best_shade_mae -->). So the translator also knows how the sleeves are shaded, for example at their darker edges. (Sleeves that are drawn too long would cost nothing in these pixels. The error of all other pixels is small, as the next cell shows.) Does it see this in the remains? Where nothing is left at these places, its error is 0.073<!-- bare_sleeves_mae -->, compared with 0.16<!-- bare_sleeves_best_shade_mae --> for the best single shade. So it does not need visible remains there. It might have learned what most sleeves look like, or read it from the shoulders and the short sleeves, or from something that we do not see.
#
# A code in single faint pixels would not survive noise that is stronger than the code. So we add noise to the translation of all pullovers, beginning with 0.01<!-- setting --> (two or three of 255 gray levels), and measure the error of the way back in all darkened pixels. A code in the mean of a larger region would survive this, so we also add smooth noise, which shifts the brightness of whole regions. (A faint pattern that is repeated over many pixels may survive both.) For comparison we also measure the other pixels, most of which can be copied from the translation, and the outlines, from which $G$ reads the shade of whole regions.

# %% alt="Curves of the error against the noise, from 0 to 0.1. In the darkened pixels of the T-shirts the error is flat up to 0.02 and then doubles, the same for fine and smooth noise. For the outlines smooth noise triples the error, fine noise raises it by half. Two dotted lines for the other pixels lie below and rise slowly."
amounts = [0, 0.01, 0.02, 0.05, 0.1]


def way_back(model, b, amount, smooth):
    """Errors of G(F(b) + noise) in the pixels that F has made darker, and in the others."""
    to_a = translate(model.f, b)
    noise = np.random.default_rng(run.seed).standard_normal(b.shape, "float32")
    noise = ndimage.gaussian_filter(noise, (0, smooth, smooth, 0))
    noise = noise / noise.std()
    gaps = np.abs(translate(model.g, to_a + amount * noise) - b)
    darker = darkened(b, to_a)
    return mean_at(gaps, darker), mean_at(gaps, ~darker)


figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
noisy_backs = {}
for name, model, b, color in [
    ("T-shirts", knitting, valid_pullovers, "C0"),
    ("outlines", drawing, x_known[:1000], "C1"),
]:
    for kind, smooth in [("fine", 0), ("smooth", 3)]:
        gaps = np.array([way_back(model, b, amount, smooth) for amount in amounts])
        noisy_backs[name, kind] = gaps
        style = "o-" if kind == "fine" else "s--"
        axis.plot(amounts, gaps[:, 0], style, color=color, label=f"{name}, {kind} noise")
        for pixels, values in zip(["darkened", "other"], gaps.T, strict=True):
            print(f"{name}, {kind:6} noise, {pixels:8} pixels: ", end="")
            print(", ".join(f"{value:.4f}" for value in values))
    axis.plot(
        amounts,
        noisy_backs[name, "fine"][:, 1],
        ":",
        color=color,
        label=f"{name}, other pixels, fine noise",
    )
axis.set(
    xlabel="standard deviation of the noise (images in [0, 1])",
    ylabel="mean absolute error",
    title="Error of the way back, with noise added to the translation",
    ylim=(0, None),
)
figure.legend(loc="outside right upper", fontsize=8)
axis.grid(alpha=0.3)
plt.show()

# %% [markdown]
# If the sleeves depended on details fainter than the noise, the error would rise strongly. Noise of 0.02<!-- setting -->, which is five gray levels, hardly matters. In the darkened pixels of the T-shirts, fine noise raises the error from 0.079<!-- noise_none_mae --> to 0.083<!-- noise_fine_mae -->, and smooth noise to 0.083<!-- noise_smooth_mae -->. In the other pixels it rises from 0.019<!-- noise_none_other_mae --> to 0.021<!-- noise_fine_other_mae -->, about half as much. So there is no sign of a code in single pixels or in shades as faint as this. Stronger noise also damages what is clearly visible, and cannot tell us whether there is a code.
#
# The outlines react in another way. With noise of 0.05<!-- setting -->, fine noise raises the error in their darkened pixels from 0.050<!-- outlines_none_mae --> to 0.058<!-- outlines_more_fine_mae -->, and smooth noise to 0.090<!-- outlines_more_smooth_mae -->. Fine noise averages out over a region, and smooth noise does not. (In their other pixels, too, smooth noise more than doubles the error, as the output shows. One explanation is that $G$ has learned to turn any gray region into fabric.) For the T-shirts both kinds matter equally (0.106<!-- noise_more_fine_mae --> and 0.103<!-- noise_more_smooth_mae -->).
#
# So for the T-shirts we have found no hidden code, and have not excluded one. Remains with a brightness between 0.02<!-- setting --> and 0.1<!-- setting --> pass our first test, and are too strong for our second one.

# %% [markdown]
# ## A second solution
# The loss asks that translations look like the target domain and that the way back succeeds. More than one pair of translators may satisfy it. Moriakov et al. (2020) show that this happens whenever there is an invertible map of a domain onto itself, other than the identity, that leaves the distribution of its images unchanged. Take the negative of each garment, in which dark becomes bright and bright becomes dark. If $G$ makes pullovers with the negative shade, and $F$ takes the negative again, then the round trip is perfect. The distribution stays the same only roughly, since bright pullovers are more frequent than dark ones: 67 %<!-- bright_pullovers_percent --> of those for training have a body that is brighter than one half on average. So the discriminator has some reason to object. Is it enough?
#
# The trainings so far began with small random weights, far from both solutions. Now we let the last layer of both translators begin with the negative of the input (`start=-1`), and for comparison with the input as it is (`start=1`). (The negative of the input also has a white background, which the training has to turn black.) We do this without the identity loss, which the authors use for some of their tasks only.

# %%
shown = ["to pullover", "to T-shirt", "change", "cycle error", "identity error"]
shown.append("adversarial loss")
started, started_rows = {}, {"T-shirt": valid_shirts[:12]}
for start in STARTS:
    changes = {"start": start, "identity_weight": 0.0}
    model = train(shirts, pullovers, ABLATION_STEPS, run.seed, **changes)
    started[start] = judge(model, valid_shirts, valid_pullovers)
    print(f"start {start:2}: ", end="")
    print(", ".join(f"{key} {started[start][key]:.3f}" for key in shown))
    pullover_row = translate(model.g, valid_shirts[:12])
    started_rows[f"start {start}"] = pullover_row
    started_rows[f"start {start}\nand back"] = translate(model.f, pullover_row)

# %% alt="Five rows of twelve images: T-shirts; with the start of -1, bodies in reversed shades between bright stripes, and T-shirts in the original shades again; with the start of 1, bodies in the original shades with stripes as sleeves, and T-shirts again."
gk.plot_rows(
    started_rows, title="T-shirts as pullovers and back, by start, without the identity loss"
)
plt.show()

# %% [markdown]
# It is not, at least not within 200<!-- setting --> steps: the translators that began with negatives still have them. Bright T-shirts get dark bodies and dark ones bright bodies, between bright stripes for the sleeves, and the way back restores the original shades. A garment changes by 0.362<!-- start_minus_change -->, more than the difference of a random pair (0.270<!-- random_pair_mae -->), while with the other start it changes by 0.096<!-- start_plus_change -->.
#
# Do the losses show it? The cycle error is 0.034<!-- start_minus_cycle_error --> with negatives and 0.030<!-- start_plus_cycle_error --> with the other start. Two seeds with the usual start differ by less than this, but both values are below the 0.046<!-- no_identity_loss_1_cycle_mae --> of the same training from small random weights, so the value alone would look good. The adversarial loss is 0.741<!-- start_minus_adversarial_loss --> and 0.707<!-- start_plus_adversarial_loss -->. From small random weights, the two seeds without the identity loss have 0.717<!-- no_identity_loss_1_adversarial_loss --> and 0.756<!-- no_identity_loss_2_adversarial_loss -->, so this difference tells nothing. (Each start is one training.) Nor does the classifier object: 83 %<!-- start_minus_to_pullover_percent --> and 49 %<!-- start_minus_to_shirt_percent --> pass with negatives, 80 %<!-- start_plus_to_pullover_percent --> and 41 %<!-- start_plus_to_shirt_percent --> without. Yet most of the pictures with negatives do not look like pullovers, so a share that passes does not tell us that the images look right. Among the terms of the loss only the identity error gives the negatives away, 0.394<!-- start_minus_identity_error --> compared with 0.045<!-- start_plus_identity_error -->. It was not used here, and this is a good reason to include it.
#
# We have chosen this start on purpose, and stopped early: whether the negatives would disappear in a longer training is the question of exercise 4. From small random weights, both of our seeds came out with the original shades, even without the identity loss. But if you train a CycleGAN on data of your own, look at its pictures and at what it changes, and not only at its losses.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
test_shirts = of_class(images.x_test, images.y_test, "T-shirt/top")
test_pullovers = of_class(images.x_test, images.y_test, "Pullover")
test_scores = judge(knitting, test_shirts, test_pullovers)
test_real_shares = share(test_pullovers, "Pullover"), share(test_shirts, "T-shirt/top")
print("test images: ", ", ".join(f"{key} {value:.3f}" for key, value in test_scores.items()))
print(f"real pullovers {test_real_shares[0]:.1%}, real T-shirts {test_real_shares[1]:.1%}")
loaded = keras.models.load_model(f"{MODELS}/14_shirt_to_pullover.keras")
loaded_gap = error(translate(loaded, valid_shirts[:50]), translate(knitting.g, valid_shirts[:50]))
outline_errors = errors["outline to garment"]
mean_of = {
    name: {key: np.mean([result[key] for result in results]) for key in results[0]}
    for name, results in ablation.items()
}
assert loaded_gap < 1e-5, "the loaded translator gives other images"
if not QUICK:
    assert outline_errors["trained on pairs"] < outline_errors["CycleGAN"], "pairs do not help"
    assert outline_errors["CycleGAN"] < outline_errors["median answer"], "no better than the median"
    assert outline_errors["filled with one gray"] < outline_errors["CycleGAN"], (
        "the fill with one gray is worse"
    )
    assert back_errors["F(b)"] < back_errors["true outline"] / 2, "no code between F and G"
    assert back_errors["F(b), interior black"] > 2 * back_errors["F(b), interior blurred"], (
        "the gray of the filling does not carry the shade"
    )
    assert min(test_scores["to pullover"], test_scores["to T-shirt"]) > 0.7, "few pass"
    cycle_errors = [mean_of[name]["cycle error"] for name in ("no cycle loss", "complete")]
    assert cycle_errors[0] > 1.5 * cycle_errors[1], "the cycle loss does not matter"
    bodies = {name: means["body change"] for name, means in mean_of.items()}
    neither = bodies.pop("neither")
    assert neither > 2 * max(bodies.values()), "either loss alone does not keep the body"
    assert started[-1]["change"] > random_change, "no negatives"
    assert started[-1]["to pullover"] > 0.5, "negatives do not pass"
    assert started[1]["change"] < random_change / 2, "positives change as much"
    assert found["body change"] > 1.5 * scores["body change"], "the closest image keeps the body"
    for name in groups:
        assert (
            sleeve_errors[name, "translated back"] < 0.8 * sleeve_errors[name, "best single shade"]
        ), f"{name}: a single shade for the sleeves is as good as the way back"
    assert scores["change"] < random_change / 2, "little of a garment is kept"

ablation_numbers = {}
for name, results in ablation.items():
    key = name.replace(" ", "_")
    for i, result in enumerate(results, start=1):
        ablation_numbers[f"{key}_{i}_cycle_mae"] = result["cycle error"]
        ablation_numbers[f"{key}_{i}_change_mae"] = result["change"]
        ablation_numbers[f"{key}_{i}_to_shirt_percent"] = 100 * result["to T-shirt"]
        ablation_numbers[f"{key}_{i}_to_pullover_percent"] = 100 * result["to pullover"]
        ablation_numbers[f"{key}_{i}_body_mae"] = result["body change"]
        ablation_numbers[f"{key}_{i}_adversarial_loss"] = result["adversarial loss"]
start_numbers = {}
for start, result in started.items():
    key = f"start_{'minus' if start < 0 else 'plus'}"
    for name in ("change", "cycle error", "identity error", "adversarial loss"):
        start_numbers[f"{key}_{name.replace(' ', '_')}"] = result[name]
    start_numbers[f"{key}_body"] = result["body change"]
    start_numbers[f"{key}_to_shirt_percent"] = 100 * result["to T-shirt"]
    start_numbers[f"{key}_to_pullover_percent"] = 100 * result["to pullover"]
gk.record(
    "14_cyclegan",
    to_target_share=(scores["to pullover"] + scores["to T-shirt"]) / 2,
    to_pullover_percent=100 * scores["to pullover"],
    to_shirt_percent=100 * scores["to T-shirt"],
    test_to_target_share=(test_scores["to pullover"] + test_scores["to T-shirt"]) / 2,
    test_to_pullover_percent=100 * test_scores["to pullover"],
    test_to_shirt_percent=100 * test_scores["to T-shirt"],
    test_real_pullovers_percent=100 * test_real_shares[0],
    test_real_shirts_percent=100 * test_real_shares[1],
    real_pullovers_percent=100 * real_shares[0],
    real_shirts_percent=100 * real_shares[1],
    back_share=scores["own class after both"],
    cycle_mae=scores["cycle error"],
    change_mae=scores["change"],
    **ablation_numbers,
    **start_numbers,
    random_pair_mae=random_change,
    known_answer_mae=outline_errors["CycleGAN"],
    known_answer_supervised_mae=outline_errors["trained on pairs"],
    known_answer_median_mae=outline_errors["median answer"],
    known_answer_filled_mae=outline_errors["filled with one gray"],
    known_answer_unchanged_mae=outline_errors["unchanged"],
    to_outline_mae=errors["garment to outline"]["CycleGAN"],
    to_outline_supervised_mae=errors["garment to outline"]["trained on pairs"],
    to_outline_median_mae=errors["garment to outline"]["median answer"],
    back_from_translation_mae=back_errors["F(b)"],
    back_blurred_mae=back_errors["F(b), interior blurred"],
    back_black_mae=back_errors["F(b), interior black"],
    back_outline_blurred_mae=back_errors["true outline, interior blurred"],
    back_outline_black_mae=back_errors["true outline, interior black"],
    noise_none_mae=noisy_backs["T-shirts", "fine"][0, 0],
    noise_fine_mae=noisy_backs["T-shirts", "fine"][2, 0],
    noise_smooth_mae=noisy_backs["T-shirts", "smooth"][2, 0],
    noise_more_fine_mae=noisy_backs["T-shirts", "fine"][3, 0],
    noise_more_smooth_mae=noisy_backs["T-shirts", "smooth"][3, 0],
    noise_none_other_mae=noisy_backs["T-shirts", "fine"][0, 1],
    noise_fine_other_mae=noisy_backs["T-shirts", "fine"][2, 1],
    outlines_none_mae=noisy_backs["outlines", "fine"][0, 0],
    outlines_more_fine_mae=noisy_backs["outlines", "fine"][3, 0],
    outlines_more_smooth_mae=noisy_backs["outlines", "smooth"][3, 0],
    sleeves_mae=sleeve_errors["all", "translated back"],
    sleeves_best_shade_mae=sleeve_errors["all", "best single shade"],
    sleeves_body_shade_mae=sleeve_errors["all", "shade of the body"],
    sleeves_not_back_mae=sleeve_errors["all", "not translated back"],
    bare_sleeves_mae=sleeve_errors["nothing left", "translated back"],
    bare_sleeves_best_shade_mae=sleeve_errors["nothing left", "best single shade"],
    bare_sleeves=groups["nothing left"].sum(),
    bright_pullovers_percent=100 * np.mean(body(pullovers).mean(axis=(1, 2, 3)) > 0.5),
    body_change_mae=scores["body change"],
    test_body_change_mae=test_scores["body change"],
    hem_change_mae=scores["hem change"],
    random_hem_mae=random_hem,
    shirts_hem=hem_means["T-shirts"],
    pullovers_hem=hem_means["pullovers"],
    to_pullovers_hem=hem_means["T-shirts to pullovers"],
    to_shirts_hem=hem_means["pullovers to T-shirts"],
    median_body_mae=median_body,
    random_body_mae=random_body,
    nearest_body_mae=found["body change"],
    nearest_change_mae=found["change"],
    nearest_to_pullover_percent=100 * found["to pullover"],
    nearest_to_shirt_percent=100 * found["to T-shirt"],
    training_seconds=training_seconds,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - CycleGAN learns to translate between two collections of images without pairs. Discriminators make the translations look like their domain, and the cycle loss and the identity loss tie each one to its original.
# - Our translators turn 79 %<!-- test_to_pullover_percent --> of the T-shirts among the test images into pullovers for a classifier, and 82 %<!-- test_to_shirt_percent --> of the pullovers into T-shirts (one training). They change the bodies by less than a tenth of the difference to a random garment of the other class, and move the hem as the classes differ.
# - Without cycle and identity loss a translation loses the shade and most of the print of its original. In our short comparison either of the two is enough to keep the shade, and as much of the print as the complete model keeps. The image pool, which holds a translation for six steps only at our batch size, makes no difference.
# - A small cycle loss does not mean that a translation is right. In our task with a known answer, after 500<!-- setting --> steps, $F$ leaves a gray filling in the outlines, from which $G$ reads the shade. The garments that $G$ draws from true outlines are further from the truth than outlines filled with one fixed gray.
# - The loss may have solutions that we do not want. Translators that began with negatives still had them after 200<!-- setting --> steps, and neither the classifier nor the cycle loss would have made us suspicious.
#
# ## Exercises
# 1. *(easy)* Set the weight of the cycle loss to 0, 1 and 100, and train for 3,000 steps. What do the translations lose, and what do they gain?
# 2. *(easy)* Translate sandals to boots. Which parts of a sandal survive?
# 3. *(medium)* Train the outlines for 3,000 steps. Is the error against the true garments smaller, and is there still a filling? Then add noise to the translations before they are translated back in training. Does the filling become darker?
# 4. *(medium)* Train with `start=-1` and ten times as many steps, without the identity loss and with a weight of 1 and of 5. Which of these trainings find their way back to the original shades?
# 5. *(hard, GPU)* Horses and zebras: `tfds.load("cycle_gan/horse2zebra")`, reduced to 128 by 128 pixels, with `build_translator((128, 128, 3), filters=64, blocks=6)` and three layers in the discriminators.
#
# ## References
# - J.-Y. Zhu, T. Park, P. Isola and A. A. Efros, Unpaired image-to-image translation using cycle-consistent adversarial networks, ICCV 2017.
# - X. Mao et al., Least squares generative adversarial networks, ICCV 2017.
# - C. Chu, A. Zhmoginov and M. Sandler, CycleGAN, a master of steganography, NIPS 2017 workshop on machine deception.
# - N. Moriakov, J. Adler and J. Teuwen, Kernel of CycleGAN as a principal homogeneous space, ICLR 2020.
