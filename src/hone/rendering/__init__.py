"""One prompt: task -> messages -> the base's own markup -> tokens and loss mask, without torch."""
