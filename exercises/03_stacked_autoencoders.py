# ---
# jupyter:
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Exercises for chapter 03: stacked autoencoders
# They belong to [chapter 03](../chapters/03_stacked_autoencoders.ipynb).
# Replace each `raise NotImplementedError()` by your answer, and run the cell below it, which checks the answer: it ends in an error if the answer is wrong.
# All of this takes about a minute on two CPU cores.

# %%
import genkeras as gk
import keras
import numpy as np
from keras import layers
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression

run = gk.setup(seed=42)
images = gk.load_images(n_train=5000)
x_train, y_train = images.x_train, images.y_train
x_valid, y_valid = images.x_valid, images.y_valid

# %% [markdown]
# ## 1. How many parameters? (easy)
# The chapter compares networks with equally many parameters.
# Write a function that counts the parameters of a symmetric autoencoder of dense layers: `pixels` inputs, the hidden layers of its encoder, for example `[344, 150]`, and a code of `latent_dim` numbers.
# Every layer has biases.


# %% tags=["solution"]
def count_parameters(pixels, hidden_units, latent_dim):
    """Number of weights and biases of encoder and decoder."""
    ### BEGIN SOLUTION
    sizes = [pixels, *hidden_units, latent_dim, *reversed(hidden_units), pixels]
    pairs = zip(sizes[:-1], sizes[1:], strict=True)
    return sum(inputs * units + units for inputs, units in pairs)
    ### END SOLUTION


# %% tags=["check", "points-2"]
assert count_parameters(784, [400], 30) == 652_814, "the chapter's first network"
assert count_parameters(784, [344, 150], 30) == 653_394, "the chapter's deeper network"
assert count_parameters(784, [], 2) == 3922, "a network without hidden layers"
assert count_parameters(3072, [100, 50, 20], 5) == 630_017, "another network"

# %% [markdown]
# ## 2. Early stopping by hand (easy)
# `EarlyStopping` ends a training when the validation loss has not fallen below its lowest value for `patience` epochs in a row.
# Write a function that gets the validation losses of a long training, one for each epoch, and returns two whole numbers: after how many epochs the training would have stopped, and from which epoch (counted from 1) the weights would be restored.
# If the patience is never used up, the training runs to the end.


# %% tags=["solution"]
def stop_early(losses, patience):
    """Number of epochs that are trained, and the epoch with the lowest loss among them."""
    ### BEGIN SOLUTION
    best_epoch = 1
    for epoch in range(2, len(losses) + 1):
        if losses[epoch - 1] < losses[best_epoch - 1]:
            best_epoch = epoch
        elif epoch - best_epoch == patience:
            return epoch, best_epoch
    return len(losses), best_epoch
    ### END SOLUTION


# %% tags=["check", "points-2"]
losses = [0.09, 0.05, 0.03, 0.04, 0.035, 0.02, 0.021, 0.022, 0.023, 0.01]
assert tuple(stop_early(losses, 3)) == (9, 6), "stops before the last epoch, which is better"
assert tuple(stop_early(losses, 2)) == (5, 3), "stops in the first hollow"
assert tuple(stop_early(losses, 4)) == (10, 10), "patient enough for the last epoch"
assert tuple(stop_early([0.3, 0.2, 0.1], 1)) == (3, 3), "never gets worse"
assert tuple(stop_early([0.1, 0.1, 0.1, 0.1], 2)) == (3, 1), "as low as before is not lower"
assert tuple(stop_early([0.3, 0.1, 0.2], 5)) == (3, 2), "runs to the end, after its best epoch"

# %% [markdown]
# ## 3. PCA is an autoencoder with tied weights (medium)
# The network below encodes linearly and decodes with the same weights, transposed.
# Without any training, choose its weights so that it returns PCA's reconstructions: the kernel of its code, `code_kernel`, and the two biases, `code_bias` and `output_bias`.
# You need `pca.components_`, whose rows are the components, and `pca.mean_`.

# %%
pca = PCA(30).fit(x_train.reshape(-1, 784))
code = layers.Dense(30)
linear = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        code,
        gk.TransposedDense(code),
        layers.Reshape((28, 28, 1)),
    ]
)

# %% tags=["solution"]
### BEGIN SOLUTION
# PCA's code is (x - mean) V = x V - mean V, and its reconstruction is z V^T + mean.
code_kernel = pca.components_.T
code_bias = -pca.mean_ @ code_kernel
output_bias = pca.mean_
### END SOLUTION

# %% tags=["check", "points-3"]
shapes = np.shape(code_kernel), np.shape(code_bias), np.shape(output_bias)
assert shapes == ((784, 30), (30,), (784,)), f"the shapes are {shapes}"
code.kernel.assign(code_kernel)
code.bias.assign(code_bias)
linear.layers[-2].bias.assign(output_bias)
some = x_valid[:200]
pca_codes = pca.transform(some.reshape(-1, 784))
expected = pca.inverse_transform(pca_codes).reshape(some.shape)
worst = np.abs(linear(some) - expected).max()
assert worst < 0.01, f"a pixel differs from PCA's by {worst:.2f}"

