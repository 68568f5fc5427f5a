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
# # 02 Efficient representations
#
# A photo on your phone takes a tenth of the space of its pixels, because engineers found out what the pixels of photos have in common. Could
# a network find that out by itself, for any kind of data? An *autoencoder* tries to: it has to squeeze its input through a few
# numbers and rebuild it from them. In this chapter we build the simplest ones, measure how much each additional number reduces the error, and find out
# what "having learned the patterns" means for a network, and for a chess master.
#
# | | |
# |---|---|
# | Slides | *Autoencoders: background*; *Estructura y función de un autoencoder*; *La dimensionalidad del espacio latente*; *Representaciones eficientes de datos*; *Estudios de Chase y Simon*; *Relación entre memoria, percepción y correspondencia de patrones* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Efficient Data Representations" and "Performing PCA with an Undercomplete Linear Autoencoder" |
# | Result | Reduces garments to 30 numbers with a squared error of 0.0116<!-- latent30_test_mse --> per pixel on test images, where PCA has 0.0156<!-- pca30_test_mse --> |
# | Time | 278 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | points and sequences made in the chapter; Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs this cell. Libraries that a single section needs are imported there.

# %%
import time

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

START = time.perf_counter()
run = gk.setup(seed=42)

# %% [markdown]
# ## Parameters
# These settings control how long the notebook takes.

# %% quick={"COPY_CODES": [5, 100], "COPY_EPOCHS": 1, "COPY_EPOCHS_SAMPLE": 1, "EPOCHS": 1, "EPOCHS_SAMPLE": 1, "JIT_COMPILE": false, "LATENT_DIMS": [2, 30], "LINEAR_EPOCHS": 1, "LINEAR_EPOCHS_SAMPLE": 1, "N_TRAIN": 2000, "QUICK": true, "SEEDS": 1, "STEPS_PER_EXECUTION": 1} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
LATENT_DIMS = [2, 5, 10, 30]  # sizes of the code that are compared
EPOCHS = 7  # passes over the full training set, for each size of the code; GPU: 30
EPOCHS_SAMPLE = 20  # the same for the bundled sample, which has a sixth of the images
SEEDS = 2  # repetitions of each training that is compared with another
LINEAR_EPOCHS = 4  # passes of the linear autoencoder on garments
LINEAR_EPOCHS_SAMPLE = 24  # the same for the bundled sample
COPY_CODES = [5, 15, 25, 40, 49, 100]  # sizes of the code of the autoencoders for 49 pixels
COPY_EPOCHS = 10  # passes of each of them
COPY_EPOCHS_SAMPLE = 60  # the same for the bundled sample
BATCH_SIZE = 256  # GPU: 512
STEPS_PER_EXECUTION = 20  # gradient steps per call from Python; more save overhead
PEAK_RATE = 4e-3  # highest learning rate of the schedule
JIT_COMPILE = True  # XLA, which speeds up dense models

# %% [markdown]
# ## Encoder, code, decoder
# Every autoencoder has the same three parts. The *encoder* (*codificador*) maps the input $x$ to a short list of numbers $z$, the *code* or latent
# representation. The *decoder* (*decodificador*) maps $z$ to a reconstruction $\hat{x}$. The textbook also calls them the recognition
# network and the generative network. The two are trained together, with
# the squared error between input and reconstruction as the loss, the *reconstruction loss*. (In the code we use its mean over all values, which Keras calls `"mse"`.)
#
# $$\mathcal{L}(x, \hat{x}) = \|x - \hat{x}\|^2$$
#
# No label appears in it: the input is its own target. The difficulty lies in the middle. If the code is smaller than the
# input, the autoencoder is called *undercomplete* (*incompleto*), and it can only succeed if it finds out what its inputs have in common.

# %% alt="Diagram: a tall bar for the input x, a short one for the code z, a tall one for the reconstruction. The part from x to z is marked as the encoder, the part from z on as the decoder."
gk.plot_network(
    [("input x", 100), ("code z", 8), ("reconstruction x̂", 100)],
    parts={"encoder": (0, 1), "decoder": (1, 2)},
    title="An undercomplete autoencoder",
)
plt.show()

# %% [markdown]
# ## A first autoencoder: from three dimensions to two
# Before we turn to images, let us use data that can be drawn together with what the autoencoder does to them. Here are 500 points
# along a spiral. They have three coordinates, but they lie close to a plane, so that two numbers should be enough to describe each of
# them.

# %%
rng = np.random.default_rng(run.seed)
turn = rng.uniform(np.pi, 4 * np.pi, 500)
in_plane = np.stack([turn * np.cos(turn), turn * np.sin(turn)], axis=1) / 6
axes_of_plane = np.array([[0.9, 0.1, 0.4], [-0.2, 0.8, 0.5]])
spiral = in_plane @ axes_of_plane + 0.06 * rng.normal(size=(500, 3))
spiral = (spiral - spiral.mean(axis=0)).astype("float32")

# %% [markdown]
# The smallest possible autoencoder has one dense layer as its encoder and one as its decoder, without activation functions and
# without biases.

