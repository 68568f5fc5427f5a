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
# Suppose that we want to turn photographs of horses into photographs of zebras.
# A network could learn this from pairs: the same animal in the same pose, once with stripes and once without.
# Nobody has such pairs, but there are many photographs of horses, and many of zebras.
# CycleGAN (Zhu et al., 2017) learns from two such collections how to translate between them (*transformación del dominio*); the authors show [horses, zebras and other examples](https://junyanz.github.io/CycleGAN/).
# We turn T-shirts into pullovers, and pullovers into T-shirts.
#
# | | |
# |---|---|
# | Slides | *CycleGAN: transformación del dominio* |
# | Textbook | not covered |
# | Result | The classifier takes 83 %<!-- to_pullover --> of the translated T-shirts for pullovers, and 87 %<!-- to_tshirt --> of the translated pullovers for T-shirts |
# | Time | 650 s<!-- seconds --> on two CPU cores |
# | Evidence | [The experiments](../experiments/README.md) |

# %% [markdown]
# ## Setup
# Numbers in the text are those of the run that you see here, on the full data; yours will differ a little.

# %%
import genkeras as gk
import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import layers, ops

run = gk.setup(seed=42)

# %% tags=["parameters"]
QUICK = run.quick  # True: everything small, to see it run in less than a minute
FILTERS = 8 if QUICK else 32  # of the translators; GPU: 64
BLOCKS = 0 if QUICK else 3  # residual blocks of the translators; GPU: 6
EPOCHS = 1 if QUICK else 8  # of T-shirts and pullovers; GPU: 100
BATCH_SIZE = 16
RATE = 2e-3  # learning rate of both sides; GPU, with longer training: 2e-4
CYCLE_WEIGHT = 5.0
IDENTITY_WEIGHT = 0.5

# %% [markdown]
# ## Two domains
# We call the two collections *domains*: $A$ are the T-shirts, $B$ the pullovers.
# No pullover belongs to a particular T-shirt.
# To translate between other images, replace the four arrays; height and width must be even.

# %% alt="Two rows of ten training images. T-shirts, most with short sleeves, two with prints. Pullovers with long sleeves, dark and bright, two with stripes."
images = gk.load_images(n_train=640 if QUICK else None)
names = images.class_names
tshirt, pullover = names.index("T-shirt/top"), names.index("Pullover")
tshirts = images.x_train[images.y_train == tshirt]
pullovers = images.x_train[images.y_train == pullover]
x_tshirts = images.x_test[images.y_test == tshirt]
x_pullovers = images.x_test[images.y_test == pullover]
shape = tshirts.shape[1:]
gk.plot_rows({"A: T-shirts": tshirts[:10], "B: pullovers": pullovers[:10]})
plt.show()

# %% [markdown]
# ## Two translators and a cycle
# A generator $G$ translates images of $A$ into images of $B$, and a second one, $F$, translates back.
# Unlike the generators of earlier chapters, they get an image and no noise.
# Two discriminators judge their results: $D_B$ tells real images of $B$ from translations $G(a)$, and $D_A$ real images of $A$ from $F(b)$.
#
# These two games are not enough.
# $G$ might turn all T-shirts into one and the same pullover, and $D_B$ could not object to any single image.
# But then the pullover would not tell which T-shirt it had been.
# So CycleGAN asks for the way back: $F(G(a))$ should be $a$ again, and $G(F(b))$ should be $b$.

