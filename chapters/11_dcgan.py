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
# # 11 Deep convolutional GANs
#
# The dense GAN of the last chapter draws garments covered with specks. Convolutions should do better, as they did in chapter 04. But for some time nobody could get convolutional GANs to train reliably, until Radford et al. (2016) tried many variants and wrote down a short list of guidelines. Networks that follow it are called DCGANs, and the list has shaped most GANs since.
#
# In this chapter we build one for two CPU cores, and remove some of the guidelines, one at a time, to see what they are worth at the beginning of a training. We also try arithmetic with codes, and at the end we generate garments of a class that we choose.
#
# | | |
# |---|---|
# | Slides | *Generando nuevos datos con GANs*; *GANs: avances recientes* (the basis of chapters 12 and 13) |
# | Textbook | Hands-On Machine Learning, chapter 17, "Deep Convolutional GANs" |
# | Result | Draws garments at 0.25<!-- dcgan_ffd_over_classic --> of the Fréchet distance of the textbook's DCGAN (ours after three epochs, the textbook's after two, which took 1.5<!-- setting --> times as long) |
# | Time | 770 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import pathlib
import time

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters
# These settings control how long the notebook takes.

# %% quick={"CONDITIONAL_EPOCHS": 2, "CONDITIONAL_EPOCHS_SAMPLE": 2, "EPOCHS": 2, "EPOCHS_SAMPLE": 2, "N_SCORED": 300, "N_SMALL": 1088, "N_TRAIN": 1152, "QUICK": true, "SEEDS": 1, "SHORT_EPOCHS": 1, "STEPS_PER_EXECUTION": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
LATENT_DIM = 32  # size of the noise; GPU: 100
EPOCHS = 3  # passes of the DCGAN over the full training set; GPU: 50
EPOCHS_SAMPLE = 18  # the same for the bundled sample, which has a sixth of the images
N_SMALL = 6400  # images for the ablations
SHORT_EPOCHS = 3  # passes of each ablation
SEEDS = 2  # repetitions of each ablation
CONDITIONAL_EPOCHS = 2  # passes of the conditional model over the full training set; GPU: 30
CONDITIONAL_EPOCHS_SAMPLE = 12  # the same for the bundled sample
N_SCORED = 3000  # images on each side of a score
BATCH_SIZE = 64  # GPU: 256
STEPS_PER_EXECUTION = 10  # gradient steps per call from Python; more save overhead
RATE = 2e-3  # learning rate of both players; GPU, with more filters: 5e-4
CLASSIC_FFD = 74.699  # experiment textbook_gans dcgan classic_ffd
MODELS = "models"  # folder for trained models

# %%
pathlib.Path(MODELS).mkdir(parents=True, exist_ok=True)
images = gk.load_images(n_train=N_TRAIN)
full_data = images.source == "tfds"
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
rng = np.random.default_rng(run.seed)
epochs = EPOCHS if full_data else EPOCHS_SAMPLE
conditional_epochs = CONDITIONAL_EPOCHS if full_data else CONDITIONAL_EPOCHS_SAMPLE


def whole_batches(x):
    """As many of x as fill whole batches, so that one shape has to be compiled."""
    return x[: len(x) // BATCH_SIZE * BATCH_SIZE]


# %% [markdown]
# ## The guidelines
# These are the guidelines of Radford et al.:
#
# - no pooling: strided convolutions in the discriminator, transposed ones in the generator;
# - batch normalization in both, except at the generator's output and the discriminator's input;
# - no dense hidden layers;
# - ReLU in the generator with $\tanh$ at its output, leaky ReLU in the discriminator;
# - Adam with a small momentum ($\beta_1 = 0.5$).
#
# Our networks follow them, with one exception. The output is a sigmoid, because our pixels lie between 0 and 1 and not between -1 and 1. We will test this, too. The kernels have size 4, which the stride divides (chapter 04).

# %% alt="Diagram: 32 numbers of noise, maps of 7 by 7 by 64, 14 by 14 by 48 and the image of 28 by 28 form the generator; maps of 14 by 14 by 32, 7 by 7 by 64, 4 by 4 by 128 and one logit the discriminator."
gk.plot_network(
    [
        (f"noise\n{LATENT_DIM}", LATENT_DIM),
        ("7 x 7\nx 64", 7 * 7 * 64),
        ("14 x 14\nx 48", 14 * 14 * 48),
        ("image\n28 x 28", 784),
        ("14 x 14\nx 32", 14 * 14 * 32),
        ("7 x 7\nx 64", 7 * 7 * 64),
        ("4 x 4\nx 128", 4 * 4 * 128),
        ("logit\n1", 1),
    ],
    parts={"generator": (0, 3), "discriminator": (3, 7)},
    title="The DCGAN; the discriminator sees real images as well",
)
plt.show()

# %% [markdown]
# So that we can switch guidelines off later, the functions that build the networks have an argument for each.


# %%
def build_generator(latent_dim, filters=(64, 48), batch_norm=True, tanh=False):
    """Noise (latent_dim,) to 7x7 to 14x14 to images 28x28x1 in [0, 1]."""
    generator = keras.Sequential(name="generator")
    generator.add(keras.Input((latent_dim,)))
    generator.add(layers.Dense(7 * 7 * filters[0], use_bias=not batch_norm))
    generator.add(layers.Reshape((7, 7, filters[0])))
    if batch_norm:
        generator.add(layers.BatchNormalization())
    generator.add(layers.ReLU())
    generator.add(
        layers.Conv2DTranspose(filters[1], 4, strides=2, padding="same", use_bias=not batch_norm)
    )
    if batch_norm:
        generator.add(layers.BatchNormalization())
    generator.add(layers.ReLU())
    generator.add(layers.Conv2DTranspose(1, 4, strides=2, padding="same", dtype="float32"))
    generator.add(layers.Activation("tanh" if tanh else "sigmoid", dtype="float32"))
    if tanh:
        generator.add(layers.Rescaling(0.5, offset=0.5, dtype="float32"))
    return generator


def build_discriminator(
    filters=(32, 64, 128), outputs=1, batch_norm=True, pooling=False, slope=0.2, tanh=False
):
    """Images 28x28x1 in [0, 1] to logits (outputs,); slope is that of the leaky ReLU."""
    discriminator = keras.Sequential(name="discriminator")
    discriminator.add(keras.Input((28, 28, 1)))
    if tanh:
        discriminator.add(layers.Rescaling(2.0, offset=-1.0))
    for i, n in enumerate(filters):
        discriminator.add(layers.Conv2D(n, 4, strides=1 if pooling else 2, padding="same"))
        if pooling:
            discriminator.add(layers.MaxPooling2D(padding="same"))
        if batch_norm and i > 0:
            discriminator.add(layers.BatchNormalization())
        discriminator.add(layers.LeakyReLU(slope))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(outputs, dtype="float32"))
    return discriminator


