"""Goldens of the language models, made with PyTorch transformers (made with torch 2.15, transformers 5.23).

    python -m venv venv && venv/bin/pip install torch transformers
    venv/bin/python test/goldens/language_models.py

Writes language-models.json and tiny-tokenizer/ beside this file. Weights aren't stored: both sides compute them from the same
integer hash, exactly (see `weights` here and test/llm/tiny-models.ts).
"""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedTokenizerFast

HERE = Path(__file__).parent

BASE = {
    "vocab_size": 112,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "hidden_act": "silu",
    "max_position_embeddings": 64,
    "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
    "tie_word_embeddings": False,
}

CONFIGS = {
    "llama": {"model_type": "llama"},
    "llama-tied-grouped": {"model_type": "llama", "tie_word_embeddings": True, "num_key_value_heads": 2},
    "llama-biased": {"model_type": "llama", "attention_bias": True, "mlp_bias": True, "num_key_value_heads": 1},
    "llama3-rope": {
        "model_type": "llama",
        "rope_theta": 500.0,
        "num_key_value_heads": 2,
        "rope_scaling": {
            "rope_type": "llama3",
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 16,
        },
    },
    "llama-linear-rope": {"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 2.0}},
    "llama-new-rope-key": {"model_type": "llama", "rope_theta": None, "rope_parameters": {"rope_type": "default", "rope_theta": 300.0}},
    "qwen2": {"model_type": "qwen2", "num_key_value_heads": 2, "tie_word_embeddings": True, "rms_norm_eps": 1e-6},
    "qwen3": {"model_type": "qwen3", "num_key_value_heads": 2, "head_dim": 16, "tie_word_embeddings": False},
    "qwen3-window": {
        "model_type": "qwen3",
        "num_key_value_heads": 2,
        "head_dim": 8,
        "tie_word_embeddings": True,
        "use_sliding_window": True,
        "sliding_window": 4,
        "max_window_layers": 1,
    },
    "mistral-window": {"model_type": "mistral", "num_key_value_heads": 2, "sliding_window": 5},
}

PROMPTS = ["I liked The Quiet Harbour.", "Yes", "Will the user like Night of the Iron Comet? Answer:"]


def weights(name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Uniform in (-1, 1) from a 32-bit hash of the index (Murmur3's finaliser), scaled by the kind of tensor."""
    size = int(np.prod(shape))
    h = (np.arange(size, dtype=np.uint64) * 2654435761 + zlib.crc32(name.encode())) & 0xFFFFFFFF
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    h = h ^ (h >> 16)
    u = (h >> 8).astype(np.float64) / 2**23 - 1
    if name.endswith("norm.weight"):
        values = 1 + 0.25 * u
    else:
        values = (0.125 if name.endswith("bias") else 0.375) * u
    return values.reshape(shape).astype(np.float32)


def make_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE over printable ASCII with a few merges: 112 tokens."""
    specials = ["<s>", "</s>", "<pad>"]
    letters = [chr(c) for c in range(33, 127)] + ["\u0120", "\u010a"]
    merges = [("t", "h"), ("\u0120", "th"), ("\u0120th", "e"), ("e", "s"), ("Y", "es"), ("\u0120", "Yes"), ("N", "o"),
              ("\u0120", "No"), ("T", "h"), ("Th", "e"), ("\u0120", "The")]
    vocabulary = specials + letters + [a + b for a, b in merges]
    bpe = models.BPE(vocab={token: i for i, token in enumerate(vocabulary)}, merges=merges)
    tokenizer = Tokenizer(bpe)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>")


def rounded(tensor: torch.Tensor) -> list:
    return [float(f"{x:.7g}") for x in tensor.flatten().tolist()]


def main() -> None:
    torch.set_grad_enabled(False)
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(HERE / "tiny-tokenizer")
    out = {"prompts": [{"text": p, "ids": tokenizer.encode(p)} for p in PROMPTS], "models": {}}
    for name, changes in CONFIGS.items():
        raw = {k: v for k, v in {**BASE, **changes}.items() if v is not None}
        config = AutoConfig.for_model(**raw)
        config._attn_implementation = "eager"
        model = AutoModelForCausalLM.from_config(config).float().eval()
        for parameter_name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(weights(parameter_name, tuple(parameter.shape))))
        cases = []
        for prompt in out["prompts"]:
            ids = torch.tensor([prompt["ids"]])
            result = model(ids, output_hidden_states=True)
            greedy = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12,
                                    eos_token_id=None, pad_token_id=2)[0, ids.shape[1]:]
            states = result.hidden_states[-1][0]
            cases.append({
                "lastLogits": rounded(result.logits[0, -1]),
                "logitSums": rounded(result.logits[0].sum(-1)),
                "greedy": greedy.tolist(),
                "lastState": rounded(states[-1]),
                "meanState": rounded(states.mean(0)),
            })
        out["models"][name] = {"config": raw, "cases": cases}
    (HERE / "language-models.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
