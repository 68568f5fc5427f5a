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
# The 784 pixels of a garment depend on each other: the border is dark, neighbors are alike, and the left half resembles the right one.
# Could a network find out such regularities by itself, and describe a garment by fewer numbers?
# An *autoencoder* has to squeeze its input through a few numbers and rebuild it from them.
# In this chapter we train the simplest ones, and see why some data can be compressed and others cannot.
#
# | | |
# |---|---|
# | Slides | *Autoencoders: background*; *La dimensionalidad del espacio latente*; *Representaciones eficientes de datos*; *Estudios de Chase y Simon*; *Relación entre memoria, percepción y correspondencia de patrones*; *Estructura y función de un autoencoder* |
# | Textbook | Hands-On Machine Learning, chapter 17, "Efficient Data Representations" and "Performing PCA with an Undercomplete Linear Autoencoder" |
# | Result | Describes a garment by 30 numbers and rebuilds it with a squared error of 0.0104<!-- mse_30 --> per pixel, where PCA has 0.0150<!-- pca_mse_30 --> |
# | Time | 186 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on all 55,000 training images; yours will differ a little.
# With three other seeds, the mean error with 30 numbers is 0.0104<!-- experiment 02 seeds mse -->.

# %%
import math
import zlib

import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

run = gk.setup(seed=42, mixed_precision="float32")  # small: no gain from half precision

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
EPOCHS = 1 if QUICK else 5  # of each autoencoder for garments; GPU: 30
LINEAR_EPOCHS = 5 if QUICK else 50  # of each linear autoencoder, which takes a second

# %%
images = gk.load_images(n_train=2000 if QUICK else None)
x_train, x_valid = images.x_train, images.x_valid
shape = x_train.shape[1:]  # (28, 28, 1); the models follow the shape of the images
epochs = images.epochs(EPOCHS)  # more if there are fewer images

# %% [markdown]
# ## Encoder, code, decoder
# The *encoder* (*codificador*) maps the input $x$ to a short list of numbers $z$, the *code* or latent representation.
# The *decoder* (*decodificador*) maps $z$ to a reconstruction $\hat{x}$, which has as many values as the input.

# %% alt="Diagram: a tall bar for the 784 values of the input x, a short one for the 30 of the code z, a tall one for the 784 of the reconstruction. The part from x to z is marked as the encoder, the part from z on as the decoder."
gk.plot_network(
    [("input x\n784", 784), ("code z\n30", 30), ("reconstruction x̂\n784", 784)],
    parts={"encoder": (0, 1), "decoder": (1, 2)},
    title="An undercomplete autoencoder",
)
plt.show()

# %% [markdown]
# The two are trained together, with the squared error as the loss, the *reconstruction loss*:
#
# $$\mathcal{L}(x, \hat{x}) = \|x - \hat{x}\|^2$$
#
# Keras calls it `"mse"`, and divides it by the number of values.
# No label appears in it, because the input is its own target.
# The task is hard because the code is a bottleneck (*cuello de botella*), smaller than the input.
# Such an autoencoder is called *undercomplete* (*incompleto*), and it can rebuild new inputs only if it has found out what they have in common.
#
# ## The linear autoencoder and PCA
# We start with data that we can draw: 500 points along a spiral.
# They have three coordinates, but lie close to a plane, so two numbers should be nearly enough to describe each of them.

# %%
rng = np.random.default_rng(run.seed)
turn = rng.uniform(np.pi, 4 * np.pi, 500)
flat_spiral = np.stack([turn * np.cos(turn), turn * np.sin(turn)], axis=1) / 6
plane_axes = np.array([[0.9, 0.1, 0.4], [-0.2, 0.8, 0.5]])
spiral = flat_spiral @ plane_axes + rng.normal(0, 0.15, size=(500, 3))

# %% [markdown]
# The smallest autoencoder has one dense layer as its encoder, one as its decoder, and no activation functions.
# Its learning rate falls to 0 along a cosine, so that the training ends close to the minimum.

# %%
linear_encoder = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
linear_decoder = keras.Sequential([keras.Input((2,)), layers.Dense(3)])
linear = keras.Sequential([linear_encoder, linear_decoder])
steps = LINEAR_EPOCHS * math.ceil(len(spiral) / 50)
learning_rate = keras.optimizers.schedules.CosineDecay(0.1, steps)
linear.compile(loss="mse", optimizer=keras.optimizers.Adam(learning_rate))
history = linear.fit(spiral, spiral, batch_size=50, epochs=LINEAR_EPOCHS)

