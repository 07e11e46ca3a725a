"""Build hone-nano, the tiny base model that ships inside Hone, from nothing but words and rules."""
