"""How anything is shown: figures, elements of a page, words. It knows nothing of studies."""
