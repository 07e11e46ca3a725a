"""The nouns of Hone: plain records that touch no file, network, clock or model."""