# %% alt="Diagram of two rows. Above, a goes through G to G(a), which D B judges, and through F to F(G(a)), which is compared with a. Below, b goes through F to F(b), which D A judges, and through G to G(F(b)), which is compared with b."
judge_a, judge_b = "$D_A$: is it from A?", "$D_B$: is it from B?"
boxes = {"a": (0, 1), "G(a)": (2, 1), "F(G(a))": (4, 1), "is it a?": (6, 1)}
boxes |= {"b": (0, 0), "F(b)": (2, 0), "G(F(b))": (4, 0), "is it b?": (6, 0)}
boxes |= {judge_b: (2, 2), judge_a: (2, -1)}
arrows = [("a", "G(a)", "G"), ("G(a)", "F(G(a))", "F"), ("F(G(a))", "is it a?", "")]
arrows += [("b", "F(b)", "F"), ("F(b)", "G(F(b))", "G"), ("G(F(b))", "is it b?", "")]
arrows += [("G(a)", judge_b, ""), ("F(b)", judge_a, "")]
gk.plot_diagram(boxes, arrows, colored=[judge_a, judge_b], height=2.6)
plt.show()

# %% [markdown]
# The loss of the translators has three terms:
#
# $$\mathcal{L}_{adv} = \mathbb{E}_a (D_B(G(a)) - 1)^2 + \mathbb{E}_b (D_A(F(b)) - 1)^2$$
#
# $$\mathcal{L}_{cycle} = \mathbb{E}_a |F(G(a)) - a| + \mathbb{E}_b |G(F(b)) - b|$$
#
# $$\mathcal{L}_{identity} = \mathbb{E}_a |F(a) - a| + \mathbb{E}_b |G(b) - b|$$
#
# $$\mathcal{L} = \mathcal{L}_{adv} + \lambda_{cycle}\, \mathcal{L}_{cycle} + \lambda_{identity}\, \mathcal{L}_{identity}$$
#
# - The *adversarial* loss is the least-squares loss (Mao et al., 2017). The discriminators learn to give real images the value 1 and translations 0: $D_B$ lowers $\mathbb{E}_b (D_B(b) - 1)^2 + \mathbb{E}_a D_B(G(a))^2$. The translators try to get 1.
# - The *cycle* loss compares each image with its round trip, pixel by pixel.
# - The *identity* loss asks a translator to leave alone what belongs to its target domain already: a pullover that is given to $G$ should not change.
#
# We take $\lambda_{cycle} = 5$ and $\lambda_{identity} = 1/2$.
# The authors take $\lambda_{cycle} = 10$ for images in [-1, 1], where differences are twice as large, so this would be 20 for ours.
# They use the identity loss for some of their tasks only, and then with half the weight of the cycle loss.
#
# ## The networks
# A translator halves the resolution, changes the features in a few residual blocks, and doubles the resolution again.
# The input is joined to the last layer, so that pixels which need not change can be passed on; this connection is our addition.
# *Instance normalization* normalizes each feature map of each image on its own; in Keras it is a group normalization with one feature in each group.


# %%
def instance_normalization():
    """Give each feature map of each image mean 0 and deviation 1, then scale it."""
    return layers.GroupNormalization(groups=-1, epsilon=1e-5)


def build_translator(shape=(28, 28, 1), filters=32, blocks=3):
    """Images in [0, 1] to images of the same shape; height and width must be even."""
    image = keras.Input(shape)
    x = layers.Conv2D(filters, 4, strides=2, padding="same")(image)
    x = instance_normalization()(x)
    x = layers.ReLU()(x)
    for _ in range(blocks):
        y = layers.Conv2D(filters, 3, padding="same")(x)
        y = instance_normalization()(y)
        y = layers.ReLU()(y)
        y = layers.Conv2D(filters, 3, padding="same")(y)
        y = instance_normalization()(y)
        x = layers.Add()([x, y])
    x = layers.Conv2DTranspose(filters // 2, 4, strides=2, padding="same")(x)
    x = layers.ReLU()(x)
    x = layers.Concatenate()([x, image])
    x = layers.Conv2D(shape[-1], 3, padding="same")(x)
    x = layers.Activation("sigmoid", dtype="float32")(x)
    return keras.Model(image, x)


# %% [markdown]
# The discriminator has convolutions only, and no dense layer at the end.
# It returns 7 by 7 values, each of which judges a patch of 18 by 18 pixels (the normalization alone looks at the whole image), and its loss is a mean over them.
# Such a discriminator is called a *PatchGAN* (Isola et al., 2017).
# It needs fewer weights than one with dense layers, and they fit images of any size.


# %%
def build_discriminator(shape=(28, 28, 1), filters=(32, 64)):
    """Images to a value for each patch: near 1 for real, near 0 for translated ones."""
    return keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(filters[0], 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(filters[1], 4, strides=2, padding="same"),
            instance_normalization(),
            layers.LeakyReLU(0.2),
            layers.Conv2D(1, 3, padding="same", dtype="float32"),
        ]
    )