for network in (build_generator(LATENT_DIM), build_discriminator()):
    print(f"{network.name}: {network.count_params():,} parameters")

# %% [markdown]
# ## The training step
# The two phases are those of chapter 10, with two additions.
#
# First, the discriminator gets real and generated images in separate batches. Batch normalization makes the logit of an image depend on the rest of the batch. In a mixed batch it sees both kinds side by side, but in the generator's phase all images are generated. We will test below whether this matters.
#
# Second, two players who react to each other tend to circle around a solution (chapter 10). If they do, the mean of their recent weights may be better than the last weights. So we keep a copy of the generator, whose weights $\bar\theta$ are a moving average, and draw our images with it:
#
# $$\bar\theta \leftarrow m\, \bar\theta + (1 - m)\, \theta$$


# %%
# gk.AdversarialModel is a keras.Model that says in a sentence what a GAN cannot do.
class DCGAN(gk.AdversarialModel):
    """Noise (batch, latent_dim) to images, by a moving average of the generator; `fit` on images.

    smoothing: real images get the label 1 - smoothing; mixed: D sees real and generated images in
    one batch.
    """

    def __init__(
        self,
        generator,
        discriminator,
        momentum=0.995,
        smoothing=0.0,
        mixed=False,
        seed=None,
    ):
        super().__init__()
        self.generator = generator
        self.discriminator = discriminator
        self.average = keras.models.clone_model(generator)
        self.average.set_weights(generator.get_weights())
        self.momentum = momentum
        self.smoothing = smoothing
        self.mixed = mixed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.d_loss = keras.metrics.Mean(name="d_loss")
        self.g_loss = keras.metrics.Mean(name="g_loss")
        self.built = True  # because its parts are

    def call(self, z):
        return self.average(z)

    def compile(self, g_rate, d_rate, **kwargs):
        self.g_optimizer = gk.scale_optimizer(keras.optimizers.Adam(g_rate, beta_1=0.5))
        self.d_optimizer = gk.scale_optimizer(keras.optimizers.Adam(d_rate, beta_1=0.5))
        self.g_optimizer.build(self.generator.trainable_variables)
        self.d_optimizer.build(self.discriminator.trainable_variables)
        super().compile(optimizer=self.g_optimizer, **kwargs)  # else Keras creates a third one

    def codes(self, n):
        """Noise (n, latent_dim)."""
        return keras.random.normal((n, self.generator.input_shape[1]), seed=self.seed_generator)

    def logits(self, x):
        """D's logits of images x, in training mode."""
        return self.discriminator(x, training=True)

    def update(self, d_loss, g_loss):
        """One step of D, one of G, then the average; returns the mean losses."""
        d_value = gk.minimize(self.d_optimizer, d_loss, self.discriminator.trainable_variables)
        g_value = gk.minimize(self.g_optimizer, g_loss, self.generator.trainable_variables)
        for mean, weight in zip(self.average.weights, self.generator.weights, strict=True):
            mean.assign(self.momentum * mean + (1 - self.momentum) * weight)
        self.d_loss.update_state(d_value)
        self.g_loss.update_state(g_value)
        return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}

    def train_step(self, real):
        n = ops.shape(real)[0]
        fakes = self.generator(self.codes(n), training=True)
        z = self.codes(n)

        def d_loss():  # softplus(-l) is -log D, softplus(l) is -log(1 - D), for a logit l
            if self.mixed:
                real_logits, fake_logits = ops.split(self.logits(ops.concatenate([real, fakes])), 2)
            else:
                real_logits, fake_logits = self.logits(real), self.logits(fakes)
            on_real = ops.softplus(-real_logits) + self.smoothing * real_logits
            return ops.mean(on_real + ops.softplus(fake_logits))

        def g_loss():
            return ops.mean(ops.softplus(-self.logits(self.generator(z, training=True))))

        return self.update(d_loss, g_loss)


