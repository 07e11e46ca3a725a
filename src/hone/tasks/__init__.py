"""What an example is, by kind of task: its fields, its checks, its answer and its score."""