# %% [markdown]
# All its reconstructions lie in a plane, since its decoder adds multiples of two vectors, the rows of its matrix, to its bias.
# The plane with the smallest squared error has been known since Pearson (1901): it is that of the first two *principal components* (PCA).
# We compare its error with ours, and, for the directions, measure the angle between the planes.


# %%
def mse(x, reconstructions):
    """Mean squared error."""
    return np.mean((x - reconstructions) ** 2)


spiral_pca = PCA(2).fit(spiral)
spiral_mse = linear.evaluate(spiral, spiral)
pca_spiral_mse = mse(spiral, spiral_pca.inverse_transform(spiral_pca.transform(spiral)))
decoder_axes = np.asarray(linear_decoder.layers[0].kernel)  # (2, 3)
angles = subspace_angles(decoder_axes.T, spiral_pca.components_.T)
pca_angle = np.rad2deg(angles.max())
print(f"error: autoencoder {spiral_mse:.5f}, PCA {pca_spiral_mse:.5f}")
print(f"largest angle between the planes: {pca_angle:.3f} degrees")

# %% alt="Three plots of a spiral, colored along its length. Left: in three dimensions, close to a gray plane, on both sides of it. Upper right: the two codes of the autoencoder, a spiral that is drawn out sideways and slanted. Lower right: the two codes of PCA, a round spiral."
figure, axes = plt.subplot_mosaic(
    [["points", "autoencoder"], ["points", "PCA"]],
    per_subplot_kw={"points": {"projection": "3d"}},
    figsize=(8, 4.4),
    layout="constrained",
)
axis = axes["points"]
corners = 1.8 * np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]])
axis.plot_trisurf(*spiral_pca.inverse_transform(corners).T, color="0.7", alpha=0.3)
axis.scatter(*spiral.T, c=turn, s=4)
axis.set(title="points and plane", xlabel="x₁", ylabel="x₂", zlabel="x₃")
axis.set(xticks=[-2, 0, 2], yticks=[-2, 0, 2], zticks=[-1, 0, 1])
axis.view_init(elev=12, azim=-65)
ae_codes, pca_codes = np.asarray(linear_encoder(spiral)), spiral_pca.transform(spiral)
for name, points in {"autoencoder": ae_codes, "PCA": pca_codes}.items():
    axes[name].scatter(*points.T, c=turn, s=4)
    axes[name].set(title=f"codes of {name}", xlabel="code 1", ylabel="code 2")
    axes[name].axis("equal")
plt.show()

# %% [markdown]
# Both errors are 0.0077<!-- pca_spiral_mse -->, and the planes differ by 0.015<!-- pca_angle --> degrees.
# So a linear autoencoder finds the subspace of PCA; Baldi and Hornik (1989) showed that every minimum of its loss has this subspace.
# Its codes differ, though.
# PCA chooses perpendicular axes and sorts them by variance, while for the autoencoder all axes in the plane are equally good, since its decoder can undo any invertible linear change of axes.
#
# ## Which sequence is easier to remember?
# The slides ask you to memorize one of two sequences:
#
# - 40, 27, 25, 36, 81, 57, 10, 73, 19, 68
# - 50, 48, 46, 44, 42, 40, 38, 36, 34, 32, 30, 28, 26, 24, 22, 20, 18, 16, 14
#
# The second is almost twice as long, but most people find it easier, since it falls by two each time.
# Does the same hold for an autoencoder?
# We train two of them, linear and with codes of two numbers.
# One learns sequences of ten random numbers, the other sequences of 19 that rise or fall by 1, 3, 4 or 5.


# %%
def steady_sequences(n, steps, rng):
    """(n, 19) numbers from 0 to 99 that rise or fall by a constant step."""
    step = rng.choice(steps, n)
    start = rng.integers(0, 100 - 18 * step)
    rising = start[:, None] + step[:, None] * np.arange(19)
    return np.where(rng.random((n, 1)) < 0.5, rising, rising[:, ::-1])


def recall(autoencoder, sequences):
    """Encode and decode sequences of whole numbers; returns whole numbers."""
    return np.round(100 * np.asarray(autoencoder(sequences / 100))).astype(int)


