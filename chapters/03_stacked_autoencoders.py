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
# Labels are expensive: somebody has to look at every image and say what it shows. Images without labels cost next to nothing. A stacked autoencoder learns from the
# images alone, and what it learns can be used three times: to compress them, to draw a map of a whole collection, and to
# help a classifier for which there are only a few labels. In this chapter we build one, compare it with the textbook's, and find out how much
# each of the three is really worth.
#
# | | |
# |---|---|
# | Slides | *Stacked autoencoders*; *Arquitectura simétrica*; *Entrenamiento no supervisado con autoencoders apilados*; *Training one autoencoder at a time* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Stacked Autoencoders" |
# | Result | Rebuilds garments from 30 numbers with two thirds of PCA's squared error: 0.0102<!-- stacked_test_mse --> against 0.0156<!-- pca_test_mse --> on test images |
# | Time | 277 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there. `gk.setup()` sets the seeds and prints what it found.

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

# %% quick={"CLASSIFIER_SEEDS": 2, "CLASSIFIER_STEPS": 60, "EPOCHS": 2, "EPOCHS_SAMPLE": 2, "JIT_COMPILE": false, "LABELS": [500], "MEMORY_EPOCHS": 2, "N_MAP": 100, "N_TRAIN": 2000, "QUICK": true, "SEEDS": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
LATENT_DIM = 30  # size of the code
HIDDEN_UNITS = 400  # in the hidden layer on each side of the code; GPU: 1000
EPOCHS = 6  # passes over the full training set; GPU: 30
EPOCHS_SAMPLE = 20  # the same for the bundled sample, which has a sixth of the images
BATCH_SIZE = 256  # GPU: 512
PEAK_RATE = 4e-3  # highest learning rate of the schedule
JIT_COMPILE = True  # XLA, which speeds up dense models
SEEDS = 2  # repetitions of the autoencoders that are compared with each other
MEMORY_EPOCHS = 120  # passes of the models that overfit
N_MAP = 3000  # garments on the maps
LABELS = [100, 500]  # labeled images that the classifiers get
CLASSIFIER_STEPS = 1000  # most gradient steps of a classifier
CLASSIFIER_SEEDS = 5  # repetitions of each classifier
MODELS = "models"  # folder for the trained models

# %% [markdown]
# ## The data, and two baselines
# We will train a network to reproduce its input. The images are input and target at once; labels are not used before the last sections of the
# chapter. Before we train anything, let us find out what there is to beat. The first baseline ignores the input and always returns the
# mean image. The second is PCA with as many components as our code will have numbers, which is the best that any *linear* compression can do.

# %%
from sklearn.decomposition import PCA

pathlib.Path(MODELS).mkdir(parents=True, exist_ok=True)
images = gk.load_images(n_train=N_TRAIN)
full_data = images.source == "tfds"
x_train, x_valid, x_test = images.x_train, images.x_valid, images.x_test
epochs = EPOCHS if full_data else EPOCHS_SAMPLE


def mse(x, reconstructions):
    """Mean squared error per pixel."""
    assert x.shape == reconstructions.shape, f"shapes {x.shape} and {reconstructions.shape}"
    return float(np.mean((np.asarray(reconstructions) - x) ** 2))


def flatten(x):
    """Images as rows of 784 numbers."""
    return x.reshape(len(x), -1)


def pca_reconstructions(pca, x):
    """Images (n, 28, 28, 1), reduced to principal components and rebuilt."""
    return pca.inverse_transform(pca.transform(flatten(x))).reshape(x.shape)


pca = PCA(LATENT_DIM, svd_solver="covariance_eigh").fit(flatten(x_train))
pca_mse = mse(x_valid, pca_reconstructions(pca, x_valid))
mean_mse = mse(x_valid, np.broadcast_to(x_train.mean(axis=0), x_valid.shape))
pca_clipped_mse = mse(x_valid, pca_reconstructions(pca, x_valid).clip(0, 1))
print(
    f"validation MSE: mean image {mean_mse:.5f}, PCA with {LATENT_DIM} components {pca_mse:.5f} ",
    end="",
)
print(f"({pca_clipped_mse:.5f} if clipped to [0, 1])")

# %% [markdown]
# ## The architecture
# An autoencoder with several hidden layers is called *stacked* or deep. Its architecture is usually symmetric about the coding layer
# (*arquitectura simétrica*), like a sandwich: the decoder has the layers of the encoder in reverse order.

# %% alt="Diagram: 784 pixels, 400 hidden units, a code of 30, 400 hidden units, 784 pixels; the first half is the encoder, the second the decoder."
gk.plot_network(
    [
        ("image\n784", 784),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        (f"code, linear\n{LATENT_DIM}", LATENT_DIM),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        ("reconstruction,\nsigmoid, 784", 784),
    ],
    parts={"encoder": (0, 2), "decoder": (2, 4)},
    title="The stacked autoencoder",
)
plt.show()

# %% [markdown]
# Three details differ from the textbook. The hidden layers have 400 units, where the textbook has 100. The output layer is a sigmoid, because pixels lie between 0 and 1. And the coding layer is
# linear, where the textbook uses a ReLU; we will measure what difference these choices make. Encoder and decoder are models of their own, so
# that we can use each alone later.


