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
# # Efficient representations
#
# A photo on your phone takes a tenth of the space of its pixels, because engineers found out what the pixels of photos have in common. Could
# a network find that out by itself, for any kind of data? An *autoencoder* tries to: it has to squeeze its input through a few
# numbers and rebuild it from them. In this chapter we build the simplest ones, measure what each additional number buys, and find out
# what "having learned the patterns" means for a network, and for a chess master.
#
# | | |
# |---|---|
# | Slides | *Autoencoders: background*; *Estructura y función de un autoencoder*; *La dimensionalidad del espacio latente*; *Representaciones eficientes de datos*; *Estudios de Chase y Simon*; *Relación entre memoria, percepción y correspondencia de patrones* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Efficient Data Representations" and "Performing PCA with an Undercomplete Linear Autoencoder" |
# | Result | Reduces garments to 30 numbers with a squared error of 0.0116<!-- latent30_test_mse --> per pixel on test images, where PCA has 0.0156<!-- pca30_test_mse --> |
# | Time | 304 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | points and sequences made in the chapter; Fashion-MNIST: 55,000 images to train, 5,000 to validate, 10,000 to test; or the bundled sixth of it |

# %% [markdown]
# ## Setup
# Everything below needs only this cell.

# %%
import time

# If this import fails, copy the folder genkeras beside this notebook, or see README.md.
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

# %% quick={"COPY_EPOCHS": 1, "COPY_EPOCHS_SAMPLE": 1, "EPOCHS": 1, "EPOCHS_SAMPLE": 1, "JIT_COMPILE": false, "LATENT_DIMS": [2, 30], "LINEAR_EPOCHS": 1, "LINEAR_EPOCHS_SAMPLE": 1, "N_TRAIN": 2000, "PLAYER_EPOCHS": 1, "PLAYER_EPOCHS_SAMPLE": 1, "QUICK": true, "SEEDS": 1, "SEQUENCE_CODES": [2], "SEQUENCE_EPOCHS": 3} tags=["parameters"]
QUICK = False  # True: a run that shows how it works, too short to prove anything
N_TRAIN = None  # training images; None takes all there are
LATENT_DIMS = [2, 5, 10, 30]  # sizes of the code that are compared
EPOCHS = 7  # passes over the full training set, for each size of the code; GPU: 30
EPOCHS_SAMPLE = 20  # the same for the bundled sample, which has a sixth of the images
SEEDS = 2  # repetitions of each training that is compared with another
LINEAR_EPOCHS = 4  # passes of the linear autoencoder on garments
LINEAR_EPOCHS_SAMPLE = 24  # the same for the bundled sample
SEQUENCE_CODES = [1, 2, 4]  # sizes of the code of the sequence autoencoders
SEQUENCE_EPOCHS = 50  # passes over a thousand sequences
PLAYER_EPOCHS = 2  # passes of the chess players
PLAYER_EPOCHS_SAMPLE = 10  # the same for the bundled sample
COPY_EPOCHS = 10  # passes of the two small autoencoders that show what copying is
COPY_EPOCHS_SAMPLE = 60  # the same for the bundled sample
BATCH_SIZE = 256  # GPU: 512
PEAK_RATE = 4e-3  # highest learning rate of the schedule
JIT_COMPILE = True  # XLA, which speeds up dense models

# %% [markdown]
# ## Encoder, code, decoder
# Every autoencoder has the same three parts. The *encoder* (*codificador*) maps the input $x$ to a short list of numbers $z$, the *code* or latent
# representation. The *decoder* (*decodificador*) maps $z$ to a reconstruction $\hat{x}$. The two are trained together, with
# the squared error between input and reconstruction as the loss. (In the code we use its mean over all values, which Keras calls `"mse"`.)
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
small_encoder = keras.Sequential([keras.Input((3,)), layers.Dense(2, use_bias=False)])
small_decoder = keras.Sequential([keras.Input((2,)), layers.Dense(3, use_bias=False)])
small_autoencoder = keras.Sequential([small_encoder, small_decoder])
small_autoencoder.compile(
    loss="mse",
    optimizer=keras.optimizers.Adam(0.02),
    steps_per_execution=5,
    jit_compile=run.jit_compile,
)
history = small_autoencoder.fit(spiral, spiral, epochs=60, batch_size=100, verbose=0)

