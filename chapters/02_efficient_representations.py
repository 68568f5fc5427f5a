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
# Why can a long sequence be easier to keep in mind than a short one, and why do chess masters
# forget boards that make no sense? We let autoencoders answer both, find PCA inside one, watch
# another copy without learning, and see what each further number in the code buys.
#
# | | |
# |---|---|
# | Slides | *Representaciones eficientes de datos*; *Estudios de Chase y Simon*; *Memoria, percepción y patrones*; *Autoencoders: background*; *La dimensionalidad del espacio latente* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Efficient Data Representations" and "PCA with an Undercomplete Linear Autoencoder" |
# | Result | Reduces garments to 30 numbers with a squared error of 0.0116<!-- latent30_val_mse --> per pixel, where PCA has 0.0157<!-- pca30_val_mse --> |
# | Time | 114 s<!-- seconds --> on two CPU cores; not measured on a GPU |
# | Data | made sequences; Fashion-MNIST: 55,000 images to train, 5,000 to validate; or the bundled sixth of it |

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

# %% quick={"COPY_EPOCHS": 1, "COPY_EPOCHS_SAMPLE": 1, "EPOCHS": 1, "EPOCHS_SAMPLE": 1, "JIT_COMPILE": false, "LATENT_DIMS": [2, 30], "LINEAR_EPOCHS": 1, "LINEAR_EPOCHS_SAMPLE": 1, "N_TRAIN": 2000, "QUICK": true, "SEQUENCE_CODES": [1, 2], "SEQUENCE_EPOCHS": 3} tags=["parameters"]
QUICK = False  # True runs with small numbers, which shows how it works but proves nothing
N_TRAIN = None  # training images; None takes all there are
SEQUENCE_CODES = [1, 2, 4]  # code sizes of the sequence autoencoders
SEQUENCE_EPOCHS = 50  # passes over a thousand sequences
LATENT_DIMS = [2, 5, 10, 30]  # code sizes of the image autoencoders
EPOCHS = 7  # passes over the full training set, for each code size; GPU: 30
EPOCHS_SAMPLE = 20  # the same for the bundled sample, which has a sixth of the images
LINEAR_EPOCHS = 4  # passes of the linear autoencoder
LINEAR_EPOCHS_SAMPLE = 24  # the same for the bundled sample
COPY_EPOCHS = 10  # passes of the two small ones that show what copying is
COPY_EPOCHS_SAMPLE = 60  # the same for the bundled sample
BATCH_SIZE = 256  # GPU: 512
PEAK_RATE = 4e-3  # highest learning rate of the schedule
JIT_COMPILE = True  # XLA, which speeds up dense models, but not convolutions or dropout on a CPU

# %% [markdown]
# ## Which sequence is easier?
# The slides show two: ten numbers without a rule, and nineteen that fall by two. The second is
# longer, and easier to remember, since two numbers say it all: the first one and the step. We
# make a thousand of each kind, and some more to test on.


# %%
def random_sequences(n, rng, length=10):
    """(n, length) whole numbers from 0 to 99 without any rule."""
    return rng.integers(0, 100, (n, length))


def patterned_sequences(n, rng, length=19):
    """(n, length) arithmetic sequences within 0 to 99, rising or falling by 1 to 5."""
    step = rng.integers(1, 6, n)
    start = rng.integers(0, 100 - step * (length - 1))
    rising = start[:, None] + step[:, None] * np.arange(length)
    return np.where(rng.random((n, 1)) < 0.5, rising, rising[:, ::-1])


slide_sequences = {
    "random": np.array([[40, 27, 25, 36, 81, 57, 10, 73, 19, 68]]),
    "patterned": np.array([[*range(50, 13, -2)]]),
}
rng = np.random.default_rng(run.seed)
kinds = {"random": random_sequences, "patterned": patterned_sequences}
sequences = {kind: (make(1000, rng), make(500, rng)) for kind, make in kinds.items()}
for kind, (known, _) in sequences.items():
    print(f"{kind:9} of the slides: {slide_sequences[kind][0]}")
    print(f"{'':9} one of ours:   {known[0]}")

