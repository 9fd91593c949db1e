"""The offline suite "mini": real data and a real pretrained encoder from pip packages, without any hub."""
