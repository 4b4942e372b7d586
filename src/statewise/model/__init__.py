"""What a model is: framing, network, training and regime, as frozen values."""