# %% [markdown]
# A recurrent encoder reads a sequence into a code of a few numbers between -1 and 1; a recurrent
# decoder writes the sequence out again. We train one for each kind and size of code.


# %%
def sequence_autoencoder(length, code_size, units=64):
    recurrent = {"units": units, "unroll": True}  # unrolled, plain cells are fast on a CPU
    encoder = keras.Sequential(
        [
            *(keras.Input((length, 1)), layers.SimpleRNN(**recurrent)),
            layers.Dense(code_size, activation="tanh"),
        ]
    )
    decoder = keras.Sequential(
        [
            *(keras.Input((code_size,)), layers.RepeatVector(length)),
            *(layers.SimpleRNN(**recurrent, return_sequences=True), layers.Dense(1)),
        ]
    )
    return keras.Sequential([encoder, decoder])


def scaled(numbers):
    return (numbers[..., None] / 50 - 1).astype("float32")


sequence_models = {}
for kind, (known, _) in sequences.items():
    for code_size in SEQUENCE_CODES:
        model = sequence_autoencoder(known.shape[1], code_size)
        steps = SEQUENCE_EPOCHS * 8
        rate = gk.warmup_cosine(5e-3, steps)
        optimizer = keras.optimizers.Adam(rate)
        jit = run.jit_compile
        model.compile(loss="mse", optimizer=optimizer, steps_per_execution=8, jit_compile=jit)
        model.fit(scaled(known), scaled(known), batch_size=128, epochs=SEQUENCE_EPOCHS, verbose=0)
        sequence_models[kind, code_size] = model

# %% [markdown]
# ## A code length settles it
# What does it cost to write a sequence down so that nothing is lost? With a code of $k$ numbers,
# rounded to a byte each, and then the corrections to what the decoder makes of it, at
# $-\log_2 p$ bits for a correction of frequency $p$. Without any code it is $\log_2 100$ bits a
# number. The shortest description wins (Rissanen, 1978).


# %%
def description_bits(model, numbers, known):
    """Bits a sequence: one byte a code, plus corrections coded by their frequency on `known`."""
    encoder, decoder = model.layers

    def corrections(x):
        codes = np.round(127 * np.asarray(encoder(scaled(x)))) / 127
        rebuilt = 50 * (1 + np.asarray(decoder(codes))[..., 0])
        return np.clip(x - np.round(rebuilt), -99, 99).astype(int)

    # Every correction gets a small share, so that none is impossible.
    share = np.bincount(corrections(known).ravel() + 99, minlength=199) + 0.1
    bits = -np.log2(share / share.sum())[corrections(numbers) + 99]
    return 8 * encoder.output_shape[-1] + bits.sum(axis=1).mean()


bits = {}
for kind, (known, new) in sequences.items():
    bits[kind, 0] = known.shape[1] * np.log2(100)
    for k in SEQUENCE_CODES:
        bits[kind, k] = description_bits(sequence_models[kind, k], new, known)
sizes = [0, *SEQUENCE_CODES]
print("numbers in the code " + "".join(f"{k:8}" for k in sizes))
for kind in kinds:
    print(f"{kind:19} " + "".join(f"{bits[kind, k]:8.1f}" for k in sizes) + "   bits a sequence")

# %%
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
for kind in kinds:
    axis.plot(sizes, [bits[kind, k] / bits[kind, 0] for k in sizes], "o-", label=kind)
axis.axhline(1, color="0.6", lw=1)
axis.set(xlabel="numbers in the code (0: written out)", ylabel="length / written out")
axis.set_title("The patterned kind compresses, the random kind does not")
axis.legend(frameon=False)
plt.show()
best = {kind: min(bits[kind, k] for k in SEQUENCE_CODES) / bits[kind, 0] for kind in kinds}
for kind, pair in slide_sequences.items():
    k = SEQUENCE_CODES[min(1, len(SEQUENCE_CODES) - 1)]
    rebuilt = 50 * (1 + np.asarray(sequence_models[kind, k](scaled(pair)))[0, :, 0])
    print(f"{kind:9} from {k} numbers: {np.round(rebuilt).astype(int)}")