# %% [markdown]
# Encoder and decoder are matrices here, so all reconstructions lie in a plane, the one that the two rows of the decoder's matrix
# span. Which plane is best? If the error is the squared error and the data are centered, the answer has been known for more than a century: the plane
# of the two first *principal components* (PCA). Baldi and Hornik (1989) showed that a linear autoencoder has no other minimum. We
# compare the two planes by the largest angle between them.

# %%
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

spiral_pca = PCA(2).fit(spiral)
plane = ops.convert_to_numpy(small_decoder.layers[0].kernel)
spiral_angle = np.rad2deg(subspace_angles(spiral_pca.components_.T, plane.T)).max()
print(f"largest angle between the autoencoder's plane and PCA's: {spiral_angle:.2f} degrees")

# %% alt="Three plots of a spiral colored along its length. Left: in three dimensions, with a gray plane through it. Middle: the two codes of the autoencoder, where the spiral appears flat, stretched and turned. Right: the two principal components, where it appears flat in another orientation."
figure = plt.figure(figsize=(8, 3), layout="constrained")
axis = figure.add_subplot(1, 3, 1, projection="3d")
axis.scatter(*spiral.T, c=turn, s=4, cmap="viridis")
corner = np.array([[-1, -1], [-1, 1], [1, 1], [1, -1]]) * 2.2
orthonormal, _ = np.linalg.qr(plane.T)
corners = (corner @ orthonormal.T).reshape(2, 2, 3)[:, [0, 1]]
axis.plot_surface(
    *corners[[[0, 0], [1, 1]], [[0, 1], [1, 0]]].transpose(2, 0, 1), color="0.7", alpha=0.3
)
axis.view_init(elev=18, azim=-70)
axis.set(title="points and plane", xticklabels=[], yticklabels=[], zticklabels=[])
axis = figure.add_subplot(1, 3, 2)
axis.scatter(*ops.convert_to_numpy(small_encoder(spiral)).T, c=turn, s=4, cmap="viridis")
axis.set(title="codes of the autoencoder", xlabel="code 1", ylabel="code 2", aspect="equal")
axis = figure.add_subplot(1, 3, 3)
axis.scatter(*spiral_pca.transform(spiral).T, c=turn, s=4, cmap="viridis")
axis.set(title="codes of PCA", xlabel="component 1", ylabel="component 2", aspect="equal")
plt.show()

# %% [markdown]
# The two planes agree to 0.12<!-- spiral_angle_deg --> degrees. The codes do not agree, and they need not: PCA
# chooses perpendicular axes and sorts them by variance, while for the autoencoder any two axes in the plane are as good as any
# other, since the decoder learns to undo whatever the encoder does. That is why its spiral is sheared and turned.
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
player_epochs = PLAYER_EPOCHS if full_data else PLAYER_EPOCHS_SAMPLE
copy_epochs = COPY_EPOCHS if full_data else COPY_EPOCHS_SAMPLE


# %%
def compile_model(model, epochs):
    """Compile with the squared error, and a learning rate that rises briefly and then falls to 0."""
    steps = epochs * int(np.ceil(len(x_train) / BATCH_SIZE))
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(PEAK_RATE, steps)),
        steps_per_execution=min(20, steps),
        jit_compile=JIT_COMPILE,
    )


def mse(x, reconstructions):
    """Mean squared error per pixel."""
    return float(np.mean((x - reconstructions) ** 2))


linear = keras.Sequential(
    [
        keras.Input((784,)),
        layers.Dense(8, use_bias=False),
        layers.Dense(784, use_bias=False),
    ]
)
compile_model(linear, linear_epochs)
centered = x_train - mean_image
linear.fit(centered, centered, epochs=linear_epochs, batch_size=BATCH_SIZE, verbose=0)