# %% [markdown]
# ## Training
# This is the longest training of the course so far.


# %%
def draw(model, z):
    """Images (n, 28, 28, 1) of a model from codes z (n, d), 500 at a time."""
    parts = [np.asarray(model(z[i : i + 500])) for i in range(0, len(z), 500)]
    return np.concatenate(parts)


class KeepSamples(keras.callbacks.Callback):
    """Keep images from fixed codes after each epoch: {epoch: images}."""

    def __init__(self, z):
        super().__init__()
        self.z = z
        self.samples = {}

    def on_epoch_end(self, epoch, logs=None):
        self.samples[epoch + 1] = draw(self.model, self.z)


valid_features, _ = gk.classify(x_valid[:N_SCORED])


def score(sample):
    """(Fréchet distance, precision, recall) of generated images against validation images."""
    features, _ = gk.classify(sample)
    precision, recall = gk.precision_recall(valid_features, features)
    return gk.frechet_distance(valid_features, features), precision, recall


z = rng.standard_normal((N_SCORED, LATENT_DIM)).astype("float32")
x_fit = whole_batches(x_train)
keras.utils.set_random_seed(run.seed)
dcgan = DCGAN(build_generator(LATENT_DIM), build_discriminator(), seed=run.seed)
dcgan.compile(RATE, RATE, steps_per_execution=STEPS_PER_EXECUTION, jit_compile=run.jit_compile)
keep = KeepSamples(z)
begin = time.perf_counter()
dcgan.fit(x_fit, batch_size=BATCH_SIZE, epochs=epochs, callbacks=[keep], verbose=0)
dcgan_seconds = time.perf_counter() - begin
dcgan.average.save(f"{MODELS}/11_dcgan.keras")
results = {
    "DCGAN, average": score(draw(dcgan, z)),
    "DCGAN, last weights": score(draw(dcgan.generator, z)),
    "training images": score(x_train[:N_SCORED]),
}
for name, (distance, precision, recall) in results.items():
    print(f"{name:20} Fréchet distance {distance:5.1f}   precision {precision:.2f}   ", end="")
    print(f"recall {recall:.2f}")
print(f"{epochs} epochs in {dcgan_seconds:.0f} s")

# %% alt="Forty generated garments: most are recognizable, some with collars or folds; about ten are torn."
gk.plot_images(draw(dcgan, z[:40]), title="Forty images of the DCGAN")
plt.show()

