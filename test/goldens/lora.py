"""Goldens of LoRA training, made with PEFT (made with torch 2.15, transformers 5.23, peft 0.21).

    venv/bin/pip install torch transformers peft && venv/bin/python test/goldens/lora.py

Writes lora.json and peft-adapter/ (an adapter as PEFT saves it) beside this file. Weights are those of language_models.py.
"""

import json

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoConfig, AutoModelForCausalLM

from language_models import BASE, CONFIGS, HERE, make_tokenizer, rounded, weights

PAIRS = [("I liked The Quiet Harbour.", " Yes, the user"), ("Which", " No"), ("Answer:", " The Iron Comet")]
TARGETS = {"llama-tied-grouped": ["q_proj", "v_proj", "down_proj"],
           "qwen2": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
           "qwen3-window": ["q_proj", "v_proj"]}


def build(name: str):
    raw = {k: v for k, v in {**BASE, **CONFIGS[name]}.items() if v is not None}
    config = AutoConfig.for_model(**raw)
    config._attn_implementation = "eager"
    model = AutoModelForCausalLM.from_config(config).float()
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(weights(parameter_name, tuple(parameter.shape))))
    lora = LoraConfig(r=4, lora_alpha=8, lora_dropout=0.0, target_modules=TARGETS[name], task_type="CAUSAL_LM")
    model = get_peft_model(model, lora)
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            if "lora_" in parameter_name:
                parameter.copy_(torch.from_numpy(weights(short(parameter_name), tuple(parameter.shape))))
    return model


def short(name: str) -> str:
    """base_model.model.model.layers.0.mlp.down_proj.lora_A.default.weight -> model.layers.0.mlp.down_proj.A"""
    return name.removeprefix("base_model.model.").replace(".lora_", ".").replace(".default.weight", "")


def main() -> None:
    tokenizer = make_tokenizer()
    rows = [(tokenizer.encode(p), tokenizer.encode(p + c)) for p, c in PAIRS]
    length = max(len(whole) for _, whole in rows)
    ids = torch.full((len(rows), length), 2)
    mask = torch.zeros((len(rows), length), dtype=torch.long)
    labels = torch.full((len(rows), length), -100)
    for i, (prompt, whole) in enumerate(rows):
        ids[i, : len(whole)] = torch.tensor(whole)
        mask[i, : len(whole)] = 1
        labels[i, len(prompt) : len(whole)] = torch.tensor(whole[len(prompt) :])
    out = {"pairs": PAIRS, "rank": 4, "alpha": 8, "models": {}}
    for name, targets in TARGETS.items():
        model = build(name)
        with torch.no_grad():
            logits = model(ids[:1, : int(mask[0].sum())]).logits[0, -1]
        trained = {short(n): p for n, p in model.named_parameters() if p.requires_grad}
        loss = model(ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        entry = {"targets": targets, "lastLogits": rounded(logits), "loss": loss.item(),
                 "gradients": {n: rounded(p.grad) for n, p in trained.items()}}
        model.zero_grad()
        if name == "llama-tied-grouped":
            model.save_pretrained(HERE / "peft-adapter")
            (HERE / "peft-adapter" / "README.md").unlink(missing_ok=True)
        optimizer = torch.optim.AdamW(trained.values(), lr=0.01, weight_decay=0.01)
        losses = []
        for _ in range(10):
            loss = model(ids, attention_mask=mask, labels=labels).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        out["models"][name] = {**entry, "losses": losses, "after": {n: rounded(p.detach()) for n, p in trained.items()}}
    (HERE / "lora.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
