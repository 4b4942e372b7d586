"""How anything is shown: figures, pages, text tables, words. It knows nothing of studies."""