pca8 = PCA(8, svd_solver="covariance_eigh").fit(x_train)
decoder_kernel = ops.convert_to_numpy(linear.layers[1].kernel)
pca_angle = np.rad2deg(subspace_angles(pca8.components_.T, decoder_kernel.T)).max()
linear_mse = mse(x_valid - mean_image, np.asarray(linear(x_valid - mean_image)))
pca8_mse = mse(x_valid, pca8.inverse_transform(pca8.transform(x_valid)))
print(f"largest angle {pca_angle:.2f} degrees")
print(f"validation MSE: linear autoencoder {linear_mse:.5f}, PCA {pca8_mse:.5f}")

# %% alt="Two rows of eight gray pictures. Top: principal components, the first of which look like a shirt and a shoe. Bottom: rows of the decoder's matrix, each a blend of several garments."
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
            layers.Dense(latent_dim, name="code"),
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
# as many components. (The network has about 760,000 parameters, PCA 784 for each component and for the mean; but both keep the same number of
# values per image.)

# %%
autoencoders, histories = {}, {}
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

# %% alt="Ten garments in the top row, and below it their reconstructions from 2, 5, 10 and 30 numbers, which become more faithful towards the bottom."
rows = {}
for latent_dim, model in autoencoders.items():
    rows[f"{latent_dim}-D"] = np.asarray(model(x_valid[:10])).reshape(-1, 28, 28)
title = "Ten validation garments and their reconstructions, by size of the code"
gk.plot_reconstructions(images.x_valid[:10], rows, title=title)
plt.show()

# %% [markdown]
# With two numbers in the code, the autoencoder's error is 0.0269<!-- latent2_val_mse -->; with thirty it is
# 0.0115<!-- latent30_val_mse -->. The two seeds differ by 0.0002<!-- latent2_spread --> at most, so these differences are real. PCA needs
# many more numbers for the same quality. Its error with ten components, 0.0245<!-- pca10_val_mse -->, is far above that of the autoencoder with five,
# 0.0168<!-- latent5_val_mse -->, and two nonlinear numbers do as well as the eight linear ones above, 0.0269<!-- pca8_val_mse -->. Relative to PCA, the error is
# about half for codes of 2, 5 and 10 numbers and three quarters for a code of 30.
#
# Look at the second column. With two numbers the handbag comes back as an ankle boot; with five it is a bag with the beginning of a handle. The
# printed dress in the ninth column and the sandal in the tenth stay blurred even with thirty numbers. That is not only a matter of the size of
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
    print(
        f"{name:18} class of a garment guessed from its neighbors: {knn_accuracy[name]:.0f} % right"
    )
decoded = np.asarray(decoder(np.stack([grid1.ravel(), grid2.ravel()], axis=1)))
canvas = decoded.reshape(n_grid, n_grid, 28, 28).transpose(0, 2, 1, 3).reshape(n_grid * 28, -1)
half_cell = (high - low) / (n_grid - 1) / 2

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
# 31 %<!-- knn_untrained_percent --> with the untrained encoder. Trousers and sneakers have regions of their own, bags even have two, while
# T-shirts, pullovers, coats, shirts and some of the dresses overlap on the left. The right picture shows how the decoder
# passes from one kind to another, for instance from dresses to trousers along the upper edge.
#
# The picture also shows what such a plane is not good for. There are large empty areas, for instance between the trousers and the shoes, where no garment
# has its code. The decoder was never trained there, and what it draws is dark and shapeless. If we picked points of this plane at random in order to
# invent new garments, many would land in such places. Chapter 07 introduces a model that avoids this.

# %% [markdown]
# ## Which sequence is easier to remember?
# The slides ask the reader to memorize one of two sequences:
#
# - 40, 27, 25, 36, 81, 57, 10, 73, 19, 68
# - 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18, 16, 14
#
# The second is almost twice as long, and yet most people choose it: you only need to keep in mind where it starts, that it
# falls by two, and where it ends. The first has no such rule. If an autoencoder looks for patterns as we do, it should be able to
# compress the second kind and not the first. We make a thousand sequences of either kind. As a control we add a third kind: the numbers of
# a patterned sequence in random order, so that the rule is harder to find.


# %%
def random_sequences(n, rng, length=10):
    """(n, length) whole numbers from 0 to 99 without any rule."""
    return rng.integers(0, 100, (n, length))


