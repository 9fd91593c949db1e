"""Native heads: what an architecture of transformers has on top of its encoder for a kind of task.

An encoder that was trained with one is, with it, a model of transformers' own: whoever loads it need not know of us.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPooling

from spaces.errors import InputError, Problem

MULTIPLE_CHOICE = "AutoModelForMultipleChoice"


class NativeHead(nn.Module):
    """Such a model without its encoder, drawn from torch's global generator as transformers draws it.

    Args:
        encoder: of the same architecture.
        architecture: name of transformers' class for the kind of task, such as AutoModelForTokenClassification.
        outputs: how many numbers it gives for a text, or for each token.

    Raises:
        InputError: there is no such model of this architecture, or it takes more than the encoder's last layer.
    """

    def __init__(self, encoder: PreTrainedModel, architecture: str, outputs: int) -> None:
        super().__init__()
        self.architecture, self.outputs = architecture, outputs
        try:
            self.model = make_model(encoder, architecture, outputs, "meta")
            self.given = _Given(getattr(self.model.base_model, "pooler", None))
            setattr(self.model, self.model.base_model_prefix, self.given)
            self.model.to_empty(device="cpu")
            self.model.initialize_weights()  # type: ignore[no-untyped-call]
            self._try_out(encoder.config.hidden_size, outputs)
        except Exception as error:  # of transformers, of whatever class: no such architecture, other inputs
            reason = " ".join(str(error).split())[:200]
            found = f"{type(encoder).__name__}, {architecture}: {reason}"
            raise InputError(
                Problem("the model has no head of this kind", "head: native", found, "head: mean")
            ) from error

    def forward(self, states: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """(texts, outputs), or (texts, tokens, outputs).

        Args:
            states: the encoder's last layer, (texts, tokens, hidden size).
        """
        inputs = {"input_ids": batch["input_ids"], "attention_mask": batch["attention_mask"]}
        if self.architecture == MULTIPLE_CHOICE:  # as if each were the only choice
            inputs = {name: values.unsqueeze(1) for name, values in inputs.items()}
        with self.given.giving(states):
            output: Any = self.model(**inputs)
        if "start_logits" in output:
            return torch.stack([output.start_logits, output.end_logits], dim=-1)
        logits: Tensor = output.logits
        return logits

    def with_encoder(self, encoder: PreTrainedModel) -> PreTrainedModel:
        """The whole model: a copy of the encoder and of this head."""
        whole = make_model(encoder, self.architecture, self.outputs, "cpu")
        prefix, own = whole.base_model_prefix, encoder.state_dict()
        # a pooler of the encoder's own had no part in the training; where the architecture has one, it is of this head
        weights = {f"{prefix}.{name}": value for name, value in own.items() if not name.startswith("pooler.")}
        whole.load_state_dict({**weights, **self.model.state_dict()})
        whole.train(False)
        return whole

    def _try_out(self, hidden: int, outputs: int) -> None:
        """Raise ValueError unless it gives numbers of the right shape."""
        batch = {"input_ids": torch.ones(2, 3, dtype=torch.long), "attention_mask": torch.ones(2, 3, dtype=torch.long)}
        training = self.training
        with torch.no_grad():
            shape = tuple(self.eval()(torch.zeros(2, 3, hidden), batch).shape)
        self.train(training)
        if shape not in ((2, outputs), (2, 3, outputs)):
            raise ValueError(f"it gives numbers of shape {shape}")


class _Given(nn.Module):
    """Stands where the encoder would, and gives out what it was told to; a pooler of the architecture comes behind."""

    def __init__(self, pooler: nn.Module | None) -> None:
        super().__init__()
        self.pooler = pooler
        self._states: Tensor | None = None

    @contextmanager
    def giving(self, states: Tensor) -> Iterator[None]:
        self._states = states
        try:
            yield
        finally:
            self._states = None

    def forward(self, *_: Any, **__: Any) -> BaseModelOutputWithPooling:
        assert self._states is not None, "nothing was given"
        pooled = None if self.pooler is None else self.pooler(self._states)
        return BaseModelOutputWithPooling(last_hidden_state=self._states, pooler_output=pooled)


def make_model(encoder: PreTrainedModel, architecture: str, outputs: int, where: str) -> PreTrainedModel:
    """A whole new model of an encoder's architecture for a kind of task.

    Args:
        where: a torch device; on "meta" nothing is drawn.

    Raises:
        ValueError: transformers has none.
    """
    config = copy.deepcopy(encoder.config)
    config.num_labels = outputs
    with torch.device(where):
        model: PreTrainedModel = getattr(transformers, architecture).from_config(config)
    if model.base_model is model:
        raise ValueError(f"{type(model).__name__} has no part that is the encoder")
    return model