# %%
def build_autoencoder(hidden_units, latent_dim, code_activation=None, output_activation="sigmoid"):
    """784-hidden-latent-hidden-784 for images (28, 28, 1)."""
    encoder = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(hidden_units, activation="relu", name="hidden"),
            layers.Dense(latent_dim, activation=code_activation, name="code", dtype="float32"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(hidden_units, activation="relu"),
            layers.Dense(28 * 28, activation=output_activation, dtype="float32"),
            layers.Reshape((28, 28, 1), dtype="float32"),
        ],
        name="decoder",
    )
    return keras.Sequential([encoder, decoder], name="stacked_autoencoder")


stacked = build_autoencoder(HIDDEN_UNITS, LATENT_DIM)
print(f"{stacked.count_params():,} parameters")

# %% [markdown]
# ## Training
# The loss is the squared error of the slides, averaged over pixels and images, which Keras calls `"mse"`:
#
# $$\mathcal{L} = \frac{1}{784\,n} \sum_{i=1}^{n} \|x_i - \hat{x}_i\|^2$$
#
# To train quickly on two cores we use batches of 256 images, where the textbook has 32, and a higher learning rate to go with
# them. At the beginning, when the weights are still random, such a rate could throw the training off course. So it starts low, rises during the first
# twentieth of the steps (*warm-up*), and then falls along a cosine, so that the last steps are small and the weights settle.


# %%
def warmup_cosine(peak_rate, steps):
    """Learning rate that rises to peak_rate in a twentieth of the steps, then falls to 0."""
    if not steps >= 1:
        raise ValueError(f"steps must be at least 1 (epochs times batches), got {steps}")
    warmup = max(1, steps // 20)
    return keras.optimizers.schedules.CosineDecay(
        peak_rate / warmup, max(1, steps - warmup), warmup_target=peak_rate, warmup_steps=warmup
    )


steps = epochs * int(np.ceil(len(x_train) / BATCH_SIZE))
schedule = warmup_cosine(PEAK_RATE, steps)

# %% [markdown]
# `steps_per_execution=20` lets TensorFlow make twenty steps before it returns to Python, which saves time with models as small as this one.

# %%
stacked.compile(
    loss="mse",
    optimizer=keras.optimizers.Nadam(schedule),
    steps_per_execution=min(20, steps),
    jit_compile=JIT_COMPILE,
)
training_start = time.perf_counter()
stacked_history = stacked.fit(
    x_train,
    x_train,
    batch_size=BATCH_SIZE,
    epochs=epochs,
    validation_data=(x_valid, x_valid),
    validation_batch_size=1000,
    verbose=0,
)
stacked_seconds = time.perf_counter() - training_start
stacked_mse = stacked_history.history["val_loss"][-1]
stacked.save(f"{MODELS}/03_stacked_autoencoder.keras")
print(f"{epochs} epochs, {stacked_seconds:.0f} s, validation MSE {stacked_mse:.5f}")

# %% alt="Training and validation error by epoch. Both fall and end close together, well below the dotted line of PCA."
gk.plot_learning_curves(
    {"stacked": stacked_history},
    baselines={f"PCA, {LATENT_DIM} components": pca_mse},
    title="Learning curves of the stacked autoencoder",
    ylabel="MSE per pixel",
)
plt.show()

# %% alt="Ten garments in the top row, their PCA reconstructions in the middle, blurred and with ghostly traces, and the autoencoder's at the bottom, sharper."
shown = x_valid[:10]
rows = {"PCA": pca_reconstructions(pca, shown).clip(0, 1), "stacked": stacked(shown)}
title = f"Ten validation garments, rebuilt from {LATENT_DIM} numbers each"
gk.plot_reconstructions(shown, rows, title=title)
plt.show()

# %% [markdown]
# With thirty numbers per garment, the network's error is 0.0101<!-- stacked_val_mse --> where PCA's is 0.0157<!-- pca_val_mse --> (0.0150<!-- pca_clipped_val_mse --> if its reconstructions are clipped to the range of the pixels). The network's validation error falls below PCA's in the second epoch. The two
# learning curves end together, so there is no sign of overfitting. (In the first epochs the training curve lies above the validation curve, because it is a mean over
# the whole epoch, while the validation error is measured at its end.)
#
# In the pictures, PCA's reconstructions look blurred and show traces of other garments, because each is a weighted sum of the same thirty images. The network
# draws cleaner outlines: compare the sandal in the first column and the trousers in the seventh. Both lose the pattern of the bag, the print of the dress in the ninth column and the sandal in the tenth.

# %% [markdown]
# ## How does it compare with the textbook's?
# The textbook's autoencoder is 784-100-30-100-784, with ReLU on the coding layer and a linear output. It is trained with Nadam at a constant rate of 0.001<!-- setting --> and
# batches of 32. After 20 epochs the output printed in the book's own notebook shows a validation loss of
# 0.0132<!-- textbook stacked printed -->. When we ran the same recipe on Keras 3 it ended at 0.0138<!-- experiment textbook_autoencoders stacked classic_mse --> (mean of three seeds, in
# the [experiments](../experiments/README.md)).
#
# Our network is below that, but it also has four times as many parameters. For a fair comparison we go back to the textbook's 100
# hidden units, keep our way of training, and change one thing at a time. Each variant is trained with two seeds.


# %%
def train(model, x, epochs):
    """Compile and fit as above, with x as input and target."""
    steps = epochs * int(np.ceil(len(x) / BATCH_SIZE))
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(warmup_cosine(PEAK_RATE, steps)),
        steps_per_execution=min(20, steps),
        jit_compile=JIT_COMPILE,
    )
    model.fit(x, x, batch_size=BATCH_SIZE, epochs=epochs, verbose=0)


