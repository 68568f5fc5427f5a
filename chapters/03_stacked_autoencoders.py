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
# # 03 Stacked autoencoders
#
# Somebody has to look at an image to label it, while images without labels cost next to nothing.
# Autoencoders learn from the images alone.
# Chapter 02's network for garments had a hidden layer on each side of its code, so it was already a short *stacked autoencoder*.
# Now we train such networks with a schedule for the learning rate, make them deeper, and see when they overfit.
# We also use what they have learned: to draw a map of a collection, and to help a classifier that has few labels.
#
# | | |
# |---|---|
# | Slides | *Stacked autoencoders*; *Arquitectura simétrica*; *Entrenamiento no supervisado con autoencoders apilados*; *Training one autoencoder at a time* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Stacked Autoencoders" |
# | Result | With tied weights, half of the parameters rebuild garments as well as before, with a squared error of 0.0100<!-- tied_mse --> |
# | Time | 344 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little.
# All errors are measured on validation images.

# %%
import math

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
LATENT_DIM = 30  # numbers in a code
EPOCHS = 3 if QUICK else 6  # GPU: 30
FEW_EPOCHS = 10 if QUICK else 80  # with 500 images
N_MAP = 200 if QUICK else 3000  # garments on the map
LABELS = [100, 500] if QUICK else [100, 500, 2000]
DRAWS = 2 if QUICK else 5  # of labeled images

# %%
images = gk.load_images(n_train=2000 if QUICK else None)
x_train, x_valid = images.x_train, images.x_valid
y_train, y_valid = images.y_train, images.y_valid
shape = x_train.shape[1:]  # (28, 28, 1); the models follow the shape of the images
pixels = math.prod(shape)

# %% [markdown]
# ## A symmetric architecture
# A stacked autoencoder is usually symmetric about its code (*arquitectura simétrica*): the decoder has the layers of the encoder in reverse order.
# Chapter 02's network had one hidden layer of 400 units on each side.

# %% alt="Diagram of five bars: 784 pixels, 400 hidden units, a code of 30, 400 hidden units, 784 pixels of the reconstruction. The first half is the encoder, the second the decoder."
bars = [
    (f"image\n{pixels}", pixels),
    ("hidden, ReLU\n400", 400),
    (f"code\n{LATENT_DIM}", LATENT_DIM),
    ("hidden, ReLU\n400", 400),
    (f"reconstruction\n{pixels}", pixels),
]
parts = {"encoder": (0, 2), "decoder": (2, 4)}
gk.plot_network(bars, parts=parts, title="A stacked autoencoder")
plt.show()

# %% [markdown]
# We start with the same network, but our function takes any number of hidden layers.


# %%
def build_autoencoder(shape, hidden_units, latent_dim):
    """A symmetric autoencoder with the given hidden layers in its encoder."""
    encoder = keras.Sequential([keras.Input(shape), layers.Flatten()])
    decoder = keras.Sequential([keras.Input((latent_dim,))])
    for units in hidden_units:
        encoder.add(layers.Dense(units, activation="relu"))
    for units in reversed(hidden_units):
        decoder.add(layers.Dense(units, activation="relu"))
    encoder.add(layers.Dense(latent_dim))
    decoder.add(layers.Dense(math.prod(shape), activation="sigmoid"))
    decoder.add(layers.Reshape(shape))
    return keras.Sequential([encoder, decoder])


stacked = build_autoencoder(shape, [400], LATENT_DIM)
encoder, decoder = stacked.layers
print(f"{stacked.count_params():,} parameters")

# %% [markdown]
# ## Training
# As in chapter 02, the images are input and target at once, and the loss is the squared error, averaged over pixels and images.
# What is new is the learning rate, which changes during the training.
# We use large batches and a high rate, to get far in few epochs.
# It starts low and rises during the first twentieth of the steps, which is called *warm-up*, since a high rate can be unstable while the weights are random.
# Then it falls along a cosine to zero, so that the last steps are small and the weights settle.


# %%
def warmup_cosine(peak_rate, steps):
    """Rate that rises to peak_rate in a twentieth of the steps, then falls to 0."""
    warmup = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(
        peak_rate / warmup,
        max(1, steps - warmup),
        warmup_target=peak_rate,
        warmup_steps=warmup,
    )


# %% [markdown]
# `gk.warmup_cosine` is the same schedule, and later chapters use it.
# One more setting saves time: with `steps_per_execution`, Keras makes many steps in one call, and a model as small as ours would otherwise wait for Python most of the time.


