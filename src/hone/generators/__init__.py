"""How an answer comes about: by a model, by an adapter on one, or by rules."""