TEXTBOOK_MSE = 0.0132  # textbook stacked printed
variants = {"textbook's layers": [], "sigmoid output": [], "and linear code": []}
constant_units = {name: [] for name in variants}
for seed in range(SEEDS):
    for name in variants:
        keras.utils.set_random_seed(seed)
        model = build_autoencoder(
            100,
            LATENT_DIM,
            code_activation=None if name == "and linear code" else "relu",
            output_activation=None if name == "textbook's layers" else "sigmoid",
        )
        train(model, x_train, epochs)
        variants[name].append(mse(x_valid, model(x_valid)))
        codes = np.asarray(model.layers[0](x_valid))
        constant_units[name].append(int(np.sum(codes.std(axis=0) < 1e-6)))
print(f"{model.count_params():,} parameters, {epochs} epochs, by seed:")
for name, errors in variants.items():
    by_seed = "  ".join(f"{error:.5f}" for error in errors)
    print(f"{name:18} validation MSE {by_seed}   units that never change {constant_units[name]}")

# %% [markdown]
# With the textbook's layers, our way of training reaches 0.0166<!-- textbook_layers_val_mse --> in six epochs, which is worse than the textbook's twenty. The sigmoid output brings
# it to 0.0143<!-- sigmoid_output_val_mse -->, the linear code to 0.0132<!-- linear_code_val_mse -->. At equal size, then, our network is as
# good as the textbook's, in less than a third of the epochs; only the wider main model does better (we did not train the small one for longer).
#
# Why does the ReLU on the code hurt? One reason may be in the last column of the output. With a ReLU, some units of the code return the same value for every garment, so that they carry no
# information, and thirty numbers are no longer thirty. With a linear code this does not happen. (A high learning rate, such as ours, is known to make such "dead" units more likely, so this need not be the same with the textbook's training.)

# %% [markdown]
# ## Overfitting
# The slides warn that the layers should not be too powerful, or the autoencoder overfits (*sobreajuste*). On 55,000 images we saw nothing of the kind: the two
# learning curves end together. Overfitting needs a network that is large compared with its data. So we take away data first, all but 500
# images, and then compare a narrow network with a wide one. Only the width differs between the two.

# %%
few = x_train[:500]
few_pca = PCA(LATENT_DIM, svd_solver="covariance_eigh").fit(flatten(few))
few_pca_mse = mse(x_valid[:1000], pca_reconstructions(few_pca, x_valid[:1000]))
memory_histories = {}
for hidden_units in (100, 1600):
    keras.utils.set_random_seed(run.seed)
    model = build_autoencoder(hidden_units, LATENT_DIM)
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(1e-3),
        steps_per_execution=10,
        jit_compile=JIT_COMPILE,
    )
    memory_histories[f"{hidden_units} hidden units"] = model.fit(
        few,
        few,
        batch_size=50,
        epochs=MEMORY_EPOCHS,
        validation_data=(x_valid[:1000], x_valid[:1000]),
        validation_batch_size=1000,
        verbose=0,
    ).history
narrow, wide = memory_histories.values()
for name, history in memory_histories.items():
    best = int(np.argmin(history["val_loss"]))
    print(
        f"{name:17} lowest validation MSE {history['val_loss'][best]:.5f} in epoch {best + 1}",
        end="",
    )
    print(f", at the end {history['val_loss'][-1]:.5f} (training {history['loss'][-1]:.5f})")
print(f"PCA, fitted to the same 500 images: validation MSE {few_pca_mse:.5f}")

# %% alt="Training and validation error of two networks over the epochs. Both training curves keep falling, that of the wide network much faster, to almost zero. Its validation curve reaches a minimum and rises slowly; that of the narrow network still falls slowly at the end. A dotted line for PCA lies below both validation curves."
gk.plot_learning_curves(
    memory_histories,
    baselines={"PCA, 500 images": few_pca_mse},
    title="Two autoencoders trained on 500 images",
    ylabel="MSE per pixel",
)
plt.ylim(0, 0.05)
plt.show()

# %% [markdown]
# Both networks fit their 500 images better and better, the wide one far more closely. The wide network's validation error is lowest in epoch
# 44<!-- wide_best_epoch -->, at 0.0200<!-- wide_best_val_mse -->. The curve is nearly flat there, with some jitter, and drifts upward towards the end, to 0.0224<!-- wide_last_val_mse -->. That is overfitting: in the end it improves only on the 500 training images.
# The narrow network, trained for as many steps, shows no such rise within 120 epochs: it ends at 0.0210<!-- narrow_last_val_mse -->, next to its best value, 0.0208<!-- narrow_best_val_mse -->. At its best epoch, the wide network was even slightly better
# than the narrow one ever was. The simple remedy is *early stopping*, in the epoch where the validation error is lowest. (Each was trained once.)
#
# The dotted line shows PCA for comparison. Fitted to the same 500 images, it has a validation error of 0.0168<!-- few_pca_val_mse -->. With 55,000 images the network beats PCA clearly, as we saw. With 500, the linear method
# generalizes better than either of these networks, as trained here.