def patterned_sequences(n, rng, length=19):
    """(n, length) numbers from 0 to 99 that rise or fall by a constant step of 1 to 5."""
    step = rng.integers(1, 6, n)
    start = rng.integers(0, 100 - step * (length - 1))
    rising = start[:, None] + step[:, None] * np.arange(length)
    return np.where(rng.random((n, 1)) < 0.5, rising, rising[:, ::-1])


def shuffled_sequences(n, rng):
    """(n, 19) patterned sequences, each in a random order of its own."""
    return rng.permuted(patterned_sequences(n, rng), axis=1)


kinds = {
    "random": random_sequences,
    "patterned": patterned_sequences,
    "shuffled": shuffled_sequences,
}
rng = np.random.default_rng(run.seed)
known = {kind: make(1000, rng) for kind, make in kinds.items()}
new = {kind: make(500, rng) for kind, make in kinds.items()}
for kind in kinds:
    print(f"{kind:9} {new[kind][0]}")

# %% [markdown]
# The autoencoder for sequences reads the numbers one after the other with a recurrent layer, reduces its last state to a
# code of one, two or four numbers, and writes the sequence out again with a second recurrent layer.

# %% alt="Diagram: 19 numbers, the last state of a recurrent layer with 64 units, a code of 2, 19 states of 64 units, 19 numbers."
gk.plot_network(
    [
        ("sequence\n19 numbers", 19),
        ("recurrent layer,\nlast state, 64", 64),
        ("code, tanh\n1, 2 or 4", 2),
        ("recurrent layer,\n19 states of 64", 64),
        ("sequence\n19 numbers", 19),
    ],
    parts={"encoder": (0, 2), "decoder": (2, 4)},
    title="The autoencoder for sequences",
)
plt.show()


# %%
def build_sequence_autoencoder(length, latent_dim):
    """Recurrent encoder and decoder around a code of numbers between -1 and 1."""
    encoder = keras.Sequential(
        [
            keras.Input((length, 1)),
            layers.SimpleRNN(64, unroll=True),  # unrolled, because that is faster on a CPU
            layers.Dense(latent_dim, activation="tanh"),
        ]
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.RepeatVector(length),
            layers.SimpleRNN(64, return_sequences=True, unroll=True),
            layers.Dense(1),
        ]
    )
    return keras.Sequential([encoder, decoder])


def to_inputs(sequences):
    """Numbers from 0 to 99 as values around 0, shape (n, length, 1)."""
    return (sequences[..., None] / 50 - 1).astype("float32")


sequence_models = {}
for kind in kinds:
    x = to_inputs(known[kind])
    for latent_dim in SEQUENCE_CODES:
        keras.utils.set_random_seed(run.seed)
        model = build_sequence_autoencoder(x.shape[1], latent_dim)
        model.compile(
            loss="mse",
            optimizer=keras.optimizers.Adam(gk.warmup_cosine(5e-3, 8 * SEQUENCE_EPOCHS)),
            steps_per_execution=8,
            jit_compile=run.jit_compile,
        )
        model.fit(x, x, batch_size=128, epochs=SEQUENCE_EPOCHS, verbose=0)
        sequence_models[kind, latent_dim] = model

# %% [markdown]
# How do we compare a sequence of ten numbers with one of nineteen, and a code of one number with a code of four? By the number of bits that it
# takes to tell somebody the sequence without loss. The other side has the decoder. We send the code, one byte for each of its numbers, and after it the
# *corrections*: the differences between the true numbers and those that the decoder produces. If a correction of a certain size has the frequency $p$, it can be written in
# $-\log_2 p$ bits. For example, one that occurs half of the time costs one bit, one that occurs once in a hundred times 6.6<!-- setting --> bits. Without any code,
# we send the numbers themselves, in the same way. What is the shortest description (Rissanen, 1978)?
#
# We also know the best that *any* method could reach, because we made the sequences: the entropy of each kind.

# %%
from math import lgamma, log


def bits_by_frequency(values, known_values):
    """Bits of each value in -99 to 99, by the frequencies of the known ones."""
    # Each frequency gets a little more, so that no value is impossible.
    counts = np.bincount(known_values.ravel() + 99, minlength=199) + 0.1
    return -np.log2(counts / counts.sum())[values + 99]