# %%
def train(model, x, x_valid, epochs, rate=None, batch_size=256, callbacks=None):
    """Compile and fit an autoencoder; returns the losses by epoch."""
    steps = epochs * math.ceil(len(x) / batch_size)
    if rate is None:
        rate = warmup_cosine(4e-3, steps)
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(rate),
        steps_per_execution=max(1, steps // 100),
    )
    return model.fit(
        x,
        x,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_valid, x_valid),
        callbacks=callbacks,
    ).history


epochs = images.epochs(EPOCHS)
history = train(stacked, x_train, x_valid, epochs)
stacked_mse = history["val_loss"][-1]
print(f"validation MSE: {stacked_mse:.4f}")

# %% [markdown]
# As in chapter 02, PCA with as many numbers is the baseline, clipped to the range of pixels.

# %%
pca = PCA(LATENT_DIM).fit(x_train.reshape(-1, pixels))
pca_codes = pca.transform(x_valid.reshape(-1, pixels))
pca_reconstructions = pca.inverse_transform(pca_codes).clip(0, 1).reshape(x_valid.shape)
pca_mse = np.mean((x_valid - pca_reconstructions) ** 2)
print(f"PCA: {pca_mse:.4f}")

# %% alt="Training and validation error over six epochs. Both fall steeply, then slowly, and end together at 0.010; from the second epoch on they are below the dotted line of PCA."
gk.plot_learning_curves(
    {"stacked autoencoder": history},
    baselines={f"PCA, {LATENT_DIM} components": pca_mse},
    title="Learning curves",
    ylabel="MSE per pixel",
)
plt.show()

# %% alt="Three rows of ten garments: originals, PCA, and the stacked autoencoder. PCA's are blurred and have gray traces around them, such as above the first sandal; the autoencoder's outlines are cleaner, and the sandal's straps can be seen. Neither has the pattern of the bag or the print of the dress."
shown = x_valid[:10]
rows = {"PCA": pca_reconstructions[:10], "stacked": stacked(shown)}
gk.plot_reconstructions(shown, rows, title=f"Reconstructed from {LATENT_DIM} numbers")
plt.show()

# %% [markdown]
# The network's error is 0.0100<!-- stacked_mse -->, PCA's 0.0150<!-- pca_mse -->.
# In the first epochs the training error is the higher one, since it is a mean over an epoch in which the weights still improve.
#
# PCA's reconstructions are the mean image plus a weighted sum of thirty fixed images; they look blurred, with gray traces around them.
# The network draws cleaner outlines; compare the sandal in the first column.
# Both lose the pattern of the bag and the print of the dress in the ninth column.

# %% [markdown]
# ## A map of the collection
# A code describes a garment by thirty numbers.
# Are similar garments close to each other in this space?
# To see it, we need a map in two dimensions.
# *t-SNE* places points in the plane so that close neighbors stay close; the sizes of gaps and the places of groups mean little.
# We give it the codes, and draw garments where there is room for one.


# %%
def draw_map(plane, pictures, labels, class_names, size=0.05):
    """Draw points of the unit square, colored by label, and pictures on some."""
    figure, axis = plt.subplots(figsize=(8, 7.5), layout="constrained")
    dots = axis.scatter(*plane.T, c=labels, s=4, cmap="tab10", vmin=-0.5, vmax=9.5)
    placed = np.full((1, 2), np.inf)  # where there is a picture already
    for (x, y), picture in zip(plane, pictures, strict=True):
        distances = np.linalg.norm(placed - (x, y), axis=1)
        if distances.min() > 1.4 * size:  # a diagonal: pictures do not overlap
            placed = np.vstack([placed, (x, y)])
            extent = (x - size / 2, x + size / 2, y - size / 2, y + size / 2)
            axis.imshow(picture, cmap="gray", extent=extent, zorder=2)
    axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xticks=[], yticks=[])
    axis.set_title("t-SNE of the codes", fontsize=11)
    handles, _ = dots.legend_elements(num=None)
    figure.legend(handles, class_names, fontsize=8, ncols=5, loc="outside lower center")