# %% [markdown]
# ## Tied weights
# PCA encodes by a matrix $W$ and decodes by its transpose. Could our decoder use the weights of the encoder in the same way? Then only its biases would be new, and
# the network would have half as many parameters. Keras has no such layer, so we write one. It computes
#
# $$y = f(x\,W^\top + b)$$
#
# where $W$ is the kernel of the encoder's dense layer. (The textbook's version asks that layer for its `input_shape`, which layers
# of Keras 3 no longer have. We take the shapes from the kernel.)


# %%
class TransposedDense(layers.Layer):
    """activation(x W^T + b), from (batch, units) to (batch, inputs); W is the kernel of dense."""

    def __init__(self, dense, activation=None, **kwargs):
        super().__init__(**kwargs)
        self.dense = dense
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        inputs = self.dense.kernel.shape[0]
        self.bias = self.add_weight(shape=(inputs,), initializer="zeros", name="bias")

    def call(self, x):
        return self.activation(ops.matmul(x, ops.transpose(self.dense.kernel)) + self.bias)


# %% [markdown]
# A model with this layer cannot be saved to a file. With `gk.TransposedDense`, which computes the same, it can.


# %%
def build_tied(hidden_units, latent_dim):
    """784-hidden-latent-hidden-784, the decoder's kernels being those of the encoder, transposed."""
    hidden = layers.Dense(hidden_units, activation="relu")
    code = layers.Dense(latent_dim, name="code", dtype="float32")
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            hidden,
            code,
            TransposedDense(code, activation="relu"),
            TransposedDense(hidden, activation="sigmoid", dtype="float32"),
            layers.Reshape((28, 28, 1), dtype="float32"),
        ],
        name="tied_autoencoder",
    )


encoder, decoder = stacked.layers
encoders = [encoder]
tying = {"not tied": [stacked_mse], "tied": []}
for seed in range(run.seed, run.seed + SEEDS):
    keras.utils.set_random_seed(seed)
    tied = build_tied(HIDDEN_UNITS, LATENT_DIM)
    train(tied, x_train, epochs)
    tying["tied"].append(mse(x_valid, tied(x_valid)))
    if seed > run.seed:
        keras.utils.set_random_seed(seed)
        second_stacked = build_autoencoder(HIDDEN_UNITS, LATENT_DIM)
        train(second_stacked, x_train, epochs)
        encoders.append(second_stacked.layers[0])
        tying["not tied"].append(mse(x_valid, second_stacked(x_valid)))
for (name, errors), model in zip(tying.items(), (stacked, tied), strict=True):
    print(f"{name:8} {model.count_params():>8,} parameters   validation MSE by seed: ", end="")
    print("  ".join(f"{error:.5f}" for error in errors))

# %% [markdown]
# With half of the parameters, the tied network is as good as the other: 0.0100<!-- tied_val_mse --> against 0.0101<!-- not_tied_val_mse -->. Both tied runs are slightly better than both untied runs, but two seeds are too few to conclude anything from that.

# %% [markdown]
# ## Training one autoencoder at a time
# Around 2006, deep networks were hard to train from random weights. One way out was to train them one layer at a time (*Training one autoencoder at a time*). A first, shallow autoencoder
# learns to compress the images to 400 hidden activations. A second one learns to compress *those* to 30 numbers.
# Then the parts are put together in the order encoder 1, encoder 2, decoder 2, decoder 1, and the whole is trained a little more.
#
# We give this procedure as many passes in all as we gave the network above: a third for each of the two autoencoders, and a third for the whole.

# %% alt="Two diagrams. Phase 1: 784 pixels, 400 hidden units, 784 pixels. Phase 2: 400 hidden units, a code of 30, 400 hidden units."
gk.plot_network(
    [
        ("image\n784", 784),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        ("reconstruction,\nsigmoid, 784", 784),
    ],
    parts={"encoder 1": (0, 1), "decoder 1": (1, 2)},
    title="Phase 1: the first autoencoder sees images",
)
plt.show()
gk.plot_network(
    [
        (f"hidden activations\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        (f"code, linear\n{LATENT_DIM}", LATENT_DIM),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
    ],
    parts={"encoder 2": (0, 1), "decoder 2": (1, 2)},
    title="Phase 2: the second one sees the hidden activations of the first",
)
plt.show()


# %%
def build_shallow(inputs, units, activation, output_activation):
    """A dense layer that encodes and one that decodes."""
    return keras.Sequential(
        [
            keras.Input((inputs,)),
            layers.Dense(units, activation=activation),
            layers.Dense(inputs, activation=output_activation, dtype="float32"),
        ]
    )


third = max(1, epochs // 3)
keras.utils.set_random_seed(run.seed)
first = build_shallow(784, HIDDEN_UNITS, "relu", "sigmoid")
train(first, flatten(x_train), third)
encoder_1, decoder_1 = first.layers
hidden_train = np.asarray(encoder_1(flatten(x_train))).astype("float32")
second = build_shallow(HIDDEN_UNITS, LATENT_DIM, None, "relu")
train(second, hidden_train, third)
encoder_2, decoder_2 = second.layers

greedy = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        encoder_1,
        encoder_2,
        decoder_2,
        decoder_1,
        layers.Reshape((28, 28, 1), dtype="float32"),
    ]
)
greedy_before_mse = mse(x_valid, greedy(x_valid))
train(greedy, x_train, third)
greedy_mse = mse(x_valid, greedy(x_valid))
two_thirds_mse = stacked_history.history["val_loss"][min(2 * third, epochs) - 1]
print(f"put together {greedy_before_mse:.5f}, after training the whole {greedy_mse:.5f}")
print(
    f"all at once: {two_thirds_mse:.5f} after two thirds of the epochs, {stacked_mse:.5f} after all"
)

