"""What is added to vLLM's workers: a way to take new weights, all of them."""

from __future__ import annotations

from typing import Any

from vllm.model_executor.layers.vocab_parallel_embedding import ParallelLMHead
from vllm.platforms import current_platform


class Renewal:
    """Mixed into vLLM's worker, whose other methods it uses."""

    def renew_weights(self: Any, folder: str) -> None:
        """``reload_weights``, and what that forgets.

        On processors every matrix is packed into a copy. A head that shares the embedding's matrix
        is not loaded by itself, and would go on with the copy of the old one.
        """
        self.reload_weights(weights_path=folder)
        if current_platform.is_cpu():
            for layer in self.get_model().modules():
                if isinstance(layer, ParallelLMHead):
                    layer.quant_method.process_weights_after_loading(layer)
