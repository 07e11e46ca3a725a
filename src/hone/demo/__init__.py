"""The bundled demonstration: food-pickup messages and the data made from them."""