def description_bits(model, sequences, known_sequences):
    """Mean bits per sequence: one byte for each number of the code, plus the corrections."""
    encoder, decoder = model.layers

    def corrections(numbers):
        codes = np.round(127 * np.asarray(encoder(to_inputs(numbers)))) / 127
        decoded = 50 * (1 + np.asarray(decoder(codes))[..., 0])
        return numbers - np.clip(np.round(decoded), 0, 99).astype(int)

    bits = bits_by_frequency(corrections(sequences), corrections(known_sequences))
    return 8 * encoder.output_shape[-1] + bits.sum(axis=1).mean()


# A patterned sequence has one of five steps, two directions, and 100 - 18 * step starts.
patterned_entropy = np.mean([np.log2(5 * 2 * (100 - 18 * step)) for step in range(1, 6)])
order_entropy = lgamma(20) / log(2)  # log2(19!), the bits of a random order of 19 numbers
entropy = {
    "random": 10 * np.log2(100),
    "patterned": patterned_entropy,
    "shuffled": patterned_entropy - 1 + order_entropy,  # the direction is lost in the shuffling
}
bits = {}
for kind in kinds:
    bits[kind, 0] = bits_by_frequency(new[kind], known[kind]).sum(axis=1).mean()
    for latent_dim in SEQUENCE_CODES:
        model = sequence_models[kind, latent_dim]
        bits[kind, latent_dim] = description_bits(model, new[kind], known[kind])
    shown = "".join(f"{bits[kind, d]:8.1f}" for d in [0, *SEQUENCE_CODES])
    print(f"{kind:9} bits with codes of {[0, *SEQUENCE_CODES]} numbers: {shown}", end="")
    print(f"   entropy {entropy[kind]:6.1f}")

# %% alt="Bits per sequence against the size of the code, for three kinds of sequences, each with its entropy as a dotted line. The curve of the patterned kind falls by more than half; the other two rise slightly."
figure, axis = plt.subplots(figsize=(8, 3.4), layout="constrained")
for number, kind in enumerate(kinds):
    lengths = [bits[kind, d] for d in [0, *SEQUENCE_CODES]]
    axis.plot([0, *SEQUENCE_CODES], lengths, "o-", color=f"C{number}", label=kind)
    axis.axhline(entropy[kind], ls=":", color=f"C{number}")
axis.set(xlabel="numbers in the code", ylabel="bits per sequence", ylim=(0, None))
axis.set_xticks([0, *SEQUENCE_CODES])
axis.set_title("Length of the description of new sequences (dotted: entropy)", fontsize=11)
axis.legend(frameon=False)
plt.show()

# %% [markdown]
# Start with the left end of the curves, where no code is sent. A patterned sequence costs 124<!-- patterned_bits_without_code --> bits and a random one 67<!-- random_bits_without_code -->, because it has almost twice as many
# numbers. With a code of two numbers the order is reversed: 47<!-- patterned_bits_with_two --> bits for the patterned sequence, 83<!-- random_bits_with_two --> for the random one. The longer sequence has become the
# shorter description, as the slides say it is for us. For the random sequences each additional number of the code costs its eight bits and saves none. It could not be otherwise:
# the entropy of ten random numbers is 66.4<!-- random_entropy_bits --> bits, and the plain numbers are already there.
#
# The shuffled sequences are a warning. They do have a pattern (sort the example above and you will see it), and a perfect method could bring them from 124<!-- shuffled_bits_without_code --> to 64.3<!-- shuffled_entropy_bits --> bits. Our
# autoencoder gains nothing on them. So a pattern helps only those who can find it, and this network, with these 50<!-- setting --> epochs, cannot. Even for the patterned sequences it stays far from
# the entropy, 8.5<!-- patterned_entropy_bits --> bits: of the 47<!-- patterned_bits_with_two --> bits, 16 are the code itself, and the others pay for corrections. (All of this is one training for each kind and size.)