# %% [markdown]
# Before any joint training, the assembled network has an error of 0.0194<!-- greedy_before_val_mse -->. Two more epochs of training all layers together reduce it to
# 0.0112<!-- greedy_val_mse -->. With as many passes, training all at once reaches 0.0101<!-- stacked_val_mse --> (one run each). You may object that a pass over a single layer is cheaper: counted in multiplications, the
# layerwise procedure does two thirds of the work. But after two thirds of its epochs, too, training at once is ahead, with 0.0104<!-- two_thirds_val_mse -->, even though its
# learning rate had not yet fallen to zero. With today's initializers and optimizers, a network of this depth does not need the detour.

# %% [markdown]
# ## A map of the collection
# Thirty numbers per garment are few enough to be useful and too many to be drawn. The method t-SNE arranges points with many coordinates in the plane so
# that close neighbors stay close. Applied to the codes, it gives a map of the whole collection, without a label having been used anywhere. We
# only color the map by class.
#
# But is it the autoencoder that sorted the garments? t-SNE can be applied to the raw pixels, too. We draw both maps and
# compare them by a number that does not depend on t-SNE at all: take the ten nearest neighbors of each garment and count how many are of its class.
# More controls complete the comparison: PCA, and encoders that were never trained. As the next section will use the first hidden layer, we include its 400 activations, too.

# %%
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

map_images, map_labels = x_valid[:N_MAP], images.y_valid[:N_MAP]
spaces = {
    "pixels": [flatten(map_images)],
    "PCA": [pca.transform(flatten(map_images))],
    "untrained encoder": [],
    "autoencoder": [np.asarray(trained(map_images)) for trained in encoders],
    "untrained hidden layer": [],
    "hidden layer": [],
}
for seed in range(SEEDS):
    keras.utils.set_random_seed(run.seed + seed)
    untrained = build_autoencoder(HIDDEN_UNITS, LATENT_DIM).layers[0]
    spaces["untrained encoder"].append(np.asarray(untrained(map_images)))
    untrained_hidden = untrained.get_layer("hidden")
    spaces["untrained hidden layer"].append(
        np.asarray(untrained_hidden(flatten(map_images))).astype("float32")
    )
    hidden_layer = encoders[seed].get_layer("hidden")
    spaces["hidden layer"].append(np.asarray(hidden_layer(flatten(map_images))).astype("float32"))
same_class = {}
for name, repetitions in spaces.items():
    same_class[name] = []
    for points in repetitions:
        neighbors = NearestNeighbors(n_neighbors=11).fit(points).kneighbors(points)[1][:, 1:]
        same_class[name].append(100 * np.mean(map_labels[neighbors] == map_labels[:, None]))
    by_seed = "  ".join(f"{share:.1f}" for share in same_class[name])
    print(f"{name:22} {by_seed} % of the ten nearest neighbors are of the same class (by seed)")

# %% alt="Two t-SNE maps colored by class, left of the raw pixels, right of the codes. Both show separate islands of trousers, bags and shoes and one large region of shirts, pullovers and coats."
figure, axes = plt.subplots(1, 2, figsize=(8, 4.8), layout="constrained")
for axis, name in zip(axes, ("pixels", "autoencoder"), strict=True):
    plane = TSNE(init="pca", random_state=run.seed, max_iter=500).fit_transform(spaces[name][0])
    points = axis.scatter(*plane.T, c=map_labels, s=2, cmap="tab10", vmin=-0.5, vmax=9.5)
    axis.set(title=f"t-SNE of the {'codes' if name == 'autoencoder' else name}")
    axis.set(xlabel="t-SNE 1", xticks=[], yticks=[])
axes[0].set_ylabel("t-SNE 2")
handles, _ = points.legend_elements()
figure.legend(handles, images.class_names, fontsize=8, ncols=5, loc="outside lower center")
plt.show()


# %%
def draw_with_thumbnails(plane, thumbnails, gap=0.05):
    """Draw images at their places (n, 2) in the unit square, wherever there is room for one."""
    figure, axis = plt.subplots(figsize=(8, 7), layout="constrained")
    placed = np.full((1, 2), np.inf)
    for point, image in zip(plane, thumbnails, strict=True):
        if np.min(np.sum((placed - point) ** 2, axis=1)) > gap**2:
            placed = np.vstack([placed, point])
            left, right = point[0] - gap / 2, point[0] + gap / 2
            bottom, top = point[1] - gap / 2, point[1] + gap / 2
            axis.imshow(image[..., 0], cmap="gray_r", extent=(left, right, bottom, top))
    axis.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel="t-SNE 1", ylabel="t-SNE 2")
    axis.set(xticks=[], yticks=[])
    axis.set_title("The map of the codes, with garments", fontsize=11)


