"""Lets RecBole 1.2.1 run on today's NumPy, SciPy and PyTorch: names that these have dropped since. Import before RecBole."""

import numpy as np
import scipy.sparse as sp
import torch

for name, kind in (
    ("bool", bool),
    ("float", float),
    ("int", int),
    ("object", object),
    ("float_", np.float64),
    ("complex_", np.complex128),
    ("unicode_", np.str_),
):
    if name not in np.__dict__:
        setattr(np, name, kind)
if not hasattr(sp.dok_matrix, "_update"):
    sp.dok_matrix._update = lambda self, data: self._dict.update(data)
load = torch.load
torch.load = lambda *given, **named: load(*given, **{**named, "weights_only": False})
