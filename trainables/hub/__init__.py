"""The model hub: which commit a name stands for, its files fetched once and whole, and what its errors mean."""
