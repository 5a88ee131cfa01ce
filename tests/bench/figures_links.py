"""figures_links.py"""
from figures import Figures

figures = Figures()
