"""Other systems: Keras under the same regimes, and weights and state for Keras and PyTorch.

Nothing here is imported unless it is asked for: ``statewise.interop.keras`` needs the extra
``keras``, ``statewise.interop.torch`` the extra ``torch``.
"""
