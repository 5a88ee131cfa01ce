"""figures_store.py"""
from figures import Figures

figures = Figures()