# %% [markdown]
# ## The training step
# First the discriminators make a step, on real images and on the present translations.
# Then both translators make a step together; `g_loss` has a line for each formula.
#
# The authors divide the discriminators' loss by 2, to slow them down.
# We leave the factor out, since the steps of Adam do not depend on it.
# They also show the discriminators translations of earlier steps; in an exercise you build their *pool*.


# %%
def adam(rate, steps):
    """Adam whose learning rate falls to 0 within so many steps, slowly at first."""
    falling = keras.optimizers.schedules.PolynomialDecay(rate, steps, 0.0, power=0.5)
    return keras.optimizers.Adam(falling, beta_1=0.5)


def difference(x, y):
    """Mean absolute difference of two batches of images."""
    return ops.mean(ops.abs(x - y))


# %%
class CycleGAN(gk.AdversarialModel):
    """`fit` on batches (a, b) of images in [0, 1] that need not belong together."""

    def __init__(self, g, f, d_a, d_b):
        super().__init__()
        self.g, self.f, self.d_a, self.d_b = g, f, d_a, d_b
        self.built = True  # because its parts are

    def compile(self, g_optimizer, d_optimizer, cycle_weight, identity_weight, **rest):
        self.cycle_weight, self.identity_weight = cycle_weight, identity_weight
        self.g_variables = self.g.trainable_variables + self.f.trainable_variables
        self.d_variables = self.d_a.trainable_variables + self.d_b.trainable_variables
        self.g_optimizer = gk.scale_optimizer(g_optimizer)
        self.d_optimizer = gk.scale_optimizer(d_optimizer)
        self.g_optimizer.build(self.g_variables)
        self.d_optimizer.build(self.d_variables)
        super().compile(optimizer=self.g_optimizer, **rest)

    def train_step(self, pair):
        a, b = pair
        fake_a, fake_b = self.f(b), self.g(a)

        def d_loss():
            loss_a = ops.mean((self.d_a(a) - 1) ** 2) + ops.mean(self.d_a(fake_a) ** 2)
            loss_b = ops.mean((self.d_b(b) - 1) ** 2) + ops.mean(self.d_b(fake_b) ** 2)
            return loss_a + loss_b

        def g_loss():
            to_a, to_b = self.f(b), self.g(a)
            adversarial = ops.mean((self.d_b(to_b) - 1) ** 2)
            adversarial += ops.mean((self.d_a(to_a) - 1) ** 2)
            cycle = difference(self.f(to_b), a) + difference(self.g(to_a), b)
            identity = difference(self.f(a), a) + difference(self.g(b), b)
            loss = adversarial + self.cycle_weight * cycle
            return loss + self.identity_weight * identity

        d_value = gk.minimize(self.d_optimizer, d_loss, self.d_variables)
        g_value = gk.minimize(self.g_optimizer, g_loss, self.g_variables)
        return {"d_loss": d_value, "g_loss": g_value}


def build_cyclegan(shape, filters=32, blocks=3):
    """A CycleGAN of two new translators and two new discriminators."""
    translators = [build_translator(shape, filters, blocks) for _ in range(2)]
    discriminators = [build_discriminator(shape) for _ in range(2)]
    return CycleGAN(*translators, *discriminators)


# %% [markdown]
# ## T-shirts to pullovers and back
# The two domains are shuffled independently, so a T-shirt meets another pullover in each epoch.
# We keep what $G$ makes of the same ten test images after each epoch.