rng = np.random.default_rng(run.seed)
random_train = rng.integers(0, 100, (500, 10)) / 100
steady_train = steady_sequences(500, [1, 3, 4, 5], rng) / 100
random_model = keras.Sequential([layers.Dense(2), layers.Dense(10)])
steady_model = keras.Sequential([layers.Dense(2), layers.Dense(19)])
learning_rate = keras.optimizers.schedules.CosineDecay(0.1, steps)  # as above
for model, x in ((random_model, random_train), (steady_model, steady_train)):
    model.compile(loss="mse", optimizer=keras.optimizers.Adam(learning_rate))
    model.fit(x, x, batch_size=50, epochs=LINEAR_EPOCHS)

# %%
slide_random = np.array([[40, 27, 25, 36, 81, 57, 10, 73, 19, 68]])
slide_steady = np.arange(50, 13, -2)[None]
steep = np.arange(0, 190, 10)[None]
steady_recalled = recall(steady_model, slide_steady)
steep_recalled = recall(steady_model, steep)
print("sequence:", *slide_random[0])
print("recalled:", *recall(random_model, slide_random)[0])
print("sequence:", *slide_steady[0])
print("recalled:", *steady_recalled[0])
print("sequence:", *steep[0])
print("recalled:", *steep_recalled[0])

# %% [markdown]
# The slides' steady sequence comes back without an error from two numbers, although its step did not occur in the training.
# A steady sequence is its first number plus multiples of its step, so all of them lie in a plane, like our spiral, and the autoencoder has found it.
# Even 0, 10, 20, ..., 180 comes back, which rises faster and higher than all sequences that it was trained on.
# Ten unrelated numbers vary equally in ten directions, of which a code of two numbers can keep a fifth.
# So a sequence with a pattern is easier to store, even if it is longer.
#
# ## How many numbers does a garment need?
# A linear autoencoder cannot do better than PCA.
# Now we give encoder and decoder a hidden layer with a nonlinear activation, so that the reconstructions can follow a curved surface instead of a flat one.


# %%
def build_autoencoder(shape, latent_dim):
    """An autoencoder for images; its two layers are the encoder and the decoder."""
    encoder = keras.Sequential(
        [
            keras.Input(shape),
            layers.Flatten(),
            layers.Dense(400, activation="relu"),
            layers.Dense(latent_dim),
        ],
        name="encoder",
    )
    decoder = keras.Sequential(
        [
            keras.Input((latent_dim,)),
            layers.Dense(400, activation="relu"),
            layers.Dense(math.prod(shape), activation="sigmoid"),
            layers.Reshape(shape),
        ],
        name="decoder",
    )
    return keras.Sequential([encoder, decoder])


# %% [markdown]
# The last activation is a sigmoid, since pixels lie between 0 and 1, and the code has none, so that it can hold any number.
# We begin with a code of 30 numbers.

# %%
autoencoder = build_autoencoder(shape, latent_dim=30)
autoencoder.compile(loss="mse", optimizer="adam")
history = autoencoder.fit(
    x_train, x_train, batch_size=128, epochs=epochs, validation_data=(x_valid, x_valid)
)
print("validation MSE after each epoch:", *np.round(history.history["val_loss"], 4))
mse_30 = history.history["val_loss"][-1]
encoder, decoder = autoencoder.layers

# %% [markdown]
# Is this error small?
# For comparison we train the same network with smaller codes, and take PCA with as many components, or more, as a baseline.
# PCA's reconstructions are clipped to the range of pixels.


# %%
def pca_reconstruct(pca, x, latent_dim):
    """Images rebuilt from their first principal components."""
    components = pca.components_[:latent_dim]
    codes = (x.reshape(len(x), -1) - pca.mean_) @ components.T
    return (pca.mean_ + codes @ components).clip(0, 1).reshape(x.shape)


# %%
models = {}
for latent_dim in (2, 5, 10):
    models[latent_dim] = build_autoencoder(shape, latent_dim)
    models[latent_dim].compile(loss="mse", optimizer="adam")
    models[latent_dim].fit(x_train, x_train, batch_size=128, epochs=epochs)
models[30] = autoencoder
mse_ae = {size: model.evaluate(x_valid, x_valid) for size, model in models.items()}

pca = PCA(60).fit(x_train.reshape(len(x_train), -1))
sizes = (2, 5, 10, 20, 30, 40, 50, 60)
mse_pca = {size: mse(x_valid, pca_reconstruct(pca, x_valid, size)) for size in sizes}
mse_10, pca_mse_30 = mse_ae[10], mse_pca[30]
print("autoencoder:", {size: round(error, 4) for size, error in mse_ae.items()})
print("PCA:", {size: round(float(error), 4) for size, error in mse_pca.items()})