# %% alt="The t-SNE map of the codes with pictures of garments at their places: a column of shoes on the left, from boots to sneakers, bags in two groups beside it, trousers in an island of their own, tops in a large connected region."
draw_with_thumbnails((plane - plane.min(axis=0)) / np.ptp(plane, axis=0), map_images)
plt.show()

# %% [markdown]
# The map of the codes is pleasing. Shoes lie on the left, from boots at the top to sneakers at the bottom; trousers are by themselves, and bags lie in two groups between shoes and tops. Pullovers, coats and shirts overlap; they
# are hard to tell apart even by eye. But the map of the raw pixels looks much the same. The count of neighbors confirms it: 73.9 %<!-- same_class_autoencoder_percent --> of the
# nearest neighbors of a code are of the same class, 72.6 %<!-- same_class_pca_percent --> with PCA, 71.6 %<!-- same_class_pixels_percent --> with raw pixels, and even
# untrained encoders reach 65.4 %<!-- same_class_untrained_encoder_percent -->, where chance would give 10 %. The two trained encoders differ by 0.1<!-- same_class_autoencoder_spread --> points, the two untrained ones by 1.6<!-- same_class_untrained_encoder_spread -->; all use the same garments.
#
# So the autoencoder keeps what the pixels already tell about similarity, in thirty numbers instead of 784, and adds little to it. The distances between the islands of a t-SNE map, by the way, mean little; only
# neighborhoods do.

# %% [markdown]
# ## Unsupervised pretraining
# Now for the question of the introduction. Suppose that only a few hundred garments have labels. The slides suggest training an autoencoder on all
# images first and reusing its lower layers in the classifier (*preentrenamiento no supervisado*): they have seen 55,000
# garments, not just the labeled ones. We compare four classifiers of the same shape:
#
# - *from scratch*: all layers start at random;
# - *frozen*: the first layer comes from the autoencoder and stays as it is;
# - *fine-tuned*: it comes from the autoencoder and is trained along with the rest;
# - *frozen at random*: the first layer starts at random and stays as it is. This is the control for the frozen one.

# %% alt="Diagram: 784 pixels, 400 hidden units marked as taken from the autoencoder, 100 hidden units, 10 logits."
gk.plot_network(
    [
        ("image\n784", 784),
        (f"hidden, ReLU\n{HIDDEN_UNITS}", HIDDEN_UNITS),
        ("hidden, ReLU\n100", 100),
        ("logits\n10", 10),
    ],
    parts={"from the autoencoder": (0, 1), "new": (1, 3)},
    title="The classifier",
)
plt.show()

# %% [markdown]
# How long should each be trained? A number of steps that suits one of them may be unfair to another, so each stops when *its own* validation accuracy no longer
# improves, and keeps the weights that were best. With `EarlyStopping`, Keras does so by itself. (With so few labels we
# would not really have a thousand more for validation. We use them here because all four classifiers get the same.) The accuracy is measured on the other validation images. Each of
# the seeds draws other labeled images and other initial weights, the
# same for all classifiers, so that we can compare them pair by pair.


# %%
import tensorflow as tf
from scipy import stats


def build_classifier(hidden_units, pretrained=None, frozen=False):
    """784-hidden-100-10; the first layer can start from given weights, and can be frozen."""
    lower = layers.Dense(hidden_units, activation="relu", trainable=not frozen)
    classifier = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            lower,
            layers.Dense(100, activation="relu"),
            layers.Dense(10, dtype="float32"),
        ]
    )
    if pretrained is not None:
        lower.set_weights(pretrained)
    return classifier


def fit_classifier(classifier, x, y, seed):
    """Train until the validation accuracy stops improving; return the number of steps."""
    steps_per_epoch = 20
    classifier.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.Adam(1e-3),
        metrics=["accuracy"],
        steps_per_execution=steps_per_epoch,
        jit_compile=False,  # these trainings are so short that XLA would not pay
    )
    history = classifier.fit(
        tf.data.Dataset.from_tensor_slices((x, y)).shuffle(len(x), seed).repeat().batch(32),
        shuffle=False,  # the data set is shuffled already
        steps_per_epoch=steps_per_epoch,
        epochs=CLASSIFIER_STEPS // steps_per_epoch,
        validation_data=(x_valid[:n_stop], images.y_valid[:n_stop]),
        validation_batch_size=n_stop,
        callbacks=[
            keras.callbacks.EarlyStopping(
                monitor="val_accuracy", patience=5, restore_best_weights=True
            )
        ],
        verbose=0,
    )
    return len(history.epoch) * steps_per_epoch


