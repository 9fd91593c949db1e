"""What is answered, as typed values: JSON, CSV columns, docs/json.md and the OpenAPI schema are made from them."""