# %% alt="Map of 3,000 points, colored by class, with pictures of garments on it. Shoes are on the left, ankle boots above, sneakers below, sandals between and beside them; bags are in the middle, T-shirts below them, trousers by themselves at the lower right; dresses lie above the trousers, and pullovers, coats and shirts, mixed, at the upper right."
map_images, map_labels = x_valid[:N_MAP], y_valid[:N_MAP]
codes = encoder.predict(map_images)
tsne = TSNE(init="pca", random_state=run.seed, max_iter=500)  # default: 1000
plane = tsne.fit_transform(codes)
plane = (plane - plane.min(axis=0)) / np.ptp(plane, axis=0)
draw_map(plane, map_images, map_labels, images.class_names)
plt.show()

# %% [markdown]
# Shoes and trousers lie apart from the other clothes.
# Pullovers, coats and shirts share a region, and their colors are mixed; they are hard to tell apart even by eye.
# The labels were used only to color the map.
# Did the network sort the garments, or would their pixels do as well?
# We take the ten nearest neighbors of each garment, and count how many are of its class: among the codes, PCA's codes, the pixels, and the codes of an encoder with random weights.


# %%
def same_class(points, labels):
    """Percentage of the ten nearest neighbors of a point that share its class."""
    index = NearestNeighbors(n_neighbors=10).fit(np.float32(points))
    neighbors = index.kneighbors(return_distance=False)  # of each point, without itself
    return 100 * np.mean(labels[neighbors] == labels[:, None])


untrained = keras.models.clone_model(encoder)  # with new random weights
neighbors_code = same_class(codes, map_labels)
neighbors_pca = same_class(pca_codes[:N_MAP], map_labels)
neighbors_pixels = same_class(map_images.reshape(-1, pixels), map_labels)
neighbors_untrained = same_class(np.float32(untrained(map_images)), map_labels)
print(f"codes {neighbors_code:.1f} %, before training {neighbors_untrained:.1f} %")
print(f"PCA {neighbors_pca:.1f} %, pixels {neighbors_pixels:.1f} %")

# %% [markdown]
# It is 74.3 %<!-- neighbors_code --> for the codes, 72.6 %<!-- neighbors_pca --> for PCA's, 71.6 %<!-- neighbors_pixels --> for the pixels and 65.3 %<!-- neighbors_untrained --> before training.
# So training sorts the garments, but only a little better than PCA does.
#
# ## Does depth help?
# The slides say that more layers learn more complex codings.
# But more layers usually mean more parameters, too.
# To see what depth itself does, we train a network with two hidden layers on each side, and make them narrower, so that it has as many parameters as ours.

# %%
deep_30 = build_autoencoder(shape, [344, 150], LATENT_DIM)
deep_mse = train(deep_30, x_train, x_valid, epochs)["val_loss"][-1]
print(f"two hidden layers, {deep_30.count_params():,} parameters: {deep_mse:.4f}")

# %% [markdown]
# After as many epochs, the deeper network is worse: 0.0121<!-- deep_mse --> instead of 0.0100<!-- stacked_mse -->.
# Does this mean that depth does not help?
# We repeat the comparison with a code of two numbers, again with equally many parameters.

# %%
shallow_2 = build_autoencoder(shape, [400], 2)
deep_2 = build_autoencoder(shape, [337, 150], 2)
shallow_2_mse = train(shallow_2, x_train, x_valid, epochs)["val_loss"][-1]
deep_2_mse = train(deep_2, x_train, x_valid, epochs)["val_loss"][-1]
print(f"code of 2: one hidden layer {shallow_2_mse:.4f}, two {deep_2_mse:.4f}")

# %% [markdown]
# Now the deeper network is better: 0.0271<!-- deep_2_mse --> instead of 0.0291<!-- shallow_2_mse -->.
# Three other seeds, with half as many epochs, agree.
# A second hidden layer changes the mean error by −10 %<!-- experiment 03 depth code_2_change --> with two numbers, and by 22 %<!-- experiment 03 depth code_30_change --> with thirty.
#
# ## Overfitting
# The slides warn that the layers should not be too powerful, or the autoencoder overfits (*sobreajuste*).
# On 55,000 images, training and validation error end close together, so we take most of the images away.
# With 500 of them, we train a narrow and a wide network, at a constant rate.