n_stop = len(x_valid) // 5  # validation images that decide when to stop
pretrained = encoder.get_layer("hidden").get_weights()
ways = {
    "from scratch": {},
    "frozen": {"pretrained": pretrained, "frozen": True},
    "fine-tuned": {"pretrained": pretrained},
    "frozen at random": {"frozen": True},
}
accuracies = {(way, n): [] for way in ways for n in LABELS}
most_steps = 0
for n in LABELS:
    for seed in range(CLASSIFIER_SEEDS):
        labeled = np.random.default_rng(seed).permutation(len(x_train))[:n]
        for way, start_from in ways.items():
            keras.utils.set_random_seed(seed)
            classifier = build_classifier(HIDDEN_UNITS, **start_from)
            steps = fit_classifier(classifier, x_train[labeled], images.y_train[labeled], seed)
            most_steps = max(most_steps, steps)
            predicted = np.argmax(np.asarray(classifier(x_valid)), axis=1)
            accuracies[way, n].append(100 * np.mean(predicted[n_stop:] == images.y_valid[n_stop:]))
interval = stats.t.ppf(0.975, CLASSIFIER_SEEDS - 1) / np.sqrt(CLASSIFIER_SEEDS)
gains, margins = {}, {}
for n in LABELS:
    print(f"{n} labels, from scratch: {np.mean(accuracies['from scratch', n]):.1f} % right")
    for way in list(ways)[1:]:
        gains[way, n] = np.subtract(accuracies[way, n], accuracies["from scratch", n])
        margins[way, n] = interval * np.std(gains[way, n], ddof=1)
        by_seed = "  ".join(f"{gain:+.1f}" for gain in gains[way, n])
        print(f"    {way:16} {gains[way, n].mean():+.1f} ± {margins[way, n]:.1f} points ", end="")
        print(f"(95 % interval); by seed {by_seed}")
print(f"the longest training took {most_steps} steps")

# %% alt="Gain over training from scratch, in points, for three classifiers and two numbers of labels: one dot for each seed, and a bar for the mean."
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for place, way in enumerate(list(ways)[1:]):
    for number, n in enumerate(LABELS):
        at = number + 0.2 * (place - 1)
        label = way if number == 0 else None
        axis.scatter(np.full(CLASSIFIER_SEEDS, at), gains[way, n], c=f"C{place + 1}", label=label)
        axis.plot(at, gains[way, n].mean(), "_", ms=40, color=f"C{place + 1}")
axis.axhline(0, color="0.6", lw=1)
axis.set_xticks(range(len(LABELS)), [f"{n} labels" for n in LABELS])
axis.set(ylabel="points", xlim=(-0.5, len(LABELS) - 0.5))
axis.set_title("Gain over training from scratch (dots: seeds; bars: mean)", fontsize=11)
axis.legend(frameon=False, fontsize=9)
plt.show()

# %% [markdown]
# With 100 labels, the fine-tuned classifier is ahead of the one from scratch for each of the five seeds, by 1.8<!-- tuned_gain_points --> points on average, give or take
# 1.3<!-- tuned_gain_margin_points --> (95 % interval). With the frozen layer the gain is 1.0<!-- frozen_gain_points --> points. But look at the control: a frozen *random* layer gains
# 0.6<!-- random_gain_points -->, and with five seeds we cannot distinguish the two. With 500 labels the gains of the pretrained classifiers are 0.4<!-- more_labels_tuned_gain_points --> and
# 0.7<!-- more_labels_frozen_gain_points --> points, and their intervals include zero. The frozen random layer loses 0.5<!-- more_labels_random_loss_points --> points there, which suggests that the pretrained layer is the better *fixed* layer. But a layer trained from scratch catches up. (All
# of them use the same autoencoder, and these are several comparisons with five seeds each.)
#
# So pretraining helps when labels are very scarce, and it helps little. One explanation is what we saw in the last section: 72.9 %<!-- same_class_hidden_layer_percent --> of the neighbors in the trained hidden layer are of the same
# class, 71.2 %<!-- same_class_untrained_hidden_layer_percent --> in the untrained one and 71.6 %<!-- same_class_pixels_percent --> among the pixels, so there is not much for a classifier to gain. Exercise 5 looks for a case where there is.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
stacked_test_mse = mse(x_test, stacked(x_test))
tied_test_mse = mse(x_test, tied(x_test))
pca_test_mse = mse(x_test, pca_reconstructions(pca, x_test))
print(f"test MSE: stacked {stacked_test_mse:.5f}, tied {tied_test_mse:.5f}, PCA {pca_test_mse:.5f}")

assert tied.count_params() < 0.52 * stacked.count_params(), "tying did not halve the parameters"
assert max(stacked_mse, greedy_mse, *tying["tied"]) < mean_mse, "no better than the mean image"
if not QUICK:
    assert max(stacked_test_mse, tied_test_mse) < pca_test_mse, "an autoencoder lost to PCA"
    assert max(variants["and linear code"]) < min(variants["sigmoid output"]), (
        "the ReLU makes no difference"
    )
    assert wide["val_loss"][-1] > 1.05 * min(wide["val_loss"]), "the wide network did not overfit"
    assert narrow["val_loss"][-1] < 1.03 * min(narrow["val_loss"]), "the narrow one did, too"
    assert stacked_mse < greedy_mse < greedy_before_mse, "layer by layer was better"
    assert min(same_class["autoencoder"]) > max(same_class["untrained encoder"]), "as untrained"
    assert tied_test_mse < 1.05 * stacked_test_mse, "tying the weights has a cost"
    assert most_steps < CLASSIFIER_STEPS, "a classifier was stopped by the limit of steps"