# %%
def unpaired(a, b, batch_size):
    """Batches (a, b) of the images of two domains, each shuffled on its own."""
    shuffled = [tf.data.Dataset.from_tensor_slices(x).shuffle(len(x)) for x in (a, b)]
    return tf.data.Dataset.zip(*shuffled).batch(batch_size, drop_remainder=True)


# %%
keras.utils.set_random_seed(run.seed)
gan = build_cyclegan(shape, FILTERS, BLOCKS)
batches, epochs = unpaired(tshirts, pullovers, BATCH_SIZE), images.epochs(EPOCHS)
steps = epochs * len(batches)
options = {"steps_per_execution": 10, "jit_compile": run.jit_compile}  # faster
optimizers = adam(RATE, steps), adam(RATE, steps)
gan.compile(*optimizers, CYCLE_WEIGHT, IDENTITY_WEIGHT, **options)
translated = []  # after each epoch
for i in range(epochs):
    gan.fit(batches, initial_epoch=i, epochs=i + 1, shuffle=False)  # shuffled already
    translated.append(np.float32(gan.g(x_tshirts[:10])))

# %% alt="Four rows of ten images: T-shirts, and what G makes of them after epochs 1, 3 and 8. After epoch 1 long sleeves have appeared, many made of dots, with fine dots on the bodies. After epoch 3 the sleeves are smooth, and after epoch 8 their edges are sharper. Shades and prints are those of the T-shirts, and many hems have moved up. Two T-shirts with only one visible sleeve have got one long sleeve."
rows = {"T-shirt": x_tshirts[:10]}
for i in (0, len(translated) // 3, len(translated) - 1):
    rows[f"epoch {i + 1}"] = translated[i]
gk.plot_rows(rows)
plt.show()

# %% [markdown]
# Long sleeves appear in the first epoch, made of dots, and become smooth later.
#
# Here are both directions at the end, with the way back.

# %% alt="Six rows of ten test images. T-shirts; the same with long sleeves; T-shirts again, close to the first row. Pullovers; the same with short sleeves; pullovers again. A chevron, a logo, a dark front and the stripes of a pullover are kept. Beside the striped pullover, faint gray dots remain where its sleeves were."
to_pullovers = np.float32(gan.g(x_tshirts))
back_tshirts = np.float32(gan.f(to_pullovers))
to_tshirts = np.float32(gan.f(x_pullovers))
back_pullovers = np.float32(gan.g(to_tshirts))
rows = {"T-shirt": x_tshirts, "to pullover": to_pullovers}
rows |= {"to T-shirt\nagain": back_tshirts}
rows |= {"pullover": x_pullovers, "to T-shirt": to_tshirts}
rows |= {"to pullover\nagain": back_pullovers}
gk.plot_rows({name: row[10:20] for name, row in rows.items()})
plt.show()

# %% [markdown]
# Sleeves appear and disappear, and hems move, while most shades and prints stay.
# What was on a sleeve is lost: the fourth pullover comes back with plain sleeves.
# Of the dots on the ninth, only few and faint ones come back.
#
# How many translations pass as garments of the other class, and how much of the original is kept?
# `gk.classify`, a network that was trained on real garments, answers the first question.
# For the second we compare the bodies, the middle of the images without sleeves, and as a yardstick those of a T-shirt and a pullover at random.


# %%
def share(x, label):
    """Percentage of the images in which the classifier sees this class."""
    return 100 * np.mean(gk.classify(x)[1].argmax(axis=1) == label)


def mean_error(x, y):
    """Mean absolute difference of two arrays of images."""
    return np.mean(np.abs(x - y))


def body(x):
    """The middle of garments (n, 28, 28, 1), without sleeves and hem."""
    return x[:, 6:24, 9:19]


# %%
to_pullover, real_pullover = share(to_pullovers, pullover), share(x_pullovers, pullover)
to_tshirt, real_tshirt = share(to_tshirts, tshirt), share(x_tshirts, tshirt)
before_pullover, before_tshirt = share(x_tshirts, pullover), share(x_pullovers, tshirt)
body_change = mean_error(body(to_pullovers), body(x_tshirts)) / 2
body_change += mean_error(body(to_tshirts), body(x_pullovers)) / 2
n = min(len(x_tshirts), len(x_pullovers))
random_body = mean_error(body(x_tshirts[:n]), body(x_pullovers[:n]))
cycle_error = mean_error(back_tshirts, x_tshirts) / 2
cycle_error += mean_error(back_pullovers, x_pullovers) / 2
print(f"pullovers: translated {to_pullover:.1f} %, real {real_pullover:.1f} %")
print(f"T-shirts:  translated {to_tshirt:.1f} %, real {real_tshirt:.1f} %")
print(f"before the translation: {before_pullover:.1f} % and {before_tshirt:.1f} %")
print(f"body: change {body_change:.3f}, random pair {random_body:.3f}")
print(f"cycle error {cycle_error:.3f}")

# %% [markdown]
# Of the translated T-shirts 83 %<!-- to_pullover --> are pullovers for the classifier, and of the translated pullovers 87 %<!-- to_tshirt --> are T-shirts.
# Of real ones it recognizes 89 %<!-- real_pullover --> and 88 %<!-- real_tshirt -->.
# Before the translation it was 1.6 %<!-- before_pullover --> and 1.3 %<!-- before_tshirt -->.
# The body changes by 0.05<!-- body_change --> in a pixel on average, where a random garment of the other class differs by 0.29<!-- random_body -->.

# %% [markdown]
# ## What the parts of the loss do
# What do the translators learn from the adversarial loss alone?
# We train new ones without the other two terms; 200 steps are enough to see it.

# %% alt="Two rows of ten images. T-shirts of different shapes and shades. Below each nearly the same picture: a gray pullover made of dots; the print of the one dark T-shirt shows faintly."
keras.utils.set_random_seed(run.seed)
free_gan = build_cyclegan(shape, FILTERS, BLOCKS)
few = batches.repeat().take(20 if QUICK else 200)
free_gan.compile(adam(RATE, 200), adam(RATE, 200), 0, 0, **options)
free_gan.fit(few, shuffle=False)
free = np.float32(free_gan.g(x_tshirts))
free_share, free_change = share(free, pullover), mean_error(body(free), body(x_tshirts))
gk.plot_rows({"T-shirt": x_tshirts[:10], "adversarial\nloss only": free[:10]})
plt.show()
print(f"pullovers {free_share:.1f} %, change of the body {free_change:.3f}")

# %% [markdown]
# All T-shirts become nearly the same pullover.
# The classifier takes 88 %<!-- free_share --> of them for pullovers, although no person would: the share says nothing about whether the original is kept, so we measure both.
#
# The table compares the complete loss with what is left without a term or without both.
# We train for 500<!-- setting --> steps, about one and a half epochs, and take the mean of two seeds.
#
# | loss | to pullover | to T-shirt | change of the body | cycle error |
# |---|---|---|---|---|
# | complete | 69 %<!-- experiment 14 parts complete_to_pullover --> | 86 %<!-- experiment 14 parts complete_to_tshirt --> | 0.07<!-- experiment 14 parts complete_body --> | 0.06<!-- experiment 14 parts complete_cycle --> |
# | without identity | 76 %<!-- experiment 14 parts cycle_only_to_pullover --> | 91 %<!-- experiment 14 parts cycle_only_to_tshirt --> | 0.09<!-- experiment 14 parts cycle_only_body --> | 0.06<!-- experiment 14 parts cycle_only_cycle --> |
# | without cycle | 52 %<!-- experiment 14 parts identity_only_to_pullover --> | 79 %<!-- experiment 14 parts identity_only_to_tshirt --> | 0.10<!-- experiment 14 parts identity_only_body --> | 0.12<!-- experiment 14 parts identity_only_cycle --> |
# | neither | 41 %<!-- experiment 14 parts neither_to_pullover --> | 98 %<!-- experiment 14 parts neither_to_tshirt --> | 0.24<!-- experiment 14 parts neither_body --> | 0.19<!-- experiment 14 parts neither_cycle --> |
# | real garments, at random | 89 %<!-- real_pullover --> | 88 %<!-- real_tshirt --> | 0.29<!-- random_body --> | |
#
# With neither term, the body changes by 0.24<!-- experiment 14 parts neither_body -->, close to the 0.29<!-- random_body --> of a random garment.
# The share of pullovers then depends on the seed and on the moment: 41 %<!-- experiment 14 parts neither_to_pullover --> here, and 88 %<!-- free_share --> after the 200 steps above.
# Either of the two terms keeps most of the body.
# Without the identity loss more translations pass, but the body changes more.
# The way back needs the cycle loss: without it the cycle error is twice as large.

# %% [markdown]
# ## A task with a known answer
# There is no right pullover for a T-shirt.
# So let's take a task that has a right answer: domain $A$ are outlines of garments, and domain $B$ garments.
# An outline is bright where the brightness of the garment changes, that is, where its gradient is large.
# At a straight edge it is as bright as the garment, so it also tells the shade.
# For training, outlines and garments come from different images, so there are no pairs.
#
# With pairs, no cycle would be needed.
# *pix2pix* (Isola et al., 2017), from the same group, is the counterpart of CycleGAN for pairs.
# It minimizes the difference from the right answer, and its discriminator sees each translation together with its original.
# We take its first half as a yardstick: a translator of the same form, trained on pairs, for as many steps, to minimize the error that we measure.


# %%
def outline(x):
    """Outlines in [0, 1] of images (n, h, w, c): twice the length of the gradient."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))  # black around the image
    down, right = np.gradient(padded, axis=(1, 2))
    return np.minimum(2 * np.sqrt(down**2 + right**2), 1)[:, 1:-1, 1:-1]


first, second = np.array_split(images.x_train[:12_800], 2)
keras.utils.set_random_seed(run.seed)
outline_gan = build_cyclegan(shape, FILTERS, BLOCKS)
outline_batches = unpaired(outline(first), second, BATCH_SIZE)
steps = len(outline_batches)
optimizers = adam(RATE, steps), adam(RATE, steps)
outline_gan.compile(*optimizers, CYCLE_WEIGHT, IDENTITY_WEIGHT, **options)
outline_gan.fit(outline_batches, epochs=1, shuffle=False)

paired = build_translator(shape, FILTERS, BLOCKS)
paired.compile(adam(RATE, steps), loss="mae", **options)
paired.fit(outline(first), first, batch_size=BATCH_SIZE, epochs=1)

# %% alt="Six rows of ten images. Outlines; what CycleGAN makes of them, gray garments of nearly one shade, several of them dotted; the two sandals are hardly filled, the second, which is white in the original, is dark gray. What the network makes of them that was trained on pairs, smoother and mostly of the right shade, but the white sandal is gray. The garments, some darker and some brighter. What CycleGAN makes of the garments, outlines of dots and lines. The way back from there, with the shapes and most shades of the garments, but the white sandal is gray, the first coat is blotchy, the print of the T-shirt is a gray smudge, and the quilting of the coats is gone."
garments = images.x_test[:1000]
outlines = outline(garments)
drawn, drawn_paired = np.float32(outline_gan.g(outlines)), np.float32(paired(outlines))
to_outlines = np.float32(outline_gan.f(garments))
back_garments = np.float32(outline_gan.g(to_outlines))
rows = {"outline": outlines, "CycleGAN": drawn, "from pairs": drawn_paired}
rows |= {"garment": garments, "to outline": to_outlines}
rows |= {"to garment\nagain": back_garments}
gk.plot_rows({name: row[:10] for name, row in rows.items()})
plt.show()

known_error = mean_error(drawn, garments)
paired_error = mean_error(drawn_paired, garments)
median_error = mean_error(np.median(first, axis=0), garments)
back_error = mean_error(back_garments, garments)
print(f"garments from outlines: {known_error:.3f}, from pairs {paired_error:.3f}")
print(f"the median garment for all {median_error:.3f}, the way back {back_error:.3f}")

lit = garments > 0.15  # pixels of the garments
shades, known_shades, paired_shades, back_shades = [
    np.sum(x * lit, axis=(1, 2, 3)) / np.sum(lit, axis=(1, 2, 3))
    for x in (garments, drawn, drawn_paired, back_garments)
]
known_shade = np.corrcoef(known_shades, shades)[0, 1]
paired_shade = np.corrcoef(paired_shades, shades)[0, 1]
back_shade = np.corrcoef(back_shades, shades)[0, 1]
print(f"correlation of the shades: {known_shade:.2f}, from pairs {paired_shade:.2f}")
print(f"on the way back {back_shade:.2f}")

# %% [markdown]
# CycleGAN fills most outlines, but often with the wrong shade.
# Its error is 0.115<!-- known_error -->, where the median of all garments has 0.211<!-- median_error -->, and the translator that was trained on pairs 0.053<!-- paired_error -->.
# Filling every outline with one and the same gray does better, 0.10<!-- experiment 14 outlines filled -->.
# After 400<!-- setting --> steps CycleGAN has learned the shapes, and the shades only in part: those of its garments and of the right ones have a correlation of 0.43<!-- known_shade -->, and 0.92<!-- paired_shade --> from pairs.
#
# And yet on the way back the correlation is 0.89<!-- back_shade -->, and the error only 0.050<!-- back_error -->.
# So the outlines that $F$ makes are not quite real ones: they tell the shade in a way of their own.
# A small cycle loss does not mean that a translation is right.
# Chu et al. (2017) found a CycleGAN that hid such information in details too faint to see.

# %% [markdown]
# ## More than one solution
# Suppose that the round trips are perfect and that the discriminators cannot tell translations from real images.
# Even then, the translators need not be the ones that we want.
# Let $T$ be an invertible map that turns images of $B$ into other images of $B$ and keeps their distribution.
# Then $G' = T \circ G$ and $F' = F \circ T^{-1}$ have the same round trip:
#
# $$F'(G'(a)) = F(T^{-1}(T(G(a)))) = F(G(a))$$
#
# The other round trip stays perfect, too, since $T^{-1}(b)$ is an image of $B$: $G'(F'(b)) = T(G(F(T^{-1}(b)))) = T(T^{-1}(b)) = b$.
# And since the translations have the same distribution as before, the discriminator cannot tell them from real images either (Moriakov et al., 2020).
# Only the identity loss notices: $G'(b) = T(b)$ if $G(b) = b$.
#
# Negatives come close to such a map: a dark pullover for a bright T-shirt, and a bright one for a dark T-shirt.
# We need no training to build them.


# %%
def negative(x):
    """Dark for bright and bright for dark, except on black: its own inverse."""
    return np.where(x < 1 / 16, x, 1 + 1 / 16 - x)


# %% alt="Four rows of ten images: T-shirts; their translations; the negatives of these, dark pullovers for bright T-shirts and bright ones for dark, with bright lines and dots around nearly all edges, the first one white with black blotches, and a gray one that stays gray; and the way back, T-shirts as in the first row."
negatives = negative(to_pullovers)  # G'(a)
back_negatives = np.float32(gan.f(negative(negatives)))  # F'(G'(a))
rows = {"T-shirt": x_tshirts, "G": to_pullovers}
rows |= {"G'": negatives, "G', then F'": back_negatives}
gk.plot_rows({name: row[10:20] for name, row in rows.items()})
plt.show()

same_pullovers = np.float32(gan.g(x_pullovers))
usual_cycle = mean_error(back_tshirts, x_tshirts)
negative_cycle = mean_error(back_negatives, x_tshirts)
other_tshirts = np.float32(gan.f(negative(x_pullovers)))  # F'(b)
other_back = negative(np.float32(gan.g(other_tshirts)))  # G'(F'(b))
usual_other = mean_error(back_pullovers, x_pullovers)
negative_other = mean_error(other_back, x_pullovers)
usual_identity = mean_error(same_pullovers, x_pullovers)
negative_identity = mean_error(negative(same_pullovers), x_pullovers)
negative_share = share(negatives, pullover)
bright = 100 * np.mean(body(pullovers).mean(axis=(1, 2, 3)) > 0.5)
print(f"cycle error of T-shirts: {usual_cycle:.3f}, negatives {negative_cycle:.3f}")
print(f"cycle error of pullovers: {usual_other:.3f}, negatives {negative_other:.3f}")
print(f"identity error: G {usual_identity:.3f}, negatives {negative_identity:.3f}")
print(f"negatives that pass as pullovers {negative_share:.1f} %; bright {bright:.1f} %")

# %% [markdown]
# As the formula says, the cycle error of T-shirts does not change: it is 0.033<!-- negative_cycle -->.
# For pullovers it rises from 0.041<!-- usual_other --> to 0.115<!-- negative_other -->: there $F$ gets negatives, which it never saw in training.
# Of the negatives 56.5 %<!-- negative_share --> pass as pullovers.
# The identity error rises from 0.04<!-- usual_identity --> to 0.29<!-- negative_identity -->, which is a good reason to have this term.
# A discriminator could still notice the bright rims, and the shades, since 67 %<!-- bright --> of real pullovers are bright.
#
# When you train a CycleGAN on your own images, look at what it changes, and not at its losses only.

# %% [markdown]
# ## Check

# %%
assert abs(negative_cycle - usual_cycle) < 1e-3, "T and its inverse do not cancel"
if not QUICK:
    target = 70 if images.source == "tfds" else 60
    assert min(to_pullover, to_tshirt) >= target, "too few translations pass"
    assert body_change < random_body / 3, "a translation loses its original"
    assert cycle_error < 0.1, "the way back fails"
    assert negative_identity > usual_identity, "the identity loss does not notice T"
    assert known_error < 0.8 * median_error, "outlines are not filled"
    assert paired_error < 0.08, "the translator does not learn from pairs"

# %% [markdown]
# ## What to remember
# - CycleGAN learns to translate between two collections of images without pairs. Discriminators make translations look like their domain; the cycle loss and the identity loss tie each one to its original.
# - Its discriminators are PatchGANs, which return a value for each patch instead of one for the whole image. With pairs, no cycle is needed: this is pix2pix.
# - A translation that passes for the target domain need not have anything to do with its original, so measure both.
# - A small cycle loss does not mean that the translation is right: other translators have the same loss.
#
# ## Exercises
# In [exercises/14_cyclegan.ipynb](../exercises/14_cyclegan.ipynb), with cells that check your answers:
# the loss of translators that do nothing; the pixels that a patch sees; the authors' pool of earlier translations; another solution in the plane; a rule that beats CycleGAN at filling outlines.

# %% [markdown]
# ## References
# - J.-Y. Zhu, T. Park, P. Isola and A. A. Efros, [Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks](https://arxiv.org/abs/1703.10593), 2017.
# - P. Isola, J.-Y. Zhu, T. Zhou and A. A. Efros, [Image-to-Image Translation with Conditional Adversarial Networks](https://arxiv.org/abs/1611.07004), 2017 (pix2pix, PatchGAN).
# - X. Mao et al., [Least Squares Generative Adversarial Networks](https://arxiv.org/abs/1611.04076), 2017.
# - C. Chu, A. Zhmoginov and M. Sandler, [CycleGAN, a Master of Steganography](https://arxiv.org/abs/1712.02950), 2017.
# - N. Moriakov, J. Adler and J. Teuwen, [Kernel of CycleGAN as a Principal Homogeneous Space](https://arxiv.org/abs/2001.09061), 2020.
