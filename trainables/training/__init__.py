"""How a stage is trained: encoders, batches, DeepSpeed, memory."""
