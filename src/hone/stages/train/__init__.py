"""Training: resolve a recipe, plan it, start it, register what came of it."""