# %% alt="Two falling curves of the squared error. That of the autoencoder, for 2, 5, 10 and 30 numbers, lies below that of PCA everywhere. A dotted line at the autoencoder's last point meets the curve of PCA at almost 60 numbers."
figure, axis = plt.subplots(figsize=(8, 2.6), layout="constrained")
axis.plot(list(mse_pca), list(mse_pca.values()), "o-", color="C1", label="PCA")
axis.plot(list(mse_ae), list(mse_ae.values()), "o-", color="C0", label="autoencoder")
axis.axhline(mse_30, color="C0", linestyle=":")
axis.set(xlabel="numbers in the code", ylabel="squared error", ylim=(0, None))
axis.set(title="Error on validation images, by size of the code")
axis.legend()
plt.show()

# %% alt="Ten garments in the top row, below them their reconstructions from 2, 5, 10 and 30 numbers, which mostly become more faithful from row to row, and in the last row those from 30 principal components, which are blurred and have gray shadows around them."
shown = x_valid[:10]
rebuilt = {f"{n} numbers": np.asarray(model(shown)) for n, model in models.items()}
rebuilt["PCA, 30"] = pca_reconstruct(pca, shown, 30)
gk.plot_reconstructions(shown, rebuilt, title="Reconstructions, by size of the code")
plt.show()

# %% [markdown]
# With ten numbers the autoencoder has an error of 0.0143<!-- mse_10 -->, less than PCA with thirty, 0.0150<!-- pca_mse_30 -->.
# PCA needs between 50 and 60 components to reach the error of the autoencoder with thirty numbers.
# The trousers in the seventh column are recognizable from two numbers.
# The dress next to them has its long sleeves from five on.
# The handle of the bag is there with five numbers, gone with ten, and back with thirty: a smaller mean error does not mean that each detail improves.
# The straps of the sandal in the first column are clear from ten on; PCA with thirty shows little more than its sole.
# Fine detail, such as the print of the ninth garment, is lost even with thirty.
#
# ## How small is the file?
# The slides call autoencoding a form of compression, so let's count bytes.
# We round each of the 30 numbers to one of 256 levels, so that a code takes 30 bytes, and compress the pixels with `zlib`, the method behind PNG.

# %%
train_codes, valid_codes = encoder.predict(x_train), encoder.predict(x_valid)
low, high = train_codes.min(axis=0), train_codes.max(axis=0)
levels = np.round(255 * ((valid_codes - low) / (high - low)).clip(0, 1))
mse_bytes = mse(x_valid, decoder.predict(low + levels / 255 * (high - low)))
pixel_bytes = np.round(255 * x_valid).astype("uint8")
zlib_size = np.mean([len(zlib.compress(image.tobytes(), 9)) for image in pixel_bytes])
print(f"zlib {zlib_size:.0f} bytes, code 30 bytes, MSE with 30 bytes {mse_bytes:.4f}")
print(f"weights of the decoder: {decoder.count_params():,}")

# %% [markdown]
# The code of a garment takes 30 bytes, instead of 784 for its pixels or 454<!-- zlib_size --> with `zlib`, and the rounding hardly changes the error, 0.0104<!-- mse_bytes -->.
# But `zlib` loses nothing, while the autoencoder loses details, and needs its decoder, whose weights take more than a megabyte.
#
# ## A plane of garments
# A code of two numbers can be drawn.
# On the left you see where the encoder puts the validation garments.
# On the right we go the other way, and decode a grid of points in the same plane.

# %% alt="Left: codes of garments, colored by class. Shoes lie in the upper half, and trousers at the lower right; between them, from top to bottom, bags, then pullovers, coats and shirts, which overlap, T-shirts in a narrow band, and dresses. Right: a grid of decoded images. Down its left column sneakers turn into boots, bags, pullovers and T-shirts; the lower right has trousers, and the upper right has torn shoes."
plane_encoder, plane_decoder = models[2].layers
plane_codes = plane_encoder.predict(x_valid)
# the window leaves out the outer 1 % of the codes on each side
left, bottom = np.percentile(plane_codes, 1, axis=0)
right, top = np.percentile(plane_codes, 99, axis=0)
# 14 x 14 tiles, each decoded at its center
columns, rows = np.linspace(left, right, 29)[1::2], np.linspace(top, bottom, 29)[1::2]
grid = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
tiles = np.asarray(plane_decoder(grid)).reshape(14, 14, *shape)
picture = np.vstack([np.hstack(row) for row in tiles])