# %% alt="Diagram: 3 inputs, a code of 2, 3 outputs, all linear."
gk.plot_network(
    [
        ("point\n3 values", 3),
        ("code, linear\n2 values", 2),
        ("reconstruction, linear\n3 values", 3),
    ],
    parts={"encoder": (0, 1), "decoder": (1, 2)},
    title="A linear autoencoder",
)
plt.show()

# %%
small_encoder = keras.Sequential(
    [keras.Input((3,)), layers.Dense(2, use_bias=False, dtype="float32")]
)
small_decoder = keras.Sequential(
    [keras.Input((2,)), layers.Dense(3, use_bias=False, dtype="float32")]
)
small_autoencoder = keras.Sequential([small_encoder, small_decoder])
small_autoencoder.compile(
    loss="mse",
    optimizer=keras.optimizers.Adam(0.02),
    steps_per_execution=min(5, STEPS_PER_EXECUTION),
    jit_compile=JIT_COMPILE,
)
small_history = small_autoencoder.fit(spiral, spiral, epochs=60, batch_size=100, verbose=0).history
print(f"loss in the first epoch {small_history['loss'][0]:.3f}, in the last ", end="")
print(f"{small_history['loss'][-1]:.4f}; variance of the noise {0.06**2:.4f}")

# %% [markdown]
# Encoder and decoder are matrices here, so all reconstructions lie in a plane, the one that the two rows of the decoder's matrix
# span. Which plane is best? If the error is the squared error and the data are centered, the answer has been known for more than a century: the plane
# of the two first *principal components* (PCA). Baldi and Hornik (1989) showed that a linear autoencoder has no other minimum. We
# compare the two planes by the largest angle between them.

# %%
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

spiral_pca = PCA(2).fit(spiral)
plane = np.asarray(small_decoder.layers[0].kernel)
spiral_angle = np.rad2deg(subspace_angles(spiral_pca.components_.T, plane.T)).max()
random_planes = np.random.default_rng(run.seed).normal(size=(1000, 3, 2))
random_angles = [subspace_angles(spiral_pca.components_.T, p).max() for p in random_planes]
random_angle = np.rad2deg(np.median(random_angles))
print(
    f"largest angle between the autoencoder's plane and PCA's: {spiral_angle:.2f} degrees; ", end=""
)
print(f"between a random plane and PCA's: {random_angle:.0f} degrees (median)")

# %% alt="Three plots of a spiral colored along its length. Left: in three dimensions, with a gray plane through it. Middle: the two codes of the autoencoder, where the spiral appears flat, stretched and turned. Right: the two principal components, where it appears flat in another orientation."
figure = plt.figure(figsize=(8, 3), layout="constrained")
axis = figure.add_subplot(1, 3, 1, projection="3d")
axis.scatter(*spiral.T, c=turn, s=4, cmap="viridis")
orthonormal, _ = np.linalg.qr(plane.T)
square = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]) * 2.2  # four corners, in the plane
x_plane, y_plane, z_plane = (square @ orthonormal.T).T.reshape(3, 2, 2)
axis.plot_surface(x_plane, y_plane, z_plane, color="0.7", alpha=0.3)
axis.view_init(elev=18, azim=-70)
axis.set(title="points and plane", xticklabels=[], yticklabels=[], zticklabels=[])
axis = figure.add_subplot(1, 3, 2)
axis.scatter(*np.asarray(small_encoder(spiral)).T, c=turn, s=4, cmap="viridis")
axis.set(title="codes of the autoencoder", xlabel="code 1", ylabel="code 2", aspect="equal")
axis = figure.add_subplot(1, 3, 3)
axis.scatter(*spiral_pca.transform(spiral).T, c=turn, s=4, cmap="viridis")
axis.set(title="codes of PCA", xlabel="component 1", ylabel="component 2", aspect="equal")
plt.show()

# %% [markdown]
# The two planes agree to 0.12<!-- spiral_angle_deg --> degrees, where a random plane is off by 60<!-- random_angle_deg --> degrees. The codes themselves differ, which is to be expected. PCA chooses perpendicular axes and sorts them by variance. For the autoencoder,
# any two axes in the plane are as good as any other, since the decoder can undo any invertible change of coordinates. That is why its spiral is sheared and turned.
#
# Does this still hold for images, in 784 dimensions instead of three? We load the garments and train a linear autoencoder with a code of
# eight numbers. (The images are centered by subtracting the mean image.)

# %%
images = gk.load_images(n_train=N_TRAIN)
full_data = images.source == "tfds"
x_train = images.x_train.reshape(-1, 784)
x_valid = images.x_valid.reshape(-1, 784)
x_test = images.x_test.reshape(-1, 784)
mean_image = x_train.mean(axis=0)
epochs = EPOCHS if full_data else EPOCHS_SAMPLE
linear_epochs = LINEAR_EPOCHS if full_data else LINEAR_EPOCHS_SAMPLE
copy_epochs = COPY_EPOCHS if full_data else COPY_EPOCHS_SAMPLE


# %%
def compile_model(model, epochs):
    """Squared error; a learning rate that rises briefly and then falls to 0 (see chapter 03)."""
    steps = epochs * int(np.ceil(len(x_train) / BATCH_SIZE))
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(PEAK_RATE, steps)),
        steps_per_execution=min(STEPS_PER_EXECUTION, steps),
        jit_compile=JIT_COMPILE,
    )


