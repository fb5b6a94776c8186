"""Learning: imitation of experts, the value token, and the bundled model's whole recipe."""
