"""What the engines that compute in a chip's integers share: rounded networks, how they learn and are read."""
