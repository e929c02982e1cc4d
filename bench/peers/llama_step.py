"""The Llama step of bench/engine/llama-step.ts in PyTorch eager.

Reads one word a line from stdin ("gradients" or "step"), does that work once, and prints its milliseconds.
"gradients": loss and gradients; "step": the same and AdamW. Run by `npm run bench:llama -- --python PATH`.
"""

import sys
import time

import torch
import torch.nn.functional as F

threads = int(sys.argv[1])
clock = time.process_time if sys.argv[2] == "cpu" else time.perf_counter
torch.set_num_threads(threads)
torch.manual_seed(1)
WIDTH, LAYERS, HEADS, HIDDEN, VOCABULARY, LENGTH, BATCH = 256, 6, 8, 688, 2048, 128, 8


def matrix(rows, columns):
    return (torch.randn(rows, columns) * 0.02).requires_grad_()


def ones():
    return torch.ones(WIDTH, requires_grad=True)


embedding = matrix(VOCABULARY, WIDTH)
layers = [
    dict(
        query=matrix(WIDTH, WIDTH),
        key=matrix(WIDTH, WIDTH),
        value=matrix(WIDTH, WIDTH),
        output=matrix(WIDTH, WIDTH),
        gate=matrix(WIDTH, HIDDEN),
        up=matrix(WIDTH, HIDDEN),
        down=matrix(HIDDEN, WIDTH),
        norm1=ones(),
        norm2=ones(),
    )
    for _ in range(LAYERS)
]
norm = ones()
parameters = [embedding, norm] + [p for layer in layers for p in layer.values()]
optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01)
tokens = torch.randint(VOCABULARY, (BATCH, LENGTH))
targets = torch.randint(VOCABULARY, (BATCH, LENGTH))
half = WIDTH // HEADS // 2
angles = torch.arange(LENGTH)[:, None] / torch.tensor([10000 ** (i / half) for i in range(half)])
cos, sin = angles.cos(), angles.sin()


def rotate(x):
    a, b = x.split(half, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


def heads(x):
    return x.view(BATCH, LENGTH, HEADS, WIDTH // HEADS).transpose(1, 2)


def loss():
    h = F.embedding(tokens, embedding)
    for p in layers:
        a = F.rms_norm(h, [WIDTH], p["norm1"], 1e-5)
        q, k, v = rotate(heads(a @ p["query"])), rotate(heads(a @ p["key"])), heads(a @ p["value"])
        o = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        h = h + o.transpose(1, 2).reshape(BATCH, LENGTH, WIDTH) @ p["output"]
        b = F.rms_norm(h, [WIDTH], p["norm2"], 1e-5)
        h = h + (F.silu(b @ p["gate"]) * (b @ p["up"])) @ p["down"]
    logits = F.rms_norm(h, [WIDTH], norm, 1e-5) @ embedding.T
    return F.cross_entropy(logits.view(-1, VOCABULARY), targets.view(-1))


for line in sys.stdin:
    began = clock()
    optimizer.zero_grad()
    loss().backward()
    if line.strip() == "step":
        optimizer.step()
    print(1000 * (clock() - began), flush=True)
