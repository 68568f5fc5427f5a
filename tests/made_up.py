"""A made-up chapter, which takes a second to run, for the tests of tools."""

CHAPTER = '''\
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
# # 98 A made-up chapter
#
# | | |
# |---|---|
# | Slides | *Ninguna* |
# | Textbook | none |
# | Result | A loss of 0.25<!-- val_mse --> |
# | Time | 2 s<!-- seconds --> |

# %%
import os


class run:
    """What gk.setup returns, without the seconds of its imports."""

    quick = os.environ.get("GENKERAS_QUICK") == "1"


# %% tags=["parameters"]
QUICK = run.quick
EPOCHS = 3
if QUICK:
    EPOCHS = 1


# %%
def double(x):
    """Twice."""
    return [y + y for y in [x]][0]


# %% [markdown]
# ## The loss
# The loss is 0.25<!-- val_mse -->, half of the textbook's 0.50<!-- setting --> with `rate=0.1`.

# %%
print(double(EPOCHS))

# %% alt="A rising line"
import matplotlib.pyplot as plt

plt.plot([1, 2])
plt.show()

# %%
val_mse = 0.25
'''
