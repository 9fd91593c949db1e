"""Models with a linear layer over the mean of a text's tokens.

A copy of this file lies in the folder of a model that was trained with such a head and exported, since transformers has
no class for it: with `trust_remote_code=True` transformers 4 and 5 read it from there. It needs nothing else.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import Tensor, nn
from transformers import AutoModel, AutoModelForTextEncoding, PreTrainedModel
from transformers.modeling_outputs import MultipleChoiceModelOutput, SequenceClassifierOutput


class OverTheMean(PreTrainedModel):  # type: ignore[no-untyped-call]
    """An encoder, and what stands on it."""

    base_model_prefix = "encoder"
    _supports_sdpa = _supports_flash_attn = _supports_flex_attn = True  # the encoder knows

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        made = AutoModelForTextEncoding if config.model_type in ("mt5", "t5", "umt5") else AutoModel
        config_of_encoder = copy.deepcopy(config)
        if config_of_encoder._attn_implementation != "eager":
            config_of_encoder._attn_implementation = None  # it chooses what it has
        self.encoder = made.from_config(config_of_encoder)  # type: ignore[no-untyped-call]
        if getattr(self.encoder, "pooler", None) is not None:
            self.encoder.pooler = None
        self.linear = nn.Linear(config.hidden_size, self.outputs_of(config))
        self.post_init()  # type: ignore[no-untyped-call]

    def outputs_of(self, config: Any) -> int:
        """Numbers for a text."""
        return 1

    def scores(self, input_ids: Tensor, attention_mask: Tensor | None, token_type_ids: Tensor | None) -> Tensor:
        """(texts, outputs)."""
        inputs = {"input_ids": input_ids}
        if attention_mask is None:
            attention_mask = input_ids.new_ones(input_ids.shape)
        if token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        states = self.encoder(**inputs, attention_mask=attention_mask).last_hidden_state
        mask = attention_mask.unsqueeze(-1).to(states.dtype)
        found: Tensor = self.linear((states * mask).sum(dim=1) / mask.sum(dim=1))
        return found


class MeanForSequenceClassification(OverTheMean):  # type: ignore[no-untyped-call]
    """A score for each label."""

    def outputs_of(self, config: Any) -> int:
        return int(config.num_labels)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        **_: Any,
    ) -> SequenceClassifierOutput:
        return SequenceClassifierOutput(logits=self.scores(input_ids, attention_mask, token_type_ids))


class MeanForMultipleChoice(OverTheMean):  # type: ignore[no-untyped-call]
    """A score for each choice; inputs are (rows, choices, tokens)."""

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        token_type_ids: Tensor | None = None,
        **_: Any,
    ) -> MultipleChoiceModelOutput:
        flat = (None if one is None else one.flatten(0, 1) for one in (attention_mask, token_type_ids))
        scores = self.scores(input_ids.flatten(0, 1), *flat)
        return MultipleChoiceModelOutput(logits=scores.reshape(input_ids.shape[:2]))
