"""The bundled model's tokenizer: bytes for anything, whole tokens for what it thinks in.

A number between spaces (``10``, `` 299``) is one token; a digit in a glued expression
(``347+586``) is its own token, which is what column arithmetic needs; the words of the task
families are one token each; any other text falls to bytes, so every UTF-8 text round-trips.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

SPECIAL = ("<pad>", "<end>", "<value>", "<good>", "<bad>")
SPACED_NUMBERS = range(300)  # " 0" ... " 299"
RARE = 4  # fewer uses make no token: made-up names must be read letter by letter
BARE_NUMBERS = range(10, 100)  # at the start of a line
_PIECES = Regex(r" \d+(?!\S)|(?<!\S)\d+(?!\S)|\d| ?[A-Za-z]+| ?[^\sA-Za-z\d]|\n|\s")
_SPACE = "Ġ"  # how byte-level BPE writes a space


def build(texts: Iterable[str], path: Path) -> Tokenizer:
    """Learn word merges from ``texts``, add the number merges, write ``tokenizer.json``."""
    words = Counter(w for text in texts for w in re.findall(r" ?[A-Za-z]+", text))
    words = Counter({word: n for word, n in words.items() if n >= RARE})
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    learner.train_from_iterator(
        (word for word, _ in sorted(words.items())),
        trainers.BpeTrainer(
            vocab_size=10_000,
            min_frequency=1,
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    vocabulary, merges = _without_useless(learner, words)
    pairs = [(_SPACE, d) for d in "0123456789"]
    pairs += [(_SPACE + str(n)[:-1], str(n)[-1]) for n in SPACED_NUMBERS if n > 9]
    pairs += [(str(n)[0], str(n)[1]) for n in BARE_NUMBERS]
    pairs += [(_SPACE, sign) for sign in "+-*/=.,?;#$"]
    merges += pairs
    for left, right in pairs:
        vocabulary.setdefault(left + right, len(vocabulary))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_PIECES, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    tokenizer.save(str(path))
    return tokenizer


def _without_useless(
    learner: Tokenizer, words: Counter[str]
) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Keep only the merges some word needs (training goes on until every word is one token)."""
    import json

    model = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in model["merges"]]
    made_by = {left + right: (left, right) for left, right in merges}
    needed: set[str] = set()
    stack = [word.replace(" ", _SPACE) for word in words]
    while stack:
        token = stack.pop()
        if token in made_by and token not in needed:
            needed.add(token)
            stack.extend(made_by[token])
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    kept = [pair for pair in merges if pair[0] + pair[1] in needed]
    vocabulary = {token: i for i, token in enumerate(alphabet)}
    for left, right in kept:
        vocabulary.setdefault(left + right, len(vocabulary))
    return vocabulary, kept