figure, axes = plt.subplots(1, 2, figsize=(8, 4.6), layout="constrained")
points = axes[0].scatter(*plane_codes.T, c=images.y_valid, s=2, cmap="tab10")
axes[0].set(title="codes of validation garments", ylabel="code 2")
axes[1].imshow(picture, cmap="gray", extent=(left, right, bottom, top), aspect="auto")
axes[1].set(title="decoded grid")
for axis in axes:
    axis.set(xlabel="code 1", xlim=(left, right), ylim=(bottom, top))
handles, _ = points.legend_elements()
figure.legend(handles, images.class_names, ncols=5, loc="outside lower center")
plt.show()

# %% [markdown]
# The shoes lie at the top, the trousers at the lower right, and bags, tops and dresses in between.
# The encoder was trained without labels.
# Still, a classifier that asks the 15 nearest neighbors in this plane is right for 65 %<!-- experiment 02 plane autoencoder --> of the garments.
# In the plane of two principal components it is 54 %<!-- experiment 02 plane pca -->.
#
# In the right picture one kind turns into the next, such as boots into bags and pullovers in the left column.
# But where the plane is empty, the decoder need not draw a garment: look at the torn shoes at the upper right.
# To invent new garments, we have to know where the codes lie; chapter 07 is about that.
#
# ## Chase and Simon: what experts remember
# Chase and Simon (1973) let a chess master and weaker players look at a board for five seconds, and then put the pieces back from memory.
# If the position came from a game, the master remembered far more pieces.
# If the pieces stood at random, the advantage was gone (Gobet and Simon, 1996, found a small one).
# Chase and Simon concluded that masters do not have a better memory, but recognize patterns.
#
# We imitate the experiment with pictures for boards.
# The *expert* is our autoencoder with 30 numbers.
# The *novice* is the same network, and has practiced as much, but on positions without a pattern: on garments whose pixels are scrambled, each picture in another way.
# The reference is a constant gray picture, as bright as the mean of the original.


# %%
def scramble(x, seed):
    """The same images, the pixels of each in another random order."""
    pixels = x.reshape(len(x), -1)
    return np.random.default_rng(seed).permuted(pixels, axis=1).reshape(x.shape)


x_scrambled = scramble(x_train, seed=1)
novice = build_autoencoder(shape, latent_dim=30)
novice.compile(loss="mse", optimizer="adam")
history = novice.fit(x_scrambled, x_scrambled, batch_size=128, epochs=epochs)

# %%
valid_scrambled = scramble(x_valid, seed=2)
gray = x_valid.mean(axis=(1, 2, 3), keepdims=True)
gray_mse = mse(x_valid, gray)  # the same for scrambled pictures
novice_garments = novice.evaluate(x_valid, x_valid)
expert_scrambled = autoencoder.evaluate(valid_scrambled, valid_scrambled)
novice_scrambled = novice.evaluate(valid_scrambled, valid_scrambled)
print(f"garments:  expert {mse_30:.3f}, novice {novice_garments:.3f}")
print(f"scrambled: expert {expert_scrambled:.3f}, novice {novice_scrambled:.3f}")
print(f"mean gray: {gray_mse:.3f}")

# %% alt="Top row: five garments, and five scrambled ones that look like noise. Second row, the expert: five recognizable garments, and five dark, blurred shapes, some of them like pullovers. Last row, the novice: uniform gray with faint noise in all ten pictures, brighter for brighter originals."
both = np.concatenate([x_valid[:5], valid_scrambled[:5]])
answers = {"expert": np.asarray(autoencoder(both)), "novice": np.asarray(novice(both))}
gk.plot_reconstructions(both, answers, title="Reconstructions of expert and novice")
plt.show()

# %% [markdown]
# On garments the expert has an error of 0.0104<!-- mse_30 -->, and the novice, with 0.104<!-- novice_garments -->, is hardly better than a gray picture, 0.109<!-- gray_mse -->.
# On scrambled pictures it is the other way around: the novice has 0.105<!-- novice_scrambled -->, and the expert 0.114<!-- expert_scrambled -->.
# The expert is even worse than a gray picture: it draws parts of garments where there are none.
# Both have a code of 30 numbers, so what makes the difference is not the size of the memory, but what the expert has learned about garments.
#
# ## An overcomplete code
# What if the code is larger than the input, in an *overcomplete* autoencoder?
# Then the network could copy each pixel, without looking for patterns.
# Whether it does can be seen on noise, which has no pattern.
# To save time we shrink the garments to 49 pixels, and train networks with codes of 5, 20 and 100 numbers on them.