# %% [markdown]
# ## Chase and Simon: what experts remember
# In a famous experiment, Chase and Simon (1973) let a chess master and weaker players look at a board for a few seconds and then put the pieces back from memory.
# When the position came from a real game, the master remembered far more pieces than the others. When the pieces stood at
# random, the advantage was gone (or nearly so, as later studies found). Masters do not have a better memory; they recognize patterns.
#
# We repeat the experiment with autoencoders in the place of the players. All of them may keep 30 numbers of each picture:
#
# - the *expert* is trained on garments, for two epochs;
# - the *novice* is the same network, trained equally long on garments whose pixels have been scrambled, each in its own way;
# - *PCA* with 30 components, fitted to garments, is an expert of a simpler kind;
# - a *random projection* keeps 30 random weighted sums of the pixels. It is not fitted to anything but the mean gray of all
#   garments, and shows what 30 numbers are worth without patterns.


# %%
def scramble(x, rng):
    """The same images, with the pixels of each in a random order of its own."""
    return rng.permuted(x, axis=1)


rng = np.random.default_rng(run.seed)


def pca_rebuild(x):
    """Images rebuilt from 30 principal components of garments."""
    return pca30.inverse_transform(pca30.transform(x))


pca30 = PCA(30, svd_solver="covariance_eigh").fit(x_train)
boards = {"real": x_valid, "scrambled": scramble(x_valid, rng)}
x_scrambled = scramble(x_train, rng)
recall = {
    (player, board): [] for player in ("expert", "novice", "PCA", "projection") for board in boards
}
for seed in range(SEEDS):
    players = {}
    for player, x in (("expert", x_train), ("novice", x_scrambled)):
        keras.utils.set_random_seed(seed)
        players[player] = build_autoencoder(30)
        compile_model(players[player], player_epochs)
        players[player].fit(x, x, epochs=player_epochs, batch_size=BATCH_SIZE, verbose=0)
    directions, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(784, 30)))
    gray = x_train.mean()
    for board, x in boards.items():
        for player, model in players.items():
            recall[player, board].append(mse(x, np.asarray(model(x))))
        projected = gray + (x - gray) @ directions @ directions.T
        recall["projection", board].append(mse(x, projected))
        recall["PCA", board].append(mse(x, pca_rebuild(x)))
for (player, board), errors in recall.items():
    print(
        f"{player:10} {board:9} pictures: MSE "
        + ", ".join(f"{e:.4f}" for e in errors)
        + " (by seed)"
    )

# %% alt="Top row: five garments and five scrambled ones that look like noise. Second row, the expert: five recognizable garments, and five blurred garment-like shapes. Third row, the novice: uniform gray pictures. Fourth row, PCA: garments, and shirt-like shapes with streaks. Last row, the projection: faint noise on gray."
both = np.concatenate([boards["real"][:5], boards["scrambled"][:5]])
rows = {}
for player, model in players.items():
    rows[player] = np.asarray(model(both)).reshape(-1, 28, 28)
rows["PCA"] = pca_rebuild(both).clip(0, 1).reshape(-1, 28, 28)
projected = gray + (both - gray) @ directions @ directions.T
rows["projection"] = projected.clip(0, 1).reshape(-1, 28, 28)
title = "Five real and five scrambled pictures, and what each player rebuilds"
gk.plot_reconstructions(both.reshape(-1, 28, 28), rows, title=title)
plt.show()

# %% [markdown]
# On real garments the expert's error is 0.0165<!-- expert_real_mse -->, the novice's 0.1086<!-- novice_real_mse -->, and thirty random sums
# give 0.1202<!-- projection_real_mse -->. PCA is as good as the expert, with 0.0157<!-- pca_real_mse -->; expertise, in this sense, does not take a network, only
# experience with garments. On scrambled garments the advantage is gone. The expert (0.1174<!-- expert_scrambled_mse -->) and PCA (0.1173<!-- pca_scrambled_mse -->)
# are hardly better than the random projection, 0.1198<!-- projection_scrambled_mse -->, and worse than the novice, 0.1087<!-- novice_scrambled_mse -->. The seeds differ
# by less than 0.002<!-- setting -->.
#
# The pictures show how each of them fails. The expert reconstructs noise as a blurred, shirt-like shape. The novice has
# learned to reproduce the mean brightness of each picture and nothing else, and that is the best of these strategies when there are no patterns to be
# found. All players may keep thirty numbers. As with the chess masters, it is not the size of the memory that makes the difference, but whether what was learned
# fits the kind of picture.