def mse(x, reconstructions):
    """Mean squared error per pixel."""
    assert x.shape == reconstructions.shape, f"shapes {x.shape} and {reconstructions.shape}"
    return float(np.mean((x - reconstructions) ** 2))


linear = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(8, use_bias=False, dtype="float32"),
        layers.Dense(784, use_bias=False, dtype="float32"),
    ]
)
compile_model(linear, linear_epochs)
centered = x_train - mean_image
linear.fit(centered, centered, epochs=linear_epochs, batch_size=BATCH_SIZE, verbose=0)

pca8 = PCA(8, svd_solver="covariance_eigh").fit(x_train)
decoder_kernel = np.asarray(linear.layers[1].kernel)
pca_angle = np.rad2deg(subspace_angles(pca8.components_.T, decoder_kernel.T)).max()
linear_mse = mse(x_valid - mean_image, np.asarray(linear(x_valid - mean_image)))
pca8_mse = mse(x_valid, pca8.inverse_transform(pca8.transform(x_valid)))
print(f"largest angle {pca_angle:.2f} degrees")
print(f"validation MSE: linear autoencoder {linear_mse:.5f}, PCA {pca8_mse:.5f}")

# %% alt="Two rows of eight gray pictures. Top: principal components, the first of which looks like a shirt. Bottom: rows of the decoder's matrix, each a blend of several garments."
pictures = np.concatenate([pca8.components_, decoder_kernel])
pictures = 0.5 + 0.5 * pictures / np.abs(pictures).max(axis=1, keepdims=True)
title = "Eight principal components (top) and the decoder's eight rows (bottom)"
gk.plot_images(pictures.reshape(-1, 28, 28), columns=8, title=title)
plt.show()

# %% [markdown]
# The angle is 0.44<!-- pca_angle_deg --> degrees and the errors agree to four decimals, while the pictures differ, for
# the reason given above. So far we have gained nothing over PCA except a slower way to compute it. PCA's reconstructions lie in a flat
# subspace. Nonlinear layers allow a curved one, and that is the next step.

# %% [markdown]
# ## How many numbers does a garment need?
# We now give encoder and decoder hidden layers with a nonlinear activation. The set of possible reconstructions is no longer a plane but
# a curved surface, which can follow the data. At the same time we vary the size of the code. The slides put it this way:
# autoencoding is a form of compression, and a smaller latent space is a tighter bottleneck (*cuello de botella*).

# %% alt="Diagram: 784 pixels, 400, 150, a code of d numbers, 150, 400, 784 pixels."
gk.plot_network(
    [
        ("image\n784", 784),
        ("hidden, ReLU\n400", 400),
        ("hidden, ReLU\n150", 150),
        ("code, linear\n2, 5, 10 or 30", 8),
        ("hidden, ReLU\n150", 150),
        ("hidden, ReLU\n400", 400),
        ("reconstruction,\nsigmoid, 784", 784),
    ],
    parts={"encoder": (0, 3), "decoder": (3, 6)},
    title="The autoencoder for garments",
)
plt.show()


