"""The DeepSpeed engine's configuration and schedule; that nothing is compiled: tests/benchmarks/test_gpu.py."""

from __future__ import annotations

import pytest
from deepspeed.ops import __compatible_ops__

from trainables.training.engine import SHARED_MEMORY_OP, deepspeed_config, learning_rate_factor
from trainables.work.settings import EngineSettings, StageSettings

STAGE = StageSettings(examples=100, batch_size=10, warmup=0.2)


def test_the_private_table_still_has_the_op_that_would_be_compiled() -> None:
    assert __compatible_ops__[SHARED_MEMORY_OP] is False


def test_the_rate_warms_up_then_falls_to_zero() -> None:
    factors = [learning_rate_factor(step, 10, STAGE) for step in range(11)]
    assert factors[:3] == [pytest.approx(1 / 3), pytest.approx(2 / 3), 1.0]
    assert factors[3:] == sorted(factors[3:], reverse=True)
    assert factors[-1] == 0.0


def test_a_constant_rate_stays() -> None:
    stage = STAGE.model_copy(update={"schedule": "constant"})
    assert [learning_rate_factor(step, 10, stage) for step in (2, 5, 9)] == [1.0, 1.0, 1.0]


def test_settings_reach_deepspeed() -> None:
    stage = STAGE.model_copy(update={"micro_batch": 4, "clip": 0.5})
    config = deepspeed_config(stage, EngineSettings(zero=2, precision="bf16"), workers=1)
    assert config["train_micro_batch_size_per_gpu"] == 4
    assert config["gradient_clipping"] == 0.5
    assert config["zero_optimization"]["stage"] == 2
    assert config["torch_autocast"] == {"enabled": True, "dtype": "bfloat16"}
    assert "torch_autocast" not in deepspeed_config(stage, EngineSettings(precision="fp32"), workers=1)
    assert deepspeed_config(stage, EngineSettings(), workers=4)["train_micro_batch_size_per_gpu"] == 3


def test_buckets_are_a_small_part_of_the_model() -> None:
    """XLM-R base and large: DeepSpeed's own take 2 GB each."""
    for parameters in (277_500_000, 560_000_000):
        zero = deepspeed_config(STAGE, EngineSettings(zero=3), 2, parameters)["zero_optimization"]
        assert max(value for name, value in zero.items() if name != "stage") <= parameters / 16