# %%
def shrink(x):
    """Images of a quarter of the height and width: means of 4 x 4 pixels."""
    n, height, width, channels = x.shape
    return x.reshape(n, height // 4, 4, width // 4, 4, channels).mean(axis=(2, 4))


small_train, small_valid = shrink(x_train), shrink(x_valid)
noise = scramble(small_valid, seed=3)
gray_pictures = np.broadcast_to(noise.mean(axis=(1, 2, 3), keepdims=True), noise.shape)
rebuilt = {"mean gray": gray_pictures}
for latent_dim in (5, 20, 100):
    model = build_autoencoder(small_train.shape[1:], latent_dim)
    model.compile(loss="mse", optimizer="adam")
    model.fit(small_train, small_train, batch_size=128, epochs=epochs)
    rebuilt[f"{latent_dim} numbers"] = model.predict(noise)
    garments_mse = model.evaluate(small_valid, small_valid)
    print(f"{latent_dim} numbers: garments {garments_mse:.4f}")
noise_errors = [mse(noise, pictures) for pictures in rebuilt.values()]
noise_gray, noise_5, noise_20, noise_100 = noise_errors
print("noise:", *np.round(noise_errors, 3))

# %% alt="Top row: ten pictures of 49 random-looking pixels. Below them gray pictures without any pattern, then those from 5 numbers, smooth gray areas, those from 20 numbers, with some of the bright pixels of the top row, and those from 100 numbers, with most of them, but less contrast."
shown = {name: pictures[:10] for name, pictures in rebuilt.items()}
gk.plot_reconstructions(noise[:10], shown, title="Scrambled garments of 7 x 7 pixels")
plt.show()

# %% [markdown]
# A gray picture has an error of 0.076<!-- noise_gray --> on this noise, and the network with five numbers a larger one, 0.080<!-- noise_5 -->.
# With 20 numbers it has 0.058<!-- noise_20 -->, with 100 only 0.030<!-- noise_100 -->, although it was trained on garments alone.
# The larger the code, the more of the noise gets through, although no garment looks like it: the network comes closer to copying.
# Such a network needs another obstacle than a small code: noise (chapter 05) or sparsity (chapter 06).

# %% [markdown]
# ## Check

# %%
if not QUICK:
    assert pca_angle < 2, "the plane is not that of PCA"
    assert spiral_mse < 1.02 * pca_spiral_mse, "the error is above that of PCA"
    assert (steady_recalled == slide_steady).all(), "the steady sequence is lost"
    assert (steep_recalled == steep).all(), "it has not learned the rule"
    assert all(mse_ae[size] < mse_pca[size] for size in models), "PCA is as good"
    assert mse_ae[10] < mse_pca[20], "PCA with twice as many numbers is better"
    assert mse_bytes < 1.05 * mse_30, "the code does not fit into bytes"
    assert mse_30 < novice_garments / 2 < expert_scrambled, "it needs no pattern"
    assert noise_100 < noise_20 < noise_gray, "the size of the code makes no difference"

# %% [markdown]
# ## What to remember
# - An autoencoder has an encoder, a code and a decoder, and learns to reproduce its input; the loss needs no label.
# - A linear autoencoder finds the subspace of PCA, with axes of its own; with a nonlinear hidden layer, ten numbers describe a garment about as well as thirty principal components.
# - An autoencoder can compress data that have a pattern, such as garments or steady sequences; scrambled garments have none, and 30 numbers bring back little more than their mean gray.
# - The larger the code, the more even of noise gets through.
#
# ## Exercises
# In [exercises/02_efficient_representations.ipynb](../exercises/02_efficient_representations.ipynb), with cells that check your answers:
# when compression is worth it; how many numbers a sequence needs; a decoder's best encoder; an expert for shoes; the shortest description.
#
# ## References
# - P. Baldi, K. Hornik, Neural networks and principal component analysis, *Neural Networks*, 1989.
# - K. Pearson, On lines and planes of closest fit to systems of points in space, *Philosophical Magazine*, 1901.
# - W. Chase, H. Simon, Perception in chess, *Cognitive Psychology*, 1973.
# - F. Gobet, H. Simon, Recall of rapidly presented random chess positions is a function of skill, *Psychonomic Bulletin & Review*, 1996.
# - J. Rissanen, Modeling by shortest data description, *Automatica*, 1978 (exercise 5).