# %% [markdown]
# ## With too much room, a network copies
# What happens if the code is *larger* than the input? Such an autoencoder is called overcomplete. Nothing forces it to find patterns any
# more: it could simply pass every pixel through. How would we notice? Its error on garments is small in any case. But a network that
# copies will copy *everything*, even pictures that look like no garment. So we test with noise: garments whose pixels have been scrambled,
# so that they have the right grays and no pattern.
#
# To keep this quick we shrink the garments to 7 x 7 pixels. One linear autoencoder gets a code of 100 numbers for the 49 pixels, another one a code of five. As
# a control we add a random projection to five numbers, since most of the noise is lost with five numbers whatever the network has learned.


# %%
def shrink(x):
    """28 x 28 pixels to 7 x 7 by averaging, flattened."""
    return x.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49)


small_train, small_valid = shrink(x_train), shrink(x_valid)
noise = scramble(small_valid[:1000], rng)
copies, noise_lost, garments_lost = {}, {}, {}
for latent_dim in (100, 5):
    keras.utils.set_random_seed(run.seed)
    model = keras.Sequential([keras.Input((49,)), layers.Dense(latent_dim), layers.Dense(49)])
    compile_model(model, copy_epochs)
    model.fit(small_train, small_train, epochs=copy_epochs, batch_size=BATCH_SIZE, verbose=0)
    copies[f"{latent_dim} codes"] = np.asarray(model(np.concatenate([small_valid, noise])))
directions, _ = np.linalg.qr(rng.normal(size=(49, 5)))
center = small_train.mean()
inputs = np.concatenate([small_valid, noise])
copies["projection"] = center + (inputs - center) @ directions @ directions.T
for name, reconstructions in copies.items():
    garments_lost[name] = mse(small_valid, reconstructions[:-1000]) / small_valid.var()
    noise_lost[name] = mse(noise, reconstructions[-1000:]) / noise.var()
    print(f"{name:10} lost of the variance of garments: {garments_lost[name]:4.0%}", end="   ")
    print(f"of noise: {noise_lost[name]:4.0%}")

# %% alt="Top row: five garments of 7 by 7 pixels and five pictures of noise. Below: with 100 codes both come back almost unchanged; with 5 codes the garments come back blurred and the noise as smooth, garment-like pictures."
both = np.concatenate([small_valid[:5], noise[:5]])
rows = {}
for name in ("100 codes", "5 codes"):
    reconstructions = np.concatenate([copies[name][:5], copies[name][-1000:-995]])
    rows[name] = np.clip(reconstructions, 0, 1).reshape(-1, 7, 7)
gk.plot_reconstructions(both.reshape(-1, 7, 7), rows, title="Garments and noise, rebuilt")
plt.show()

# %% [markdown]
# With a code of 100 numbers the network loses 6 %<!-- noise_lost_overcomplete_percent --> of the variance of the noise, which it has never seen: it has learned to
# pass the pixels through. With five numbers nothing of the noise is left (102 %<!-- noise_lost_undercomplete_percent --> lost), and that is to be expected, because five random
# weighted sums lose 89 %<!-- noise_lost_projection_percent -->, too.
#
# On garments, the copying network has by far the lowest error of the three. So a low reconstruction error is no
# proof that an autoencoder has learned anything about its data. There are two remedies: a code that is too small for copying, as
# in this chapter, or some other obstacle. Chapters 05 and 06 use noise and sparsity for that purpose.

# %% [markdown]
# ## Check
# These are the claims of the chapter as assertions. The test images are used here for the first time.

# %%
latent_test, pca_test = {}, {}
for latent_dim, model in autoencoders.items():
    latent_test[latent_dim] = mse(x_test, np.asarray(model(x_test)))
    linear_codes = pca_models[latent_dim].transform(x_test)
    pca_test[latent_dim] = mse(x_test, pca_models[latent_dim].inverse_transform(linear_codes))
    print(f"{latent_dim:3} numbers, test MSE: autoencoder {latent_test[latent_dim]:.5f}", end="   ")
    print(f"PCA {pca_test[latent_dim]:.5f}")