# %%
few = x_train[:500]
some_valid, other_valid = np.split(x_valid, [len(x_valid) // 5])
settings = {"epochs": FEW_EPOCHS, "rate": 2e-3, "batch_size": 50}
narrow = build_autoencoder(shape, [100], LATENT_DIM)
narrow_history = train(narrow, few, some_valid, **settings)
keras.utils.set_random_seed(run.seed)
wide = build_autoencoder(shape, [1000], LATENT_DIM)
wide_history = train(wide, few, some_valid, **settings)

# %% alt="Training and validation error of two networks over 80 epochs. All curves fall steeply at first. The validation error of the wide network is level from about epoch 30 on, near 0.021, while its training error falls to 0.003; that of the narrow one falls slowly to 0.021, its training error to 0.011."
gk.plot_learning_curves(
    {"100 hidden units": narrow_history, "1,000 hidden units": wide_history},
    title="Two autoencoders trained on 500 images, with the errors of the last epoch",
    ylabel="MSE per pixel",
)
plt.ylim(0, 0.05)
plt.show()

# %% [markdown]
# Both networks reconstruct the 500 images much better than new ones, and the wide one has the larger *gap* between the two errors.
# Nevertheless, the wide network has the lower validation error for most of the training, so a gap alone is no reason for a smaller network.
# But from about epoch 30 on this error no longer falls, and training on only widens the gap: this is overfitting.
#
# So we can stop earlier.
# Keras does this with `EarlyStopping`: if the validation loss has not improved for some epochs (the *patience*), it ends the training and restores the best weights.
# We keep the rate constant here, because a schedule needs the number of epochs in advance.
#
# The epoch is chosen on a fifth of the validation images, so we measure the errors on the rest.

# %%
stopping = keras.callbacks.EarlyStopping(patience=15, restore_best_weights=True)
keras.utils.set_random_seed(run.seed)  # the same start as before
stopped = build_autoencoder(shape, [1000], LATENT_DIM)
stopped_history = train(stopped, few, some_valid, callbacks=[stopping], **settings)
stopped_epochs = len(stopped_history["loss"])
wide_mse = wide.evaluate(other_valid, other_valid)
stopped_mse = stopped.evaluate(other_valid, other_valid)
print(f"all epochs {wide_mse:.4f}, stopped after {stopped_epochs}: {stopped_mse:.4f}")

# %% [markdown]
# With early stopping, the training ends after 52<!-- stopped_epochs --> of 80 epochs, with an error of 0.0205<!-- stopped_mse -->; without, the error is 0.0210<!-- wide_mse -->.
#
# ## Tied weights
# PCA encodes with a matrix and decodes with its transpose.
# Our decoder could use the encoder's weights in the same way: only its biases would be new, and the network would have half as many parameters.
# We need a layer that computes
#
# $$y = f(x\,W^\top + b),$$
#
# where $W$ is the kernel of one of the encoder's layers.


# %%
class TransposedDense(layers.Layer):
    """activation(x W^T + b), where W is the kernel of a Dense layer."""

    def __init__(self, dense, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.dense = dense
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        size = self.dense.kernel.shape[0]
        self.bias = self.add_weight(shape=(size,), initializer="zeros", name="bias")

    def call(self, x):
        transposed = ops.transpose(self.dense.kernel)
        return self.activation(ops.matmul(x, transposed) + self.bias)


hidden = layers.Dense(400, activation="relu")
code = layers.Dense(LATENT_DIM)
tied = keras.Sequential(
    [
        keras.Input(shape),
        layers.Flatten(),
        hidden,
        code,
        TransposedDense(code, activation="relu"),
        TransposedDense(hidden, activation="sigmoid"),
        layers.Reshape(shape),
    ]
)
tied_mse = train(tied, x_train, x_valid, epochs)["val_loss"][-1]
print(f"{tied.count_params():,} parameters, validation MSE {tied_mse:.4f}")

# %% [markdown]
# With half of the parameters, the error is again 0.0100<!-- tied_mse -->.
# `gk.TransposedDense` does the same, and a model that contains both layers can be saved.
#
# ## Training one autoencoder at a time
# Around 2006, deep networks were hard to train from random weights.
# One way out was to train one layer at a time (*Training one autoencoder at a time*), in three phases:
#
# | | layers | epochs |
# |---|---|---|
# | first autoencoder, for the images | 784 → **400** → 784 | 2 |
# | second autoencoder, for the 400 hidden values | 400 → **30** → 400 | 2 |
# | all layers together | 784 → 400 → 30 → 400 → 784 | 4 |
#
# An epoch of both autoencoders costs about as much as one of the whole network, so all of this is as much work as six epochs for the whole.

# %%
greedy = build_autoencoder(shape, [400], LATENT_DIM)
flatten, encoder_1, encoder_2 = greedy.layers[0].layers
decoder_2, decoder_1, reshape = greedy.layers[1].layers
third = max(1, epochs // 3)

first = keras.Sequential([keras.Input(shape), flatten, encoder_1, decoder_1, reshape])
train(first, x_train, x_valid, third)

to_hidden = keras.Sequential([keras.Input(shape), flatten, encoder_1])
hidden_train = to_hidden.predict(x_train)
hidden_valid = np.float32(to_hidden(x_valid))
second = keras.Sequential([keras.Input((400,)), encoder_2, decoder_2])
train(second, hidden_train, hidden_valid, third)

assembled_mse = np.mean((x_valid - np.float32(greedy(x_valid))) ** 2)
greedy_mse = train(greedy, x_train, x_valid, epochs - third)["val_loss"][-1]
print(f"put together {assembled_mse:.4f}, after training the whole {greedy_mse:.4f}")
print(f"all layers at once, with as much work: {stacked_mse:.4f}")

# %% [markdown]
# Put together, the network has an error of 0.0190<!-- assembled_mse -->, and after the last phase 0.0099<!-- greedy_mse -->; training all layers at once gave 0.0100<!-- stacked_mse -->, too.
# On average over three seeds it is 0.0100<!-- experiment 03 layer_by_layer all_layer_by_layer --> one at a time and 0.0101<!-- experiment 03 layer_by_layer all_at_once --> at once, so the detour gains little.
# In short trainings on 6,000 images, it costs something: 0.0234<!-- experiment 03 layer_by_layer few_layer_by_layer --> instead of 0.0219<!-- experiment 03 layer_by_layer few_at_once -->.
#
# ## Unsupervised pretraining
# Suppose that only a few hundred garments have labels.
# The slides suggest reusing the lower layers of an autoencoder, which has seen all images, in a classifier (*preentrenamiento no supervisado*).
# We compare three classifiers with the same layers:
#
# - *from scratch*: all layers start at random;
# - *frozen*: the first layer comes from the autoencoder and stays as it is;
# - *fine-tuned*: it comes from the autoencoder and is trained with the rest.
#
# Each makes 300 gradient steps, on images drawn from the labeled ones.
# All three get the same labeled images, so we compare them in pairs.


# %%
def copy_layers(pretrained, way):
    """Copy pretrained layers: "from scratch" (random), "frozen" or "fine-tuned"."""
    lower = keras.models.clone_model(pretrained)  # with new random weights
    if way != "from scratch":
        lower.set_weights(pretrained.get_weights())
    lower.trainable = way != "frozen"
    return lower


def train_classifier(lower, x, y, n_classes):
    """Put two new layers on top of the lower ones, and train them for one pass."""
    classifier = keras.Sequential(
        [lower, layers.Dense(100, activation="relu"), layers.Dense(n_classes)]
    )
    classifier.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.Adam(warmup_cosine(2e-3, len(x) // 32)),
        metrics=["accuracy"],
        steps_per_execution=10,
    )
    classifier.fit(x, y, batch_size=32)
    return classifier


# %%
first_layer = keras.Sequential([keras.Input(shape), *encoder.layers[:2]])
accuracies = {"from scratch": [], "frozen": [], "fine-tuned": []}
for n in LABELS:
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        labeled = rng.choice(len(x_train), n, replace=False)
        batches = rng.choice(labeled, 300 * 32)
        for way, values in accuracies.items():
            keras.utils.set_random_seed(draw)
            lower = copy_layers(first_layer, way)
            classifier = train_classifier(lower, x_train[batches], y_train[batches], 10)
            values.append(100 * classifier.evaluate(x_valid, y_valid)[1])
by_labels = {way: np.reshape(a, (len(LABELS), DRAWS)) for way, a in accuracies.items()}
scratch = by_labels["from scratch"]
for n, mean in zip(LABELS, scratch.mean(axis=1), strict=True):
    print(f"{n} labels: from scratch {mean:.1f} %")

# %% alt="Gain in accuracy against 100, 500 and 2,000 labeled images, with error bars. Fine-tuned, it falls from 1.8 to 0.7 and 0.7 points, always above zero; frozen, from 1.2 points to about zero and minus 0.5. The bars reach about half a point to each side with 100 labels, and are shorter with more."
_, axis = plt.subplots(figsize=(8, 3.6), layout="constrained")
places = np.arange(len(LABELS))
for shift, way in [(-0.03, "fine-tuned"), (0.03, "frozen")]:  # beside each other
    gains = by_labels[way] - scratch
    error = gains.std(axis=1, ddof=1) / DRAWS**0.5
    axis.errorbar(places + shift, gains.mean(axis=1), error, capsize=3, label=way)
axis.axhline(0, color="0.5", linestyle=":", label="from scratch")
axis.set_xticks(places, LABELS)
axis.set(xlabel="labeled images", ylabel="gain in accuracy (points)")
axis.set_title("Accuracy minus that from scratch, with standard errors", fontsize=11)
axis.legend(fontsize=8)
plt.show()

# %% [markdown]
# Fine-tuning gains for each number of labels; freezing gains with 100 labels, and costs something with 2,000.
# Nine more draws of labeled images, with three other autoencoders, gain less with 100 labels; here are their mean gains in points (with standard errors below half a point):
#
# | | 100 labels | 500 labels | 2,000 labels |
# |---|---|---|---|
# | first layer, fine-tuned | 1.0<!-- experiment 03 pretraining layer_tuned_100_gain --> | 0.7<!-- experiment 03 pretraining layer_tuned_500_gain --> | 0.6<!-- experiment 03 pretraining layer_tuned_2000_gain --> |
# | first layer, frozen | 0.7<!-- experiment 03 pretraining layer_frozen_100_gain --> | 0.3<!-- experiment 03 pretraining layer_frozen_500_gain --> | −1.0<!-- experiment 03 pretraining layer_frozen_2000_gain --> |
# | first layer, random and frozen | −0.3<!-- experiment 03 pretraining random_frozen_100_gain --> | −1.5<!-- experiment 03 pretraining random_frozen_500_gain --> | −3.0<!-- experiment 03 pretraining random_frozen_2000_gain --> |
#
# The last row shows that the autoencoder has learned something of use: frozen, its first layer is better than a random one.
# Still, even fine-tuning gains only half a point to one point.
# The slides advise freezing the layers if labels are few; here fine-tuning is the better way with any number of them.
#
# ## Check

# %%
for deep, shallow in [(deep_30, stacked), (deep_2, shallow_2)]:
    ratio = deep.count_params() / shallow.count_params()
    assert 0.98 < ratio < 1.02, "the deeper network is not of the same size"
assert tied.count_params() < 0.52 * stacked.count_params(), "the weights are not tied"
if not QUICK:
    assert stacked_mse < 0.013, "reconstructions are worse than expected"
    assert tied_mse < 0.013, "tied weights cost more than expected"
    assert greedy_mse < 0.013, "layer by layer, it is worse than expected"
    assert neighbors_code > neighbors_untrained + 3, "training does not sort garments"
    assert deep_2_mse < shallow_2_mse, "with a code of two, depth should help"
    assert stopped_mse < wide_mse + 5e-4, "stopped too early"
    assert by_labels["fine-tuned"].mean() > scratch.mean(), "pretraining does not help"

# %% [markdown]
# ## What to remember
# - A stacked autoencoder has several hidden layers, usually symmetric about the code; its targets are its inputs.
# - At equal size and after six epochs, the deeper network was better with a code of two numbers, and worse with thirty.
# - Reconstructing the training images better than new ones is overfitting; `EarlyStopping` keeps the weights that were best on validation images. Tied weights halve the number of parameters.
# - A pretrained first layer, fine-tuned, helps a classifier with few labels, here by half a point to one point.
#
# ## Exercises
# In [exercises/03_stacked_autoencoders.ipynb](../exercises/03_stacked_autoencoders.ipynb), with cells that check your answers:
# counting parameters; early stopping by hand; PCA as an autoencoder with tied weights; whether a difference is real; depth for a short code.
#
# ## References
# - G. Hinton, R. Salakhutdinov, [Reducing the Dimensionality of Data with Neural Networks](https://doi.org/10.1126/science.1127647), 2006.
# - Y. Bengio et al., Greedy Layer-Wise Training of Deep Networks, NIPS 2006 (one at a time).
# - P. Vincent et al., [Stacked Denoising Autoencoders](https://jmlr.org/papers/v11/vincent10a.html), 2010 (tied weights).
# - L. van der Maaten, G. Hinton, [Visualizing Data using t-SNE](https://jmlr.org/papers/v9/vandermaaten08a.html), 2008.