# %% alt="The same codes after one, two and three epochs: blurred garments become sharper; some change their shape."
shown = {1, 2, epochs // 2, epochs}
rows = {f"epoch {epoch}": x[:12] for epoch, x in keep.samples.items() if epoch in shown}
gk.plot_rows(rows, title="Images from the same codes during the training")
plt.show()

# %% [markdown]
# After three epochs most of the forty garments are recognizable, and some have collars or folds. About ten of them are torn, among them tops, shoes and bags. Some still have specks, such as the sixth in the second row, but far fewer than the garments of chapter 10.
#
# The Fréchet distance is 19.0<!-- dcgan_ffd -->. (For a scale, training images have 0.9<!-- ffd_floor -->.) The dense GAN of chapter 10 had 71.4<!-- 10 ffd --> after thirty epochs. Recall rises from 0.25<!-- 10 recall --> to 0.72<!-- dcgan_recall -->. Precision stays where it was, 0.75<!-- dcgan_precision --> after 0.83<!-- 10 precision -->, although most specks have gone. So precision says little about them. The last weights of the generator have 23.2<!-- dcgan_last_ffd -->, so in this run averaging lowers the distance, while precision and recall hardly change.
#
# How does this compare with the textbook's DCGAN? That model is larger, with 128 and 64 filters, and its discriminator uses dropout in place of batch normalization. We ran its recipe again, for two epochs (189 s in the [experiment](../experiments/README.md)), and found a distance of 74.7<!-- experiment textbook_gans dcgan classic_ffd --> to test images. After as many epochs, ours has 0.40<!-- equal_epochs_over_classic --> of that distance, and after three epochs
# 0.25<!-- dcgan_ffd_over_classic -->. The two recipes differ in many ways at once: size, batches (64 against 32), optimizer, and our averaging. So this compares recipes and not single decisions, with one seed each.

# %% [markdown]
# ## What does the Fréchet distance see?
# Before we compare small differences of this distance, we should know what it reacts to. We damage real images in four ways, and compute the distance of the damaged from other real ones.

# %% alt="Five rows of ten garments: real; blurred; with grain; shifted by two pixels; and only tops and dresses."
from scipy.ndimage import gaussian_filter, shift

real = x_train[:N_SCORED]
tops = np.isin(images.y_train, [0, 2, 3, 4, 6])  # T-shirts, pullovers, dresses, coats, shirts
damaged = {
    "real": real,
    "blurred": gaussian_filter(real, (0, 0.8, 0.8, 0)),
    "with grain": np.clip(real + 0.1 * rng.standard_normal(real.shape), 0, 1).astype("float32"),
    "shifted": shift(real, (0, 0, 2, 0), order=0),  # what leaves on the right is lost
    "tops, dresses": x_train[tops][:N_SCORED],
}
damaged_scores = {name: score(pictures) for name, pictures in damaged.items()}
for name, (distance, precision, recall) in damaged_scores.items():
    print(f"{name:13} Fréchet distance {distance:5.1f}   precision {precision:.2f}   ", end="")
    print(f"recall {recall:.2f}")
gk.plot_rows({name: row[:10] for name, row in damaged.items()}, title="Real images, damaged")
plt.show()

# %% [markdown]
# A blur of 0.8<!-- setting --> pixels costs 53<!-- blurred_ffd -->, grain with a standard deviation of 0.1<!-- setting --> costs 45<!-- grain_ffd -->, and shifting all images by two pixels, which is easy to miss in the figure, costs 64<!-- shifted_ffd -->. The last is not much less than the distance of chapter 10's GAN. The largest distance comes from leaving out all shoes, bags and trousers, 194<!-- tops_ffd -->. How much each damage costs depends on its strength, which we have chosen. But the example shows that a distance of 50 does not tell us what is wrong: blur, specks or a shift.
#
# Do precision and recall tell us? Only partly. We would expect a low recall where kinds are missing. In fact the set without shoes, bags and trousers has the highest recall of the four, 0.43<!-- tops_recall -->, and the blur, which leaves out no kind, has the lowest, 0.14<!-- blurred_recall -->.

# %% [markdown]
# ## What is each guideline worth?
# Now we remove guidelines, one at a time. We leave out those on dense layers, transposed convolutions and $\beta_1$. We also try two habits that you find in much code: giving real images the target 0.9<!-- setting --> instead of 1 (*one-sided label smoothing*; Salimans et al., 2016), and mixing real and generated images in its batches. The textbook mixes them, too, but its discriminator has no batch
# normalization, so there an image's logit does not depend on the rest of the batch. The last variant has mixed batches and no batch normalization in the discriminator, either.
#
# Each variant is trained with the same two seeds, for the same three passes over 6,400 images, and with the same learning rate. The average has a momentum of 0.99<!-- setting --> here. These are short trainings of 300 steps, so they can only show what helps at the beginning.

# %%
small = whole_batches(x_train[:N_SMALL])
ablations = {  # changes of the generator, of the discriminator, and of the training step
    "all guidelines": ({}, {}, {}),
    "no batch norm in G": ({"batch_norm": False}, {}, {}),
    "no batch norm in D": ({}, {"batch_norm": False}, {}),
    "max pooling in D": ({}, {"pooling": True}, {}),
    "ReLU in D": ({}, {"slope": 0.0}, {}),
    "tanh, pixels from -1 to 1": ({"tanh": True}, {"tanh": True}, {}),
    "label smoothing 0.1": ({}, {}, {"smoothing": 0.1}),
    "mixed batches": ({}, {}, {"mixed": True}),
    "mixed, no batch norm in D": ({}, {"batch_norm": False}, {"mixed": True}),
}
ablation_scores, last_scores, ablation_samples = {}, {}, {}
for name, (g_changes, d_changes, gan_changes) in ablations.items():
    ablation_scores[name], last_scores[name] = [], []
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        generator = build_generator(LATENT_DIM, **g_changes)
        discriminator = build_discriminator(**d_changes)
        # 300 steps are few: with 0.995, a fifth of the average would still be the start.
        model = DCGAN(generator, discriminator, momentum=0.99, seed=seed, **gan_changes)
        model.compile(
            RATE, RATE, steps_per_execution=STEPS_PER_EXECUTION, jit_compile=run.jit_compile
        )
        model.fit(small, batch_size=BATCH_SIZE, epochs=SHORT_EPOCHS, verbose=0)
        ablation_scores[name].append(score(draw(model, z)))
        last_scores[name].append(score(draw(model.generator, z)))
    ablation_samples[name] = draw(model, z[:10]), draw(model.generator, z[:10])
    averages = "  ".join(f"{distance:5.1f}" for distance, _, _ in ablation_scores[name])
    lasts = "  ".join(f"{distance:5.1f}" for distance, _, _ in last_scores[name])
    print(f"{name:26} average {averages}   last weights {lasts}")

# %% alt="Dots for nine variants: most averages lie between 135 and 160, those without batch normalization in the generator near 115, mixed batches near 290. The last weights of most variants lie lower, those of max pooling near 72."
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for row, name in enumerate(ablations):
    average = [distance for distance, _, _ in ablation_scores[name]]
    last = [distance for distance, _, _ in last_scores[name]]
    axis.plot(average, [row] * len(average), "C0o", label="average" if row == 0 else None)
    axis.plot(last, [row + 0.25] * len(last), "C1x", label="last weights" if row == 0 else None)
axis.set(
    yticks=range(len(ablations)),
    yticklabels=list(ablations),
    xlabel="Fréchet distance",
    xlim=(0, None),
    title="Each variant after the same number of steps, one mark for each seed",
)
axis.invert_yaxis()
axis.grid(alpha=0.3)
axis.legend()
plt.show()

# %% alt="Six rows of ten images, averaged and last weights of three variants: dark, blurred and then brighter garments; bright, coarse garments without batch normalization in the generator; gray checked patterns for mixed batches."
rows = {}
for label, name in {
    "all\nguidelines": "all guidelines",
    "no norm\nin G": "no batch norm in G",
    "mixed\nbatches": "mixed batches",
}.items():
    rows[f"{label},\naverage"], rows[f"{label},\nlast"] = ablation_samples[name]
gk.plot_rows(rows, title="Three variants, last seed, same codes, averaged and last weights")
plt.show()

# %% [markdown]
# Read the dots first, which belong to the averaged weights. Without batch normalization in the generator the distance seems lower, 114<!-- no_generator_norm_ffd --> against 150<!-- plain_ffd -->, as if this guideline did harm. But now look at the crosses. With the last weights, all guidelines together reach 107<!-- plain_last_ffd -->, and without batch normalization in the generator it is 144<!-- no_generator_norm_last_ffd -->. After 300 steps, the averages have not yet settled. In the generator
# this holds twice for batch normalization: its statistics are moving averages themselves, which start at 0 and 1, and we average them once more. Compare the first two rows of images: the averaged weights draw darker and more blurred garments than the last ones.
#
# How large must a difference be to mean something? The third and the last variant answer this. Without batch normalization the logit of an image does not depend on its batch, so mixing cannot change anything, and both variants are the same computation with the same seeds. Still their last weights differ by up to 28<!-- same_computation_gap -->, because rounding errors grow in such a game. And two seeds of one variant lie up to 60<!-- last_spread --> apart.
#
# Against this noise only one result is beyond doubt, whichever way we score. With batch normalization in the discriminator, mixed batches give a far larger distance for both seeds, 290<!-- mixed_ffd --> with the averages and 269<!-- mixed_last_ffd --> with the last weights, and the images show a gray pattern. By the last weights, the discriminator does better with pooling, 72<!-- pooling_last_ffd -->, though its convolutions then cost four times as much, and worse without batch normalization, 134<!-- no_discriminator_norm_last_ffd -->. By
# the averages neither differs from the baseline. So the ranking of the other guidelines depends on how we score, and two seeds and 300 steps are too few to recommend anything about them. Radford et al. looked for networks that train reliably for many epochs, at a tenth of our learning rate, which our short trainings do not test (exercise 3 does).

# %% [markdown]
# ## Arithmetic with codes
# Radford et al. took the codes of three generated faces of one kind, averaged them, and found that "man with glasses" minus "man" plus "woman" gave a woman with glasses. We try pullover minus T-shirt plus dress, which should be a dress with long sleeves. We let the classifier find thirty generated images of each kind, and average three of them at random. And we do not
# trust a single result: we repeat it two hundred times, and let the classifier judge.

# %% alt="Five rows of ten images: mean codes of pullovers, T-shirts and dresses give clean garments of these kinds; the sums give pullovers, dresses and torn shapes; in the control most are dresses."
candidates = rng.standard_normal((3000, LATENT_DIM)).astype("float32")
_, probabilities = gk.classify(draw(dcgan, candidates))
pools = {}
for name in ("Pullover", "T-shirt/top", "Dress"):
    column = images.class_names.index(name)
    pools[name] = candidates[np.argsort(-probabilities[:, column])[:30]]


def mean_of_three(pool):
    """200 means of three random codes of a pool (n, d)."""
    return np.array(
        [pool[rng.choice(len(pool), 3, replace=False)].mean(axis=0) for _ in range(200)]
    )


mean_codes = {name: mean_of_three(pool) for name, pool in pools.items()}
halves = mean_of_three(pools["Pullover"][::2]), mean_of_three(pools["Pullover"][1::2])
sums = {
    "mean of three pullovers": mean_codes["Pullover"],
    "mean of three T-shirts": mean_codes["T-shirt/top"],
    "mean of three dresses": mean_codes["Dress"],
    "pullover - T-shirt + dress": mean_codes["Pullover"]
    - mean_codes["T-shirt/top"]
    + mean_codes["Dress"],
    "pullover - pullover + dress": halves[0] - halves[1] + mean_codes["Dress"],
}
sum_images, arithmetic_share = {}, {}
for name, codes in sums.items():
    sum_images[name] = draw(dcgan, codes.astype("float32"))
    classes = gk.classify(sum_images[name])[1].argmax(axis=1)
    counts = {
        kind: np.mean(classes == images.class_names.index(kind))
        for kind in ("Dress", "Pullover", "T-shirt/top")
    }
    counts["another class"] = 1 - sum(counts.values())
    arithmetic_share[name] = counts
    shares = ", ".join(f"{kind} {100 * share:.0f} %" for kind, share in counts.items())
    print(f"{name:27} taken for {shares}")
rows = {kind: draw(dcgan, codes[:10].astype("float32")) for kind, codes in mean_codes.items()}
gk.plot_rows(
    {
        **rows,
        "Pullover -\nT-shirt +\nDress": sum_images["pullover - T-shirt + dress"][:10],
        "Pullover -\nPullover +\nDress": sum_images["pullover - pullover + dress"][:10],
    },
    title="Mean codes of three images each, and their sums (first ten)",
)
plt.show()

# %% [markdown]
# The mean codes of three images draw clean garments of their kind. (They are also shorter than other codes, by a factor of about $1/\sqrt{3}$, which may be part of the reason.) In the fourth row the sums are another matter: 26 %<!-- sum_dress_percent --> are taken for dresses, 36 %<!-- sum_pullover_percent --> for pullovers, and many are torn. Is the difference of the codes to blame, or only the noise of adding three random means? The last row tells them apart. There we subtract pullovers
# from other pullovers, which adds as much noise, but no direction. 80 %<!-- control_dress_percent --> of these are still dresses, and hardly any is a pullover.
#
# So the difference "pullover minus T-shirt" has a direction, and it leads towards pullovers. It does not reliably add long sleeves to a dress, which is what we had in mind. For this question we have to look at the pictures, since the classifier has no class for a dress with long sleeves. In one or two you may see a long garment with sleeves. The others are pullovers, plain dresses, or torn. A lack of examples is hardly the reason, because many dresses in the data have long sleeves.
# (In chapter 08, differences of mean codes of a VAE lengthened the sleeves of most T-shirts.)

# %% [markdown]
# ## Choosing the class
# Arithmetic is a roundabout way to get a particular garment. If there are labels, both networks can use them. The generator gets the class as ten more numbers beside the noise. For the discriminator there are several ways. In the first conditional GAN (Mirza and Osindero, 2014) the label is one more input. Ours has ten outputs, one for each class, and only the output of the given class counts: it answers the
# question whether the image is a real *sneaker*, say. (This is a simple relative of the projection discriminator of Miyato and Koyama, 2018.)


# %%
class ConditionalDCGAN(DCGAN):
    """(Noise and one-hot label, side by side) to images; `fit` on images and one-hot labels."""

    def train_step(self, data):
        real, labels = data
        n, n_classes = ops.shape(real)[0], labels.shape[1]
        z = ops.concatenate([self.codes(n)[:, n_classes:], labels], axis=1)
        z_next = ops.concatenate([self.codes(n)[:, n_classes:], labels], axis=1)
        fakes = self.generator(z, training=True)

        def logits(x):
            return ops.sum(labels * self.logits(x), axis=1)

        def d_loss():
            return ops.mean(ops.softplus(-logits(real)) + ops.softplus(logits(fakes)))

        def g_loss():
            return ops.mean(ops.softplus(-logits(self.generator(z_next, training=True))))

        return self.update(d_loss, g_loss)


one_hot = np.eye(10, dtype="float32")
keras.utils.set_random_seed(run.seed)
conditional = ConditionalDCGAN(
    build_generator(LATENT_DIM + 10),
    build_discriminator(outputs=10),
    seed=run.seed,
)
conditional.compile(
    RATE, RATE, steps_per_execution=STEPS_PER_EXECUTION, jit_compile=run.jit_compile
)
begin = time.perf_counter()
conditional.fit(
    x_fit,
    one_hot[images.y_train[: len(x_fit)]],
    batch_size=BATCH_SIZE,
    epochs=conditional_epochs,
    verbose=0,
)
conditional_seconds = time.perf_counter() - begin
print(f"{conditional_epochs} epochs in {conditional_seconds:.0f} s")
ordered = np.arange(N_SCORED) % 10
sample = draw(conditional, np.concatenate([z, one_hot[ordered]], axis=1))
recognized = gk.classify(sample)[1].argmax(axis=1)
conditional_accuracy = np.mean(recognized == ordered)
real_classes = gk.classify(x_valid)[1].argmax(axis=1)
valid_accuracy = np.mean(real_classes == images.y_valid)
results["conditional"] = score(sample)
same_epoch = keep.samples.get(conditional_epochs)  # missing if that training was shorter
unconditional_scores = score(draw(dcgan, z) if same_epoch is None else same_epoch)
print(
    f"the class that was ordered is recognized in {conditional_accuracy:.1%} of the images", end=""
)
print(f" (the class of real images: {valid_accuracy:.1%}); by class:")
real_accuracies = {
    name: np.mean(real_classes[images.y_valid == i] == i)
    for i, name in enumerate(images.class_names)
}
accuracies = {
    name: np.mean(recognized[ordered == i] == i) for i, name in enumerate(images.class_names)
}
print(
    ", ".join(f"{name} {accuracies[name]:.0%} ({real_accuracies[name]:.0%})" for name in accuracies)
)
when = "at the end" if same_epoch is None else "after as many epochs"
for name, (distance, precision, recall) in {
    "conditional": results["conditional"],
    f"DCGAN {when}": unconditional_scores,
}.items():
    print(f"{name:27} Fréchet distance {distance:5.1f}   precision {precision:.2f}   ", end="")
    print(f"recall {recall:.2f}")

# %% alt="Ten rows of ten generated garments, one row for each class. Almost all show their class; each column has its own brightness or pattern; sandals are often torn."
rows = {}
for i, name in enumerate(images.class_names):
    label = np.repeat(one_hot[i : i + 1], 10, axis=0)
    rows[name.replace("/", "/\n").replace(" ", "\n")] = draw(
        conditional, np.concatenate([z[:10], label], axis=1)
    )
gk.plot_rows(rows, title="Ordered by class; each column has the same noise")
plt.show()

# %% [markdown]
# In 91.1 %<!-- conditional_accuracy_percent --> of the images the classifier sees the class that was ordered; for real images it is 94.9 %<!-- valid_accuracy_percent -->. Shirts are the weak point, with 64 %<!-- shirt_accuracy_percent --> against 79 %<!-- real_shirt_accuracy_percent --> of the real ones. Sandals are often torn in the figure, although the classifier recognizes nearly all of them. In some columns the garments share a shade or a pattern (the third, fifth and eighth), so the noise has
# kept a meaning across the classes.
#
# The Fréchet distance is 5.9<!-- conditional_ffd --> after two epochs, where the DCGAN without labels has 30<!-- equal_epochs_ffd --> after as many. (One seed each; the conditional networks have 21 %<!-- setting --> and 11 %<!-- setting --> more parameters.) Precision is higher, 0.86<!-- conditional_precision --> against 0.76<!-- equal_epochs_precision -->, and so is recall, 0.71<!-- conditional_recall --> against 0.65<!-- equal_epochs_recall -->. Two things may contribute. The model need not learn how frequent the classes are, since
# we order each equally often. And all three measures use the features of a classifier of the same ten classes, so they reward images that show their class clearly.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
test_features, _ = gk.classify(x_test[:N_SCORED])


def test_distance(pictures):
    """Fréchet distance to test images."""
    return gk.frechet_distance(test_features, gk.classify(pictures)[0])


two_epochs = keep.samples.get(2)  # as many as the textbook's in the benchmark
if two_epochs is None:
    print("one epoch only, so the images at the end stand for those of epoch 2")
    two_epochs = draw(dcgan, z)
equal_epochs_ratio = test_distance(two_epochs) / CLASSIC_FFD
final_test_distance = test_distance(draw(dcgan, z))
ratio = final_test_distance / CLASSIC_FFD
print(f"Fréchet distance to test images, and its share of the textbook's {CLASSIC_FFD}:")
print(f"after two epochs {test_distance(two_epochs):.1f} ({equal_epochs_ratio:.2f})")
print(f"at the end       {final_test_distance:.1f} ({ratio:.2f})")
loaded = keras.models.load_model(f"{MODELS}/11_dcgan.keras")
loaded_gap = float(np.abs(draw(loaded, z[:50]) - draw(dcgan, z[:50])).max())


def ablation(name):
    """Fréchet distances of one variant, by seed."""
    return [distance for distance, _, _ in ablation_scores[name]]


def last(name):
    """Mean Fréchet distance of the last weights of one variant."""
    return np.mean([distance for distance, _, _ in last_scores[name]])


twins = [
    one[0] - other[0]
    for one, other in zip(
        last_scores["no batch norm in D"], last_scores["mixed, no batch norm in D"], strict=True
    )
]
assert loaded_gap < 1e-5, "the loaded generator draws other images"
every_score = [*results.values(), *sum(ablation_scores.values(), [])]
assert np.isfinite(every_score).all(), "a training diverged"
if not QUICK:
    assert conditional_accuracy >= 0.8, "the conditional model ignores the class"
if not QUICK and full_data:
    assert ratio <= 0.3, "hardly better than the classic recipe"
    assert conditional_accuracy >= 0.9, "the conditional model misses the target of this course"
    assert results["DCGAN, average"][2] >= 0.65, "the recall misses the target of this course"
    assert results["DCGAN, average"][0] < results["DCGAN, last weights"][0], "no gain by averaging"
    assert min(ablation("mixed batches")) > max(ablation("all guidelines"))

gk.record(
    "11_dcgan",
    dcgan_ffd_over_classic=ratio,
    equal_epochs_over_classic=equal_epochs_ratio,
    dcgan_test_ffd=final_test_distance,
    dcgan_ffd=results["DCGAN, average"][0],
    dcgan_precision=results["DCGAN, average"][1],
    dcgan_recall=results["DCGAN, average"][2],
    dcgan_seconds=dcgan_seconds,
    dcgan_last_ffd=results["DCGAN, last weights"][0],
    ffd_floor=results["training images"][0],
    blurred_ffd=damaged_scores["blurred"][0],
    grain_ffd=damaged_scores["with grain"][0],
    shifted_ffd=damaged_scores["shifted"][0],
    blurred_recall=damaged_scores["blurred"][2],
    tops_recall=damaged_scores["tops, dresses"][2],
    tops_ffd=damaged_scores["tops, dresses"][0],
    plain_ffd=np.mean(ablation("all guidelines")),
    ablation_spread=max(np.ptp(ablation(name)) for name in ablations),
    no_generator_norm_ffd=np.mean(ablation("no batch norm in G")),
    no_discriminator_norm_ffd=np.mean(ablation("no batch norm in D")),
    pooling_ffd=np.mean(ablation("max pooling in D")),
    relu_ffd=np.mean(ablation("ReLU in D")),
    tanh_ffd=np.mean(ablation("tanh, pixels from -1 to 1")),
    smoothing_ffd=np.mean(ablation("label smoothing 0.1")),
    mixed_ffd=np.mean(ablation("mixed batches")),
    mixed_no_norm_ffd=np.mean(ablation("mixed, no batch norm in D")),
    plain_last_ffd=last("all guidelines"),
    no_generator_norm_last_ffd=last("no batch norm in G"),
    no_discriminator_norm_last_ffd=last("no batch norm in D"),
    pooling_last_ffd=last("max pooling in D"),
    relu_last_ffd=last("ReLU in D"),
    mixed_last_ffd=last("mixed batches"),
    mixed_no_norm_last_ffd=last("mixed, no batch norm in D"),
    last_spread=max(np.ptp([d for d, _, _ in scores]) for scores in last_scores.values()),
    same_computation_gap=np.max(np.abs(twins)),
    sum_dress_percent=100 * arithmetic_share["pullover - T-shirt + dress"]["Dress"],
    sum_pullover_percent=100 * arithmetic_share["pullover - T-shirt + dress"]["Pullover"],
    control_dress_percent=100 * arithmetic_share["pullover - pullover + dress"]["Dress"],
    dress_dress_percent=100 * arithmetic_share["mean of three dresses"]["Dress"],
    conditional_accuracy_percent=100 * conditional_accuracy,
    valid_accuracy_percent=100 * valid_accuracy,
    conditional_ffd=results["conditional"][0],
    conditional_precision=results["conditional"][1],
    conditional_recall=results["conditional"][2],
    conditional_seconds=conditional_seconds,
    equal_epochs_precision=unconditional_scores[1],
    equal_epochs_recall=unconditional_scores[2],
    shirt_accuracy_percent=100 * accuracies["Shirt"],
    real_shirt_accuracy_percent=100 * real_accuracies["Shirt"],
    equal_epochs_ffd=unconditional_scores[0],
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A DCGAN is a convolutional generator and discriminator with strides and batch normalization. After three epochs it reached 0.27<!-- setting --> of the Fréchet distance of chapter 10's dense GAN, which had thirty.
# - If the discriminator uses batch normalization, give it real and generated images in separate batches. In our short comparison, this was the only difference that exceeded the noise whichever way we scored.
# - A moving average of the generator's weights lowered the distance after three epochs. After 300 steps it had not settled, and comparisons by it misled us.
# - The Fréchet distance does not tell specks, blur and a small shift apart. Look at the images as well.
# - With labels the distance after two epochs was a fifth (one seed), and you can choose the class.
#
# ## Exercises
# 1. *(easy)* Change `momentum` to 0.9<!-- setting --> and 0.999<!-- setting -->, and score both. How many steps does each of them average over?
# 2. *(easy)* Interpolate between two codes (chapter 08). Where does one kind of garment change into another?
# 3. *(medium)* Repeat the ablations with all images and three epochs, on a GPU or overnight. Do the guidelines matter then?
# 4. *(medium)* Look for copies: are the generated garments closer to training images than validation images are?
# 5. *(medium)* In the conditional model, give half of one label and half of another. Is the result between the two? And what if the label becomes an input of the discriminator, as in Mirza and Osindero?
# 6. *(hard)* Wasserstein GAN with gradient penalty (Gulrajani et al., 2017). Replace the discriminator by a *critic* $f$ without batch normalization, whose loss is $\mathbb{E} f(G(z)) - \mathbb{E} f(x) + 10\, \mathbb{E}(\|\nabla_{\hat{x}} f(\hat{x})\| - 1)^2$, the last term at random points on lines between real and generated images. For 1-Lipschitz functions, the
#    largest gap of the means is the earth mover's distance. The paper makes five steps of the critic for each of the generator, with Adam at 1e-4 and $\beta_1 = 0$. Does the critic's loss follow the quality of the images? Hint: compute the critic and the penalty in float32.
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - A. Radford, L. Metz and S. Chintala, Unsupervised representation learning with deep convolutional GANs, ICLR 2016.
# - T. Salimans et al., Improved techniques for training GANs, NeurIPS 2016 (label smoothing).
# - M. Mirza and S. Osindero, Conditional generative adversarial nets, arXiv, 2014.
# - T. Miyato and M. Koyama, cGANs with projection discriminator, ICLR 2018.
# - Y. Yazıcı et al., The unusual effectiveness of averaging in GAN training, ICLR 2019.
# - I. Gulrajani et al., Improved training of Wasserstein GANs, NeurIPS 2017.