# %% [markdown]
# The random kind never gets shorter: every number in the code costs its byte, and buys nothing. The
# patterned kind needs two, first number and step, and is then down to
# 41 %<!-- patterned_length_percent --> of its length; one number is too few, four are more than there is to say.
# With two numbers the slides' long sequence comes back nearly exact, the short one as a blur around
# its mean. Easy is what has a pattern, not what is short.

# %% [markdown]
# ## Encoder, code, decoder
# The slides name the parts: the encoder maps data $x$ to a latent code $z$ of lower dimension, the
# decoder maps $z$ to a reconstruction $\hat{x}$, and both learn from
# $\mathcal{L}(x, \hat{x}) = \|x - \hat{x}\|^2$, which uses no label. Here they are on images.

# %%
images = gk.load_images(n_train=N_TRAIN)
x_train, x_valid = images.x_train, images.x_valid
whole = images.source == "tfds"
epochs = EPOCHS if whole else EPOCHS_SAMPLE
linear_epochs = LINEAR_EPOCHS if whole else LINEAR_EPOCHS_SAMPLE
copy_epochs = COPY_EPOCHS if whole else COPY_EPOCHS_SAMPLE
flat_train, flat_valid = x_train.reshape(len(x_train), -1), x_valid.reshape(len(x_valid), -1)


# %%
def build_autoencoder(latent_dim, hidden=(400, 150)):
    """784-400-150-latent-150-400-784, the code linear; encoder and decoder are models."""
    encoder = keras.Sequential(
        [
            keras.Input((784,)),
            *(layers.Dense(units, activation="relu") for units in hidden),
            layers.Dense(latent_dim, name="code"),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            *(layers.Dense(units, activation="relu") for units in reversed(hidden)),
            layers.Dense(784, activation="sigmoid", dtype="float32"),
        ],
        name="decoder",
    )
    return keras.Sequential([encoder, decoder])