assert spiral_angle < 1, "the linear autoencoder has not found PCA's plane"
assert np.mean(recall["expert", "real"]) < np.mean(recall["novice", "real"]), "no expert"
if not QUICK:
    assert pca_angle < 2 and abs(linear_mse / pca8_mse - 1) < 0.01, "on garments it is not PCA"
    assert bits["patterned", 2] < 0.5 * bits["patterned", 0], "the pattern was not found"
    assert bits["shuffled", 2] > 1.5 * bits["patterned", 2], "the order does not matter"
    assert min(recall["expert", "scrambled"]) > max(recall["novice", "scrambled"]), "expert ahead"
    assert noise_lost["100 codes"] < 0.25, "the overcomplete model does not copy"
    assert knn_accuracy["autoencoder"] > knn_accuracy["PCA"], "the plane sorts no better than PCA"
if not QUICK and full_data:
    for latent_dim in LATENT_DIMS:
        assert latent_test[latent_dim] < 0.75 * pca_test[latent_dim], f"{latent_dim}: near PCA"

gk.record(
    "02_efficient_representations",
    **{f"latent{d}_val_mse": np.mean(errors) for d, errors in reversed(latent_mse.items())},
    **{f"latent{d}_spread": np.ptp(errors) for d, errors in latent_mse.items()},
    **{f"pca{d}_val_mse": error for d, error in pca_mse.items()},
    **{f"latent{d}_test_mse": error for d, error in latent_test.items()},
    **{f"pca{d}_test_mse": error for d, error in pca_test.items()},
    spiral_angle_deg=spiral_angle,
    pca_angle_deg=pca_angle,
    linear_val_mse=linear_mse,
    pca8_val_mse=pca8_mse,
    **{f"knn_{name.split()[0].lower()}_percent": value for name, value in knn_accuracy.items()},
    **{f"{kind}_bits_without_code": bits[kind, 0] for kind in kinds},
    **{f"{kind}_bits_with_two": bits[kind, 2] for kind in kinds},
    **{f"{kind}_entropy_bits": entropy[kind] for kind in kinds},
    **{
        f"{player.lower()}_{board}_mse": np.mean(errors)
        for (player, board), errors in recall.items()
    },
    noise_lost_overcomplete_percent=100 * noise_lost["100 codes"],
    noise_lost_undercomplete_percent=100 * noise_lost["5 codes"],
    noise_lost_projection_percent=100 * noise_lost["projection"],
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - An autoencoder consists of an encoder, a code and a decoder, and is trained to reproduce its input. The loss needs no label.
# - Without activation functions, with squared error and centered data, an undercomplete autoencoder finds the same subspace as PCA, with axes of
#   its own.
# - With nonlinear layers it needs fewer numbers than PCA for the same error; the gain is largest for small codes.
# - Data with a pattern can be compressed. What an autoencoder has learned helps with the kind of data that it was trained on, and with no other.
# - An autoencoder with enough room learns to copy. A small error alone does not show that it has learned a pattern.
#
# ## Exercises
# 1. *(easy)* Add a fourth kind of sequence: five random numbers, played twice. Which size of the code suits it?
# 2. *(easy)* Add noise to the patterned sequences, whole numbers from -3 to 3. How much of their advantage is left?
# 3. *(medium)* Train a second expert on shoes only (labels 5, 7 and 9). How well does it reconstruct shirts, and what does it turn them into?
# 4. *(medium)* Give the linear autoencoder a sigmoid output, and train it on images that are not centered. Does it still find PCA's subspace?
# 5. *(hard)* Choose the size of the code for garments by description length, as we did for the sequences. Hint: scale each number of the code by its range over the
#    training images before you round it to a byte, and round the differences of the pixels to 32 gray levels.
#
# ## References
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
# - P. Baldi and K. Hornik, Neural networks and principal component analysis, *Neural Networks*, 1989.
# - W. Chase and H. Simon, Perception in chess, *Cognitive Psychology*, 1973.
# - J. Rissanen, Modeling by shortest data description, *Automatica*, 1978.
# - G. Hinton and R. Salakhutdinov, Reducing the dimensionality of data with neural networks, *Science*, 2006.
