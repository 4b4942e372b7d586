"""Other systems: Keras under the same regimes, weights and state in and out, sktime's interface.

Nothing here is imported with statewise: ``statewise.interop.keras`` needs the extra ``keras``,
``statewise.interop.torch`` the extra ``torch``, ``statewise.interop.sktime`` the extra ``sktime``.
"""