# %%
def train(model, x, targets, epochs, batch_size, peak_rate, jit_compile):
    """Fit with MSE and Nadam along a warm-up and cosine schedule."""
    steps = epochs * -(-len(x) // batch_size)
    model.compile(
        loss="mse",
        optimizer=keras.optimizers.Nadam(gk.warmup_cosine(peak_rate, steps)),
        steps_per_execution=min(20, steps),
        jit_compile=jit_compile,
    )
    return model.fit(x, targets, epochs=epochs, batch_size=batch_size, verbose=0).history


def error(model, x):
    """Mean squared error a pixel."""
    return np.mean((np.asarray(model(x)) - x) ** 2)


recipe = (BATCH_SIZE, PEAK_RATE, JIT_COMPILE)

# %% [markdown]
# ## Experts see patterns: Chase and Simon
# Chess masters remember a board from a real game at a glance, and a random board no better than
# a beginner. Our *expert* is trained on garments. Our *novice* is the same network trained on as
# many pictures without pattern: garments whose pixels are shuffled, each in its own way.


# %%
def scrambled(flat, rng):
    """Each picture's pixels in a random order of its own."""
    return rng.permuted(flat, axis=1)


players = {}
for name, memories in (("expert", flat_train), ("novice", scrambled(flat_train, rng))):
    keras.utils.set_random_seed(run.seed)
    players[name] = build_autoencoder(30)
    train(players[name], memories, memories, max(1, epochs // 4), *recipe)
boards = {"real": flat_valid, "scrambled": scrambled(flat_valid, rng)}
recall = {
    (name, kind): np.mean((np.asarray(player(x)) - x) ** 2, axis=1)
    for name, player in players.items()
    for kind, x in boards.items()
}
for kind in boards:
    print(f"{kind:10} expert {recall['expert', kind].mean():.4f}", end="   ")
    print(f"novice {recall['novice', kind].mean():.4f}")

# %% [markdown]
# The claim is an interaction: the expert's advantage on real pictures must be larger than on
# scrambled ones. Each garment gives one difference of differences, and a t-test asks whether
# their mean is above zero.

# %%
from scipy import stats

advantage = {kind: recall["novice", kind] - recall["expert", kind] for kind in boards}
interaction = stats.ttest_1samp(advantage["real"] - advantage["scrambled"], 0)
least, most = interaction.confidence_interval()
print(f"expert's advantage: real {advantage['real'].mean():+.4f}", end="   ")
print(f"scrambled {advantage['scrambled'].mean():+.4f}")
print(f"interaction between {least:.4f} and {most:.4f} (95 %), t = {interaction.statistic:.0f}")
rows = {}
for name, player in players.items():
    rows[name] = np.asarray(player(np.concatenate([flat_valid[:5], boards["scrambled"][:5]])))
both = np.concatenate([flat_valid[:5], boards["scrambled"][:5]]).reshape(-1, 28, 28)
rows = {name: rebuilt.reshape(-1, 28, 28) for name, rebuilt in rows.items()}
gk.plot_reconstructions(
    both, rows, title="Real and scrambled pictures, as expert and novice recall"
)
plt.show()

# %% [markdown]
# The expert rebuilds garments, with an error of 0.0209<!-- expert_real_mse --> against the novice's
# 0.1087<!-- novice_real_mse -->. On scrambled pictures it is even a little worse,
# 0.1245<!-- expert_scrambled_mse --> against 0.1088<!-- novice_scrambled_mse -->: it sees the ghost of a shirt
# where there is none, while the novice has learnt the one thing that helps, a picture's mean grey. The
# interaction is far from zero. Memory is good where there are patterns, and patterns are learnt.

# %% [markdown]
# ## PCA inside an autoencoder
# Without activation functions, encoder and decoder are matrices, and the best they can do is PCA:
# the code spans the same subspace, if not along the same axes. We train one with eight codes and
# compare: the largest principal angle between the subspaces, and the error.

# %%
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

linear = keras.Sequential(
    [keras.Input((784,)), layers.Dense(8, use_bias=False), layers.Dense(784, use_bias=False)]
)
mean = flat_train.mean(axis=0)
train(linear, flat_train - mean, flat_train - mean, linear_epochs, *recipe)
pca = PCA(8, svd_solver="covariance_eigh").fit(flat_train)
decoder_kernel = ops.convert_to_numpy(linear.layers[1].kernel)
pca_angle = np.rad2deg(subspace_angles(pca.components_.T, decoder_kernel.T)).max()
linear_mse = error(linear, flat_valid - mean)
pca_mse = np.mean((pca.inverse_transform(pca.transform(flat_valid)) - flat_valid) ** 2)
print(f"largest principal angle {pca_angle:.2f} degrees", end="   ")
print(f"validation MSE: autoencoder {linear_mse:.5f}, PCA {pca_mse:.5f}")

# %%
pictures = np.concatenate([pca.components_, decoder_kernel])
pictures = 0.5 + 0.5 * pictures / np.abs(pictures).max(axis=1, keepdims=True)
title = "PCA's axes (top) and the decoder's (bottom): other pictures, the same subspace"
gk.plot_images(pictures.reshape(-1, 28, 28), columns=8, title=title)
plt.show()

# %% [markdown]
# The subspaces differ by 0.42<!-- pca_angle_deg --> degrees at most, the errors in their last digits. The
# pictures differ: PCA orders its axes and makes them perpendicular, the autoencoder finds any
# basis of the same plane.

# %% [markdown]
# ## Overcomplete: copying is not learning
# With more codes than pixels nothing forces a network to find patterns: it may learn to copy.
# The test is a picture that no garment resembles. What has learnt to copy rebuilds noise as well;
# what has learnt garments cannot. Garments of 7 x 7 pixels make the point in seconds: one network
# has 100 codes for 49 pixels, the other five.

# %%
shrunk_train, shrunk_valid = (
    x.reshape(-1, 7, 4, 7, 4).mean(axis=(2, 4)).reshape(-1, 49) for x in (x_train, x_valid)
)
noise = rng.random((1000, 49), dtype="float32")
copying, share = {}, {}
for name, codes in (("100 codes", 100), ("5 codes", 5)):
    keras.utils.set_random_seed(run.seed)
    model = keras.Sequential([keras.Input((49,)), layers.Dense(codes), layers.Dense(49)])
    train(model, shrunk_train, shrunk_train, copy_epochs, *recipe)
    copying[name], share[name] = model, error(model, noise) / noise.var()
    print(f"{name:9} garments {error(model, shrunk_valid):.5f}", end="   ")
    print(f"noise {error(model, noise):.5f}, {share[name]:.0%} of its variance")

# %%
both = np.concatenate([shrunk_valid[:5], noise[:5]])
rows = {
    name: np.clip(np.asarray(model(both)), 0, 1).reshape(-1, 7, 7)
    for name, model in copying.items()
}
gk.plot_reconstructions(both.reshape(-1, 7, 7), rows, title="Who copies noise has learnt to copy")
plt.show()

# %% [markdown]
# With 100 codes nearly all of the noise comes back, though the network has never seen any; what
# is lost is 7 %<!-- noise_lost_overcomplete_percent --> of its variance. With five codes the error is larger than the noise's
# own variance: the network answers with a garment. The overcomplete one has the smaller error on
# garments too, which is why a small error alone proves nothing.

# %% [markdown]
# ## The size of the code
# Autoencoding is compression: a smaller latent space is a tighter bottleneck. We train one network
# for each size, and compare with PCA of the same size, computed exactly.

# %%
autoencoders, latent_mse, pca_by_size = {}, {}, {}
for size in LATENT_DIMS:
    keras.utils.set_random_seed(run.seed)
    autoencoders[size] = build_autoencoder(size)
    train(autoencoders[size], flat_train, flat_train, epochs, *recipe)
    latent_mse[size] = error(autoencoders[size], flat_valid)
    exact = PCA(size, svd_solver="covariance_eigh").fit(flat_train)
    rebuilt = exact.inverse_transform(exact.transform(flat_valid))
    pca_by_size[size] = np.mean((rebuilt - flat_valid) ** 2)
    print(
        f"{size:3} codes   autoencoder {latent_mse[size]:.5f}   PCA {pca_by_size[size]:.5f}", end=""
    )
    print(f"   {1 - latent_mse[size] / pca_by_size[size]:4.0%} less")

# %%
figure, axis = plt.subplots(figsize=(8, 3.2), layout="constrained")
axis.plot(LATENT_DIMS, list(pca_by_size.values()), "s--", label="PCA")
axis.plot(LATENT_DIMS, list(latent_mse.values()), "o-", label="autoencoder")
axis.set(xscale="log", xlabel="numbers in the code", ylabel="validation MSE", ylim=(0, None))
axis.set_xticks(LATENT_DIMS, LATENT_DIMS)
axis.minorticks_off()
axis.set_title("At every size the autoencoder errs less than PCA")
axis.legend(frameon=False)
plt.show()
rows = {
    f"{size}-D": np.asarray(model(flat_valid[:10])).reshape(-1, 28, 28)
    for size, model in autoencoders.items()
}
gk.plot_reconstructions(x_valid[:10], rows, title="The ground truth, and what each code size keeps")
plt.show()

# %% [markdown]
# Five numbers in a non-linear code say more than ten of PCA's: 0.0169<!-- latent5_val_mse --> against
# 0.0245<!-- pca10_val_mse -->. From two to thirty codes, the error falls from
# 0.0267<!-- latent2_val_mse --> to 0.0116<!-- latent30_val_mse -->, PCA's from 0.0464<!-- pca2_val_mse --> to
# 0.0157<!-- pca30_val_mse -->. Two numbers tell a boot from a shirt, five the cut, ten the shades; prints
# and straps want more than thirty.

# %% [markdown]
# ## The plane of two codes
# Two codes can be drawn as they are: on the left where the garments fall, on the right what the
# decoder makes of a grid of points, most of which no garment maps to.

# %%
encoder, decoder = autoencoders[LATENT_DIMS[0]].layers
plane = np.asarray(encoder(flat_valid))
low, high = np.percentile(plane, [1, 99], axis=0)
across, up = np.meshgrid(np.linspace(low[0], high[0], 14), np.linspace(high[1], low[1], 14))
grid = np.asarray(decoder(np.stack([across.ravel(), up.ravel()], axis=1)))
canvas = grid.reshape(14, 14, 28, 28).transpose(0, 2, 1, 3).reshape(14 * 28, 14 * 28)
figure, axes = plt.subplots(1, 2, figsize=(8, 4.2), layout="constrained")
points = axes[0].scatter(*plane.T, c=images.y_valid, s=2, cmap="tab10")
axes[0].set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), title="Codes of validation garments")
handles = points.legend_elements()[0]
axes[0].legend(handles, images.class_names, fontsize=6, markerscale=0.6, loc="upper right")
axes[1].imshow(canvas, cmap="gray", extent=(low[0], high[0], low[1], high[1]), aspect="auto")
axes[1].set(title="What the decoder draws there")
for axis in axes:
    axis.set(xlabel="code 1", ylabel="code 2")
plt.show()

# %% [markdown]
# Kinds form wedges that meet in a corner; between them and outside lie places where no garment
# falls. There the decoder draws blends and blots. A code is a good summary, but its plane is no map
# to draw new garments from. Chapter 07 mends that.

# %% [markdown]
# ## Check

# %%
assert advantage["real"].mean() > advantage["scrambled"].mean(), "no interaction"
if not QUICK:
    assert interaction.pvalue < 1e-6 and least > 0, "the interaction may be chance"
    assert best["patterned"] < 0.5 and best["random"] > 0.9, "the code lengths say otherwise"
    assert pca_angle < 2 and abs(linear_mse / pca_mse - 1) < 0.01, "the linear model is not PCA"
    assert share["100 codes"] < 0.25 < share["5 codes"], "the overcomplete model does not copy"
if not QUICK and whole:
    for size in LATENT_DIMS:
        assert latent_mse[size] < 0.75 * pca_by_size[size], f"less than 25 % below PCA at {size}"

gk.record(
    "02_efficient_representations",
    **{f"latent{size}_val_mse": mse for size, mse in reversed(latent_mse.items())},
    **{f"pca{size}_val_mse": mse for size, mse in pca_by_size.items()},
    pca_angle_deg=pca_angle,
    linear_val_mse=linear_mse,
    pca8_val_mse=pca_mse,
    patterned_length_percent=100 * best["patterned"],
    random_length_percent=100 * best["random"],
    **{f"{name}_{kind}_mse": e.mean() for (name, kind), e in recall.items()},
    noise_lost_overcomplete_percent=100 * share["100 codes"],
    noise_lost_undercomplete_percent=100 * share["5 codes"],
    seconds=time.perf_counter() - START,
)

# %% [markdown]
# ## What to remember
# - What has a pattern has a short description; an autoencoder's code is such a description.
# - An autoencoder is an expert on what it was trained on, and on nothing else.
# - Without activation functions an autoencoder is PCA, up to the choice of axes.
# - With room to copy, it copies: a small error is no sign of understanding.
# - At equal size a non-linear code errs a quarter to a half less than PCA's.
#
# ## Exercises
# 1. *(easy)* Make a third kind of sequence, 10 random numbers played twice. What code size suits it?
# 2. *(easy)* Add noise to the patterned sequences. How much noise takes their advantage away?
# 3. *(medium)* Train a second expert on footwear only. How well does it recall shirts, and what does
#    it make of them? Hint: labels 5, 7 and 9.
# 4. *(medium)* Give the linear autoencoder a sigmoid output. Does it still find PCA's plane?
# 5. *(hard)* Describe images by their code length: bytes for the code, bits for the residuals, as
#    for the sequences. Which code size is best? Hint: round the residuals to 8 bits.
#
# ## References
# - W. Chase and H. Simon, Perception in Chess, *Cognitive Psychology*, 1973.
# - J. Rissanen, Modeling by Shortest Data Description, *Automatica*, 1978.
# - P. Baldi and K. Hornik, Neural Networks and Principal Component Analysis, *Neural Networks*, 1989.
# - G. Hinton and R. Salakhutdinov, Reducing the Dimensionality of Data with Neural Networks,
#   *Science*, 2006.
# - A. Géron, *Hands-On Machine Learning with Scikit-Learn, Keras and TensorFlow*, 3rd ed., ch. 17.
