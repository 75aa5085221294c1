"""What all tests share."""

import torch

# Two processes with two threads each on two cores wait for each other most of the time.
torch.set_num_threads(1)