# %% [markdown]
# ## 4. Is the difference real? (medium)
# Does the training of an encoder help a classifier that has 100 labels, or would random codes do as well?
# Below we train an autoencoder, and keep a copy of its encoder with other random weights, which is not trained.
# `trained` and `untrained` are pairs of codes, those of the training images and those of the validation images.
#
# Write a function that compares them.
# For each of ten sets of labeled training images, it fits `LogisticRegression(max_iter=1000)` to the untrained codes, and again to the trained ones, and measures both on all validation images, in percent.
# The accuracies differ from set to set, but both classifiers get the same labeled images, so we compare them in pairs.
# The function returns two numbers: the mean of the trained codes' accuracy minus that of the untrained ones, in points, and the standard error of this mean (the standard deviation of the differences, with `ddof=1`, divided by the square root of their number).

# %%
encoder = keras.Sequential(
    [
        keras.Input((28, 28, 1)),
        layers.Flatten(),
        layers.Dense(400, activation="relu"),
        layers.Dense(30),
    ]
)
decoder = keras.Sequential(
    [
        keras.Input((30,)),
        layers.Dense(400, activation="relu"),
        layers.Dense(784, activation="sigmoid"),
        layers.Reshape((28, 28, 1)),
    ]
)
untrained_encoder = keras.models.clone_model(encoder)
autoencoder = keras.Sequential([encoder, decoder])
autoencoder.compile(loss="mse", optimizer="adam", steps_per_execution=10)
autoencoder.fit(x_train, x_train, batch_size=64, epochs=10)
trained = encoder.predict(x_train), encoder.predict(x_valid)
untrained = untrained_encoder.predict(x_train), untrained_encoder.predict(x_valid)
labeled_sets = [
    np.random.default_rng(seed).choice(len(x_train), 100, replace=False) for seed in range(10)
]


# %% tags=["solution"]
def compare(labeled_sets, trained, untrained, y_train, y_valid):
    """Mean gain of trained codes over untrained ones, in points, and its standard error."""
    ### BEGIN SOLUTION
    gains = []
    for labeled in labeled_sets:
        scores = []
        for codes, codes_valid in (untrained, trained):
            classifier = LogisticRegression(max_iter=1000)
            classifier.fit(codes[labeled], y_train[labeled])
            scores.append(100 * classifier.score(codes_valid, y_valid))
        gains.append(scores[1] - scores[0])
    return np.mean(gains), np.std(gains, ddof=1) / len(gains) ** 0.5
    ### END SOLUTION


# %% tags=["check", "points-3"]
data = trained, untrained, y_train, y_valid
first = labeled_sets[0]
on_untrained, on_trained = (LogisticRegression(max_iter=1000) for _ in range(2))
on_untrained.fit(untrained[0][first], y_train[first])
on_trained.fit(trained[0][first], y_train[first])
expected = on_trained.score(trained[1], y_valid) - on_untrained.score(untrained[1], y_valid)
gain, error = compare([first, first, first], *data)
assert abs(gain - 100 * expected) < 0.3, f"first set: a gain of {100 * expected:.1f} points"
assert abs(error) < 0.01, "three times the same labeled images: the gains do not differ"
gains = [compare([labeled, labeled], *data)[0] for labeled in labeled_sets[:5]]
mean, error = compare(labeled_sets[:5], *data)
assert abs(mean - np.mean(gains)) < 0.01, "not the mean of the gains"
assert abs(error - np.std(gains, ddof=1) / 5**0.5) < 0.01, "not the standard error of the mean"
mean, error = compare(labeled_sets, *data)
print(f"trained codes: {mean:+.2f} ± {error:.2f} points")

# %% [markdown]
# ## 5. Depth for a short code (hard)
# With a code of two numbers, the chapter's deeper network was better than the one with 400 hidden units, at equal size.
# Can depth make up for size, too?
# Find `hidden_units`, the hidden layers of an encoder, with which the function below gets an error at least three percent lower than with `[400]`, with at most half as many parameters.
# A try takes a few seconds.


# %%
def train_with_code_of_two(hidden_units):
    """Train a symmetric autoencoder; returns it and its validation error."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((28, 28, 1)), layers.Flatten()])
    for units in hidden_units:
        model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(2))
    for units in reversed(hidden_units):
        model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(784, activation="sigmoid"))
    model.add(layers.Reshape((28, 28, 1)))
    steps = 20 * len(x_train) // 128
    optimizer = keras.optimizers.Nadam(gk.warmup_cosine(4e-3, steps))
    model.compile(loss="mse", optimizer=optimizer, steps_per_execution=10)
    model.fit(x_train, x_train, batch_size=128, epochs=20)
    return model, model.evaluate(x_valid, x_valid)


shallow, shallow_mse = train_with_code_of_two([400])
print(f"{shallow.count_params():,} parameters, validation error {shallow_mse:.4f}")

# %% tags=["solution"]
### BEGIN SOLUTION
hidden_units = [180, 60]
### END SOLUTION

# %% tags=["check", "points-3"]
deep, deep_mse = train_with_code_of_two(hidden_units)
print(f"{deep.count_params():,} parameters, validation error {deep_mse:.4f}")
assert deep.count_params() <= shallow.count_params() / 2, "too many parameters"
assert deep_mse < 0.97 * shallow_mse, f"{deep_mse:.4f} is not three percent lower"