# %%
def build_autoencoder(latent_dim):
    """784-400-150-code-150-400-784; encoder and decoder are models of their own."""
    encoder = keras.Sequential(
        [
            keras.Input((784,)),
            layers.Dense(400, activation="relu"),
            layers.Dense(150, activation="relu"),
            layers.Dense(latent_dim, name="code", dtype="float32"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(150, activation="relu"),
            layers.Dense(400, activation="relu"),
            layers.Dense(784, activation="sigmoid", dtype="float32"),
        ],
        name="decoder",
    )
    return keras.Sequential([encoder, decoder])


# %% [markdown]
# All sizes get the same hidden layers, the same number of epochs and the same learning rate, so that the code is the only
# difference. We repeat each training with a second seed, to see how much of a difference may be chance, and compare with PCA with
# as many components. (The network has about 750,000 parameters, PCA 784 for each component and for the mean; but both keep the same number of
# values per image.)

# %%
autoencoders, experts, histories = {}, [], {}
latent_mse, pca_mse, pca_models = {}, {}, {}
for latent_dim in LATENT_DIMS:
    latent_mse[latent_dim] = []
    for seed in range(SEEDS):
        keras.utils.set_random_seed(seed)
        model = build_autoencoder(latent_dim)
        compile_model(model, epochs)
        history = model.fit(
            x_train,
            x_train,
            epochs=epochs,
            batch_size=BATCH_SIZE,
            validation_data=(x_valid, x_valid),
            validation_batch_size=1000,
            verbose=0,
        )
        latent_mse[latent_dim].append(mse(x_valid, np.asarray(model(x_valid))))
        if latent_dim == 30:
            experts.append(model)
        if seed == 0:
            autoencoders[latent_dim] = model
            histories[f"{latent_dim} numbers"] = history
    pca_models[latent_dim] = PCA(latent_dim, svd_solver="covariance_eigh").fit(x_train)
    linear_codes = pca_models[latent_dim].transform(x_valid)
    pca_mse[latent_dim] = mse(x_valid, pca_models[latent_dim].inverse_transform(linear_codes))
    by_seed = ", ".join(f"{error:.5f}" for error in latent_mse[latent_dim])
    print(
        f"{latent_dim:3} numbers: autoencoder {by_seed} (by seed)   PCA {pca_mse[latent_dim]:.5f}"
    )

# %% alt="Training and validation error by epoch for four sizes of the code. The two curves of each size fall together and flatten; larger codes lie lower."
gk.plot_learning_curves(
    histories, title="Learning curves by size of the code", ylabel="MSE per pixel"
)
plt.show()

# %% [markdown]
# In the first epoch the training error lies far above the validation error because it is the mean over the epoch, in which the network learns most, while the
# validation error is measured at its end. Later the two agree, so nothing is overfitted yet. (That the curves end flat is due to the learning rate, which has fallen to zero. It does not
# mean that more epochs would bring nothing.)

# %% alt="Validation error against the size of the code, on a logarithmic axis from 2 to 30. Both curves fall; that of the autoencoder lies below that of PCA throughout."
figure, axis = plt.subplots(figsize=(8, 3), layout="constrained")
axis.plot(LATENT_DIMS, [pca_mse[d] for d in LATENT_DIMS], "s--", color="C7", label="PCA")
means = [np.mean(latent_mse[d]) for d in LATENT_DIMS]
axis.plot(LATENT_DIMS, means, "o-", label="autoencoder (mean over the seeds)")
axis.set(xscale="log", xlabel="numbers in the code", ylabel="validation MSE", ylim=(0, None))
axis.set_xticks(LATENT_DIMS, LATENT_DIMS)
axis.minorticks_off()
axis.set_title("Error by size of the code", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% alt="Ten garments in the top row, and below it their reconstructions from 2, 5, 10 and 30 numbers, which become more faithful towards the bottom for most garments, and from 30 principal components in the last row."
rows = {}
for latent_dim, model in autoencoders.items():
    rows[f"{latent_dim}-D"] = np.asarray(model(x_valid[:10])).reshape(-1, 28, 28)
linear_codes = pca_models[30].transform(x_valid[:10])
rows["PCA, 30"] = pca_models[30].inverse_transform(linear_codes).clip(0, 1).reshape(-1, 28, 28)
title = "Ten validation garments and their reconstructions, by size of the code"
gk.plot_reconstructions(images.x_valid[:10], rows, title=title)
plt.show()

# %% [markdown]
# With two numbers in the code, the autoencoder's error is 0.0269<!-- latent2_val_mse -->; with thirty it is
# 0.0115<!-- latent30_val_mse -->. The two seeds differ by 0.0002<!-- latent2_spread --> at most, so these differences are real. PCA needs
# many more numbers for the same quality. Its error with ten components, 0.0245<!-- pca10_val_mse -->, is far above that of the autoencoder with five,
# 0.0168<!-- latent5_val_mse -->, and two nonlinear numbers do as well as the eight linear ones above, 0.0269<!-- pca8_val_mse -->. Relative to PCA, the error is
# 50 to 60 % for codes of 2, 5 and 10 numbers and 73 % for a code of 30.
#
# How much each size adds depends on the garment. The trousers need only two numbers; the gap between the legs is there in all rows. In the third column the heel becomes distinct with five. The sandal in the first column is a
# dark blur with two numbers and has its straps with ten, while PCA with 30 components draws little more than its sole. The handbag in the second column is a counterexample: with two numbers it becomes a boot, with five a bag with the beginning of a handle, and with thirty
# a bag without one. The prints stay blurred throughout. That is not only a matter of the size of
# the code. Part of the error comes from the network and from how long we train it: chapter 03 gets closer to the originals with the same thirty numbers.

# %% [markdown]
# ## A plane of garments
# The smallest code has only two numbers, so we can draw the whole latent space. On the left you see where the encoder
# puts the validation garments. On the right we go the other way: we take a regular grid of points in that plane and let the decoder draw
# the garment for each. To see how well the plane separates the ten classes, we guess the class of one half of these garments from the 15 nearest
# garments of the other half, and do the same with two principal components and with an untrained encoder.

# %% alt="Left: scatter plot of two codes, colored by class, with classes in overlapping wedges. Right: a grid of decoded garments that change gradually from trousers to shirts, bags and shoes."
from sklearn.neighbors import KNeighborsClassifier

encoder, decoder = autoencoders[LATENT_DIMS[0]].layers
codes = np.asarray(encoder(x_valid))
low, high = np.percentile(codes, [1, 99], axis=0)
n_grid = 14
grid1, grid2 = np.meshgrid(
    np.linspace(low[0], high[0], n_grid), np.linspace(high[1], low[1], n_grid)
)
keras.utils.set_random_seed(run.seed)
untrained = build_autoencoder(LATENT_DIMS[0]).layers[0]
planes = {
    "autoencoder": codes,
    "PCA": pca_models[LATENT_DIMS[0]].transform(x_valid),
    "untrained encoder": np.asarray(untrained(x_valid)),
}
knn_accuracy = {}
for name, points in planes.items():
    half = len(points) // 2
    neighbors = KNeighborsClassifier(15).fit(points[:half], images.y_valid[:half])
    knn_accuracy[name] = 100 * neighbors.score(points[half:], images.y_valid[half:])
    print(f"{name:18} {knn_accuracy[name]:.0f} % of the classes guessed right (chance: 10 %)")
decoded = np.asarray(decoder(np.stack([grid1.ravel(), grid2.ravel()], axis=1)))
canvas = decoded.reshape(n_grid, n_grid, 28, 28).transpose(0, 2, 1, 3).reshape(n_grid * 28, -1)
half_cell = (high - low) / (n_grid - 1) / 2
bounds = np.stack([low - half_cell, high + half_cell], axis=1)
garments_per_cell, _, _ = np.histogram2d(*codes.T, bins=n_grid, range=bounds)
empty_percent = 100 * np.mean(garments_per_cell == 0)
print(f"{empty_percent:.0f} % of the cells of the grid contain no validation garment")

figure, axes = plt.subplots(1, 2, figsize=(8, 4.6), layout="constrained")
points = axes[0].scatter(*codes.T, c=images.y_valid, s=2, cmap="tab10", vmin=-0.5, vmax=9.5)
axes[0].set(title="codes of validation garments", ylabel="code 2")
edges = (
    low[0] - half_cell[0],
    high[0] + half_cell[0],
    low[1] - half_cell[1],
    high[1] + half_cell[1],
)
axes[1].imshow(canvas, cmap="gray", extent=edges, aspect="auto")
axes[1].set(title="what the decoder draws there")
for axis in axes:
    axis.set(xlabel="code 1", xlim=edges[:2], ylim=edges[2:])
handles, _ = points.legend_elements()
figure.legend(handles, images.class_names, fontsize=8, ncols=5, loc="outside lower center")
plt.show()

# %% [markdown]
# The encoder has never seen a label, and yet the class of a garment can be guessed from its place in the plane in
# 68 %<!-- knn_autoencoder_percent --> of the cases, against 54 %<!-- knn_pca_percent --> with two principal components and
# 31 %<!-- knn_untrained_percent --> with the untrained encoder. Trousers have a region of their own and bags have two. The shoes share a wedge, with ankle boots at its narrow end, sandals along the upper edge and sneakers at the far end.
# T-shirts, pullovers, coats, shirts and some of the dresses overlap on the left. The right picture shows how the decoder
# passes from one kind to another, for instance from dresses to trousers along the upper edge.
#
# The picture also shows what such a plane is not good for: 27 %<!-- empty_cells_percent --> of the cells of the grid contain none of the 5,000 validation garments. If we picked points of this plane at random in order to invent
# new garments, one in four would land in such a place, where garments are rare or absent. What it draws there varies. In some of them you see a plausible garment, in others something dark and
# shapeless, and the plane does not tell us which. Chapter 07 introduces a model whose codes fill their space.

# %% [markdown]
# ## Which sequence is easier to remember?
# The slides ask the reader to memorize one of two sequences:
#
# - 40, 27, 25, 36, 81, 57, 10, 73, 19, 68
# - 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18, 16, 14
#
# The second is almost twice as long, and yet most people choose it: you only need to keep in mind where it starts, that it
# falls by two, and where it ends. The first has no such rule. Does the same hold for an autoencoder? If so, it should be able to rebuild the second kind from fewer numbers than the first.
#
# We make a thousand sequences of either kind. As a control we add a third kind: the numbers of a patterned sequence in random order, so that the same numbers
# appear, but their order follows no rule. The patterned sequences that we learn from rise or fall by 1, 2, 4 or 5. Those that we test with have steps of 3, so that none of them has been seen before.


# %%
def random_sequences(n, rng):
    """(n, 10) whole numbers from 0 to 99 without any rule."""
    return rng.integers(0, 100, (n, 10))


def patterned_sequences(n, rng, steps):
    """(n, 19) numbers from 0 to 99 that rise or fall by a constant step, which is one of steps."""
    step = rng.choice(steps, n)
    start = rng.integers(0, 100 - step * 18)
    rising = start[:, None] + step[:, None] * np.arange(19)
    return np.where(rng.random((n, 1)) < 0.5, rising, rising[:, ::-1])


rng = np.random.default_rng(run.seed)
known = {
    "random": random_sequences(1000, rng),
    "patterned": patterned_sequences(1000, rng, [1, 2, 4, 5]),
}
new = {
    "random": random_sequences(500, rng),
    "patterned": patterned_sequences(500, rng, [3]),
}
for sequences in (known, new):
    sequences["shuffled"] = rng.permuted(sequences["patterned"], axis=1)
for kind, sequences in new.items():
    print(f"{kind:9} {sequences[0]}")

# %% [markdown]
# The linear autoencoder is enough here, and we know from the first section that its best solution is PCA, which we can compute directly. For each size of the code we rebuild the
# new sequences, round to whole numbers, and count how many of the numbers are recalled exactly. The control is a projection that has learned nothing but the mean: its code consists of random weighted sums.


# %%
def random_projection(x, mean, size, rng):
    """Images or sequences x (n, values) rebuilt from some random weighted sums, and a mean."""
    directions, _ = np.linalg.qr(rng.normal(size=(x.shape[1], size)))
    return mean + (x - mean) @ directions @ directions.T


recalled, recalled_projection = {}, {}
for kind, sequences in new.items():
    length = sequences.shape[1]
    sizes = range(1, length + 1)
    recalled[kind], recalled_projection[kind] = [], []
    for size in sizes:
        sequence_pca = PCA(size).fit(known[kind])
        rebuilt = sequence_pca.inverse_transform(sequence_pca.transform(sequences))
        projected = random_projection(sequences, sequence_pca.mean_, size, rng)
        recalled[kind].append(100 * np.mean(np.round(rebuilt) == sequences))
        recalled_projection[kind].append(100 * np.mean(np.round(projected) == sequences))
    needed = sizes[int(np.argmax(np.array(recalled[kind]) > 99))]
    print(
        f"{kind:9} {length} numbers: with 2 in the code {recalled[kind][1]:.0f} % are recalled ",
        end="",
    )
    print(f"(random projection {recalled_projection[kind][1]:.0f} %); all from a code of {needed}")

# %% alt="Share of the numbers that are recalled exactly against the size of the code. Patterned sequences: 100 percent from two numbers on. Random and shuffled sequences: close to zero until the code has as many numbers as the sequence, 10 and 19. Dashed lines for random projections rise only at the end in all three kinds."
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for number, kind in enumerate(new):
    sizes = np.arange(1, len(recalled[kind]) + 1)
    label = f"{kind}, {sizes[-1]} numbers"
    axis.plot(sizes, recalled[kind], "o-", ms=4, color=f"C{number}", label=label)
    axis.plot(sizes, recalled_projection[kind], "--", lw=1, color=f"C{number}")
axis.set(xlabel="numbers in the code", ylabel="recalled exactly, %")
axis.set_title("New sequences (solid: linear autoencoder, dashed: random projection)", fontsize=11)
axis.set_xticks([1, 2, 5, 10, 15, 19])
axis.legend(frameon=False, loc="center left", bbox_to_anchor=(0.12, 0.55))
plt.show()

# %% [markdown]
# Two numbers are enough to recall the 19 numbers of every patterned sequence, even though no sequence with a step of three was among those the model learned from. This is more than a list of examples.
# Every such sequence is determined by two numbers, for instance its first number and its step, and as it is a linear function of them, two components are enough. For the shorter random sequences, a code of two numbers recalls next to nothing, and only a code as long as
# the sequence recalls everything. The shuffled sequences consist of the same numbers as the patterned ones, but without their order the code has to have all 19. (They do have a pattern, as you see when you
# sort them. A linear model cannot use it; exercise 1 asks whether a nonlinear one can.)

# %% [markdown]
# ## Chase and Simon: what experts remember
# In a famous experiment, Chase and Simon (1973) let a chess master and weaker players look at a board for a few seconds and then put the pieces back from memory.
# When the position came from a real game, the master remembered far more pieces than the others. When the pieces stood at
# random, the advantage was gone, or nearly so (Gobet and Simon, 1996, found a small one). Masters do not have a better memory; they recognize patterns.
#
# We repeat the experiment with autoencoders in the place of the players. All of them may keep 30 numbers of each picture:
#
# - the *expert* is the autoencoder with a code of 30 numbers from above, trained on garments;
# - the *novice* is the same network, trained equally long on garments whose pixels have been scrambled, each in its own way;
# - *PCA* with 30 components, fitted to garments, is a linear expert;
# - a *random projection* keeps the mean gray of the picture and 29 random weighted sums of the pixels. It has learned nothing, and shows what 30 numbers are worth
#   without any knowledge of patterns.


# %%
def scramble(x, rng):
    """The same images, with the pixels of each in a random order of its own."""
    return rng.permuted(x, axis=1)


def pca_rebuild(x):
    """Images rebuilt from 30 principal components of garments."""
    return pca_models[30].inverse_transform(pca_models[30].transform(x))


rng = np.random.default_rng(run.seed)
boards = {"real": x_valid, "scrambled": scramble(x_valid, rng)}
x_scrambled = scramble(x_train, rng)
recall = {
    (player, board): []
    for player in ("expert", "novice", "PCA", "projection", "mean gray")
    for board in boards
}
for seed in range(SEEDS):
    keras.utils.set_random_seed(seed)
    novice = build_autoencoder(30)
    compile_model(novice, epochs)
    novice.fit(x_scrambled, x_scrambled, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    for board, x in boards.items():
        mean_gray = x.mean(axis=1, keepdims=True)
        recall["expert", board].append(mse(x, np.asarray(experts[seed](x))))
        recall["novice", board].append(mse(x, np.asarray(novice(x))))
        recall["PCA", board].append(mse(x, pca_rebuild(x)))
        recall["projection", board].append(mse(x, random_projection(x, mean_gray, 29, rng)))
        recall["mean gray", board].append(mse(x, np.broadcast_to(mean_gray, x.shape)))
for (player, board), errors in recall.items():
    by_seed = ", ".join(f"{error:.4f}" for error in errors)
    print(f"{player:10} {board:9} pictures: MSE {by_seed} (by seed)")

# %% alt="Top row: five garments and five scrambled ones that look like noise. Second row, the expert: five recognizable garments, and five blurred garment-like shapes. Third row, the novice: uniform gray pictures. Fourth row, PCA: garments, and shirt-like shapes with streaks. Last row, the projection: faint noise on gray."
both = np.concatenate([boards["real"][:5], boards["scrambled"][:5]])
mean_gray = both.mean(axis=1, keepdims=True)
rows = {
    "expert": np.asarray(experts[-1](both)),
    "novice": np.asarray(novice(both)),
    "PCA": pca_rebuild(both).clip(0, 1),
    "projection": random_projection(both, mean_gray, 29, rng).clip(0, 1),
}
rows = {player: pictures.reshape(-1, 28, 28) for player, pictures in rows.items()}
title = "Five real and five scrambled pictures, and what each player rebuilds"
gk.plot_reconstructions(both.reshape(-1, 28, 28), rows, title=title)
plt.show()

# %% [markdown]
# On real garments the expert's error is 0.0115<!-- expert_real_mse -->. PCA, the other expert, has 0.0157<!-- pca_real_mse -->. The two players without knowledge of garments are far behind: the
# random projection has 0.105<!-- projection_real_mse -->, and the novice 0.108<!-- novice_real_mse -->, hardly less than somebody who remembers only the mean gray of each picture (0.109<!-- mean_gray_real_mse -->).
#
# On scrambled garments the advantage is gone. The expert (0.114<!-- expert_scrambled_mse -->) and PCA (0.117<!-- pca_scrambled_mse -->) are now behind the random projection
# (0.105<!-- projection_scrambled_mse -->) and behind the mean gray. Even the novice, which saw nothing but scrambled garments, reaches only 0.108<!-- novice_scrambled_mse --> on them: there is no pattern to learn beyond the mean gray. The pictures show why: they reconstruct noise as blurred, shirt-like shapes. All players may keep thirty numbers, so it
# is not the size of the memory that made the difference on real garments, but what was learned from garments before. The analogy has its limits. Chess masters lose their
# advantage on random boards, whereas our experts fall behind the players without knowledge, because they can only produce garment-like shapes.

# %% [markdown]
# ## With too much room, a network copies
# What happens if the code is *larger* than the input? Such an autoencoder is called overcomplete. Nothing forces it to find patterns any
# more: it could simply pass every pixel through. How would we notice? Its error on garments is small in any case. But a network that
# copies will copy *everything*, even pictures that look like no garment. So we test with noise: garments whose pixels have been scrambled,
# so that they have the right grays and no pattern.
#
# To keep this quick we shrink the garments to 7 x 7 pixels, and train linear autoencoders with codes of 5 to 100 numbers for the 49 pixels. As a control we use random projections again: of noise, $d$
# random sums keep the share $d/49$, and they have learned nothing about garments.


# %%
def shrink(x):
    """28 x 28 pixels to 7 x 7 by averaging, flattened."""
    return x.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49)


small_train, small_valid = shrink(x_train), shrink(x_valid)
noise = scramble(small_valid[:1000], np.random.default_rng(run.seed))
noise_lost, garments_lost = [], []
for size in COPY_CODES:
    keras.utils.set_random_seed(run.seed)
    copier = keras.Sequential(
        [keras.Input((49,)), layers.Dense(size), layers.Dense(49, dtype="float32")]
    )
    compile_model(copier, copy_epochs)
    copier.fit(small_train, small_train, epochs=copy_epochs, batch_size=BATCH_SIZE, verbose=0)
    garments_lost.append(
        100 * mse(small_valid, np.asarray(copier(small_valid))) / small_valid.var()
    )
    noise_lost.append(100 * mse(noise, np.asarray(copier(noise))) / noise.var())
    print(
        f"code of {size:3}: loses {garments_lost[-1]:4.1f} % of the variance of garments ", end=""
    )
    print(f"and {noise_lost[-1]:5.1f} % of that of noise")

# %% alt="Lost share of the variance against the size of the code, from 5 to 100. For garments it is small from the start. For noise it falls from about 100 percent to 27 percent at 49 numbers and 6 percent at 100, above the straight line of random projections, which reaches zero at 49."
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
axis.plot(COPY_CODES, noise_lost, "o-", label="noise")
axis.plot(COPY_CODES, garments_lost, "s-", label="garments")
axis.plot([0, 49, 100], [100, 0, 0], "--", color="0.5", label="noise, random projection")
axis.axvline(49, color="0.8", lw=1)
axis.text(50, 60, "as many numbers\nas pixels", fontsize=9, color="0.4")
axis.set(xlabel="numbers in the code", ylabel="lost of the variance, %")
axis.set_title("What linear autoencoders of 7 x 7 pixels lose", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# With 100 numbers, a network loses 6 %<!-- noise_lost_largest_percent --> of the variance of the noise, which it has never seen: it passes the pixels through. With five numbers it loses all of it, even a little more (103 %<!-- noise_lost_smallest_percent -->), so a uniform gray would be
# better than its answers. In between there is no threshold. A code of 40 numbers is still undercomplete, but the network already lets
# two thirds of the noise through; the larger the code, the more it copies. The networks lose more than the random projections. One likely reason is that their training is short: from 49 numbers on, a fully trained
# network would lose nothing. (One seed each.)
#
# Now compare this with the other curve. On garments the error is small for all sizes: 12 %<!-- garments_lost_smallest_percent --> with five numbers and 0.8 %<!-- garments_lost_40_percent --> with 40. So a low reconstruction error is no
# proof that an autoencoder has learned anything about its data. There are two remedies: a code that is too small for copying, as
# in this chapter, or some other obstacle. Chapters 05 and 06 use noise and sparsity for that purpose.

# %% [markdown]
# ## Check
# These are the main claims of the chapter as assertions. The test images are used here for the first time.

# %%
latent_test, pca_test = {}, {}
for latent_dim, model in autoencoders.items():
    latent_test[latent_dim] = mse(x_test, np.asarray(model(x_test)))
    linear_codes = pca_models[latent_dim].transform(x_test)
    pca_test[latent_dim] = mse(x_test, pca_models[latent_dim].inverse_transform(linear_codes))
    print(f"{latent_dim:3} numbers, test MSE: autoencoder {latent_test[latent_dim]:.5f}", end="   ")
    print(f"PCA {pca_test[latent_dim]:.5f}")

assert spiral_angle < 1, "the linear autoencoder has not found PCA's plane"
assert recalled["patterned"][1] == 100, "two numbers do not determine a patterned sequence"
assert recalled["random"][1] < 10 and recalled["shuffled"][1] < 10, "recalled without a pattern"
assert np.mean(recall["expert", "real"]) < np.mean(recall["novice", "real"]), "no expert"
if not QUICK:
    assert pca_angle < 2 and abs(linear_mse / pca8_mse - 1) < 0.01, "on garments it is not PCA"
    assert max(recall["expert", "real"]) < min(recall["PCA", "real"]), "PCA is as good"
    assert min(recall["expert", "scrambled"]) > max(recall["projection", "scrambled"]), "ahead"
    assert noise_lost[-1] < 25 and noise_lost[0] > 75, "the size of the code makes no difference"
    assert knn_accuracy["autoencoder"] > knn_accuracy["PCA"] + 5, "the plane sorts like PCA"
if not QUICK and full_data:
    for latent_dim in LATENT_DIMS:
        assert latent_test[latent_dim] < 0.8 * pca_test[latent_dim], f"{latent_dim}: near PCA"

gk.record(
    "02_efficient_representations",
    **{f"latent{d}_val_mse": np.mean(errors) for d, errors in reversed(latent_mse.items())},
    **{f"latent{d}_spread": np.ptp(errors) for d, errors in latent_mse.items()},
    **{f"pca{d}_val_mse": error for d, error in pca_mse.items()},
    **{f"latent{d}_test_mse": error for d, error in latent_test.items()},
    **{f"pca{d}_test_mse": error for d, error in pca_test.items()},
    spiral_angle_deg=spiral_angle,
    random_angle_deg=random_angle,
    pca_angle_deg=pca_angle,
    linear_val_mse=linear_mse,
    pca8_val_mse=pca8_mse,
    **{f"knn_{name.split()[0].lower()}_percent": value for name, value in knn_accuracy.items()},
    empty_cells_percent=empty_percent,
    **{f"{kind}_recalled_from_two_percent": shares[1] for kind, shares in recalled.items()},
    **{
        f"{player.lower().replace(' ', '_')}_{board}_mse": np.mean(errors)
        for (player, board), errors in recall.items()
    },
    noise_lost_largest_percent=noise_lost[-1],
    noise_lost_40_percent=noise_lost[-min(3, len(COPY_CODES))],
    noise_lost_smallest_percent=noise_lost[0],
    garments_lost_smallest_percent=garments_lost[0],
    garments_lost_40_percent=garments_lost[-min(3, len(COPY_CODES))],
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - An autoencoder consists of an encoder, a code and a decoder, and is trained to reproduce its input. The loss needs no label.
# - Without activation functions, with squared error and centered data, an undercomplete autoencoder finds the same subspace as PCA, with axes of
#   its own.
# - With nonlinear layers it needs fewer numbers than PCA for the same error, at least on these images and up to 30 numbers.
# - Data with a pattern can be compressed. What the expert had learned about garments helped it with garments, and did not help with scrambled ones.
# - The larger the code, the more an autoencoder copies. A small error alone does not show that it has learned a pattern.
#
# ## Exercises
# 1. *(medium)* Train a nonlinear autoencoder on the shuffled sequences, with a code of two to ten numbers. Does it recall more than the linear one?
# 2. *(easy)* Add a fourth kind of sequence: five random numbers, played twice. Which size of the code suits it? And what if the patterned sequences get noise, whole numbers from -3 to 3?
# 3. *(medium)* Train a second expert on shoes only (labels 5, 7 and 9). How well does it reconstruct shirts, and what does it turn them into?
# 4. *(medium)* Give the linear autoencoder a sigmoid output, and train it on images that are not centered. Does it still find PCA's subspace?
# 5. *(hard)* Choose the size of the code for garments by description length (Rissanen, 1978): one byte for each number of the code, plus the bits that it takes to correct the
#    reconstruction, estimated from the frequencies of the differences. Hint: scale each number of the code by its range over the training images, and round the differences of the pixels to 32 gray levels.
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - P. Baldi and K. Hornik, Neural networks and principal component analysis, *Neural Networks*, 1989.
# - W. Chase and H. Simon, Perception in chess, *Cognitive Psychology*, 1973.
# - F. Gobet and H. Simon, Recall of rapidly presented random chess positions is a function of skill, *Psychonomic Bulletin & Review*, 1996.
# - J. Rissanen, Modeling by shortest data description, *Automatica*, 1978.
# - G. Hinton and R. Salakhutdinov, Reducing the dimensionality of data with neural networks, *Science*, 2006.
