"""A stand-in for the Hugging Face hub on loopback: what `huggingface_hub` asks for, with faults on demand.

The fixture `hub` is a hub that this process's client talks to, with an empty `HF_HOME`; `hub.environment(home)` is
for a program that a test starts. What lies on it: `hub.add(...)`, `benchmarks.publish(hub, cards)`,
`models.publish(hub)`. What goes wrong: `hub.fail("close", path=..., first=1)`. What was asked: `hub.requests`.
"""
