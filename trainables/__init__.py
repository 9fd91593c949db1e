"""How a work item is computed: data, formats, DeepSpeed stages, evaluation and the store."""
