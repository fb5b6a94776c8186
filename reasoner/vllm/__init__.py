"""vLLM in this program: any model it runs, on GPUs, with weights and adapters that change."""

import os

# vLLM reads these when it is imported, and hands them to the processes it starts.
for _name, _value in (
    ("VLLM_LOGGING_STREAM", "ext://sys.stderr"),  # stdout is the answer's
    ("VLLM_LOGGING_LEVEL", "ERROR"),
    ("VLLM_NO_USAGE_STATS", "1"),
    ("VLLM_WORKER_MULTIPROC_METHOD", "spawn"),  # a fork would copy locks that our threads hold
):
    os.environ.setdefault(_name, _value)
