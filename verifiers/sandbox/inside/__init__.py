"""What runs inside the sandbox. Imports nothing of ours from outside this folder."""