if not QUICK and full_data:
    assert stacked_test_mse <= 0.0115 and tied_test_mse <= 0.0125
    assert np.mean(variants["and linear code"]) < 1.05 * TEXTBOOK_MSE

gk.record(
    "03_stacked_autoencoders",
    stacked_val_mse=stacked_mse,
    stacked_test_mse=stacked_test_mse,
    stacked_training_seconds=stacked_seconds,
    pca_val_mse=pca_mse,
    pca_clipped_val_mse=pca_clipped_mse,
    pca_test_mse=pca_test_mse,
    mean_image_val_mse=mean_mse,
    textbook_layers_val_mse=np.mean(variants["textbook's layers"]),
    sigmoid_output_val_mse=np.mean(variants["sigmoid output"]),
    linear_code_val_mse=np.mean(variants["and linear code"]),
    narrow_best_val_mse=min(narrow["val_loss"]),
    narrow_last_val_mse=narrow["val_loss"][-1],
    wide_best_val_mse=min(wide["val_loss"]),
    wide_best_epoch=int(np.argmin(wide["val_loss"])) + 1,
    wide_last_val_mse=wide["val_loss"][-1],
    wide_last_train_mse=wide["loss"][-1],
    few_pca_val_mse=few_pca_mse,
    same_class_pixels_percent=np.mean(same_class["pixels"]),
    same_class_pca_percent=np.mean(same_class["PCA"]),
    same_class_untrained_encoder_percent=np.mean(same_class["untrained encoder"]),
    same_class_untrained_encoder_spread=np.ptp(same_class["untrained encoder"]),
    same_class_autoencoder_percent=np.mean(same_class["autoencoder"]),
    same_class_autoencoder_spread=np.ptp(same_class["autoencoder"]),
    same_class_untrained_hidden_layer_percent=np.mean(same_class["untrained hidden layer"]),
    same_class_hidden_layer_percent=np.mean(same_class["hidden layer"]),
    tied_val_mse=np.mean(tying["tied"]),
    tied_test_mse=tied_test_mse,
    not_tied_val_mse=np.mean(tying["not tied"]),
    not_tied_spread=np.ptp(tying["not tied"]),
    greedy_before_val_mse=greedy_before_mse,
    greedy_val_mse=greedy_mse,
    two_thirds_val_mse=two_thirds_mse,
    tuned_gain_points=gains["fine-tuned", LABELS[0]].mean(),
    tuned_gain_margin_points=margins["fine-tuned", LABELS[0]],
    frozen_gain_points=gains["frozen", LABELS[0]].mean(),
    random_gain_points=gains["frozen at random", LABELS[0]].mean(),
    more_labels_tuned_gain_points=gains["fine-tuned", LABELS[-1]].mean(),
    more_labels_frozen_gain_points=gains["frozen", LABELS[-1]].mean(),
    more_labels_random_loss_points=-gains["frozen at random", LABELS[-1]].mean(),
    most_classifier_steps=most_steps,
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - A stacked autoencoder has several hidden layers, usually symmetric about the code. Its targets are its inputs.
# - In our short training at a high rate, a sigmoid output and a linear code lowered the error. With them, and wide enough layers, the error is two thirds of PCA's for the same number of codes.
# - A network overfits when it goes on improving on the training images only. We saw the validation error rise with 500 images and 1,600 hidden units, not with 100 units within 120 epochs, nor with 55,000 images and 400 units in six epochs. Stop early, and compare with PCA.
# - Tied weights halve the number of parameters, at no loss here.
# - Trained layer by layer, the network was no better than trained at once. With 100 labels, fine-tuning a pretrained layer gained 1.8<!-- tuned_gain_points --> points; freezing it could not be distinguished from a frozen random layer. With 500 labels nothing is certain.
# - Before you say that a representation is good, measure the same on raw pixels, on PCA, and on an untrained network.
#
# ## Exercises
# 1. *(easy)* Set `LATENT_DIM` to 10 and to 60. How does the error change, and PCA's? (The checks at the end are made for 30.)
# 2. *(easy)* Train without warm-up, first at the same peak rate, then at three times the rate. Hint: `CosineDecay(3 * PEAK_RATE, steps)`.
# 3. *(medium)* Add a hidden layer of 150 units on each side and reduce `HIDDEN_UNITS` until the number of parameters is the same. Does depth help? Use several seeds.
# 4. *(medium)* Color the map by reconstruction error instead of by class. Which garments are hard to reconstruct?
# 5. *(hard)* Make pretraining pay. Shift, rotate and scale the garments at random (`keras.layers.RandomTranslation` and its relatives), so that pixels are no longer a good description, and repeat the
#    comparison with 100 labels, perhaps with a convolutional encoder (chapter 04).
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - G. Hinton and R. Salakhutdinov, Reducing the dimensionality of data with neural networks, *Science*, 2006.
# - Y. Bengio et al., Greedy layer-wise training of deep networks, NeurIPS 2006.
# - P. Vincent et al., Stacked denoising autoencoders, *JMLR*, 2010 (tied weights).
# - L. van der Maaten and G. Hinton, Visualizing data using t-SNE, *JMLR*, 2008.
# - H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, 2017.
