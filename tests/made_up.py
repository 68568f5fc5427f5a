"""A made-up chapter, which takes a second to run, for the tests of tools/book."""

CHAPTER = '''\
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
# # A made-up chapter
#
# | | |
# |---|---|
# | Slides | *Ninguna* |
# | Textbook | none |
# | Result | A loss of 0.25<!-- val_mse --> |
# | Time | 2.5 s<!-- seconds --> |
# | Data | none |

# %% quick={"EPOCHS": 1, "QUICK": true} tags=["parameters"]
QUICK = False
EPOCHS = 3

# %%
import genkeras as gk


class Double:
    """Twice."""

    def call(self, x):
        y = x + x
        return [y for _ in range(1)][0]


# %% [markdown]
# ## The loss
# The loss is 0.25<!-- val_mse -->, half of the textbook's 0.50<!-- setting --> with `rate=0.1`.

# %%
print(Double().call(EPOCHS))

# %% alt="A rising line"
import matplotlib.pyplot as plt

plt.plot([1, 2])
plt.show()

# %%
gk.record("98_made_up", val_mse=0.25, seconds=2.5)
'''
