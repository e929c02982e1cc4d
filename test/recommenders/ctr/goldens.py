"""What the seven models give in PyTorch (double precision), with weights 0.5 sin(1.3 i + 0.7 k) for element k of the i-th
parameter by name: logits, and the length of the gradient of logits . (1, 2, -1) by each parameter.

    python goldens.py > goldens.json
"""

import json, torch
torch.set_default_dtype(torch.float64)
S = {"table": (7, 2), "genreTable": (2, 2)}
L = {"weights": (7,), "genreWeights": (2,), "bias": (1,)}
def D(name, i, o): return {name + ".weight": (i, o), name + ".bias": (o,)}
SH = {
 "lr": {**L}, "fm": {**S, **L},
 "deepfm": {**S, **L, **D("mlp0", 6, 3), **D("out", 3, 1)},
 "dcnv2": {**S, **D("cross0", 6, 6), **D("cross1", 6, 6), **D("mlp0", 6, 3), **D("out", 9, 1)},
 "autoint": {**S, **L, **{f"attention{n}.{k}": (2 if n == 0 else 4, 4) for n in (0, 1) for k in ("query", "key", "value", "residual")}, **D("out", 12, 1), **D("mlp0", 6, 3), **D("deep", 3, 1)},
 "xdeepfm": {**S, **L, **D("mlp0", 6, 3), **D("deep", 3, 1), **D("out", 4, 1), "maps0": (3, 6), "maps1": (2, 6)},
 "din": {**S, **D("liked0", 8, 3), **D("liked1", 3, 1), **D("disliked0", 8, 3), **D("disliked1", 3, 1), **D("mlp0", 10, 3), **D("out", 3, 1)},
}
I = torch.tensor
fields = I([[1, 4], [2, 5], [2, 6]]); genres = I([[1, 0], [.5, .5], [0, 1.]]); target = I([4, 5, 6])
lists = {"liked": (I([[5, 6], [4, 0], [0, 0]]), I([[1, 1], [1, 0], [0, 0.]])), "disliked": (I([[0, 0], [6, 0], [4, 5]]), I([[0, 0], [1, 0], [1, 1.]]))}
out = {}
for model, shapes in SH.items():
    p = {}
    for i, name in enumerate(sorted(shapes)):
        k = torch.arange(torch.Size(shapes[name]).numel())
        p[name] = (0.5 * torch.sin(1.3 * i + 0.7 * k)).reshape(shapes[name]).requires_grad_()
    d = lambda name, x: x @ p[name + ".weight"] + p[name + ".bias"]
    lin = lambda: p["weights"][fields].sum(1) + genres @ p["genreWeights"] + p["bias"]
    e = torch.cat([p["table"][fields], (genres @ p["genreTable"])[:, None]], 1) if model != "lr" else None
    x = e.flatten(1) if e is not None else None
    fm = lambda: sum((e[:, a] * e[:, b]).sum(1) for a in range(3) for b in range(a))
    mlp = lambda x: torch.relu(d("mlp0", x))
    if model == "lr": y = lin()
    if model == "fm": y = lin() + fm()
    if model == "deepfm": y = lin() + fm() + d("out", mlp(x))[:, 0]
    if model == "dcnv2":
        c = x
        for n in (0, 1): c = x * d(f"cross{n}", c) + c
        y = d("out", torch.cat([c, mlp(x)], 1))[:, 0]
    if model == "autoint":
        a = e
        for n in (0, 1):
            q, k, v = (torch.stack((a @ p[f"attention{n}.{m}"]).split(2, -1), 1) for m in ("query", "key", "value"))
            h = torch.softmax(q @ k.transpose(-1, -2), -1) @ v
            a = torch.relu(torch.cat(h.unbind(1), -1) + a @ p[f"attention{n}.residual"])
        y = lin() + d("out", a.flatten(1))[:, 0] + d("deep", mlp(x))[:, 0]
    if model == "xdeepfm":
        z, s = e, []
        for n in (0, 1):
            w = p[f"maps{n}"].reshape(z.shape[1], 3, 2)
            z = torch.einsum("bid,bjd,ijh->bhd", z, e, w); s.append(z.sum(2))
        y = lin() + d("out", torch.cat(s, 1))[:, 0] + d("deep", mlp(x))[:, 0]
    if model == "din":
        parts = [x]
        for name, (items, mask) in lists.items():
            h = p["table"][items]; t = p["table"][target][:, None].expand_as(h)
            w = torch.sigmoid(d(name + "0", torch.cat([h, t, h - t, h * t], -1)))
            parts.append(((d(name + "1", w)[..., 0] * mask)[..., None] * h).sum(1))
        y = d("out", mlp(torch.cat(parts, 1)))[:, 0]
    (y * I([1, 2, -1.])).sum().backward()
    out[model] = {"logits": [float("%.7g" % v) for v in y.tolist()], "gradients": {n: float("%.6g" % p[n].grad.norm()) for n in sorted(p)}}
print(json.dumps(out))
